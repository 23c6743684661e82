// A client that cannot join soon reports why: no program is listening, or none answers (docs/protocol.md s. 8).

import { describe, expect } from "bun:test";

import { charla, runCharla } from "../harness/in-process.ts";
import { hostAndPort, LOOPBACKS } from "../harness/loopback.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { openBareSocket } from "../net/sockets.ts";

/** The end of an invitation with a key and a secret that no server has. */
const ENDING = `main#${"A".repeat(43)}.${"A".repeat(22)}`;

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    endToEnd(
      "that no program is listening is reported at once, for a host and for an invitation",
      async () => {
        const where = hostAndPort(host, String(await reservePort()));
        const stderr =
          `charla: no program is listening at ${where}\n` +
          "hint: start charla --server there first; on the plain wire, charla receive\n";
        const input = "hello?\n";
        for (const target of [where, `charla://${where}/${ENDING}`]) {
          const start = performance.now();
          expect(await runCharla([target], { input })).toEqual({ stdout: "", stderr, status: 1 });
          // It takes 0.1 s; waiting for an answer would take 8 s.
          expect(performance.now() - start).toBeLessThan(7_000);
        }
      },
    );
  });
}

endToEnd("a host that does not answer is reported after 8 s", async () => {
  await Promise.all(
    LOOPBACKS.map(async (host) => {
      await using silent = await openBareSocket(host);
      const where = hostAndPort(host, String(silent.port));
      const start = performance.now();
      expect(await runCharla([`charla://${where}/${ENDING}`], { input: "hello?\n" })).toEqual({
        stdout: "",
        stderr:
          `charla: no answer from ${where}\n` +
          "hint: check the address, and that charla --server runs there; a firewall on the way may " +
          "drop UDP\n",
        status: 1,
      });
      // The machine may be busy.
      expect(performance.now() - start).toBeWithin(7_900, 20_000);
    }),
  );
});

endToEnd("with --json the reason for a failed join is an event with its code", async () => {
  const where = `127.0.0.1:${await reservePort()}`;
  const ended = await runCharla([where, "--json"], { input: "hello?\n" });
  expect(
    ended.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { type: "waiting", for: "server", text: "hello?" },
    {
      type: "error",
      code: "NOBODY_LISTENING",
      message: `no program is listening at ${where}`,
      hint: "start charla --server there first; on the plain wire, charla receive",
    },
  ]);
  expect(ended.status).toBe(1);
});

endToEnd("Ctrl-C ends a client that waits for an answer with status 130", async () => {
  await using silent = await openBareSocket();
  await using client = charla([`127.0.0.1:${silent.port}`]);
  await silent.next();
  client.signal("SIGINT");
  expect(await client.exited).toBe(130);
});
