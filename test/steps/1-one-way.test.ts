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

describe("step 1, one way", () => {
  for (const address of LOOPBACKS) {
    for (const { serverLanguage, clientLanguage, needs } of PAIRS) {
      const title = `A ${serverLanguage} server prints the hello of a ${clientLanguage} client at ${address}.`;
      testWith(needs, title, async () => {
        await using server = start(
          command(serverLanguage, "1-one-way/server", ...anyPort(serverLanguage, address)),
        );
        const port = await portOf(server);
        const client = await run(command(clientLanguage, "1-one-way/client", address, port));
        expect(client).toEqual({ stdout: "", stderr: "", status: 0 });
        expect(await server.exited).toBe(0);
        const hello = withSender(serverLanguage, " ", { message: "hello", address });
        expect(printedAfterWaiting(server, port)).toMatch(hello);
        expect(server.stderr).toBe("");
      });
    }

    testWith([], `The server prints who sent the message at ${address}.`, async () => {
      await using server = start(command("TypeScript", "1-one-way/server", "0"));
      const port = await portOf(server);
      await using sender = await bareSocket(address);
      await sender.send(UNICODE, port);
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(
        `Waiting on port ${port}\né 日本 🎉 from ${address} port ${sender.port}\n`,
      );
      expect(server.stderr).toBe("");
    });

    testWith(["ncat"], `The server prints what ncat sends to ${address}.`, async () => {
      await using server = start(command("TypeScript", "1-one-way/server", "0"));
      const port = await portOf(server);
      await run(["ncat", "--udp", "--send-only", address, port], { input: "hello\n" });
      expect(await server.exited).toBe(0);
      const hello = withSender("TypeScript", " ", { message: "hello", address });
      expect(printedAfterWaiting(server, port)).toMatch(hello);
    });

    testWith(["ncat"], `ncat gets the client's bare text at ${address}.`, async () => {
      const port = String(await reservePort());
      await using ncat = await ncatWaiting(address, port);
      await run(command("TypeScript", "1-one-way/client", address, port));
      await ncat.until("stdout", /^hello$/);
    });

    testWith([], `The client sends one datagram to ${address}, hello, and ends.`, async () => {
      await using server = await bareSocket(address);
      const client = await run(
        command("TypeScript", "1-one-way/client", address, String(server.port)),
      );
      expect(client).toEqual({ stdout: "", stderr: "", status: 0 });
      expect(await server.receive()).toMatchObject({ text: "hello" });
    });
  }

  testWith(["ncat"], "A trailing CR LF is not part of the message, one before it is.", async () => {
    await using server = start(command("TypeScript", "1-one-way/server", "0"));
    const port = await portOf(server);
    await run(["ncat", "--udp", "--send-only", "127.0.0.1", port], { input: "one\r\ntwo\r\n" });
    expect(await server.exited).toBe(0);
    const message = "one\r\ntwo";
    expect(printedAfterWaiting(server, port)).toMatch(
      withSender("TypeScript", " ", { message, address: "127.0.0.1" }),
    );
  });

  testWith(
    [],
    "The server prints one message only, and the rest of a burst is dropped.",
    async () => {
      await using server = start(command("TypeScript", "1-one-way/server", "0"));
      const port = await portOf(server);
      const burst = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: Number(port) } });
      burst.sendMany(["first", "second", "third"]);
      const from = burst.port;
      burst.close();
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nfirst from 127.0.0.1 port ${from}\n`);
    },
  );

  testWith([], "The name localhost finds the server.", async () => {
    await using server = start(command("TypeScript", "1-one-way/server", "0"));
    const port = await portOf(server);
    await run(command("TypeScript", "1-one-way/client", "localhost", port));
    expect(await server.exited).toBe(0);
    const hello = withSender("TypeScript", " ", { message: "hello", address: "127.0.0.1" });
    expect(printedAfterWaiting(server, port)).toMatch(hello);
  });
});
