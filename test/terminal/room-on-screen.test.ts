// What a person sees of a room, at 80 columns and at 40: on a real terminal (a tmux of the test's own), in a
// room that the test makes up (scripted-room.ts).

import { describe, expect } from "bun:test";

import type { ConversationEvent, RoomEvent } from "../../src/chat/events.ts";
import { testWith } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { openStage, type Stage } from "./script.ts";

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

type RoomMessage = Extract<RoomEvent, { type: "message" }>;

const key = (name: string) => `SHA256:key of ${name}`;
const PEOPLE = ["ben", "Ana María", "日本太郎", "שרה"];
const enters = (room = "main", ...people: string[]): ConversationEvent => ({
  type: "entered",
  room,
  name: "ben",
  owner: true,
  members: people.map((name) => ({ name, fingerprint: key(name), away: false })),
});
let last = 100;
/** Said at that time; without one, just after the reader of this event has come in. */
function says(from: string, text: string, time = Date.now() + 1_000): RoomMessage {
  last += 1;
  return { type: "message", from, text, sequence: last, time, fingerprint: key(from) };
}
/** Said before they came in. */
const said = (from: string, text: string, time: number): ConversationEvent => ({
  ...says(from, text, time),
  past: true,
});

const openRoom = (its: Parameters<typeof openStage>[0] = {}) => openStage({ ...its, room: true });

/** A room that was entered, with what is on the screen to say so. */
async function openMain(its: Parameters<typeof openStage>[0], ...others: string[]): Promise<Stage> {
  const stage = await openRoom(its);
  stage.script.emit(enters("main", "ben", ...others));
  await stage.screen.until(
    "the room",
    (rows) => rows[0]?.startsWith("you are ben in main") === true,
  );
  return stage;
}

async function enter({ screen }: Stage, ...lines: string[]): Promise<void> {
  for (const line of lines) {
    screen.type(line);
    screen.press("Enter");
  }
}

/** Waits until these are the last rows. */
const lastRows = (stage: Stage, ...rows: string[]) =>
  stage.screen.until(
    rows.join(" / "),
    (shown) => shown.slice(-rows.length).join("\n") === rows.join("\n"),
  );

describe("a message of somebody else", () => {
  onTerminal("follows the name, and an action follows a star and the name", async () => {
    await using stage = await openRoom({ columns: 80 });
    stage.script.emit(
      enters("main", ...PEOPLE.slice(0, 2)),
      says("Ana María", "one\n  two"),
      says("日本太郎", "/me waves 👩‍👩‍👧 e\u0301"),
      { type: "joined", peer: "eve", fingerprint: key("eve") },
      says("eve", "\u001b[2J"),
      { type: "left", peer: "eve", reason: "sent away" },
    );
    await lastRows(
      stage,
      'you are ben in main, with Ana María; "bye" leaves',
      "Ana María: one",
      "    two",
      "* 日本太郎 waves 👩‍👩‍👧 e\u0301",
      "eve joined",
      "eve: ^[[2J",
      "eve left: sent away",
      ">",
    );
  });

  onTerminal("has its author's name in a colour, another for each person", async () => {
    await using stage = await openRoom({ columns: 80, styled: true });
    stage.script.emit(enters("main", "ben"), says("ana", "hello"), says("eve", "hello"));
    await lastRows(stage, "ana: hello", "eve: hello", ">");
    const [ana = "", eve = ""] = stage.screen
      .styledRows()
      .slice(1, 3)
      .map((row) => row.replaceAll("\u001b", "^"));
    expect(ana).toMatch(/\^\[38;5;\d+m(?:\^\[\d+m)?ana\^\[39m: hello$/);
    expect(eve).toMatch(/\^\[38;5;\d+m(?:\^\[\d+m)?eve\^\[39m: hello$/);
    expect(/38;5;(\d+)/.exec(ana)?.[1]).not.toBe(/38;5;(\d+)/.exec(eve)?.[1]);
  });

  onTerminal(
    "from before one joined is marked, with its time, and so is one that comes without the focus",
    async () => {
      await using stage = await openRoom({ columns: 40 });
      const { screen, script } = stage;
      const then = new Date(2026, 2, 1, 11, 5).getTime();
      script.emit(enters("main", "ben"), said("ana", "old", then), said("ana", "older", then));
      await lastRows(stage, "-- earlier, 2026-03-01 11:05 --", "ana: old", "ana: older", ">");
      const now = Date.now();
      const time = new Date(now).toTimeString().slice(0, 5);
      script.emit(says("ana", "hello", now));
      await lastRows(stage, `-- ${time} --`, "ana: hello", ">");
      // Once the text is on the screen, the focus report before it has been read.
      screen.type("\u001b[Otyping");
      await lastRows(stage, "> typing");
      script.emit(says("ana", "psst", now), says("ana", "psst!", now));
      await lastRows(stage, "ana: hello", "-- new --", "ana: psst", "ana: psst!", "> typing");
      screen.type("\u001b[I!");
      await lastRows(stage, "> typing!");
      script.emit(says("ana", "there you are", now));
      await lastRows(stage, "ana: psst!", "ana: there you are", "> typing!");
    },
  );

  onTerminal(
    "rings if it mentions one's name and --bell is given, but not if it is old",
    async () => {
      await using loud = await openRoom({ options: { bell: true } });
      await using silent = await openRoom();
      for (const { script } of [loud, silent]) {
        script.emit(enters("main", "ben", "ana"), said("ana", "ben?", 1_000));
      }
      await lastRows(loud, "ana: ben?", ">");
      loud.script.emit(says("ana", "bench"), says("ben", "ben"));
      await lastRows(loud, "ben: ben", ">");
      expect(loud.screen.wasRung()).toBe(false);
      for (const { script } of [loud, silent]) script.emit(says("ana", "ben, are you there?"));
      await until("the bell", () => loud.screen.wasRung());
      await lastRows(silent, "ana: ben, are you there?", ">");
      expect(silent.screen.wasRung()).toBe(false);
    },
  );
});

describe("a message typed here", () => {
  onTerminal("may have several lines", async () => {
    await using stage = await openMain({ columns: 40 });
    const { screen, script } = stage;
    screen.paste("first\n\n  second\n");
    screen.press("Enter");
    await script.received(1);
    expect(script.sent).toEqual(["first\n\n  second"]);
    await lastRows(stage, "(on its way) > first", "", "    second", ">");
    script.emit({ type: "delivered", text: "first\n\n  second", sequence: 1 });
    await lastRows(stage, "> first", "", "    second", ">");
  });

  onTerminal("is delivered by its text: one of an earlier session is shown too", async () => {
    await using stage = await openRoom();
    const { script } = stage;
    await enter(stage, "new");
    await script.received(1);
    script.emit(enters("main", "ben"), { type: "delivered", text: "old", sequence: 1 });
    await lastRows(stage, "> old", "(on its way) > new", ">");
    script.emit({ type: "delivered", text: "new", sequence: 1 });
    await lastRows(stage, "> old", "> new", ">");
  });

  onTerminal("may be an action, or begin with a slash", async () => {
    await using stage = await openMain({});
    const { script } = stage;
    await enter(stage, "/me waves", "//etc/hosts is it");
    await script.received(2);
    expect(script.sent).toEqual(["/me waves", "/etc/hosts is it"]);
    for (const text of script.sent) script.emit({ type: "delivered", text, sequence: 1 });
    await lastRows(stage, "* ben waves", "> /etc/hosts is it", ">");
  });

  onTerminal("may be a path only after a second slash; otherwise Up recalls the line", async () => {
    await using stage = await openRoom();
    await enter(stage, "/etc/hosts");
    await lastRows(
      stage,
      "charla: there is no command /etc",
      "hint: /help lists them; //etc/hosts sends it as a message",
      ">",
    );
    stage.screen.press("Up");
    await lastRows(stage, "> /etc/hosts");
    stage.screen.press("C-u", "C-d");
    await lastRows(stage, "the conversation is over: you left", "status=0", "$");
    expect(stage.script.sent).toEqual([]);
  });
});

describe("a command", () => {
  onTerminal("lists people and rooms in columns", async () => {
    await using stage = await openMain({ columns: 80 });
    await enter(stage, "/who", "/rooms");
    const rows = await lastRows(
      stage,
      "main         2 here   1 message      you",
      "lunch-time   0 here   1234 messages",
      "lunch-place  10 here  5 messages",
      ">",
    );
    // tmux drops a direction mark in the first column.
    expect(rows.slice(1, 5).map((row) => row.replaceAll(/[\u2068\u2069]/g, ""))).toEqual([
      "ben        benbenbenben…  you",
      "Ana María  anaanaanaana…",
      "日本太郎   tarotarotaro…  away",
      "שרה        sarahsarahsa…",
    ]);
  });

  onTerminal("is listed in lines that fit forty columns", async () => {
    await using stage = await openMain({ columns: 40, rows: 80 });
    await enter(stage, "/help");
    const rows = await lastRows(stage, "  ends it for everybody", "//TEXT sends /TEXT", ">");
    const help = rows.slice(rows.indexOf("/help"));
    expect(help.slice(0, 4)).toEqual([
      "/help",
      "  lists the commands",
      "/who",
      "  lists who is here",
    ]);
    expect(help).toHaveLength(50);
  });

  onTerminal("shows earlier messages, and still earlier ones the next time", async () => {
    await using stage = await openMain({ columns: 40 });
    const { script } = stage;
    await enter(stage, "/history 2");
    await lastRows(stage, "11:59 Ana María: said 49", "12:00 Ana María: said 50", ">");
    await enter(stage, "/history 2");
    await lastRows(
      stage,
      "-- 2026-03-01 --",
      "11:57 Ana María: said 47",
      "11:58 Ana María: said 48",
      ">",
    );
    await enter(stage, "/history 100");
    await lastRows(stage, "11:56 Ana María: said 46", ">");
    await enter(stage, "/history");
    await lastRows(stage, "11:56 Ana María: said 46", "no earlier messages", ">");
    await script.received(4);
    expect(script.sent).toEqual([
      "(asked) history 2 51 ",
      "(asked) history 2 49 ",
      "(asked) history 100 47 ",
      "(asked) history 20 1 ",
    ]);
  });

  onTerminal("finds messages by their words", async () => {
    await using stage = await openMain({});
    await enter(stage, "/search said 7", "/search lunch");
    await lastRows(
      stage,
      "-- 2026-03-01 --",
      "11:17 Ana María: said 7",
      "no messages found with: lunch",
      ">",
    );
    await enter(stage, "/search said");
    await lastRows(stage, "12:00 Ana María: said 50", "only the last 20 are shown", ">");
  });

  onTerminal("bans, lists who is banned with what /unban takes, and lifts a ban", async () => {
    await using stage = await openRoom({ columns: 100 });
    await enter(stage, "/ban Mallory", "/bans", "/unban mallory");
    await lastRows(
      stage,
      "Mallory is banned",
      "closed for newcomers: invitation 3",
      "the standing invitation was renewed, for Mallory may have the old one",
      "others who came by it may come back, and so may Mallory with another key: /invites lists them",
      "invite with: charla charla://192.0.2.1/main#KEY.NEW",
      "mallory  SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE  by ana, 2027-01-15",
      "mallory may enter again",
      ">",
    );
    await stage.script.received(2);
    expect(stage.script.sent).toEqual(["(asked) ban Mallory", "(asked) unban mallory"]);
  });

  onTerminal(
    "shows who came by which invitation, closes one, and renews the standing one",
    async () => {
      await using stage = await openRoom({ columns: 100 });
      await enter(stage, "/invites", "/revoke 3", "/invite --renew");
      await lastRows(
        stage,
        "standing  all rooms                                  AAAAAAAAAAAA…",
        "3         main       2 left, until 2027-01-15 08:00  3 more",
        "1         den        closed                          ben",
        "invitation 3 lets nobody new in",
        "invite with: charla charla://192.0.2.1/main#KEY.SECRET",
        ">",
      );
      await stage.script.received(2);
      expect(stage.script.sent).toEqual(["(asked) revoke 3", "(asked) invite renew"]);
    },
  );

  onTerminal("is not a line of blanks, which is no message either", async () => {
    await using stage = await openRoom();
    await enter(stage, "   ", "\u3000", "hello");
    await stage.script.received(1);
    expect(stage.script.sent).toEqual(["hello"]);
  });

  onTerminal("that the server refuses is an error, but no failure of the program", async () => {
    await using stage = await openRoom();
    await enter(stage, "/kick Ana María", "/mute ana", "/unmute ana", "/lock", "/unlock");
    await lastRows(
      stage,
      "charla: only who opened it may kick",
      "hint: ask them to",
      "ana is muted",
      "a new key could write again: /lock or /ban prevents that",
      "ana is no longer muted",
      "the room is locked: nobody else can join",
      "the room is unlocked: others can join again",
      ">",
    );
    await enter(stage, "/delete lunch-place", "/delete lunch-time", "/delete lunch-time");
    await lastRows(
      stage,
      "/delete lunch-place again deletes its 5 messages",
      "/delete lunch-time again deletes its 1234 messages",
      "lunch-time is deleted",
      ">",
    );
    await enter(stage, "/invite --uses 3 --for 1h", "/name Benno", "/quit");
    await lastRows(
      stage,
      "invite with: charla charla://192.0.2.1/main#KEY.SECRET",
      "the conversation is over: you left",
      "status=0",
      "$",
    );
    await stage.script.received(8);
    expect(stage.script.sent).toEqual([
      "(asked) kick Ana María",
      "(asked) mute ana true",
      "(asked) mute ana false",
      "(asked) lock true",
      "(asked) lock false",
      "(asked) delete lunch-time",
      "(asked) invite 3 3600",
      "(asked) rename Benno",
    ]);
  });
});

describe("another room", () => {
  onTerminal("can be joined, and messages go there from then on", async () => {
    await using stage = await openMain({ columns: 80 });
    const { script } = stage;
    script.emit({ type: "renamed", from: "ben", to: "Benno" });
    await lastRows(stage, "ben is now Benno", ">");
    await enter(stage, "unheard", "/join lunch-time", "/join main");
    await script.received(2);
    await stage.screen.until("where one is", (rows) => rows.includes("you are already in main"));
    script.emit(enters("lunch-time", "ben", "ana"), says("ana", "soup"));
    await lastRows(
      stage,
      "(may not have been delivered) > unheard",
      'you are ben in lunch-time, with ana; "bye" leaves',
      "ana: soup",
      ">",
    );
    await enter(stage, "yes");
    await script.received(3);
    script.emit({ type: "delivered", text: "yes", sequence: 1 });
    await lastRows(stage, "ana: soup", "> yes", ">");
    expect(script.sent).toEqual(["unheard", "(asked) enter lunch-time as Benno", "yes"]);
  });

  onTerminal("that cannot be joined leaves one in the current room", async () => {
    await using stage = await openMain({});
    await enter(stage, "/join none");
    await lastRows(stage, "charla: no answer", "hint: look for it", ">");
    await enter(stage, "/who");
    await stage.screen.until("who is here", (rows) => rows.some((row) => row.endsWith("  you")));
  });
});

describe("Tab", () => {
  onTerminal("completes names, and lists the candidates the second time", async () => {
    await using stage = await openMain({ columns: 40 }, "Ana María", "anselm", "日本太郎");
    const { screen } = stage;
    await lastRows(stage, ">");
    screen.type("日");
    screen.press("Tab");
    await lastRows(stage, "> 日本太郎:");
    screen.type("and an");
    screen.press("Tab", "Tab");
    await lastRows(stage, "Ana María  anselm", "> 日本太郎: and an");
    screen.type("s");
    screen.press("Tab");
    await lastRows(stage, "Ana María  anselm", "> 日本太郎: and anselm");
    expect(screen.cursor()).toMatchObject({ column: 23 });
  });

  onTerminal("completes commands, and names of rooms, which the server is asked for", async () => {
    await using stage = await openMain({ columns: 40 });
    const { screen } = stage;
    screen.type("/j");
    screen.press("Tab");
    await lastRows(stage, "> /join");
    screen.type("l");
    screen.press("Tab");
    await lastRows(stage, "> /join lunch-");
    screen.press("Tab");
    await lastRows(stage, "lunch-place  lunch-time", "> /join lunch-");
    screen.type("t");
    screen.press("Tab");
    await lastRows(stage, "> /join lunch-time");
  });
});
