import { describe, expect } from "bun:test";

import { freeUdpPort, LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run, start } from "../harness/program.ts";
import { command, ncatWaiting, PAIRS, portOf, UNICODE } from "./lesson.ts";

describe("step 1, one way", () => {
  for (const address of LOOPBACKS) {
    for (const { server: opener, client: joiner, needs } of PAIRS) {
      const title = `A ${opener} server prints the message of a ${joiner} client at ${address}.`;
      testWith(needs, title, async () => {
        await using server = start(command(opener, "1-one-way/server", "0"));
        const port = await portOf(server);
        const client = await run(command(joiner, "1-one-way/client", address, port), {
          input: `${UNICODE}\n`,
        });
        expect(client).toEqual({ stdout: "Message: ", stderr: "", status: 0 });
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe(`Waiting on port ${port}\né 日本 🎉\n`);
        expect(server.stderr).toBe("");
      });
    }

    testWith(["ncat"], `The server prints what ncat sends to ${address}.`, async () => {
      await using server = start(command("TypeScript", "1-one-way/server", "0"));
      const port = await portOf(server);
      await run(["ncat", "--udp", "--send-only", address, port], { input: "hello\n" });
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nhello\n`);
    });

    testWith(["ncat"], `ncat gets the client's bare text at ${address}.`, async () => {
      const port = String(await freeUdpPort());
      await using ncat = await ncatWaiting(address, port);
      await run(command("TypeScript", "1-one-way/client", address, port), { input: "hello\n" });
      await ncat.until("stdout", /^hello$/);
    });
  }

  testWith(["ncat"], "A trailing CR LF is not part of the message, one before it is.", async () => {
    await using server = start(command("TypeScript", "1-one-way/server", "0"));
    const port = await portOf(server);
    await run(["ncat", "--udp", "--send-only", "127.0.0.1", port], { input: "one\r\ntwo\r\n" });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\none\r\ntwo\n`);
  });

  testWith(
    [],
    "The server prints one message only, and the rest of a burst is dropped.",
    async () => {
      await using server = start(command("TypeScript", "1-one-way/server", "0"));
      const port = await portOf(server);
      const burst = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: Number(port) } });
      burst.sendMany(["first", "second", "third"]);
      burst.close();
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nfirst\n`);
    },
  );

  testWith([], "The name localhost finds the server.", async () => {
    await using server = start(command("TypeScript", "1-one-way/server", "0"));
    const port = await portOf(server);
    await run(command("TypeScript", "1-one-way/client", "localhost", port), { input: "hello\n" });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\nhello\n`);
  });
});
