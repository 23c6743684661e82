// What steps 4 and 5 both promise: talking and listening at any moment.

import { describe, expect } from "bun:test";

import { freeUdpPort, LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { run, start } from "../harness/program.ts";
import { type Language, ncatWaiting, PAIRS, portOf, UNICODE } from "./lesson.ts";

/** How to start the two ends of a step. */
interface Ends {
  server(language: Language): string[];
  client(language: Language, address: string, port: string): string[];
}

export function testFreeTalk(title: string, ends: Ends): void {
  describe(title, () => {
    for (const address of LOOPBACKS) {
      for (const { server: opener, client: joiner, needs } of PAIRS) {
        const pair = `a ${joiner} client and a ${opener} server at ${address}`;

        testWith(needs, `Both of ${pair} talk out of turn until the client says bye.`, async () => {
          await using server = start(ends.server(opener));
          const port = await portOf(server);
          await using client = start(ends.client(joiner, address, port));
          client.type(`one ${UNICODE}\n`);
          await server.until("stdout", "one é 日本 🎉\n");
          client.type("two\n");
          await server.until("stdout", "two\n");
          server.type(`three ${UNICODE}\n`);
          await client.until("stdout", "three é 日本 🎉\n");
          server.type("four\nfive\n");
          await client.until("stdout", "four\nfive\n");
          client.type("bye\n");
          expect(await client.exited).toBe(0);
          expect(await server.exited).toBe(0);
          expect(client.stdout).toBe("three é 日本 🎉\nfour\nfive\n");
          expect(server.stdout).toBe(`Waiting on port ${port}\none é 日本 🎉\ntwo\nbye\n`);
          expect(client.stderr + server.stderr).toBe("");
        });

        testWith(needs, `The server of ${pair} says bye, and both end.`, async () => {
          await using server = start(ends.server(opener));
          const port = await portOf(server);
          await using client = start(ends.client(joiner, address, port));
          client.type("hello\n");
          await server.until("stdout", "hello\n");
          server.type("bye\n");
          expect(await server.exited).toBe(0);
          expect(await client.exited).toBe(0);
          expect(client.stdout).toBe("bye\n");
          expect(client.stderr + server.stderr).toBe("");
        });

        testWith(needs, `The server of ${pair} goes on when the client's input ends.`, async () => {
          await using server = start(ends.server(opener));
          const port = await portOf(server);
          const client = await run(ends.client(joiner, address, port), {
            input: "one\ntwo\nthree\n",
          });
          expect(client).toEqual({ stdout: "", stderr: "", status: 0 });
          await server.until("stdout", "one\ntwo\nthree\n");
          server.signal("SIGTERM");
          expect(await server.exited).toBe(143);
          expect(server.stdout).toBe(`Waiting on port ${port}\none\ntwo\nthree\n`);
        });
      }

      testWith(["ncat"], `ncat talks with the server at ${address}.`, async () => {
        await using server = start(ends.server("TypeScript"));
        const port = await portOf(server);
        await using ncat = start(["ncat", "--udp", address, port]);
        ncat.type("hello\n");
        await server.until("stdout", "hello\n");
        server.type("hi\n");
        await ncat.until("stdout", /^hi$/);
        ncat.type("bye\n");
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
      });

      testWith(["ncat"], `ncat waits at ${address} and the client talks with it.`, async () => {
        const port = String(await freeUdpPort());
        await using ncat = await ncatWaiting(address, port);
        await using client = start(ends.client("TypeScript", address, port));
        client.type("hello\n");
        await ncat.until("stdout", /^hello$/);
        ncat.type("hi\n");
        await client.until("stdout", "hi\n");
        ncat.type("bye\n");
        expect(await client.exited).toBe(0);
        expect(client.stdout).toBe("hi\nbye\n");
      });

      testWith([], `A client whom nobody hears at ${address} says so and goes on.`, async () => {
        const port = String(await freeUdpPort());
        await using client = start(ends.client("TypeScript", address, port));
        client.type("anyone?\n");
        await client.until("stderr", /^Nobody is listening there\.\n$/);
        client.type("bye\n");
        expect(await client.exited).toBe(0);
        expect(client.stdout).toBe("");
      });
    }

    testWith([], "What the server types before anyone is there waits for them.", async () => {
      await using server = start(ends.server("TypeScript"), { input: "welcome\n" });
      const port = await portOf(server);
      await using client = start(ends.client("TypeScript", "127.0.0.1", port));
      client.type("hello\n");
      await client.until("stdout", /^welcome\n$/);
    });

    testWith([], "The server goes on listening after its own input has ended.", async () => {
      await using server = start(ends.server("TypeScript"), { input: "" });
      const port = await portOf(server);
      await using client = start(ends.client("TypeScript", "127.0.0.1", port));
      // Many turns, so that a server about to end because of its input has the time to.
      const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
      for (const line of lines) {
        client.type(line);
        await server.until("stdout", line);
      }
      client.type("bye\n");
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\n${lines.join("")}bye\n`);
    });

    testWith([], "The server says so when its peer has left, and goes on listening.", async () => {
      await using server = start(ends.server("TypeScript"));
      const port = await portOf(server);
      await run(ends.client("TypeScript", "127.0.0.1", port), { input: "hello\n" });
      await server.until("stdout", "hello\n");
      server.type("still there?\n");
      await server.until("stderr", "Nobody is listening there.\n");
      await run(ends.client("TypeScript", "127.0.0.1", port), { input: "bye\n" });
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
    });
  });
}
