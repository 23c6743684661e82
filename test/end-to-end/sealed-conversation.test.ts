// Members of a room, each a program of its own: an invitation is all they need, no message is lost, and each
// reports how the conversation ended (docs/protocol.md s. 18).

import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";

import { CARRIERS } from "../harness/carriers.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { MAIN, type Program, start } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";

const STOPPED = "connection to the server lost (the server was stopped); reconnecting\n";

/** Joins as ben, or with the --name in `args`, and waits until the client is in the room. */
async function joinTalk(invitation: string, ...args: string[]): Promise<Program> {
  const client = charla([invitation, "--name", "ben", ...args]);
  await client.until("stderr", "you are ");
  return client;
}

for (const { name, hosts, open } of CARRIERS) {
  describe(`over ${name}`, () => {
    for (const host of hosts) {
      describe(`at ${host}`, () => {
        endToEnd(
          "a client joins with the printed invitation, and both send at any time",
          async () => {
            await using server = await open(["--bind", host]);
            await using client = await joinTalk(server.invitation);
            await server.until("stderr", /^ben joined$/m);
            expect(client.stderr).toBe("you are ben in main, with ana\n");
            client.type("hello\nare you there?\n");
            await server.until("stdout", "ben: hello\nben: are you there?\n");
            server.type("yes\nI am\nñandú 👋\n");
            const answers = "ana: yes\nana: I am\nana: ñandú 👋\n";
            await client.until("stdout", answers);
            client.type("good\n");
            await server.until("stdout", "good\n");
            expect(server.stdout).toBe("ben: hello\nben: are you there?\nben: good\n");
            expect(client.stdout).toBe(answers);
          },
        );

        endToEnd(
          "the end of a client's input ends the conversation for it, and the server accepts the next",
          async () => {
            await using server = await open(["--bind", host]);
            await using first = await joinTalk(server.invitation);
            first.type("bye\n");
            first.endInput();
            expect(await first.exited).toBe(0);
            expect(first.stderr).toEndWith("you left\n");
            await server.until("stderr", /^ben left$/m);
            await using second = await joinTalk(
              server.invitation,
              "--name",
              "cy",
              "--history",
              "9",
            );
            second.type("my turn\n");
            await server.until("stdout", "ben: bye\ncy: my turn\n");
            server.type("welcome\n");
            await second.until("stdout", "ben: bye\nana: welcome\n");
            expect(first.stdout).toBe("");
          },
        );

        endToEnd(
          "neither a message bye nor the end of the server ends it for a client",
          async () => {
            await using server = await open(["--bind", host]);
            await using client = await joinTalk(server.invitation);
            server.type("that was all\nbye\n");
            await client.until("stdout", "bye\n");
            server.signal("SIGTERM");
            expect(await server.exited).toBe(0);
            await client.until("stderr", STOPPED);
            client.endInput();
            expect(await client.exited).toBe(0);
            expect(client.stdout).toBe("ana: that was all\nana: bye\n");
            expect(server.stderr).toEndWith("you left\n");
            expect(client.stderr).toEndWith(`ana left\n${STOPPED}you left\n`);
          },
        );
      });
    }

    endToEnd(
      "a server on every address says who can reach it and prints an invitation, which works",
      async () => {
        await using server = await open();
        const [reach = "", ...lines] = server.stderr.split("\n");
        expect(reach).toMatch(
          /^(?:only this network: |reachable from everywhere at |from everywhere by IPv6|no network: )/,
        );
        expect(lines.join("\n")).toStartWith(
          `listening on [::]:${server.port}\ninvite with: charla `,
        );
        expect(lines[1]).toMatch(/^invite with: charla '?charla:\/\//);
        await using client = await joinTalk(server.invitation);
        client.type("found you\n");
        await server.until("stdout", "found you\n");
      },
    );

    endToEnd("a member who joins later gets the last messages with --history", async () => {
      await using server = await open(["--verbose"]);
      const lines = Array.from({ length: 25 }, (_, index) => `line ${index + 1}\n`);
      server.type(lines.join(""));
      await server.until("stderr", "delivered: line 25\n");
      await using client = await joinTalk(server.invitation, "--history", "20");
      await client.until("stdout", "line 25\n");
      expect(client.stdout).toBe(`ana: ${lines.slice(5).join("ana: ")}`);
    });

    endToEnd(
      "--history shows the last messages also where all of them were shown before, and after them what is new",
      async () => {
        using ben = newPerson();
        await using server = await open(["--verbose"]);
        server.type("one\ntwo\nthree\n");
        await server.until("stderr", "delivered: three\n");
        const command = [server.invitation, "-n", "ben"];
        for (const [count, shown] of [
          ["3", "ana: one\nana: two\nana: three\n"],
          ["2", "ana: two\nana: three\n"],
          ["2", "ana: two\nana: three\n"],
        ] as const) {
          await using client = charla([...command, "--history", count], { as: ben });
          await client.until("stdout", "three\n");
          client.endInput();
          expect(await client.exited).toBe(0);
          expect(client.stdout).toBe(shown);
        }
        server.type("four\n");
        await server.until("stderr", "delivered: four\n");
        // What was missed is never left out, and what was shown again counts as shown as before.
        await using one = charla([...command, "--history", "1"], { as: ben });
        await one.until("stdout", "four\n");
        one.endInput();
        await one.exited;
        await using none = charla(command, { as: ben });
        await none.until("stderr", "you are ben");
        server.type("five\n");
        await none.until("stdout", "five\n");
        expect([one.stdout, none.stdout]).toEqual(["ana: four\n", "ana: five\n"]);
        none.endInput();
        await none.exited;
        server.type("six\nseven\n");
        await server.until("stderr", "delivered: seven\n");
        await using more = charla([...command, "--history", "1"], { as: ben });
        await more.until("stdout", "seven\n");
        expect(more.stdout).toBe("ana: six\nana: seven\n");
      },
    );

    endToEnd(
      "in a pipe the first visit shows nothing that was said before, and the next all of it",
      async () => {
        using ben = newPerson();
        await using server = await open(["--verbose"]);
        server.type("before\n");
        await server.until("stderr", "delivered: before\n");
        const command = [server.invitation, "-n", "ben"];
        expect((await runCharla(command, { as: ben })).stdout).toBe("");
        server.type("meanwhile\n");
        await server.until("stderr", "delivered: meanwhile\n");
        await using again = charla(command, { as: ben });
        await again.until("stderr", "you are ben");
        server.type("now\n");
        await again.until("stdout", "now\n");
        expect(again.stdout).toBe("ana: meanwhile\nana: now\n");
        // For a program that reads events they are marked.
        await using log = charla([server.invitation, "-n", "log", "--json"]);
        await log.until("stdout", '"text":"now"');
        const past = /"text":"(\w+)".*"past":true/g;
        expect(Array.from(log.stdout.matchAll(past), ([, text]) => text)).toEqual([
          "before",
          "meanwhile",
          "now",
        ]);
      },
    );

    endToEnd("what charla could not print (| head -1) is printed at its next start", async () => {
      using ben = newPerson();
      await using server = await open();
      const client = `("$0" "${MAIN}" "${server.invitation}" -q -n ben; echo "status=$?" >&2)`;
      // The end of `cat` shows that of `head`, after which nothing can be written any more.
      const pipeline = `${client} | head -1 | { cat; echo over >&2; }`;
      await using first = start(["sh", "-c", pipeline, process.execPath], { as: ben });
      await server.until("stderr", /^ben joined$/m);
      server.type("one\n");
      await first.until("stderr", "over\n");
      server.type("two\nthree\n");
      expect(await first.exited).toBe(0);
      expect(first.stdout).toBe("ana: one\n");
      expect(first.stderr).toBe("over\nstatus=0\n");
      await using again = charla([server.invitation, "-n", "ben"], { as: ben });
      await again.until("stdout", "three\n");
      expect(again.stdout).toBe("ana: two\nana: three\n");
    });

    endToEnd("a third member can join, and each gets the messages of both others", async () => {
      await using server = await open();
      await using ben = await joinTalk(server.invitation);
      await using cy = await joinTalk(server.invitation, "--name", "cy");
      expect(cy.stderr).toContain("you are cy in main, with ana, ben\n");
      await ben.until("stderr", /^cy joined$/m);
      cy.type("we are three\n");
      await ben.until("stdout", "we are three\n");
      ben.type("so we are\n");
      server.type("welcome\n");
      await cy.until("stdout", "welcome\n");
      await cy.until("stdout", "so we are\n");
      await server.until("stdout", "cy: we are three\nben: so we are\n");
      expect(cy.stdout).not.toContain("three");
    });

    endToEnd("a second ben becomes ben-2, and messages stay in their room", async () => {
      await using server = await open();
      await using ben = await joinTalk(server.invitation);
      await using other = await joinTalk(server.invitation);
      expect(other.stderr).toContain("you are ben-2 in main, with ana, ben\n");
      await using away = await joinTalk(server.invitation, "--name", "cy", "--room", "cellar");
      expect(away.stderr).toContain("you are cy in cellar, nobody else is here yet\n");
      away.type("anybody?\n");
      other.type("hello\n");
      await ben.until("stdout", "hello\n");
      expect(ben.stdout + server.stdout).not.toContain("anybody?");
    });

    endToEnd("blanks around an invitation and capitals in its scheme are accepted", async () => {
      await using server = await open(["--bind", "127.0.0.1"]);
      await using client = await joinTalk(` ${server.invitation.replace("charla:", "CHARLA:")}\n`);
      client.type("hello\n");
      await server.until("stdout", "hello\n");
    });

    describe("the end", () => {
      endToEnd(
        "SIGINT ends a client with status 130, and the server reports that it left",
        async () => {
          await using server = await open();
          await using client = await joinTalk(server.invitation);
          client.signal("SIGINT");
          expect(await client.exited).toBe(130);
          expect(client.stderr).toEndWith("you left\n");
          await server.until("stderr", /^ben left$/m);
        },
      );

      endToEnd(
        "SIGINT ends a server with status 130, and its client waits until it leaves",
        async () => {
          await using server = await open();
          await using client = await joinTalk(server.invitation);
          server.signal("SIGINT");
          expect(await server.exited).toBe(130);
          await client.until("stderr", STOPPED);
          client.endInput();
          expect(await client.exited).toBe(0);
          expect(client.stderr).toEndWith(`ana left\n${STOPPED}you left\n`);
        },
      );

      endToEnd(
        "after the end of stdin a server goes on serving until SIGTERM, and ends with status 0",
        async () => {
          await using server = await open();
          server.endInput();
          await using client = await joinTalk(server.invitation);
          client.type("only this\n");
          client.endInput();
          expect(await client.exited).toBe(0);
          await server.until("stdout", "only this\n");
          server.signal("SIGTERM");
          expect(await server.exited).toBe(0);
        },
      );

      endToEnd("with --stay a client goes on receiving after the end of stdin", async () => {
        await using server = await open();
        await using client = charla([server.invitation, "--stay", "-n", "ben"], {
          input: "over to you\n",
        });
        await server.until("stdout", "over to you\n");
        server.type("thanks\nbye\n");
        await client.until("stdout", "ana: thanks\nana: bye\n");
        client.signal("SIGTERM");
        expect(await client.exited).toBe(0);
        expect(client.stdout).toBe("ana: thanks\nana: bye\n");
      });
    });

    describe("messages through a pipe", () => {
      const all = Array.from({ length: 1_000 }, (_, index) => `line ${index + 1}\n`);
      const lines = all.join("");

      endToEnd("1,000 lines to a server all arrive, and then the client ends", async () => {
        await using server = await open();
        const ended = await runCharla([server.invitation, "-q", "-n", "ben"], { input: lines });
        expect(ended).toEqual({ stdout: "", stderr: "", status: 0 });
        // The client leaves when all messages are delivered; the server may still be printing them.
        await server.until("stdout", "line 1000\n");
        expect(server.stdout).toBe(`ben: ${all.join("ben: ")}`);
      });

      endToEnd("1,000 lines from a server all arrive", async () => {
        await using server = await open();
        await using client = await joinTalk(server.invitation);
        server.type(`${lines}bye\n`);
        await client.until("stdout", "bye\n");
        client.endInput();
        expect(await client.exited).toBe(0);
        server.signal("SIGTERM");
        expect(client.stdout).toBe(`ana: ${[...all, "bye\n"].join("ana: ")}`);
        expect(await server.exited).toBe(0);
      });

      endToEnd(
        "a message of 10,000 characters is sent either way, and a longer one is refused",
        async () => {
          await using server = await open();
          await using client = await joinTalk(server.invitation, "--stay");
          const long = "日".repeat(10_000);
          client.type(`${long}\n`);
          await server.until("stdout", `${long}\n`);
          server.type(`${long}\n`);
          await client.until("stdout", `${long}\n`);
          client.type(`${long}y\nshort\n`);
          await server.until("stdout", "short\n");
          expect(client.stderr).toEndWith(
            "charla: line 2 was not sent: the message is 10,001 characters long; one may have 10,000\n" +
              "hint: say it in several messages, or share it as a file\n",
          );
          expect(server.stdout).toBe(`ben: ${long}\nben: short\n`);
        },
      );
    });
  });
}

endToEnd("SIGINT ends a server without clients with status 130", async () => {
  await using server = await startSealedServer();
  server.signal("SIGINT");
  expect(await server.exited).toBe(130);
});

endToEnd("a server without input is no member, and serves until SIGTERM", async () => {
  using ana = newPerson();
  const command = `exec ${process.execPath} ${MAIN} --server --port 0 --bind 127.0.0.1 </dev/null`;
  await using server = start(["sh", "-c", command], { as: ana });
  const [, file = ""] = await server.until("stderr", /the invitation is in (.*)\nlistening/);
  await using client = await joinTalk(readFileSync(file, "utf8"));
  expect(client.stderr).toBe("you are ben in main, nobody else is here yet\n");
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);
  await client.until("stderr", STOPPED);
  client.endInput();
  expect(await client.exited).toBe(0);
  expect(server.stdout).toBe("");
});
