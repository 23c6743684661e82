// What steps 4 and 5 both promise: talking and listening at any moment, and a bye that is answered.

import { describe, expect } from "bun:test";

import { type Loopback, LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { start } from "../harness/program.ts";
import { openScreen } from "../harness/screen.ts";
import {
  bareSocket,
  goodbye,
  type Language,
  ncatWaiting,
  PAIRS,
  portOf,
  testAt,
  UNICODE,
} from "./lesson.ts";

/** How to start the two ends of a step. */
interface Ends {
  server(language: Language, address: Loopback): string[];
  client(language: Language, address: Loopback, port: string): string[];
}

export function testFreeTalk(title: string, ends: Ends): void {
  describe(title, () => {
    for (const address of LOOPBACKS) {
      const testOne = testAt(address);
      for (const { serverLanguage, clientLanguage, needs } of PAIRS) {
        const pair = `a ${clientLanguage} client and a ${serverLanguage} server at ${address}`;

        testWith(needs, `Both of ${pair} talk out of turn until the client says bye.`, async () => {
          await using server = start(ends.server(serverLanguage, address));
          const port = await portOf(server);
          await using client = start(ends.client(clientLanguage, address, port));
          client.type(`one ${UNICODE}\n`);
          await server.until("stdout", "one é 日本 🎉\n");
          client.type("two\n");
          await server.until("stdout", "two\n");
          server.type(`three ${UNICODE}\n`);
          await client.until("stdout", "three é 日本 🎉\n");
          server.type("four\nfive\n");
          await client.until("stdout", "four\nfive\n");
          client.type("bye\n");
          expect(await goodbye(client, server)).toEqual([0, 0]);
          expect(client.stdout).toBe("three é 日本 🎉\nfour\nfive\nbye\n");
          expect(server.stdout).toBe(`Waiting on port ${port}\none é 日本 🎉\ntwo\nbye\n`);
          expect(client.stderr + server.stderr).toBe("");
        });

        testOne(needs, `The server of ${pair} says bye, and both end.`, async () => {
          await using server = start(ends.server(serverLanguage, address));
          const port = await portOf(server);
          await using client = start(ends.client(clientLanguage, address, port));
          client.type("hello\n");
          await server.until("stdout", "hello\n");
          server.type("bye\n");
          expect(await goodbye(server, client)).toEqual([0, 0]);
          expect(client.stdout).toBe("bye\n");
          expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
          expect(client.stderr + server.stderr).toBe("");
        });

        testOne(needs, `Both of ${pair} end when they say bye at once.`, async () => {
          await using server = start(ends.server(serverLanguage, address));
          const port = await portOf(server);
          await using client = start(ends.client(clientLanguage, address, port));
          client.type("hello\n");
          await server.until("stdout", "hello\n");
          server.type("hi\n");
          await client.until("stdout", "hi\n");
          for (const end of [client, server]) end.signal("SIGSTOP");
          for (const end of [client, server]) end.type("bye\n");
          for (const end of [client, server]) end.signal("SIGCONT");
          expect(await goodbye(server, client)).toEqual([0, 0]);
          expect(client.stdout).toBe("hi\nbye\n");
          expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
        });

        testOne(needs, `The client of ${pair} listens on when its input ends.`, async () => {
          await using server = start(ends.server(serverLanguage, address));
          const port = await portOf(server);
          await using client = start(ends.client(clientLanguage, address, port), {
            input: "one\ntwo\nthree\n",
          });
          await server.until("stdout", "one\ntwo\nthree\n");
          server.type("four\n");
          await client.until("stdout", "four\n");
          client.signal("SIGTERM");
          expect(await client.exited).toBe(143);
          expect(client.stdout).toBe("four\n");
          expect(client.stderr).toBe("");
          server.signal("SIGTERM");
          expect(await server.exited).toBe(143);
          expect(server.stdout).toBe(`Waiting on port ${port}\none\ntwo\nthree\n`);
        });
      }

      testOne(["ncat"], `ncat talks with the server at ${address}.`, async () => {
        await using server = start(ends.server("TypeScript", address));
        const port = await portOf(server);
        await using ncat = start(["ncat", "--udp", address, port]);
        ncat.type("hello\n");
        await server.until("stdout", "hello\n");
        server.type("hi\n");
        await ncat.until("stdout", /^hi$/);
        ncat.type("bye\n");
        expect(await goodbye(server)).toEqual([0]);
        expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
        await ncat.until("stdout", /^hibye$/);
      });

      testOne(["ncat"], `ncat waits at ${address} and the client talks with it.`, async () => {
        const port = String(await reservePort());
        await using ncat = await ncatWaiting(address, port);
        await using client = start(ends.client("TypeScript", address, port));
        client.type("hello\n");
        await ncat.until("stdout", /^hello$/);
        ncat.type("hi\n");
        await client.until("stdout", "hi\n");
        ncat.type("bye\n");
        expect(await goodbye(client)).toEqual([0]);
        expect(client.stdout).toBe("hi\nbye\n");
        await ncat.until("stdout", /^hellobye$/);
      });

      testOne([], `A client to which nothing listens at ${address} says so.`, async () => {
        const port = String(await reservePort());
        await using client = start(ends.client("TypeScript", address, port));
        client.type("anyone?\n");
        await client.until("stderr", /^Nobody is listening there\.\n$/);
        client.type("bye\n");
        await client.until("stderr", /^(Nobody is listening there\.\n){2}$/);
        client.signal("SIGINT");
        expect(await goodbye(client)).toEqual([130]);
        expect(client.stdout).toBe("");
      });

      testOne([], `Bye to a silent peer at ${address} waits, and Ctrl-C ends it.`, async () => {
        await using peer = await bareSocket(address);
        await using client = start(ends.client("TypeScript", address, String(peer.port)));
        client.type("hello\nbye\nnot sent any more\n");
        const { text, from } = await peer.receive();
        expect(text).toBe("hello");
        expect(await peer.receive()).toEqual({ text: "bye", from });
        await peer.send("one moment", from);
        await client.until("stdout", /^one moment\n$/);
        client.signal("SIGINT");
        expect(await goodbye(client)).toEqual([130]);
        expect(client.stderr).toBe("");
        await peer.send("the end", peer.port);
        expect(await peer.receive()).toEqual({ text: "the end", from: peer.port });
      });

      testOne([], `The server's bye to a silent peer at ${address} waits too.`, async () => {
        await using server = start(ends.server("TypeScript", address));
        const port = await portOf(server);
        await using peer = await bareSocket(address);
        await peer.send("hello", port);
        await server.until("stdout", "hello\n");
        server.type("bye\nnot sent any more\n");
        expect(await peer.receive()).toEqual({ text: "bye", from: Number(port) });
        await peer.send("one moment", port);
        await server.until("stdout", "one moment\n");
        await peer.send("bye", port);
        expect(await goodbye(server)).toEqual([0]);
        expect(server.stdout).toBe(`Waiting on port ${port}\nhello\none moment\nbye\n`);
        expect(server.stderr).toBe("");
        expect(await peer.receive()).toEqual({ text: "bye", from: Number(port) });
      });

      testOne(
        [],
        `A bye from ${address} is answered once, and nothing after it read.`,
        async () => {
          await using server = start(ends.server("TypeScript", address));
          const port = await portOf(server);
          await using peer = await bareSocket(address);
          // All of it is there before the server reads, and before it knows who its peer is.
          server.signal("SIGSTOP");
          const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
          for (const text of [...lines, "bye", "bye", "after"]) await peer.send(text, port);
          server.signal("SIGCONT");
          expect(await goodbye(server)).toEqual([0]);
          expect(server.stdout).toBe(`Waiting on port ${port}\n${lines.join("\n")}\nbye\n`);
          expect(server.stderr).toBe("");
          expect(await peer.receive()).toEqual({ text: "bye", from: Number(port) });
          // What the test sends itself comes next: there was no second bye.
          await peer.send("the end", peer.port);
          expect(await peer.receive()).toEqual({ text: "the end", from: peer.port });
        },
      );
    }

    testWith([], "What the server types before anyone is there waits for them.", async () => {
      await using server = start(ends.server("TypeScript", "127.0.0.1"), { input: "welcome\n" });
      const port = await portOf(server);
      await using client = start(ends.client("TypeScript", "127.0.0.1", port));
      client.type("hello\n");
      await client.until("stdout", /^welcome\n$/);
    });

    testWith([], "The server goes on listening after its own input has ended.", async () => {
      await using server = start(ends.server("TypeScript", "127.0.0.1"), { input: "" });
      const port = await portOf(server);
      await using client = start(ends.client("TypeScript", "127.0.0.1", port));
      // Many turns, so that a server about to end because of its input has the time to.
      const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
      for (const line of lines) {
        client.type(line);
        await server.until("stdout", line);
      }
      client.type("bye\n");
      expect(await goodbye(server, client)).toEqual([0, 0]);
      expect(server.stdout).toBe(`Waiting on port ${port}\n${lines.join("")}bye\n`);
    });

    testWith([], "The server says so when its peer has left, and goes on listening.", async () => {
      await using server = start(ends.server("TypeScript", "127.0.0.1"));
      const port = await portOf(server);
      const peer = await bareSocket("127.0.0.1");
      await peer.send("hello", port);
      await server.until("stdout", "hello\n");
      await peer[Symbol.asyncDispose]();
      server.type("still there?\n");
      await server.until("stderr", "Nobody is listening there.\n");
      await using returned = await bareSocket("127.0.0.1", peer.port);
      await returned.send("bye", port);
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nbye\n`);
      expect(await returned.receive()).toEqual({ text: "bye", from: Number(port) });
    });

    testWith([], "Once the server has a peer, a stranger's bye is not heard.", async () => {
      await using server = start(ends.server("TypeScript", "127.0.0.1"));
      const port = await portOf(server);
      await using peer = await bareSocket("127.0.0.1");
      await peer.send("hello", port);
      await server.until("stdout", "hello\n");
      await using stranger = await bareSocket("127.0.0.1");
      await stranger.send("bye", port);
      await peer.send("are you there?", port);
      await server.until("stdout", "are you there?\n");
      await peer.send("bye", port);
      expect(await server.exited).toBe(0);
      expect(server.stdout).toBe(`Waiting on port ${port}\nhello\nare you there?\nbye\n`);
    });

    testWith(
      ["tmux"],
      "On a terminal, Ctrl-C leaves a peer that does not answer bye.",
      async () => {
        await using peer = await bareSocket("127.0.0.1");
        await using screen = await openScreen(100);
        screen.type(ends.client("TypeScript", "127.0.0.1", String(peer.port)).join(" "));
        screen.press("Enter");
        screen.type("bye");
        screen.press("Enter");
        const { text, from } = await peer.receive();
        expect(text).toBe("bye");
        await peer.send("one moment", from);
        await screen.until("what the peer says", (rows) => rows.at(-1) === "one moment");
        screen.press("C-c");
        const rows = await screen.until("the shell", (shown) => shown.at(-1) === "$");
        expect(rows.slice(-3)).toEqual(["one moment", "^C", "$"]);
      },
    );
  });
}
