// What a person sees of a room, at 80 columns and at 40, in a room that the test makes up (scripted-room.ts).

import { describe, expect, test } from "bun:test";

import type { ConversationEvent, EventOf, RoomEvent } from "../../src/chat/events.ts";
import { withoutTimes } from "../harness/screen.ts";
import { openVirtualStage, type VirtualStage } from "./stage.ts";

type RoomMessage = Extract<RoomEvent, { type: "message" }>;

const key = (name: string) => `SHA256:key of ${name}`;
const PEOPLE = ["ben", "Ana María", "日本太郎", "שרה"];
const enters = (room = "main", ...people: string[]): EventOf<"entered"> => ({
  type: "entered",
  room,
  name: "ben",
  owner: true,
  last: 0,
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

const inShell = (room: string) => `charla history ${room} --search`;

const openRoom = (options: Parameters<typeof openVirtualStage>[0] = {}) =>
  openVirtualStage({ columns: 60, rows: 20, ...options, room: true });

/** A room that was entered, with what is on the screen to say so. */
async function openMain(
  options: Parameters<typeof openVirtualStage>[0],
  ...others: string[]
): Promise<VirtualStage> {
  const stage = openRoom(options);
  stage.emit(enters("main", "ben", ...others));
  await stage.until("the room", (rows) => rows.some((row) => / you are ben in main/.test(row)));
  return stage;
}

/** Waits until these are the last rows above the line being typed and the status line. */
const lastRows = (stage: VirtualStage, ...rows: string[]) =>
  stage.until(
    rows.join(" / "),
    (shown) => withoutTimes(shown.slice(-1 - rows.length, -1)).join("\n") === rows.join("\n"),
  );

describe("a message of somebody else", () => {
  test("stands behind its time and its author's name, and an action behind a star and the name", async () => {
    await using stage = openRoom({ columns: 80 });
    stage.emit(
      enters("main", ...PEOPLE.slice(0, 2)),
      says("Ana María", "one\n  two"),
      says("日本太郎", "/me waves 👩‍👩‍👧 e\u0301"),
      { type: "joined", peer: "eve", fingerprint: key("eve") },
      says("eve", "\u001b[2J"),
    );
    // The column has room for the names of those who are here when a message is printed.
    await lastRows(stage, "##:##       eve ^[[2J", ">");
    stage.emit({ type: "left", peer: "Ana María", reason: "sent away" });
    await lastRows(
      stage,
      '-- ##:## you are ben in main, with Ana María; "bye" leaves',
      "##:## Ana María one",
      "                  two",
      "##:##         * 日本太郎 waves 👩‍👩‍👧 e\u0301",
      "##:##       eve ^[[2J",
      "-- ##:## Ana María left: sent away",
      ">",
    );
  });

  test("has its author's name in a colour, another for each person", async () => {
    await using stage = openRoom({ columns: 80, styled: true });
    stage.emit(enters("main", "ben"), says("ana", "hello"), says("eve", "hello"));
    await lastRows(stage, "##:## ana hello", "##:## eve hello", ">");
    const colourOf = (name: string) =>
      new RegExp(`\\u001b\\[38;5;(\\d+)m${name}\\u001b\\[0m`).exec(stage.written())?.[1];
    expect(colourOf("ana")).toMatch(/^\d+$/);
    expect(colourOf("eve")).toMatch(/^\d+$/);
    expect(colourOf("ana")).not.toBe(colourOf("eve"));
  });

  test("from before one joined is marked, below its day, and so is one that comes without the focus", async () => {
    await using stage = openRoom({ columns: 40 });
    const then = new Date(2026, 2, 1, 11, 5).getTime();
    stage.emit(enters("main", "ben"), said("ana", "old", then), said("ana", "older", then));
    const old = ["-- earlier --", "   Sunday 1 March 2026", "##:## ana", "        old"];
    await lastRows(stage, ...old, "##:##   older", ">");
    expect(stage.rows().slice(-4, -2)).toEqual(["        old", "11:05   older"]);
    const now = Date.now();
    stage.emit(says("ana", "hello", now));
    await lastRows(stage, "##:## ana", "        hello", ">");
    const time = new Date(now).toTimeString().slice(0, 5);
    expect(stage.rows().at(-4)).toBe(`${time} ana`);
    expect(stage.rows().at(-5)).toEndWith(` ${new Date(now).getFullYear()}`);
    // Once the text is on the screen, the focus report before it has been read.
    stage.type("\u001b[Otyping");
    await lastRows(stage, "> typing");
    stage.emit(says("ana", "psst", now), says("ana", "psst!", now));
    const news = ["-- new --", "##:## ana", "        psst", "##:##   psst!"];
    await lastRows(stage, "        hello", ...news, "> typing");
    stage.type("\u001b[I!");
    await lastRows(stage, "> typing!");
    stage.emit(says("ana", "there you are", now));
    await lastRows(stage, "##:##   psst!", "##:##   there you are", "> typing!");
  });

  test("rings if it mentions one's name and --bell is given, but not if it is old", async () => {
    await using loud = openRoom({ options: { bell: true } });
    await using silent = openRoom();
    for (const stage of [loud, silent]) {
      stage.emit(enters("main", "ben", "ana"), said("ana", "ben?", Date.now()));
    }
    await lastRows(loud, "##:##!ana ben?", ">");
    loud.emit(says("ana", "bench"), says("ben", "ben"));
    await lastRows(loud, "##:## ben ben", ">");
    expect(loud.bells()).toBe(0);
    for (const stage of [loud, silent]) {
      stage.emit(says("ana", "ben, are you there?"));
      await stage.until("it", (rows) => rows.at(-3)?.endsWith("ana ben, are you there?") === true);
    }
    expect(loud.bells()).toBe(1);
    expect(silent.bells()).toBe(0);
  });
});

describe("a message typed here", () => {
  test("may have several lines", async () => {
    await using stage = await openMain({ columns: 40 });
    stage.paste("first\n\n  second\n");
    stage.press("Enter");
    await stage.received(1);
    expect(stage.sent).toEqual(["first\n\n  second"]);
    const text = ["        first", "", "          second"];
    await lastRows(stage, "  …   ben", ...text, ">");
    stage.emit({ type: "delivered", text: "first\n\n  second", sequence: 1, time: Date.now() });
    await lastRows(stage, "##:## ben", ...text, ">");
  });

  test("is delivered by its text: one of an earlier session is shown too", async () => {
    await using stage = openRoom();
    stage.enter("new");
    await stage.received(1);
    stage.emit(enters("main", "ben"), {
      type: "delivered",
      text: "old",
      sequence: 1,
      time: Date.now(),
    });
    await lastRows(stage, "##:## ben old", "  …   ben new", ">");
    stage.emit({ type: "delivered", text: "new", sequence: 1, time: Date.now() });
    await lastRows(stage, "##:## ben old", "##:## ben new", ">");
  });

  test("may be an action, or begin with a slash", async () => {
    await using stage = await openMain({});
    stage.enter("/me waves", "//etc/hosts is it");
    await stage.received(2);
    expect(stage.sent).toEqual(["/me waves", "/etc/hosts is it"]);
    for (const text of stage.sent)
      stage.emit({ type: "delivered", text, sequence: 1, time: Date.now() });
    await lastRows(stage, "##:##   * ben waves", "##:## ben /etc/hosts is it", ">");
  });

  test("may be a path only after a second slash; otherwise Up recalls the line", async () => {
    await using stage = openRoom();
    stage.enter("/etc/hosts");
    await lastRows(
      stage,
      "!! there is no command /etc",
      "   hint: /help lists them; //etc/hosts sends it as a message",
      ">",
    );
    stage.press("Up");
    await lastRows(stage, "> /etc/hosts");
    stage.press("C-u", "C-d");
    expect(await stage.exited).toBe(0);
    await stage.until("the end", (rows) => rows.at(-1) === "status=0");
    expect(withoutTimes(stage.rows()).at(-2)).toBe("-- ##:## you left");
    expect(stage.sent).toEqual([]);
  });
});

test("Ctrl-C on an empty line shows how to leave, and pressed again leaves with status 130", async () => {
  await using stage = await openMain({ columns: 80 });
  stage.press("C-c");
  const question = "press Ctrl-C again to leave";
  await stage.until("the question", () => stage.written().includes(question));
  await Bun.sleep(30);
  stage.press("C-c");
  expect(await stage.exited).toBe(130);
});

describe("a command", () => {
  test("lists people and rooms in columns", async () => {
    await using stage = await openMain({ columns: 80 });
    stage.enter("/who", "/rooms");
    await lastRows(
      stage,
      "      NAME       STATUS  KEY",
      "      ben        you     benbenbenben…",
      "      Ana María          anaanaanaana…",
      "      日本太郎   away    tarotarotaro…",
      "      \u2068שרה\u2069              sarahsarahsa…",
      "      ROOM         PEOPLE  MESSAGES",
      "      main         2       1         here",
      "      lunch-time   0       1234",
      "      lunch-place  10      5",
      ">",
    );
  });

  test("is listed in lines that fit forty columns", async () => {
    await using stage = await openMain({ columns: 40, rows: 80 });
    stage.enter("/help");
    const rows = await lastRows(stage, "   /op NAME", "     makes somebody an operator", ">");
    const help = rows.slice(rows.indexOf("   everybody"), -2);
    expect(help.slice(0, 5)).toEqual([
      "   everybody",
      "   /copy",
      "     copies the last invitation shown",
      "   /help [TOPIC]",
      "     lists commands, or explains one",
    ]);
    expect(help).toContain("   //TEXT");
    // 26 commands, `bye` and `//TEXT` take two rows each; three headings, and two rows that are broken.
    expect(help).toHaveLength(2 * 28 + 3 + 2);
  });

  test("shows earlier messages, and still earlier ones the next time", async () => {
    await using stage = await openMain({ columns: 40, rows: 80 });
    stage.enter("/history 2");
    const day = "   Sunday 1 March 2026";
    await lastRows(stage, day, "##:## Ana María", "        said 49", "##:##   said 50", ">");
    expect(stage.rows().slice(-5, -2)).toEqual([
      "11:59 Ana María",
      "        said 49",
      "12:00   said 50",
    ]);
    stage.enter("/history 2");
    await lastRows(stage, day, "##:## Ana María", "        said 47", "##:##   said 48", ">");
    expect(stage.rows().at(-5)).toBe("11:57 Ana María");
    stage.enter("/history 100");
    await lastRows(stage, "##:##   said 46", ">");
    expect(stage.rows().at(-3)).toBe("11:56   said 46");
    stage.enter("/history");
    await lastRows(stage, "##:##   said 46", "-- now --", "   no earlier messages", ">");
    await stage.received(4);
    expect(stage.sent).toEqual([
      "(asked) history 2 51 ",
      "(asked) history 2 49 ",
      "(asked) history 100 47 ",
      "(asked) history 20 1 ",
    ]);
  });

  test("finds messages by their words", async () => {
    await using stage = await openMain({ rows: 40, options: { searchCommand: inShell } });
    stage.enter("/search said 7", "/search lunch");
    await lastRows(
      stage,
      "   Sunday 1 March 2026",
      "##:## Ana María said 7",
      "   words of one letter are not searched for",
      "-- now --",
      "   no messages found with: lunch",
      ">",
    );
    expect(stage.rows().at(-6)).toBe("11:17 Ana María said 7");
    stage.enter("/search said");
    await lastRows(
      stage,
      "##:## Ana María said 50",
      "   only the last 20 are shown",
      "   charla history main --search WORDS finds all in your log",
      ">",
    );
    expect(stage.rows().at(-5)).toBe("12:00 Ana María said 50");
  });

  test("names no log where none is kept", async () => {
    await using stage = await openMain({ rows: 40 });
    stage.enter("/search said");
    await lastRows(stage, "##:## Ana María said 50", "   only the last 20 are shown", ">");
  });

  test("bans, lists who is banned with what /unban takes, and lifts a ban", async () => {
    await using stage = openRoom({ columns: 100 });
    stage.enter("/ban Mallory", "/bans", "/unban mallory");
    await lastRows(
      stage,
      "   Mallory is banned",
      "   closed for newcomers: invitation 3",
      "   the standing invitation was renewed, for Mallory may have the old one",
      "   others who came by it may come back, and so may Mallory with another key: /invites lists them",
      "-- invite with: charla charla://192.0.2.1/main#KEY.NEW",
      "      NAME     KEY                                                 BANNED",
      "      mallory  SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE  by ana, 2027-01-15",
      "   mallory may enter again",
      ">",
    );
    await stage.received(2);
    expect(stage.sent).toEqual(["(asked) ban Mallory", "(asked) unban mallory"]);
  });

  test("shows who came by which invitation, closes one, and renews the standing one", async () => {
    await using stage = openRoom({ columns: 100 });
    stage.enter("/invites", "/revoke 3", "/invite --renew");
    await lastRows(
      stage,
      "      INVITATION  ROOM       LIMITS                          GUESTS",
      "      standing    all rooms                                  AAAAAAAAAAAA…",
      "      3           main       2 left, until 2027-01-15 08:00  3 more",
      "      1           den        closed                          ben",
      "   invitation 3 is closed: nobody new can join with it",
      "-- invite with: charla charla://192.0.2.1/main#KEY.SECRET",
      "-- in a browser: http://192.0.2.1:12345/main#KEY.SECRET",
      ">",
    );
    await stage.received(2);
    expect(stage.sent).toEqual(["(asked) revoke 3", "(asked) invite renew"]);
  });

  test("is not a line of blanks, which is no message either", async () => {
    await using stage = openRoom();
    stage.enter("   ", "\u3000", "hello");
    await stage.received(1);
    expect(stage.sent).toEqual(["hello"]);
  });

  test("that the server refuses is an error, but no failure of the program", async () => {
    await using stage = openRoom({ rows: 40 });
    stage.enter("/kick Ana María", "/mute ana", "/unmute ana", "/lock", "/unlock");
    await lastRows(
      stage,
      "!! only who opened it may kick",
      "   hint: ask them to",
      "   ana is muted",
      "   they could use a new key: /lock or /ban prevents that",
      "   ana is no longer muted",
      "   the room is locked: nobody else can join",
      "   the room is unlocked: others can join again",
      ">",
    );
    for (const [line, answer] of [
      ["/delete lunch-place", "   /delete lunch-place again deletes its 5 messages"],
      ["/delete lunch-time", "   /delete lunch-time again deletes its 1234 messages"],
      ["/delete lunch-time", "   lunch-time is deleted"],
      ["/invite --uses 3 --for 1h", "-- in a browser: http://192.0.2.1:12345/main#KEY.SECRET"],
    ] as const) {
      stage.enter(line);
      await lastRows(stage, answer, ">");
    }
    stage.enter("/name Benno", "/quit");
    expect(await stage.exited).toBe(0);
    const rows = await stage.until("the end", (shown) => shown.at(-1) === "status=0");
    expect(withoutTimes(rows.slice(-4))).toEqual([
      "-- invite with: charla charla://192.0.2.1/main#KEY.SECRET",
      "-- in a browser: http://192.0.2.1:12345/main#KEY.SECRET",
      "-- ##:## you left",
      "status=0",
    ]);
    expect(stage.sent).toEqual([
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
  test("can be joined, and messages go there from then on", async () => {
    await using stage = await openMain({ columns: 80 });
    stage.emit({ type: "renamed", from: "ben", to: "Benno" });
    await lastRows(stage, "-- ##:## ben is now Benno", ">");
    stage.enter("unheard", "/join main");
    await stage.until("where one is", (rows) => rows.includes("   you are already in main"));
    stage.enter("/join lunch-time");
    await stage.received(2);
    stage.emit(enters("lunch-time", "ben", "ana"), says("ana", "soup"));
    await lastRows(
      stage,
      "-- ##:## may not have been delivered: unheard",
      '-- ##:## you are ben in lunch-time, with ana; "bye" leaves',
      "##:## ana soup",
      ">",
    );
    expect(stage.rows().at(-1)).toBe(" lunch-time  ben, ana  ok");
    stage.enter("yes");
    await stage.received(4);
    stage.emit({ type: "delivered", text: "yes", sequence: 1, time: Date.now() });
    await lastRows(stage, "##:## ana soup", "##:## ben yes", ">");
    expect(stage.sent).toEqual([
      "unheard",
      "(asked) enter lunch-time as Benno",
      "(asked) watch main",
      "yes",
    ]);
  });

  test("is found in any spelling, and so is the current one", async () => {
    await using stage = await openMain({ columns: 80 });
    stage.enter("/join MAIN");
    await stage.until("where one is", (rows) => rows.includes("   you are already in main"));
    stage.enter("/join Lunch-Time");
    await stage.received(1);
    expect(stage.sent).toEqual(["(asked) enter lunch-time as ben"]);
  });

  test("gets the name that this person wants, also before any room was entered", async () => {
    await using stage = openVirtualStage({ room: true, options: { name: "ben" } });
    stage.enter("/join lunch");
    await stage.received(1);
    expect(stage.sent).toEqual(["(asked) enter lunch as ben"]);
  });

  test("gets the name chosen last, not the one that a muted member keeps in the room before", async () => {
    await using stage = await openMain({ columns: 80 });
    stage.emit({ type: "renamed", from: "ben", to: "Benno" });
    await lastRows(stage, "-- ##:## ben is now Benno", ">");
    stage.enter("/join lunch-time");
    await stage.received(1);
    stage.emit({ ...enters("lunch-time", "ben"), muted: true });
    await stage.until("the room", (rows) => rows.at(-1)?.startsWith(" lunch-time ") === true);
    stage.enter("/join main");
    await stage.received(3);
    expect(stage.sent.filter((sent) => sent.startsWith("(asked) enter"))).toEqual([
      "(asked) enter lunch-time as Benno",
      "(asked) enter main as Benno",
    ]);
  });

  test("gets what is typed while it is being entered, and the one before gets nothing of it", async () => {
    await using stage = await openMain({ columns: 80 });
    stage.enter("/join Lunch-Time", "soup", "/me sits down", "/name Benno", "/history 2");
    await stage.received(1);
    await lastRows(
      stage,
      "  …   ben soup",
      "  …     * ben sits down",
      "  …   ben /name Benno",
      "  …   ben /history 2",
      ">",
    );
    expect(stage.rows().at(-1)).toBe(" main  ben  joining Lunch-Time …");
    expect(stage.sent).toEqual(["(asked) enter lunch-time as ben"]);
    stage.emit(enters("lunch-time", "ben", "ana"));
    await stage.received(6);
    expect(stage.sent.slice(1)).toEqual([
      "(asked) watch main",
      "soup",
      "/me sits down",
      "(asked) rename Benno",
      "(asked) history 2 51 ",
    ]);
    await stage.until("the room", (rows) => rows.at(-1) === " lunch-time  ben, ana  ok");
  });

  test("that cannot be joined leaves one in the current room, and gives back what was typed for it", async () => {
    await using stage = await openMain({ columns: 80 });
    // Each line is read before any answer comes.
    stage.type("/join none\rsoup\r/who\r");
    await lastRows(
      stage,
      "!! cannot join none: no answer; you are still in main",
      "   hint: join again once the server answers",
      "-- ##:## not sent: soup",
      "-- ##:## not sent: /who",
      ">",
    );
    expect(stage.rows().at(-1)).toBe(" main  ben  ok");
    expect(stage.sent).toEqual(["(asked) enter none as ben"]);
    stage.enter("/who");
    await stage.until("who is here", (rows) => rows.some((row) => row.includes("  you  ")));
  });
});

describe("Tab", () => {
  test("completes names, and lists the candidates the second time", async () => {
    await using stage = await openMain({ columns: 40 }, "Ana María", "anselm", "日本太郎");
    await lastRows(stage, ">");
    stage.type("日");
    stage.press("Tab");
    await lastRows(stage, "> 日本太郎:");
    stage.type("and an");
    stage.press("Tab", "Tab");
    await lastRows(stage, "   Ana María  anselm", "> 日本太郎: and an");
    stage.type("s");
    stage.press("Tab");
    await lastRows(stage, "   Ana María  anselm", "> 日本太郎: and anselm");
    expect(stage.cursor()).toMatchObject({ column: 23 });
  });

  test("completes commands, and names of rooms, which the server is asked for", async () => {
    await using stage = await openMain({ columns: 40 });
    stage.type("/j");
    stage.press("Tab");
    await lastRows(stage, "> /join");
    stage.type("l");
    stage.press("Tab");
    await lastRows(stage, "> /join lunch-");
    stage.press("Tab");
    await lastRows(stage, "   lunch-place  lunch-time", "> /join lunch-");
    stage.type("t");
    stage.press("Tab");
    await lastRows(stage, "> /join lunch-time");
  });

  test("behind a command completes without a letter, and offers only what it can be about", async () => {
    await using stage = await openMain({ columns: 40 }, "eva");
    for (const [typed, completed] of [
      ["/kick ", "/kick eva"],
      ["/unban ", "/unban mallory"],
      ["/revoke ", "/revoke 3"],
      ["/delete lunch-p", "/delete lunch-place"],
    ] as const) {
      stage.type(typed);
      stage.press("Tab");
      await lastRows(stage, `> ${completed}`);
      stage.press("C-u");
    }
  });
});
