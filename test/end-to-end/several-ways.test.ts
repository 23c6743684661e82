// Invitations that name several ways to a server: every command takes them, and one way that works is enough.

import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { formatInvitation, parseInvitation, type Way } from "../../src/identity/invitation.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";
import { openBareSocket } from "../net/sockets.ts";

const direct = (host: string, port: number): Way => ({ kind: "direct", host, port });

/** The server's invitation, with its own way behind a closed port and one where nothing answers, and a relay. */
async function invitationAmong(dead: { readonly port: number }, server: SealedServer) {
  const invitation = parseInvitation(server.invitation);
  return formatInvitation({
    ...invitation,
    ways: [
      direct("127.0.0.1", await reservePort()),
      direct("127.0.0.1", dead.port),
      ...invitation.ways,
      { kind: "relay", host: "relay.invalid", port: 12_345 },
    ],
  });
}

endToEnd("somebody joins by the one way that works, beside others that are dead", async () => {
  await using silent = await openBareSocket();
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const invitation = await invitationAmong(silent, server);
  await using ben = charla([invitation, "--name", "ben", "--stay", "--json"]);
  await ben.until("stdout", '"type":"entered"');
  ben.type("hello\n");
  await server.until("stdout", "ben: hello\n");
});

endToEnd(
  "a conversation goes on directly while the relay of its invitation is not there",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const invitation = parseInvitation(server.invitation);
    const relay: Way = { kind: "relay", host: "127.0.0.1", port: await reservePort() };
    const named = formatInvitation({ ...invitation, ways: [...invitation.ways, relay] });
    await using ben = charla([named, "--name", "ben", "--stay", "--json"]);
    await ben.until("stdout", '"type":"entered"');
    // A refused session used to end within 2 s.
    await Bun.sleep(4_000);
    ben.type("still here\n");
    await server.until("stdout", "ben: still here\n");
    expect(ben.stdout).not.toContain("disconnected");
  },
);

endToEnd("charla send, history and doctor take an invitation with several ways", async () => {
  using person = newPerson();
  await using silent = await openBareSocket();
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  const invitation = await invitationAmong(silent, server);
  const as = { as: person };
  expect(await runCharla(["send", "--to", invitation, "-n", "ben", "good morning"], as)).toEqual({
    stdout: "",
    stderr: "",
    status: 0,
  });
  await server.until("stdout", "ben: good morning\n");
  const joined = await runCharla([invitation, "-n", "ben", "--history", "1"], { ...as, input: "" });
  expect(joined.stdout).toContain("good morning");
  const history = await runCharla(["history", invitation], as);
  expect(history.stdout).toContain("good morning");
  // The server's own invitation is to the same room.
  expect((await runCharla(["history", server.invitation], as)).stdout).toBe(history.stdout);
  const doctor = await runCharla(["doctor", invitation], as);
  expect(doctor.stdout).toContain(`a server answers at 127.0.0.1:${server.port}`);
  expect(doctor.stdout).toContain(`nothing answers at 127.0.0.1:${silent.port}`);
});

endToEnd(
  "when no way works, one sentence says of each why, and a script gets its code",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    const ports = [await reservePort(), await reservePort()];
    const invitation = formatInvitation({
      ...parseInvitation(server.invitation),
      ways: ports.map((port) => direct("127.0.0.1", port)),
    });
    const { stderr, status } = await runCharla([invitation], { input: "hello?\n" });
    expect(stderr).toStartWith(
      `charla: none of the 2 ways leads to the server: no program is listening at 127.0.0.1:${ports[0]}; no program is listening at 127.0.0.1:${ports[1]}\n` +
        "hint: check that charla --server still runs there; a firewall on the way may drop UDP\n",
    );
    expect(status).toBe(1);
  },
);

endToEnd(
  "--public-host is named before the server's own addresses, in every invitation",
  async () => {
    using ana = newPerson();
    const file = join(ana.data, "..", "invitation");
    await using server = await startSealedServer(
      ["--public-host", "home.example:443", "--invitation-file", file],
      { as: ana },
    );
    const [first, ...others] = parseInvitation(server.invitation).ways;
    expect(first).toEqual(direct("home.example", 443));
    expect(others.every(({ kind, port }) => kind === "direct" && port !== 443)).toBe(true);
    expect(readFileSync(file, "utf8")).toBe(`${server.invitation}\n`);
    expect(server.stderr).toMatch(
      /^(?:reachable from everywhere at home\.example:443[^\n]*, unless a firewall blocks it)\n/,
    );
    // On this machine it is reached at its own port.
    await using window = charla(["--name", "second", "--stay"], { as: ana });
    await window.until("stderr", /^you are .* in main/m);
  },
);

endToEnd(
  "with --bind 127.0.0.1 and --public-host, the invitation names that host alone, at the server's port",
  async () => {
    await using server = await startSealedServer([
      "--bind",
      "127.0.0.1",
      "--public-host",
      "home.example",
      "--json",
    ]);
    const { ways } = parseInvitation(server.invitation);
    expect(ways).toEqual([direct("home.example", Number(server.port))]);
    expect(server.stdout).toContain(
      '"code":"REACH","message":"reachable from everywhere at home.example:',
    );
  },
);
