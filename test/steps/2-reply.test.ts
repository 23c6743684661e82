import { describe, expect } from "bun:test";

import { LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { run, start } from "../harness/program.ts";
import {
  anyPort,
  bareSocket,
  command,
  ncatWaiting,
  PAIRS,
  portOf,
  printedAfterWaiting,
  UNICODE,
  withSender,
} from "./lesson.ts";

describe("step 2, with a reply", () => {
  for (const address of LOOPBACKS) {
    for (const { serverLanguage, clientLanguage, needs } of PAIRS) {
      const title = `A ${serverLanguage} server answers a ${clientLanguage} client at ${address}, and both end.`;
      testWith(needs, title, async () => {
        await using server = start(
          command(serverLanguage, "2-reply/server", ...anyPort(serverLanguage, address)),
        );
        const port = await portOf(server);
        await using client = start(command(clientLanguage, "2-reply/client", address, port));
        expect(await client.exited).toBe(0);
        const answer = withSender(clientLanguage, " from ", { message: "qué tal?", address, port });
        expect(client.stdout).toMatch(answer);
        expect(client.stderr).toBe("");
        expect(await server.exited).toBe(0);
        const asked = withSender(serverLanguage, " ", { message: "hola", address });
        expect(printedAfterWaiting(server, port)).toMatch(asked);
        expect(server.stderr).toBe("");
      });
    }

    testWith([], `The server prints who asked at ${address}, and answers them.`, async () => {
      await using server = start(command("TypeScript", "2-reply/server", "0"));
      const port = await portOf(server);
      await using client = await bareSocket(address);
      await client.send(`${UNICODE}?`, port);
      expect(await client.receive()).toEqual({ text: "qué tal?", from: Number(port) });
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(
        `Waiting on port ${port}\né 日本 🎉? from ${address} port ${client.port}\n`,
      );
      expect(server.stderr).toBe("");
    });

    testWith([], `The client sends hola to ${address} and prints who answered.`, async () => {
      await using server = await bareSocket(address);
      const port = String(server.port);
      await using client = start(command("TypeScript", "2-reply/client", address, port));
      const { text, from } = await server.receive();
      expect(text).toBe("hola");
      await server.send(`${UNICODE}!`, from);
      expect(await client.exited).toBe(0);
      expect(client.stdout).toBe(`é 日本 🎉! from ${address} port ${port}\n`);
      expect(client.stderr).toBe("");
    });

    testWith(["ncat"], `The server answers ncat at ${address}.`, async () => {
      await using server = start(command("TypeScript", "2-reply/server", "0"));
      const port = await portOf(server);
      await using ncat = start(["ncat", "--udp", address, port]);
      ncat.type("how are you?\n");
      await ncat.until("stdout", /^qué tal\?$/);
      expect(await server.exited).toBe(0);
      const asked = withSender("TypeScript", " ", { message: "how are you?", address });
      expect(printedAfterWaiting(server, port)).toMatch(asked);
    });

    testWith(["ncat"], `ncat answers the client at ${address}.`, async () => {
      const port = String(await reservePort());
      await using ncat = await ncatWaiting(address, port);
      await using client = start(command("TypeScript", "2-reply/client", address, port));
      await ncat.until("stdout", /^hola$/);
      ncat.type("fine\n");
      expect(await client.exited).toBe(0);
      expect(client.stdout).toBe(`fine from ${address} port ${port}\n`);
    });

    testWith([], `A client to which nothing listens at ${address} says so and fails.`, async () => {
      const port = String(await reservePort());
      const client = await run(command("TypeScript", "2-reply/client", address, port));
      expect(client.status).toBe(1);
      expect(client.stdout).toBe("");
      expect(client.stderr).toContain("ECONNREFUSED");
    });
  }

  testWith([], "The server hears and answers the first who writes, and nobody else.", async () => {
    await using server = start(command("TypeScript", "2-reply/server", "0"));
    const port = await portOf(server);
    await using first = await bareSocket("127.0.0.1");
    await using second = await bareSocket("127.0.0.1");
    // Both have written before the server reads.
    server.signal("SIGSTOP");
    await first.send("first", port);
    await second.send("second", port);
    let secondHeard = "";
    void second.receive().then(({ text }) => (secondHeard += text));
    server.signal("SIGCONT");
    expect(await first.receive()).toEqual({ text: "qué tal?", from: Number(port) });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(
      `Waiting on port ${port}\nfirst from 127.0.0.1 port ${first.port}\n`,
    );
    expect(secondHeard).toBe("");
  });
});
