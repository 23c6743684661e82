import { describe, expect } from "bun:test";

import { LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { run, start } from "../harness/program.ts";
import { anyPort, bareSocket, command, goodbye, PAIRS, portOf, testAt, UNICODE } from "./lesson.ts";

describe("step 3, in turns", () => {
  for (const address of LOOPBACKS) {
    const testOne = testAt(address);
    for (const { serverLanguage, clientLanguage, needs } of PAIRS) {
      const pair = `a ${clientLanguage} client and a ${serverLanguage} server at ${address}`;

      testWith(needs, `The client of ${pair} says bye, and both end.`, async () => {
        await using server = start(
          command(serverLanguage, "3-turns/server", ...anyPort(serverLanguage, address)),
          {
            input: `two ${UNICODE}\nfour\n`,
          },
        );
        const port = await portOf(server);
        await using client = start(command(clientLanguage, "3-turns/client", address, port));
        client.type(`one ${UNICODE}\nthree\n`);
        await client.until("stdout", "four\n");
        client.type("bye\n");
        expect(await goodbye(client, server)).toEqual([0, 0]);
        expect(client.stdout).toBe("two é 日本 🎉\nfour\n");
        expect(client.stderr).toBe("");
        expect(server.stdout).toBe(`Waiting on port ${port}\none é 日本 🎉\nthree\nbye\n`);
        expect(server.stderr).toBe("");
      });

      testOne(needs, `The server of ${pair} says bye, and both end.`, async () => {
        await using server = start(
          command(serverLanguage, "3-turns/server", ...anyPort(serverLanguage, address)),
        );
        const port = await portOf(server);
        await using client = start(command(clientLanguage, "3-turns/client", address, port), {
          input: "one\nthree\n",
        });
        server.type("two\n");
        await server.until("stdout", "three\n");
        server.type("bye\n");
        expect(await goodbye(client, server)).toEqual([0, 0]);
        expect(client.stdout).toBe("two\nbye\n");
        expect(client.stderr).toBe("");
        expect(server.stdout).toBe(`Waiting on port ${port}\none\nthree\n`);
        expect(server.stderr).toBe("");
      });

      testOne(needs, `An empty line of ${pair} is an empty message.`, async () => {
        await using server = start(
          command(serverLanguage, "3-turns/server", ...anyPort(serverLanguage, address)),
          {
            input: "\n",
          },
        );
        const port = await portOf(server);
        await using client = start(command(clientLanguage, "3-turns/client", address, port));
        client.type("\n");
        await client.until("stdout", "\n");
        client.type("bye\n");
        expect(await goodbye(client, server)).toEqual([0, 0]);
        expect(client.stdout).toBe("\n");
        expect(server.stdout).toBe(`Waiting on port ${port}\n\nbye\n`);
      });
    }

    testOne(["ncat"], `ncat takes its turns with the server at ${address}.`, async () => {
      await using server = start(command("TypeScript", "3-turns/server", "0"));
      const port = await portOf(server);
      await using ncat = start(["ncat", "--udp", address, port]);
      ncat.type("one\n");
      server.type("two\n");
      await ncat.until("stdout", /^two$/);
      ncat.type("bye\n");
      expect(await goodbye(server)).toEqual([0]);
      expect(server.stdout).toBe(`Waiting on port ${port}\none\nbye\n`);
    });

    testOne([], `A client to which nothing listens at ${address} says so and fails.`, async () => {
      const port = String(await reservePort());
      const client = await run(command("TypeScript", "3-turns/client", address, port), {
        input: "anyone?\n",
      });
      expect(client.status).toBe(1);
      expect(client.stdout).toBe("");
      expect(client.stderr).toContain("ECONNREFUSED");
    });
  }

  testWith([], "The end of the client's input says bye.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"), { input: "two\n" });
    const port = await portOf(server);
    const client = await run(command("TypeScript", "3-turns/client", "127.0.0.1", port), {
      input: "one\n",
    });
    expect(client).toEqual({ stdout: "two\n", stderr: "", status: 0 });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\none\nbye\n`);
  });

  testWith([], "The end of the server's input says bye.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"), { input: "" });
    const port = await portOf(server);
    const client = await run(command("TypeScript", "3-turns/client", "127.0.0.1", port), {
      input: "one\n",
    });
    expect(client).toEqual({ stdout: "bye\n", stderr: "", status: 0 });
    expect(await server.exited).toBe(0);
    expect(server.stdout).toBe(`Waiting on port ${port}\none\n`);
  });

  testWith([], "What the server types before its turn waits for it.", async () => {
    await using server = start(command("TypeScript", "3-turns/server", "0"));
    server.type("two\n");
    const port = await portOf(server);
    await using client = start(command("TypeScript", "3-turns/client", "127.0.0.1", port));
    client.type("one\n");
    await client.until("stdout", /^two\n$/);
    client.type("bye\n");
    expect(await goodbye(client, server)).toEqual([0, 0]);
  });

  testWith([], "What comes before the client's turn to listen waits for it.", async () => {
    await using server = await bareSocket("127.0.0.1");
    await using client = start(
      command("TypeScript", "3-turns/client", "127.0.0.1", String(server.port)),
    );
    client.type("one\n");
    const { text, from } = await server.receive();
    expect(text).toBe("one");
    await server.send("two", from);
    await server.send("three", from);
    await server.send("bye", from);
    await client.until("stdout", /^two\n$/);
    client.type("four\nfive\n");
    expect(await client.exited).toBe(0);
    expect(client.stdout).toBe("two\nthree\nbye\n");
  });
});
