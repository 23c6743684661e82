// The owner's window is closed, in any way: the others wait, and nothing is lost when the server is back. Only `/close` ends
// the conversation for all (docs/protocol.md s. 18).

import { describe, expect } from "bun:test";
import { rmSync } from "node:fs";

import { ownIdentity } from "../../src/identity/private-files.ts";
import { join } from "../../src/index.ts";
import { charla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, endToEnd, testWith } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { charla as startProcess } from "../harness/program.ts";
import { openScreen, type Screen, withoutTimes } from "../harness/screen.ts";
import { startSealedServer, startSealedServerProcess } from "../harness/sealed-server.ts";
import { rejection } from "../net/rejection.ts";

const LOST = /^connection to the server lost \(.+\); reconnecting$/m;
const STOPPED = "connection to the server lost (the server was stopped); reconnecting\n";

describe("members wait, come back and lose nothing when the owner's program is ended by", () => {
  for (const [signal, status, said] of [
    ["SIGHUP", 129, STOPPED],
    ["SIGTERM", 0, STOPPED],
    ["SIGINT", 130, STOPPED],
    ["SIGKILL", 137, LOST],
  ] as const) {
    endToEnd(signal, async () => {
      using ana = newPerson();
      const bind = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
      await using server = await startSealedServerProcess(bind, { as: ana });
      await using ben = charla([server.invitation, "-v", "-n", "ben"]);
      await using cy = charla([server.invitation, "-v", "-n", "cy"]);
      await cy.until("stderr", "you are cy");
      ben.type("before\n");
      await cy.until("stdout", "ben: before\n");
      server.signal(signal);
      expect(await server.exited).toBe(status);
      if (signal !== "SIGKILL") {
        expect(server.stderr).toContain(
          "2 others are still here, and will wait until your server is back\n" +
            "hint: the same command opens it again; with --background it needs no window; /close ends it for all\n" +
            "you left\n",
        );
      }
      ben.type("meanwhile\n");
      cy.type("me too\n");
      await ben.until("stderr", said);
      await cy.until("stderr", said);

      await using again = await startSealedServer(bind, { as: ana });
      await ben.until("stderr", "delivered: meanwhile\n");
      await cy.until("stdout", "ben: meanwhile\n");
      cy.type("after\n");
      await ben.until("stdout", "cy: after\n");
      await again.until("stdout", "cy: after\n");
      expect(cy.stdout).toBe("ben: before\nben: meanwhile\n");
      for (const member of [ben, cy]) {
        expect(member.stderr).toContain("reconnected to the server\n");
        member.endInput();
        expect(await member.exited).toBe(0);
      }
    });
  }
});

/** The others, as ben's status line lists them. */
const people = (row: string) => row.replace(/^ main {2}ben, (.*?) {2}ok {2}.*$/, "$1").split(", ");

testWith(
  ["tmux"],
  "on a screen only the owner is shown to leave and to come when they start their server again, and nobody else",
  async () => {
    using ana = newPerson();
    const bind = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
    await using server = await startSealedServer(bind, { as: ana });
    await using eva = charla([server.invitation, "-n", "eva"]);
    await eva.until("stderr", "you are eva");
    await using screen = await openScreen(100, 20);
    screen.type(`clear; charla -n ben '${server.invitation}'`);
    screen.press("Enter");
    const here = (...names: string[]) =>
      screen.until(
        names.join(),
        (rows) =>
          people(rows.at(-1) ?? "")
            .toSorted()
            .join() === names.join(),
      );
    await here("ana", "eva");
    server.signal("SIGTERM");
    await server.exited;
    await screen.until("the loss", (rows) => rows.at(-1)?.endsWith("reconnecting") === true);
    await using again = await startSealedServer(bind, { as: ana });
    await eva.until("stderr", "reconnected to the server\n");
    await here("ana", "eva");
    const back = "-- ##:## ana joined";
    await screen.until("the owner", (rows) => withoutTimes(rows).includes(back));
    again.type("all here?\n");
    await screen.until("a message", (rows) => withoutTimes(rows).includes("##:## ana all here?"));
    expect(withoutTimes(await screen.rows()).slice(1, -2)).toEqual([
      "-- ##:## ana left",
      "-- ##:## connection to the server lost (the server was stopped); reconnecting",
      "-- ##:## reconnected to the server",
      back,
      "##:## ana all here?",
    ]);
  },
);

endToEnd("an owner who was alone leaves without a word about others", async () => {
  await using server = await startSealedServer();
  server.signal("SIGINT");
  expect(await server.exited).toBe(130);
  expect(server.stderr).toEndWith("here yet\nyou left\n");
});

endToEnd(
  "the owner closes a server that runs without a window, for all, with status 0",
  async () => {
    using ana = newPerson();
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1"], { as: ana });
    await using ben = charla([server.invitation, "-n", "ben"]);
    await ben.until("stderr", "you are ben");
    const guest = join(server.invitation, { name: "cy" });
    const { keyPair: identity } = ownIdentity(ana.env);
    const owner = join(server.invitation, { name: "ana", identity });
    await Promise.all([guest.say("hello"), owner.say("hello")]);
    expect(await rejection(guest.close())).toMatchObject({ code: "NOT_THE_OWNER" });
    await owner.close();
    const shown = await Promise.all([guest, owner].map(({ events }) => Array.fromAsync(events)));
    for (const events of shown) {
      expect(events.slice(-2)).toEqual([
        expect.objectContaining({ code: "SERVER_SAYS", message: "ana closed the conversation" }),
        { type: "ended", reason: "peer-left", unsaid: [] },
      ]);
    }
    expect([await server.exited, await ben.exited]).toEqual([0, 0]);
    expect(ben.stderr).toEndWith(
      "ana closed the conversation\nthe conversation is over: the server has ended it\n",
    );
  },
);

const opening = (port: number) =>
  `clear; charla --server -n ana --bind 127.0.0.1 --port ${port}; echo status=$?`;

const enter = (screen: Screen, line: string): void => {
  screen.type(line);
  screen.press("Enter");
};

/** Waits for a row, which may be of any time. */
const shows = (screen: Screen, row: string) =>
  screen.until(row, (rows) => withoutTimes(rows).includes(row));

testWith(
  ["tmux"],
  "a member who leaves while the server is stopped keeps on the line what is typed after that",
  async () => {
    await using server = await startSealedServerProcess(["--bind", "127.0.0.1"]);
    await using ben = await openScreen(160, 40);
    enter(ben, `clear; charla '${server.invitation}' -n ben; echo status=$?`);
    await ben.until("the room", (rows) => rows.some((row) => row.includes("you are ben in main")));
    server.signal("SIGSTOP");
    enter(ben, "before");
    await ben.until("the message", (rows) =>
      rows.some((row) => /^ +… +(?:ben )?before$/.test(row)),
    );
    ben.press("C-d");
    await ben.until("what it waits for", (rows) =>
      rows.some((row) => row.includes("leaving once a message is on the server")),
    );
    enter(ben, "after");
    await shows(ben, "!! you are leaving, so this is not sent; it is still on the line");
    await ben.until("the line", (rows) => rows.includes("> after"));

    server.signal("SIGCONT");
    await server.until("stdout", "ben: before\n");
    const rows = await ben.until("the end", (all) => all.at(-2) === "status=0");
    expect(withoutTimes(rows)).toContain("-- ##:## you left");
    expect(withoutTimes(rows)).toContain("##:## ben before");
    expect(rows.some((row) => row.endsWith("ben after"))).toBe(false);
  },
  END_TO_END_TIMEOUT,
);

testWith(
  ["tmux"],
  "a typed bye and /quit leave, and /close, which asks once, ends it for all",
  async () => {
    using person = newPerson();
    await using ana = await openScreen(160, 40, { as: person });
    await using ben = await openScreen(160, 40);
    const port = await reservePort();
    enter(ana, opening(port));
    const opened = await ana.until("the invitation", (rows) =>
      rows.some((row) => row.includes("charla://")),
    );
    const [invitation = ""] = /charla:\S+/.exec(opened.join("\n")) ?? [];
    enter(ben, `clear; charla '${invitation}' -n ben; echo status=$?`);
    await shows(ana, "-- ##:## ben joined");

    // Ben says goodbye and stays; Ana says it as well, and only she leaves.
    enter(ben, "I say bye now");
    enter(ana, "bye");
    const left = await ana.until("her shell", (rows) => rows.includes("status=0"));
    expect(withoutTimes(left)).toContain(
      "-- ##:## somebody else is still here, and will wait until your server is back",
    );
    await shows(ben, "##:## ana bye");
    await shows(ben, "-- ##:## ana left");
    const lost = "-- ##:## connection to the server lost (the server was stopped)";
    await ben.until("the wait", (rows) => withoutTimes(rows).some((row) => row.startsWith(lost)));
    enter(ben, "are you back?");
    enter(ana, opening(port));
    await shows(ana, "##:## ben are you back?");
    await shows(ben, "-- ##:## reconnected to the server");

    enter(ana, "/close");
    const question = "   /close again ends the conversation for everybody; after /quit they wait";
    await ana.until("the question", (rows) => rows.includes(question));
    enter(ana, "not yet");
    await shows(ben, "##:## ana not yet");
    enter(ana, "/close");
    await ana.until(
      "the question again",
      (rows) => rows.filter((row) => row === question).length === 2,
    );
    enter(ana, "/close");
    for (const screen of [ana, ben]) {
      const rows = await screen.until("the end", (all) => all.at(-2) === "status=0");
      expect(withoutTimes(rows).slice(-4)).toEqual([
        "-- ##:## ana closed the conversation",
        "-- ##:## the conversation is over: the server has ended it",
        "status=0",
        "$",
      ]);
    }
  },
  END_TO_END_TIMEOUT,
);

endToEnd(
  "the end of a server that keeps nothing is the end for all whom it has invited, and each is told so",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    const bind = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
    const server = await startSealedServer([...bind, "--ephemeral"], { as: ana });
    await using talking = startProcess([server.invitation, "--stay", "-n", "ben"], { as: ben });
    await using reading = charla([server.invitation, "-n", "cy"]);
    await talking.until("stderr", "you are ben");
    await reading.until("stderr", "you are cy");
    server.signal("SIGINT");
    expect(await server.exited).toBe(130);
    expect(server.stderr).toEndWith(
      "the conversation is over for 2 others as well: nothing of it is kept\n" +
        "hint: without --ephemeral others wait, and come back; with --background the server needs no window\n" +
        "you left\n",
    );
    for (const member of [talking, reading]) {
      expect(await member.exited).toBe(0);
      expect(member.stderr).toEndWith(
        "the server was stopped, and has kept nothing\n" +
          "the conversation is over: the server has ended it\n",
      );
    }
    // Nor would the next server there let anybody in with that invitation.
    await using _next = await startSealedServer([...bind, "--ephemeral"], { as: ana });
    await using back = charla([server.invitation, "-n", "ben"], { as: ben });
    expect(await back.exited).toBe(1);
    expect(back.stderr).toContain("does not take this invitation");
  },
);

endToEnd(
  "who came without an invitation waits for the next server, also where nothing is kept",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    const args = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
    const open = [...args, "--open", "--ephemeral"];
    const server = await startSealedServer(open, { as: ana });
    const host = `127.0.0.1:${server.port}`;
    await using member = charla([host, "--stay", "-n", "ben"], { as: ben });
    await member.until("stderr", "you are ben");
    server.signal("SIGINT");
    expect(await server.exited).toBe(130);
    expect(server.stderr).toContain(
      "somebody else is still here, and will wait until your server is back\n" +
        "hint: the same command opens a new conversation, which they then join; with --background it needs no window; /close ends it for all\n",
    );
    await member.until("stderr", STOPPED);
    await using again = await startSealedServer(open, { as: ana });
    await member.until("stderr", "reconnected to the server\n");
    again.type("new\n");
    await member.until("stdout", "ana: new\n");
  },
);

testWith(
  ["tmux"],
  "what is typed after a server that keeps nothing has stopped is not promised for another time",
  async () => {
    using ben = newPerson();
    const args = ["--bind", "127.0.0.1", "--open", "--ephemeral"];
    await using server = await startSealedServer(args);
    await using screen = await openScreen(160, 40, { as: ben });
    enter(screen, `clear; charla 127.0.0.1:${server.port} -n ben; echo status=$?`);
    await screen.until("the room", (rows) => rows.some((row) => row.includes("you are ben")));
    server.signal("SIGTERM");
    await server.exited;
    await screen.until("the wait", (rows) => rows.some((row) => row.includes("connection to the")));
    enter(screen, "too late");
    screen.press("C-d");
    const rows = await screen.until("the shell", (all) => all.includes("status=1"));
    expect(withoutTimes(rows)).toContain("-- ##:## may not have been delivered: too late");
    expect(rows.join("\n")).not.toContain("join again");
  },
  END_TO_END_TIMEOUT,
);

for (const [title, where] of [
  ["a server without a memory", ["--ephemeral"]],
  ["another folder of the same owner", ["--data", "two"]],
] as const) {
  endToEnd(
    `what waits is kept from the people of ${title}, and sent when its own is back`,
    async () => {
      using ana = newPerson();
      using ben = newPerson();
      const bind = ["--bind", "127.0.0.1"];
      const place = [...bind, "--port", `${await reservePort()}`];
      const args = where.map((each) => (each === "two" ? `${ana.data}-two` : each));
      using _data = {
        [Symbol.dispose]: () => rmSync(`${ana.data}-two`, { recursive: true, force: true }),
      };
      const first = await startSealedServer(place, { as: ana });
      {
        await using talking = startProcess([first.invitation, "--stay", "-v", "-n", "ben"], {
          as: ben,
        });
        await talking.until("stderr", "you are ben");
        first.signal("SIGINT");
        expect(await first.exited).toBe(130);
        await talking.until("stderr", STOPPED);
        talking.type("eva is annoying\n");
        await talking.until("stderr", "waiting: eva is annoying\n");
        talking.signal("SIGKILL");
        await talking.exited;
      }
      {
        await using second = await startSealedServer([...bind, ...args], { as: ana });
        await using eva = charla([second.invitation, "-n", "eva"]);
        await eva.until("stderr", "you are eva");
        await using back = charla([second.invitation, "-n", "ben"], { as: ben });
        await back.until("stderr", "not sent here\n");
        back.type("good morning\n");
        await eva.until("stdout", "ben: good morning\n");
        expect(eva.stdout).toBe("ben: good morning\n");
        expect(back.stderr).toContain(
          "this is a new conversation of the same server; a message that was written for another one is not sent here\n" +
            "hint: kept, and sent when you join that one again; if this one replaces it, write it again\n",
        );
        expect(back.stderr).toContain("not sent: eva is annoying\n");
        back.endInput();
        expect(await back.exited).toBe(0);
        // It was named, and is not a second time.
        await using later = charla([second.invitation, "-n", "ben"], { as: ben });
        await later.until("stderr", "you are ben");
        later.type("good night\n");
        await eva.until("stdout", "ben: good night\n");
        later.endInput();
        expect(await later.exited).toBe(0);
        expect(later.stderr).not.toContain("not sent");
      }
      await using again = await startSealedServer(place, { as: ana });
      await using home = charla([again.invitation, "-n", "ben"], { as: ben });
      await again.until("stdout", "ben: eva is annoying\n");
      home.endInput();
      expect(await home.exited).toBe(0);
    },
  );
}

testWith(
  ["tmux"],
  "what is typed while a server without a memory is started again is named once, with one explanation",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    const args = [
      "--open",
      "--ephemeral",
      "--bind",
      "127.0.0.1",
      "--port",
      `${await reservePort()}`,
    ];
    const first = await startSealedServerProcess(args, { as: ana });
    await using screen = await openScreen(160, 40, { as: ben });
    const joining = `clear; charla 127.0.0.1:${first.port} -n ben; echo status=$?`;
    enter(screen, joining);
    await screen.until("the room", (rows) => rows.some((row) => row.includes("you are ben")));
    first.signal("SIGTERM");
    await first.exited;
    await screen.until("the wait", (rows) => rows.some((row) => row.includes("connection to the")));
    const lines = ["down one", "down two", "down three"];
    for (const line of lines) enter(screen, line);
    await screen.until("the last", (rows) => rows.some((row) => row.endsWith("down three")));
    await using second = await startSealedServerProcess(args, { as: ana });
    const why =
      "-- ##:## this is a new conversation of the same server; 3 messages that were written for another one are not sent here";
    const rows = withoutTimes(await shows(screen, why));
    for (const line of lines) {
      expect(rows.filter((row) => row === `-- ##:## not sent: ${line}`)).toHaveLength(1);
    }
    expect(rows.filter((row) => row.includes("new conversation"))).toEqual([why]);
    expect(rows).toContain("   hint: write them again if this one replaces it");
    enter(screen, "bye");
    await second.until("stdout", "ben: bye\n");
    await screen.until("the shell", (all) => all.includes("status=1"));
    enter(screen, joining);
    await screen.until("the room", (all) => all.some((row) => row.includes("you are ben")));
    enter(screen, "back");
    const later = withoutTimes(await shows(screen, "##:## ben back"));
    expect(later.join("\n")).not.toMatch(/not sent|down/);
  },
  END_TO_END_TIMEOUT,
);

endToEnd("a script that is told to try again is not heard twice", async () => {
  using ana = newPerson();
  using cron = newPerson();
  const bind = ["--bind", "127.0.0.1", "--port", `${await reservePort()}`];
  const first = await startSealedServer(bind, { as: ana });
  {
    await using job = startProcess([first.invitation, "-v", "-n", "cron"], { as: cron });
    await job.until("stderr", "you are cron");
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);
    await job.until("stderr", STOPPED);
    job.type("job1\n");
    await job.until("stderr", "waiting: job1\n");
    job.signal("SIGTERM");
    expect(await job.exited).toBe(1);
    expect(job.stderr).toEndWith("may not have been delivered: job1\n");
  }
  await using again = await startSealedServer(bind, { as: ana });
  await using job = charla([again.invitation, "-n", "cron"], { as: cron });
  job.type("job1\n");
  job.endInput();
  expect(await job.exited).toBe(0);
  await again.until("stdout", "cron: job1\n");
  expect(again.stdout).toBe("cron: job1\n");
});
