// Conversations on the plain wire between two programs (docs/protocol.md s. 3 and 4).

import { describe, expect } from "bun:test";
import { join } from "node:path";

import { charla } from "../harness/in-process.ts";
import { hostAndPort, LOOPBACKS } from "../harness/loopback.ts";
import { endToEnd, testWith } from "../harness/peer-programs.ts";
import { charla as startProcess, type Program, root, start } from "../harness/program.ts";

async function startServer(start = charla): Promise<{ server: Program; port: string }> {
  const server = start(["--server", "--plain", "--port", "0"]);
  const [, port = ""] = await server.until("stderr", /listening on \S*:(\d+)/);
  return { server, port };
}

/** Joins and waits until the client has its socket. */
async function joinTalk(host: string, ...args: string[]): Promise<Program> {
  const client = charla(["--plain", host, ...args]);
  await client.until("stderr", "talking to");
  return client;
}

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    endToEnd("both ends send at any time, in any order, until one says bye", async () => {
      const { server, port } = await startServer(startProcess);
      await using _ = server;
      await using client = startProcess(["--plain", hostAndPort(host, port)]);
      client.type("hello\nare you there?\n");
      await server.until("stdout", "hello\nare you there?\n");
      server.type("yes\nI am\nñandú 👋\n");
      await client.until("stdout", "yes\nI am\nñandú 👋\n");
      client.type("bye\n");
      expect(await server.exited).toBe(0);
      expect(await client.exited).toBe(0);
      expect(server.stdout).toBe("hello\nare you there?\nbye\n");
      expect(client.stdout).toStartWith("yes\nI am\nñandú 👋\n");
      expect(server.stderr).toContain("the conversation is over: the other end said bye\n");
      expect(client.stderr).toContain("the conversation is over: you said bye\n");
    });

    testWith(
      ["ncat"],
      "ncat joins, exchanges messages, and gets an answer to its bye",
      async () => {
        const { server, port } = await startServer();
        await using _ = server;
        await using ncat = start(["ncat", "--udp", host, port]);
        ncat.type("hello from ncat\n");
        await server.until("stdout", "hello from ncat\n");
        server.type("hello ncat\n");
        await ncat.until("stdout", "hello ncat");
        ncat.type("bye\n");
        expect(await server.exited).toBe(0);
        expect(server.stdout).toBe("hello from ncat\nbye\n");
        await ncat.until("stdout", "hello ncatbye");
      },
    );

    testWith(["python3"], "charla joins a server written in Python", async () => {
      await using peer = start(["python3", join(root, "test/peers/receive.py"), host, "2"]);
      const [, port = ""] = await peer.until("stdout", /port (\d+)/);
      await using client = await joinTalk(hostAndPort(host, port));
      client.type("one\n");
      await client.until("stdout", "ONE\n");
      client.type("two\n");
      await client.until("stdout", "ONE\nTWO\n");
      client.endInput();
      await client.exited;
      await peer.exited;
      expect(peer.stdout).toEndWith("heard one\nheard two\n");
    });
  });
}

describe("with --turns", () => {
  endToEnd(
    "the client has the first turn, and lines typed out of turn wait for theirs",
    async () => {
      await using server = charla(["--server", "--plain", "--turns", "--json", "--port", "0"]);
      const [, port = ""] = await server.until("stdout", /"\[::\]:(\d+)"/);
      server.type("second\nfourth\n");
      await server.until("stdout", '{"type":"waiting","for":"peer","text":"second"}');
      await using client = await joinTalk(`127.0.0.1:${port}`, "--turns");
      client.type("first\nthird\nbye\n");
      expect(await server.exited).toBe(0);
      expect(await client.exited).toBe(0);
      expect(client.stdout).toStartWith("second\nfourth\n");
      const events = server.stdout
        .replaceAll(/"from":"[^"]*",/g, "")
        .trimEnd()
        .split("\n");
      expect(events.filter((line) => /"type":"(message|said|turn)"/.test(line))).toEqual([
        '{"type":"turn","whose":"theirs"}',
        '{"type":"message","text":"first"}',
        '{"type":"turn","whose":"mine"}',
        '{"type":"turn","whose":"theirs"}',
        '{"type":"said","text":"second"}',
        '{"type":"message","text":"third"}',
        '{"type":"turn","whose":"mine"}',
        '{"type":"turn","whose":"theirs"}',
        '{"type":"said","text":"fourth"}',
        '{"type":"message","text":"bye"}',
      ]);
    },
  );
});

describe("the end", () => {
  endToEnd("at the end of stdin a client leaves, but a server goes on serving", async () => {
    const { server, port } = await startServer();
    await using _ = server;
    server.endInput();
    await using client = await joinTalk(`127.0.0.1:${port}`);
    client.type("only this\n");
    client.endInput();
    expect(await client.exited).toBe(0);
    await server.until("stdout", "only this\n");
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  endToEnd("with --stay a client goes on receiving after the end of stdin", async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = await joinTalk(`127.0.0.1:${port}`, "--stay");
    client.type("over to you\n");
    client.endInput();
    await server.until("stdout", "over to you\n");
    server.type("thanks\nbye\n");
    expect(await client.exited).toBe(0);
    expect(client.stdout).toBe("thanks\nbye\n");
  });

  endToEnd("SIGINT ends either side with status 130", async () => {
    const { server, port } = await startServer(startProcess);
    await using _ = server;
    await using client = startProcess(["--plain", `127.0.0.1:${port}`]);
    await client.until("stderr", "talking to");
    client.signal("SIGINT");
    server.signal("SIGINT");
    expect(await client.exited).toBe(130);
    expect(await server.exited).toBe(130);
  });

  endToEnd("messages still waiting at the end are listed, and the exit status is 1", async () => {
    const { server } = await startServer();
    await using _ = server;
    server.type("nobody will hear this\n");
    await server.until("stderr", "nobody is here yet; waiting: nobody will hear this\n");
    server.signal("SIGTERM");
    expect(await server.exited).toBe(1);
    expect(server.stderr).toContain("not sent: nobody will hear this\n");
  });

  endToEnd("a server reports that its peer is gone, and accepts the next one", async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using first = startProcess(["--plain", `127.0.0.1:${port}`]);
    first.type("I will not stay\n");
    await server.until("stdout", "I will not stay\n");
    first.signal("SIGKILL");
    await first.exited;
    server.type("are you there?\n");
    await server.until("stderr", /no program is listening at 127\.0\.0\.1:\d+ any more/);
    await using second = await joinTalk(`127.0.0.1:${port}`);
    second.type("I am new\n");
    await server.until("stdout", "I am new\n");
    server.type("welcome\n");
    await second.until("stdout", "welcome\n");
  });
});

describe("what is shown", () => {
  endToEnd(
    "every conversation warns once that others can read and forge its messages",
    async () => {
      const { server, port } = await startServer();
      await using _ = server;
      await using client = await joinTalk(`127.0.0.1:${port}`);
      const warning = "not encrypted: anyone on the network can read and forge this conversation\n";
      expect(server.stderr.split(warning)).toHaveLength(2);
      expect(client.stderr.split(warning)).toHaveLength(2);
    },
  );

  endToEnd("with --quiet only the other end's messages are printed", async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = charla(["--plain", "-q", "--stay", `127.0.0.1:${port}`], {
      input: "hello\n",
    });
    await server.until("stdout", "hello\n");
    server.type("hi\nbye\n");
    expect(await client.exited).toBe(0);
    expect(client.stdout).toBe("hi\nbye\n");
    expect(client.stderr).toBe("");
  });

  endToEnd("with --verbose sent messages are printed as well", async () => {
    const { server, port } = await startServer();
    await using _ = server;
    await using client = await joinTalk(`127.0.0.1:${port}`, "--verbose");
    client.type("hello\n");
    await client.until("stderr", "sent: hello\n");
  });

  endToEnd("without a host charla --plain joins localhost:12345", async () => {
    await using client = charla(["--plain"]);
    await client.until("stderr", /talking to (127\.0\.0\.1|\[::1\]):12345;/);
  });
});
