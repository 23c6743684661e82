// Two ends of a sealed talk, each a process of its own: an invitation is all it takes, nothing that was
// said is lost, and each end says how it ended (docs/protocol.md s. 17).

import { describe, expect, test } from "bun:test";

import { LOOPBACKS } from "../harness/loopback.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla, type Program, runCharla } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

/** Joins and waits until both are in the talk. */
async function joinTalk(invitation: string, ...args: string[]): Promise<Program> {
  const joiner = charla([invitation, ...args]);
  await joiner.until("stderr", "talking to");
  return joiner;
}

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    endToEnd("who has the printed invitation joins, and both talk at any moment", async () => {
      await using server = await startSealedServer(["--bind", host]);
      await using joiner = await joinTalk(server.invitation);
      await server.until("stderr", /^\S+ joined; "bye" ends it$/m);
      joiner.type("hello\nare you there?\n");
      await server.until("stdout", "hello\nare you there?\n");
      server.type("yes\nI am\nñandú 👋\n");
      await joiner.until("stdout", "yes\nI am\nñandú 👋\n");
      joiner.type("good\n");
      await server.until("stdout", "good\n");
      expect(server.stdout).toBe("hello\nare you there?\ngood\n");
      expect(joiner.stdout).toBe("yes\nI am\nñandú 👋\n");
    });

    endToEnd("the joiner's bye ends it for the joiner, and the server takes the next", async () => {
      await using server = await startSealedServer(["--bind", host]);
      await using first = await joinTalk(server.invitation);
      first.type("bye\n");
      expect(await first.exited).toBe(0);
      expect(first.stderr).toEndWith("the conversation is over: you said bye\n");
      await server.until("stderr", /^\S+ left; waiting for the next$/m);
      await using second = await joinTalk(server.invitation);
      second.type("my turn\n");
      await server.until("stdout", "bye\nmy turn\n");
      server.type("welcome\n");
      await second.until("stdout", "welcome\n");
      expect(first.stdout).toBe("");
    });

    endToEnd("the server's bye ends it for both", async () => {
      await using server = await startSealedServer(["--bind", host]);
      await using joiner = await joinTalk(server.invitation);
      server.type("that was all\nbye\n");
      expect(await server.exited).toBe(0);
      expect(await joiner.exited).toBe(0);
      expect(joiner.stdout).toBe("that was all\nbye\n");
      expect(server.stderr).toEndWith("the conversation is over: you said bye\n");
      expect(joiner.stderr).toEndWith("the conversation is over: the other end said bye\n");
      // That the other end is gone once all is said is nothing to tell.
      expect(server.stderr + joiner.stderr).not.toContain("refuses");
    });
  });
}

endToEnd("a server on every address invites to one of them, which leads to it", async () => {
  await using server = await startSealedServer();
  expect(server.stderr).toStartWith(
    `listening on [::]:${server.port}\ninvite with: charla charla:`,
  );
  await using joiner = await joinTalk(server.invitation);
  joiner.type("found you\n");
  await server.until("stdout", "found you\n");
});

endToEnd("what a server says before anyone is there is heard by the first who comes", async () => {
  await using server = await startSealedServer();
  server.type("early\nbirds\n");
  await server.until("stderr", "nobody is here yet; waiting: birds\n");
  await using joiner = await joinTalk(server.invitation);
  await joiner.until("stdout", "early\nbirds\n");
});

endToEnd("blanks around an invitation and capitals in its scheme do not matter", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  await using joiner = await joinTalk(` ${server.invitation.replace("charla:", "CHARLA:")}\n`);
  joiner.type("hello\n");
  await server.until("stdout", "hello\n");
});

describe("the end", () => {
  endToEnd("SIGINT ends a joiner with status 130, and the server hears that it left", async () => {
    await using server = await startSealedServer();
    await using joiner = await joinTalk(server.invitation);
    joiner.signal("SIGINT");
    expect(await joiner.exited).toBe(130);
    expect(joiner.stderr).toEndWith("the conversation is over: you left\n");
    await server.until("stderr", /^\S+ left; waiting for the next$/m);
  });

  endToEnd("SIGINT ends a server with status 130, and its joiner with status 0", async () => {
    await using server = await startSealedServer();
    await using joiner = await joinTalk(server.invitation);
    server.signal("SIGINT");
    expect(await server.exited).toBe(130);
    expect(await joiner.exited).toBe(0);
    expect(joiner.stderr).toEndWith("the conversation is over: the other end left\n");
  });

  endToEnd("SIGINT ends a server that nobody has joined with status 130", async () => {
    await using server = await startSealedServer();
    server.signal("SIGINT");
    expect(await server.exited).toBe(130);
  });

  endToEnd("at the end of stdin a server goes on serving until SIGTERM, status 0", async () => {
    await using server = await startSealedServer();
    server.endInput();
    await using joiner = await joinTalk(server.invitation);
    joiner.type("only this\n");
    joiner.endInput();
    expect(await joiner.exited).toBe(0);
    expect(server.stdout).toBe("only this\n");
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  endToEnd("with --stay a joiner listens on after the end of stdin", async () => {
    await using server = await startSealedServer();
    await using joiner = charla([server.invitation, "--stay"], { input: "over to you\n" });
    await server.until("stdout", "over to you\n");
    server.type("thanks\nbye\n");
    expect(await joiner.exited).toBe(0);
    expect(joiner.stdout).toBe("thanks\nbye\n");
  });

  endToEnd("what waited when a server ended is told, and the status is 1", async () => {
    await using server = await startSealedServer();
    server.type("nobody will hear this\n");
    await server.until("stderr", "nobody is here yet; waiting: nobody will hear this\n");
    server.signal("SIGTERM");
    expect(await server.exited).toBe(1);
    expect(server.stderr).toContain("not known to have arrived: nobody will hear this\n");
  });
});

describe("a pipe", () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index + 1}\n`).join("");

  endToEnd("of 1,000 lines to a server loses none, and ends when all have arrived", async () => {
    await using server = await startSealedServer();
    const ended = await runCharla([server.invitation, "-q"], { input: lines });
    expect(ended).toEqual({ stdout: "", stderr: "", status: 0 });
    // It leaves when all is acknowledged: the server has it by then, and prints it in its own time.
    await server.until("stdout", "line 1000\n");
    expect(server.stdout).toBe(lines);
  });

  endToEnd("of 1,000 lines from a server loses none", async () => {
    await using server = await startSealedServer();
    await using joiner = await joinTalk(server.invitation);
    server.type(`${lines}bye\n`);
    expect(await joiner.exited).toBe(0);
    expect(joiner.stdout).toBe(`${lines}bye\n`);
    expect(await server.exited).toBe(0);
  });

  endToEnd("carries a message of 65,507 bytes both ways, and refuses a longer one", async () => {
    await using server = await startSealedServer();
    await using joiner = await joinTalk(server.invitation, "--stay");
    const long = "x".repeat(65_507);
    joiner.type(`${long}\n`);
    await server.until("stdout", `${long}\n`);
    server.type(`${long}\n`);
    await joiner.until("stdout", `${long}\n`);
    joiner.type(`${long}y\nshort\n`);
    await server.until("stdout", "short\n");
    expect(joiner.stderr).toEndWith(
      "charla: line 2 of the input is 65508 bytes long; one message carries 65507\n" +
        "hint: say it in several lines\n",
    );
    expect(server.stdout).toBe(`${long}\nshort\n`);
  });
});
