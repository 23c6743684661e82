// The other end is killed, or stops for a while: what the one that is left learns of it, and when
// (docs/protocol.md s. 15).

import { describe, expect, test } from "bun:test";

import { LOOPBACKS } from "../harness/loopback.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { charla } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

for (const host of LOOPBACKS) {
  describe(`over ${host}`, () => {
    endToEnd(
      "a server that is killed is noticed by the next word, and that is no end",
      async () => {
        await using server = await startSealedServer(["--bind", host]);
        await using joiner = charla([server.invitation, "-v"]);
        joiner.type("hello\n");
        await joiner.until("stderr", "delivered: hello\n");
        server.signal("SIGKILL");
        await server.exited;
        joiner.type("still there?\n");
        await joiner.until(
          "stderr",
          /^\S+ refuses what is sent to it: the other end may be gone$/m,
        );
        joiner.signal("SIGINT");
        // What is under way may arrive yet: the first Ctrl-C waits for it.
        await joiner.until(
          "stderr",
          "leaving once a message has arrived\nhint: Ctrl-C again leaves",
        );
        joiner.signal("SIGINT");
        expect(await joiner.exited).toBe(130);
        expect(joiner.stderr).toEndWith(
          "the conversation is over: you left\nnot known to have arrived: still there?\n",
        );
      },
    );

    endToEnd("a server that was started anew resets its joiner at once", async () => {
      using ana = newPerson();
      await using server = await startSealedServer(["--bind", host], { as: ana });
      await using joiner = charla([server.invitation, "-v"]);
      joiner.type("hello\n");
      await joiner.until("stderr", "delivered: hello\n");
      server.signal("SIGKILL");
      await server.exited;
      await using anew = await startSealedServer(["--bind", host, "--port", server.port], {
        as: ana,
      });
      joiner.type("still there?\n");
      expect(await joiner.exited).toBe(1);
      expect(joiner.stderr).toEndWith(
        "the conversation is over: nobody is at the other end\n" +
          "not known to have arrived: still there?\n" +
          `charla: ${new URL(server.invitation).host} was started anew, and does not know this session any more\n` +
          "hint: join again, or open another conversation\n",
      );
      expect(anew.stdout).toBe("");
      // The one before is nobody's any more.
      await using again = charla([anew.invitation]);
      again.type("here I am\n");
      await anew.until("stdout", "here I am\n");
    });
  });
}

endToEnd(
  "a joiner that is killed is noticed by the next word, and keeps its seat a while",
  async () => {
    await using server = await startSealedServer(["--bind", "127.0.0.1"]);
    await using joiner = charla([server.invitation]);
    joiner.type("hello\n");
    await server.until("stdout", "hello\n");
    joiner.signal("SIGKILL");
    await joiner.exited;
    server.type("are you there?\nand now?\n");
    await server.until("stderr", /^\S+ refuses what is sent to it: the other end may be gone$/m);
    server.signal("SIGTERM");
    await server.until("stderr", /^leaving once 2 messages have arrived$/m);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(1);
    expect(server.stderr).toEndWith(
      "not known to have arrived: are you there?\nnot known to have arrived: and now?\n",
    );
    // Told once, however much is sent in vain.
    expect(server.stderr.split("refuses what is sent")).toHaveLength(2);
  },
);

endToEnd("a silence is told, and when it is over all that was said meanwhile arrives", async () => {
  await using server = await startSealedServer(["--bind", "127.0.0.1"]);
  await using joiner = charla([server.invitation]);
  joiner.type("hello\n");
  await server.until("stdout", "hello\n");
  server.signal("SIGSTOP");
  const meanwhile = Array.from({ length: 20 }, (_, index) => `while you slept ${index}\n`).join("");
  joiner.type(meanwhile);
  await joiner.until("stderr", /^no contact for \d+ s$/m);
  server.signal("SIGCONT");
  await joiner.until("stderr", /^in contact again after \d+ s$/m);
  joiner.type("bye\n");
  expect(await joiner.exited).toBe(0);
  await server.until("stdout", "bye\n");
  expect(server.stdout).toBe(`hello\n${meanwhile}bye\n`);
});
