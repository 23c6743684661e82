// The screen of a conversation, in virtual time: what happens goes in, what is printed and what is to be done come out.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { promptText, titleText } from "../../../src/terminal/state/state.ts";
import { cpuTime } from "../../harness/cpu-time.ts";
import {
  drawn,
  entered,
  joined,
  left,
  NOON,
  openVirtualScreen,
  PLAIN_WIRE,
  rowsPrinted,
  says,
} from "./virtual-screen.ts";

const HOUR = 3_600_000;

function openRoom(...others: readonly string[]) {
  const screen = openVirtualScreen();
  screen.emit(entered(...others));
  screen.printed();
  screen.effects();
  return screen;
}

const plainMessage = (text: string): ConversationEvent => ({
  type: "message",
  from: "192.0.2.1:5000",
  text,
});

const renamed = (text: string) => ({ ...says("ben", text), from: "benjamin" });

const notifications = (screen: ReturnType<typeof openRoom>) =>
  screen.effects().filter(({ type }) => type === "notify");

const pasted = (text: string) => ({ type: "input", event: { type: "paste", text } }) as const;

const notice = (message: string): ConversationEvent => ({
  type: "notice",
  code: "OTHER_WIRE",
  message,
});

const here = (screen: ReturnType<typeof openRoom>) => [...screen.state.room.here.values()];

const enters = (room: string): ConversationEvent => ({ ...entered(), room });
const rooms = (main: number, lunch: number) => ({
  type: "rooms" as const,
  rooms: [
    { name: "main", entries: main, members: 1 },
    { name: "lunch", entries: lunch, members: 1 },
    { name: "other", entries: 7, members: 1 },
  ],
});
const asks = (screen: ReturnType<typeof openRoom>) =>
  screen.effects().filter(({ type }) => type === "ask-rooms").length;

function openPages() {
  const screen = openRoom("ben");
  screen.enter("/help");
  screen.emit(says("ben", "meanwhile"));
  screen.dispatch(drawn(0, rowsPrinted(22, 30)));
  return screen;
}

describe("a message", () => {
  test("is printed with its time, its author and the author's colour", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "hello", NOON + 1_000));
    expect(screen.items()).toEqual([
      {
        type: "message",
        time: NOON + 1_000,
        name: "ben",
        colour: expect.any(Number),
        text: "hello",
        mentions: false,
        follows: false,
      },
    ]);
  });

  test("follows one of the same author, but not when a line stands between the two", () => {
    const screen = openRoom("ben", "tom");
    screen.emit(says("ben", "one"), says("ben", "two"), says("tom", "three"), says("ben", "four"));
    screen.emit({ type: "away", peer: "tom", away: true }, says("ben", "five"));
    const follows = screen.items().map((item) => (item.type === "message" ? item.follows : null));
    expect(follows).toEqual([false, true, false, false, null, false]);
  });

  test("does not follow one of the same person under another name, as in another window of theirs", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "one"), renamed("two"), renamed("three"), says("ben", "four"));
    const follows = screen.items().map((item) => (item.type === "message" ? item.follows : null));
    expect(follows).toEqual([false, false, true, false]);
  });

  test("does not follow an action, which has no name before it", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "one"), says("ben", "/me waves"), says("ben", "two"));
    const follows = screen.items().map((item) => (item.type === "message" ? item.follows : null));
    expect(follows).toEqual([false, true, false]);
  });

  test("follows none that may be out of sight: other programs had the terminal, or it was cleared", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "one"));
    screen.press("l", "ctrl");
    screen.emit(says("ben", "two"), says("ben", "three"));
    screen.dispatch({ type: "lent" });
    screen.emit(says("ben", "four"), says("ben", "five"));
    const follows = screen.items().map((item) => (item.type === "message" ? item.follows : null));
    expect(follows).toEqual([false, false, true, false, true]);
  });

  test("of each person has another colour, which stays the same", () => {
    const screen = openRoom("ben", "tom");
    screen.emit(says("ben", "one"), says("tom", "two"), says("ben", "three"));
    const colours = screen.items().map((item) => (item.type === "message" ? item.colour : null));
    expect(colours[0]).toBe(colours[2] ?? null);
    expect(colours[0]).not.toBe(colours[1] ?? null);
  });

  test("of another day stands below that day", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "old", NOON - 24 * HOUR), says("ben", "older", NOON - 23 * HOUR));
    screen.emit(says("ben", "now"));
    screen.wait(13 * HOUR);
    screen.emit(says("ben", "after midnight", screen.now));
    expect(screen.printed()).toEqual([
      "day 1",
      "ben: old",
      "ben: older",
      "day 2",
      "ben: now",
      "day 3",
      "ben: after midnight",
    ]);
  });

  test("on the plain wire has a mark for a name, and no colour", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit(plainMessage("hello"));
    screen.enter("you too");
    expect(screen.items()).toMatchObject([
      { name: "<", colour: null, text: "hello", time: NOON },
      { name: ">", colour: null, text: "you too", time: NOON },
    ]);
  });

  test("that goes to a file is not printed on the screen", () => {
    const screen = openVirtualScreen({ showsMessages: false });
    screen.emit(entered("ben"), says("ben", "hello"));
    expect(screen.printed()).toEqual(['-- you are ana in main, with ben; "bye" leaves']);
  });
});

describe("what was sent before one joined", () => {
  test("is marked once", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "one", NOON, true), says("ben", "two", NOON, true), says("ben", "now"));
    expect(screen.printed()).toEqual(["~ earlier", "ben: one", "ben: two", "~ now", "ben: now"]);
  });

  test("ends with a mark before whatever comes next, and with none where nothing does", () => {
    const next: readonly ((screen: ReturnType<typeof openRoom>) => void)[] = [
      (screen) => {
        screen.enter("hello");
        screen.emit({ type: "delivered", text: "hello", sequence: 2, time: NOON });
      },
      (screen) => screen.emit(joined("eva"), left("tom")),
      (screen) => screen.enter("/help"),
      (screen) => screen.emit({ type: "disconnected", message: "gone" }),
    ];
    for (const happens of next) {
      const screen = openRoom("ben", "tom");
      screen.emit(says("ben", "one", NOON, true));
      happens(screen);
      screen.enter("/copy");
      expect(screen.printed().slice(0, 3)).toEqual(["~ earlier", "ben: one", "~ now"]);
    }
    const ended = openRoom("ben");
    ended.emit(says("ben", "one", NOON, true), { type: "ended", reason: "left", unsaid: [] });
    expect(ended.printed()).toEqual([
      "~ earlier",
      "ben: one",
      "-- the conversation is over: you left",
    ]);
    const elsewhere = openRoom("ben");
    elsewhere.emit(says("ben", "one", NOON, true), enters("lunch"), says("ben", "two", NOON, true));
    expect(elsewhere.printed()).toEqual([
      "~ earlier",
      "ben: one",
      expect.stringContaining("you are ana in lunch"),
      "~ earlier",
      "ben: two",
    ]);
  });

  test("and what was missed behind it have one mark between them", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", "one", NOON, true), says("ben", "two"));
    expect(screen.printed()).toEqual(["~ earlier", "ben: one", "~ new", "ben: two"]);
  });

  test("is marked by what the server says, and not by the clocks of two machines", () => {
    const screen = openRoom("ben");
    screen.emit(says("ben", "slow clock", NOON - 60_000));
    expect(screen.printed()).toEqual(["ben: slow clock"]);
    const other = openRoom("ben");
    other.emit(says("ben", "fast clock", NOON + 60_000, true));
    expect(other.printed()).toEqual(["~ earlier", "ben: fast clock"]);
  });
});

test("what was missed while the connection was lost is marked as new", () => {
  const screen = openRoom("ben");
  screen.emit({ type: "disconnected", message: "no answer" });
  screen.wait(60_000);
  screen.emit({ type: "reconnected" }, says("ben", "missed", NOON + 30_000), says("ben", "too"));
  expect(screen.printed()).toEqual([
    "-- connection to the server lost (no answer); reconnecting",
    "-- reconnected to the server",
    "~ new",
    "ben: missed",
    "ben: too",
  ]);
});

describe("what comes while the terminal has no focus", () => {
  test("is marked before the first of it", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", "one"), says("ben", "two"));
    expect(screen.printed()).toEqual(["~ new", "ben: one", "ben: two"]);
  });

  test("is marked again only after the focus has come back", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", "one"));
    screen.focus(false);
    screen.emit(says("ben", "two"));
    screen.focus(true);
    screen.emit(says("ben", "three"));
    screen.focus(false);
    screen.emit(says("ben", "four"));
    expect(screen.printed()).toEqual([
      "~ new",
      "ben: one",
      "ben: two",
      "ben: three",
      "~ new",
      "ben: four",
    ]);
  });

  test("is marked once even if the connection was lost as well", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit({ type: "reconnected" }, says("ben", "one", NOON - 60_000), says("ben", "two"));
    expect(screen.printed().slice(1)).toEqual(["~ new", "ben: one", "ben: two"]);
  });

  test("is counted in the window's title until the focus comes back", () => {
    const screen = openRoom("ben");
    expect(titleText(screen.state)).toBe("charla: main");
    screen.emit(says("ben", "seen"));
    screen.focus(false);
    screen.emit(says("ben", "one"));
    expect(titleText(screen.state)).toBe("(1) charla: main");
    screen.emit(says("ben", "two"), says("ben", "old", NOON, true), says("ana", "my own"));
    expect(titleText(screen.state)).toBe("(2) charla: main");
    screen.focus(true);
    expect(titleText(screen.state)).toBe("charla: main");
  });
});

describe("a notification", () => {
  test("says that one was named, only while the terminal has no focus", () => {
    const screen = openRoom("ben", "tom");
    screen.emit(says("ben", "Ana, look"));
    screen.focus(false);
    screen.emit(says("ben", "nothing for you"), says("ben", "ana!\nlook"), says("ana", "ana"));
    expect(notifications(screen)).toEqual([
      { type: "notify", title: "ben in main", body: "ana!^Jlook" },
    ]);
  });

  test("comes for each message where only two are here", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", "hello"));
    screen.wait(5_000);
    screen.emit(says("ben", "/me waves"));
    expect(notifications(screen)).toEqual([
      { type: "notify", title: "ben in main", body: "hello" },
      { type: "notify", title: "ben in main", body: "waves" },
    ]);
  });

  test("comes for each message on the plain wire", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.focus(false);
    screen.emit(plainMessage("hello"));
    expect(notifications(screen)).toEqual([{ type: "notify", title: "charla", body: "hello" }]);
  });

  test("comes once in five seconds, and then counts what came meanwhile", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", "one"), says("ben", "two"), says("ben", "three"));
    expect(notifications(screen)).toEqual([{ type: "notify", title: "ben in main", body: "one" }]);
    screen.wait(4_999);
    expect(notifications(screen)).toEqual([]);
    screen.wait(1);
    expect(notifications(screen)).toEqual([
      { type: "notify", title: "charla: main", body: "2 more messages" },
    ]);
    screen.emit(says("ben", "four"));
    screen.focus(true);
    screen.wait(10_000);
    screen.focus(false);
    screen.emit(says("ben", "five"));
    expect(notifications(screen)).toEqual([{ type: "notify", title: "ben in main", body: "five" }]);
  });

  test("never has more than 200 letters, and none of them is a control character", () => {
    const screen = openRoom("ben");
    screen.focus(false);
    screen.emit(says("ben", `\u001b]0;${"x".repeat(500)}`));
    const [notification] = notifications(screen);
    expect(notification).toEqual({
      type: "notify",
      title: "ben in main",
      body: `^[]0;${"x".repeat(195)}`,
    });
  });
});

test("the bell rings for a message that names one, if --bell is given, and not for an old one", () => {
  for (const bell of [true, false]) {
    const screen = openVirtualScreen({ bell });
    screen.emit(entered("ben"), says("ben", "ana?", NOON, true), says("ben", "bananas"));
    screen.emit(says("ana", "I am ana"));
    expect(screen.effects().filter(({ type }) => type === "bell")).toEqual([]);
    screen.emit(says("ben", "ana, are you there?"));
    const rung = screen.effects().filter(({ type }) => type === "bell");
    expect(rung).toEqual(bell ? [{ type: "bell" }] : []);
    expect(screen.items().at(-1)).toMatchObject({ mentions: true });
  }
});

test("an old message that names one has the mark of a mention, but no notification", () => {
  const screen = openVirtualScreen();
  screen.emit(entered("ben"));
  screen.focus(false);
  screen.emit(says("ben", "ana?", NOON, true), says("ben", "bananas", NOON, true));
  screen.emit(says("ana", "I am ana", NOON, true));
  const messages = screen.items().filter((item) => item.type === "message");
  expect(messages.map(({ mentions }) => mentions)).toEqual([true, false, false]);
  const entry = { device: "", number: 1, sequence: 1, time: NOON };
  const entries = [
    { ...entry, author: "key of ben", name: "ben", text: "Ana?" },
    { ...entry, author: "key of ben", name: "ben", text: "bananas" },
    { ...entry, author: "key of ana", name: "ana", text: "I am ana" },
  ];
  const outcome = { type: "entries", entries, isOlder: true, note: null } as const;
  screen.dispatch({ type: "answered", id: 1, outcome });
  const [first, second, third] = entries;
  expect(screen.items()).toMatchObject([
    {
      type: "answer",
      answer: {
        type: "entries",
        entries: [
          { ...first, mentions: true },
          { ...second, mentions: false },
          { ...third, mentions: false },
        ],
      },
    },
  ]);
  expect(notifications(screen)).toEqual([]);
});

describe("a message typed here", () => {
  test("is on its way until it is stored, and then printed with the time when it was", () => {
    const screen = openRoom("ben");
    screen.type("hello");
    screen.press("return");
    expect(screen.effects()).toContainEqual({ type: "say", id: 1, text: "hello" });
    expect(screen.state.pending).toEqual([{ id: 1, text: "hello", isTaken: false }]);
    screen.emit({ type: "said", text: "hello" });
    expect(screen.state.pending).toEqual([{ id: 1, text: "hello", isTaken: true }]);
    expect(screen.printed()).toEqual([]);
    screen.emit(says("ben", "before yours"));
    // The server's clock is a minute behind, and the acknowledgement took a while: the others see that time too.
    screen.wait(5_000);
    screen.emit({ type: "delivered", text: "hello", sequence: 2, time: NOON - 60_000 });
    expect(screen.state.pending).toEqual([]);
    expect(screen.items()).toMatchObject([
      { name: "ben", text: "before yours" },
      { name: "ana", text: "hello", time: NOON - 60_000 },
    ]);
  });

  test("is delivered by its text: one of an earlier session is printed too", () => {
    const screen = openRoom();
    screen.enter("new");
    screen.emit({ type: "delivered", text: "old", sequence: 1, time: screen.now });
    expect(screen.printed()).toEqual(["ana: old"]);
    expect(screen.state.pending).toMatchObject([{ text: "new" }]);
  });

  test("on the plain wire is delivered in its order, whatever its text", () => {
    const screen = openVirtualScreen({ isRoom: false });
    screen.enter("one");
    screen.enter("two");
    screen.emit({ type: "delivered", text: "", sequence: 1, time: screen.now });
    expect(screen.printed()).toEqual([">: one"]);
    expect(screen.state.pending).toMatchObject([{ text: "two" }]);
  });

  test("may have several lines in a room, and is several messages on the plain wire", () => {
    const room = openRoom();
    room.enter("first\n\n  second\n");
    expect(room.effects().filter(({ type }) => type === "say")).toEqual([
      { type: "say", id: 1, text: "first\n\n  second" },
    ]);
    const plain = openVirtualScreen(PLAIN_WIRE);
    plain.enter("first\n\nsecond");
    expect(plain.effects().filter(({ type }) => type === "say")).toEqual([
      { type: "say", id: 1, text: "first" },
      { type: "say", id: 2, text: "second" },
    ]);
    expect(plain.printed()).toEqual([">: first", ">: second"]);
  });

  test("of blanks is none", () => {
    const screen = openRoom();
    for (const text of ["   ", "\u3000", "\n\n", ""]) screen.enter(text);
    expect(screen.effects().filter(({ type }) => type === "say")).toEqual([]);
    expect(screen.state.pending).toEqual([]);
  });

  test("that is refused is named, and so is one that may have been lost with the session", () => {
    const screen = openRoom();
    const refused = { code: "MUTED", message: "you are muted", hint: "ask why" };
    screen.enter("one");
    screen.enter("two");
    screen.enter("three");
    screen.dispatch({ type: "not-said", id: 1, error: refused });
    screen.dispatch({ type: "error", error: refused });
    screen.dispatch({ type: "not-said", id: 2, error: { ...refused, code: "SESSION_LOST" } });
    screen.dispatch({ type: "not-said", id: 3, error: { ...refused, code: "CONVERSATION_OVER" } });
    expect(screen.printed()).toEqual([
      "-- not sent: one",
      "!! you are muted (ask why)",
      "-- may not have been delivered: two",
    ]);
    expect(screen.state.pending).toMatchObject([{ text: "three" }]);
  });

  test("that is too long is on the line again, unless another is being typed", () => {
    const screen = openRoom();
    const tooLong = { code: "MESSAGE_TOO_LONG", message: "too long", hint: "say less" };
    screen.enter("one");
    screen.dispatch({ type: "not-said", id: 1, error: tooLong });
    expect(screen.printed()).toEqual([]);
    expect(screen.state.editing.line.text).toBe("one");
    screen.press("c", "ctrl");
    screen.printed();
    screen.enter("two");
    screen.type("another");
    screen.dispatch({ type: "not-said", id: 2, error: tooLong });
    expect(screen.printed()).toEqual(["-- not sent: two"]);
    expect(screen.state.editing.line.text).toBe("another");
  });

  test("that is not stored when one switches to another room may not have been delivered", () => {
    const screen = openRoom();
    screen.enter("unheard");
    screen.emit({ ...entered("ben"), room: "lunch" });
    expect(screen.printed()).toEqual([
      "-- may not have been delivered: unheard",
      '-- you are ana in lunch, with ben; "bye" leaves',
    ]);
    expect(screen.state.pending).toEqual([]);
  });
});

describe("at the end", () => {
  test("what is not known to be delivered is listed, and what is kept", () => {
    const screen = openRoom();
    screen.enter("one");
    screen.enter("two");
    screen.emit({ type: "said", text: "one" }, { type: "waiting", for: "server", text: "two" });
    screen.emit({ type: "ended", reason: "left", unsaid: ["one", "two"], kept: ["two"] });
    screen.dispatch({ type: "closed" });
    expect(screen.printed()).toEqual([
      "-- the conversation is over: you left",
      "-- may not have been delivered: one",
      "-- kept; will be sent when you join again: two",
    ]);
  });

  test.each([false, true])(
    "a message that was entered after the room was over is named as not sent, quiet: %s",
    (quiet) => {
      const screen = openVirtualScreen({ quiet });
      screen.emit(entered());
      screen.printed();
      screen.enter("one");
      screen.emit({ type: "ended", reason: "left", unsaid: [] });
      screen.dispatch({ type: "closed" });
      const end = quiet ? [] : ["-- the conversation is over: you left"];
      expect(screen.printed()).toEqual(["-- not sent: one", ...end]);
    },
  );

  test("what became of each message is said of that one, also where several have the same text", () => {
    const screen = openRoom();
    for (let count = 0; count < 4; count += 1) screen.enter("hi");
    const said = { type: "said", text: "hi" } as const;
    screen.emit(said, { type: "delivered", text: "hi", sequence: 1, time: NOON }, said);
    // One of an earlier run of the program is listed as well. The last two came too late.
    screen.emit({ type: "ended", reason: "removed", unsaid: ["hi", "hi"] });
    screen.dispatch({ type: "closed" });
    expect(screen.printed()).toEqual([
      "ana: hi",
      "-- not sent: hi",
      "-- not sent: hi",
      "-- the conversation is over: the server removed you",
      "-- may not have been delivered: hi",
      "-- may not have been delivered: hi",
    ]);
  });

  test("with --quiet what is still on its way stays as it is, without a time", () => {
    const screen = openVirtualScreen({ quiet: true });
    screen.emit(entered());
    screen.enter("one");
    screen.emit({ type: "said", text: "one" });
    screen.emit({ type: "ended", reason: "lost", unsaid: ["one"] });
    screen.dispatch({ type: "closed" });
    expect(screen.items()).toMatchObject([{ type: "message", text: "one", time: null }]);
  });

  test("how many stray datagrams came is printed, if there were several", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit({ type: "stranger", from: "192.0.2.9:1", ignored: 1 });
    screen.emit({ type: "stranger", from: "192.0.2.9:1", ignored: 10 });
    screen.dispatch({ type: "closed" });
    expect(screen.printed()).toEqual([
      "-- ignored a datagram from 192.0.2.9:1: not part of this conversation",
      "-- ignored 10 datagrams so far, the last from 192.0.2.9:1: not part of this conversation",
    ]);
  });
});

describe("datagrams of strangers", () => {
  test("are one notice, and then a line with their count, which goes after a minute", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit({ type: "stranger", from: "192.0.2.9:1", ignored: 1 });
    expect(screen.printed()).toHaveLength(1);
    screen.emit({ type: "stranger", from: "192.0.2.9:1", ignored: 10 });
    screen.emit({ type: "stranger", from: "192.0.2.8:1", ignored: 100 });
    expect(screen.printed()).toEqual([]);
    expect(screen.live()).toEqual([
      "ignored 100 datagrams so far, the last from 192.0.2.8:1: not part of this conversation",
    ]);
    screen.wait(60_000);
    expect(screen.live()).toEqual([]);
  });

  test("of another wire are counted in the same way", () => {
    const screen = openRoom();
    screen.emit(notice("192.0.2.9:1 does not speak the sealed wire"), notice("10 so far"));
    expect(screen.printed()).toEqual(["-- 192.0.2.9:1 does not speak the sealed wire"]);
    expect(screen.live()).toEqual(["10 so far"]);
  });
});

describe("the connection", () => {
  test("is counted on every second from the seconds of a silence", () => {
    const screen = openRoom();
    expect(screen.state.connection).toEqual({ type: "ok" });
    screen.emit({ type: "silent", seconds: 12 });
    expect(screen.state.connection).toMatchObject({ type: "silent", seconds: 12 });
    screen.wait(1_000);
    expect(screen.state.connection).toMatchObject({ type: "silent", seconds: 13 });
    screen.wait(87_000);
    expect(screen.state.connection).toMatchObject({ type: "silent", seconds: 100 });
    screen.emit({ type: "silent", seconds: 20 });
    screen.wait(1_000);
    expect(screen.state.connection).toMatchObject({ type: "silent", seconds: 21 });
  });

  test("is being made at first, and again after it was lost", () => {
    const screen = openVirtualScreen();
    expect(screen.state.connection).toEqual({ type: "connecting" });
    screen.emit(entered(), { type: "disconnected", message: "no answer" });
    expect(screen.state.connection).toEqual({ type: "reconnecting" });
    screen.emit({ type: "reconnected" });
    expect(screen.state.connection).toEqual({ type: "ok" });
  });

  test.each([
    { type: "heard", seconds: 31 },
    { type: "joined", peer: "192.0.2.1:5000" },
    { type: "left", peer: "ana", reason: "" },
    { type: "reconnected" },
    { type: "ended", reason: "lost", unsaid: [] },
  ] satisfies ConversationEvent[])("is no longer silent after %j", (event) => {
    const screen = openRoom();
    screen.emit({ type: "silent", seconds: 12 }, event);
    expect(screen.state.connection).toEqual({ type: "ok" });
  });

  test("stays silent whatever else happens", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit({ type: "silent", seconds: 12 });
    screen.wait(1_000);
    screen.emit({ type: "said", text: "hello" }, { type: "stranger", from: "a", ignored: 1 });
    expect(screen.state.connection).toMatchObject({ type: "silent", seconds: 13 });
  });
});

test("a message that waits for one's turn is on its way until it goes out, and then stands below what it answers", () => {
  const screen = openVirtualScreen(PLAIN_WIRE);
  screen.enter("first");
  screen.emit({ type: "said", text: "first" }, { type: "turn", whose: "theirs" });
  expect(screen.printed()).toEqual([">: first"]);
  for (const text of ["second", "third"]) {
    screen.enter(text);
    screen.emit({ type: "waiting", for: "turn", text });
  }
  expect(screen.printed()).toEqual([]);
  expect(screen.state.pending.map(({ text }) => text)).toEqual(["second", "third"]);
  screen.emit(
    plainMessage("answer"),
    { type: "turn", whose: "mine" },
    { type: "said", text: "second" },
    { type: "turn", whose: "theirs" },
  );
  expect(screen.printed()).toEqual(["<: answer", ">: second"]);
  expect(screen.state.pending.map(({ text }) => text)).toEqual(["third"]);
  screen.emit(plainMessage("bye"), { type: "ended", reason: "heard-bye", unsaid: ["third"] });
  screen.dispatch({ type: "closed" });
  expect(screen.printed()).toEqual([
    "<: bye",
    "-- the conversation is over: the other end said bye",
    "-- not sent: third",
  ]);
});

test("the prompt says when it is the other end's turn, and nothing when it is one's own", () => {
  const screen = openVirtualScreen(PLAIN_WIRE);
  expect(promptText(screen.state)).toBe("> ");
  screen.emit({ type: "turn", whose: "theirs" });
  expect(promptText(screen.state)).toBe("(their turn) > ");
  screen.emit({ type: "silent", seconds: 3 });
  expect(promptText(screen.state)).toBe("(their turn) > ");
  screen.emit({ type: "turn", whose: "mine" });
  expect(promptText(screen.state)).toBe("> ");
});

describe("people who are here", () => {
  test("are counted once, however many windows they have, and of whatever names", () => {
    expect(here(openRoom("ben", "ben", "tom"))).toEqual(["ana", "ben", "tom"]);
    const windows = [
      { name: "ben", fingerprint: "b", away: false },
      { name: "ana-2", fingerprint: "a", away: false },
      { name: "ben-2", fingerprint: "b", away: false },
      { name: "ana", fingerprint: "a", away: false },
    ];
    const screen = openVirtualScreen();
    screen.emit({ ...entered(), members: windows });
    expect(here(screen)).toEqual(["ana", "ben"]);
    // The last of their windows may have the other name.
    screen.emit({ type: "left", peer: "ben-2", reason: "" });
    expect(here(screen)).toEqual(["ana"]);
    expect(screen.effects()).toEqual([]);
    // Somebody of whom nothing is known here.
    screen.emit({ type: "left", peer: "zoe", reason: "" });
    expect(screen.effects()).toEqual([{ type: "ask-people" }]);
    screen.dispatch({ type: "people", people: windows.slice(3) });
    expect(here(screen)).toEqual(["ana"]);
  });

  test("come, go and take other names", () => {
    const screen = openRoom("ben");
    screen.emit({ type: "joined", peer: "tom", fingerprint: "" });
    screen.emit({ type: "left", peer: "ben", reason: "" });
    screen.emit({ type: "renamed", from: "tom", to: "Tom" });
    expect(here(screen)).toEqual(["ana", "Tom"]);
  });

  test("are asked for after a reconnect, for nobody says who came or left meanwhile", () => {
    const screen = openRoom("ben");
    screen.emit({ type: "reconnected" });
    expect(screen.effects()).toEqual([{ type: "ask-people" }]);
    screen.dispatch({ type: "people", people: entered("tom").members });
    expect(here(screen)).toEqual(["ana", "tom"]);
  });
});

describe("messages in other rooms", () => {
  test("are not asked for while one has visited one room", () => {
    const screen = openRoom();
    screen.wait(HOUR);
    expect(asks(screen)).toBe(0);
  });

  test("are counted since a room was left, every 10 seconds, and soon when the window gets the focus", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.wait(0);
    expect(asks(screen)).toBe(1);
    screen.dispatch(rooms(10, 3));
    expect(screen.state.unread.rooms).toEqual([]);
    screen.wait(9_999);
    expect(asks(screen)).toBe(0);
    screen.wait(1);
    expect(asks(screen)).toBe(1);
    screen.dispatch(rooms(12, 4));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2 }]);
    screen.focus(false);
    screen.wait(1_999);
    screen.focus(true);
    screen.wait(0);
    expect(asks(screen)).toBe(0);
    screen.wait(1);
    expect(asks(screen)).toBe(1);
    screen.wait(5_000);
    screen.focus(false);
    screen.focus(true);
    screen.wait(0);
    expect(asks(screen)).toBe(1);
  });

  test("count as read once their room is entered", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.dispatch(rooms(10, 3));
    screen.dispatch(rooms(12, 3));
    screen.emit(enters("main"));
    expect(screen.state.unread.rooms).toEqual([]);
    screen.dispatch(rooms(12, 3));
    screen.dispatch(rooms(15, 5));
    expect(screen.state.unread.rooms).toEqual([{ room: "lunch", count: 2 }]);
  });

  test("are fewer than before when old ones were deleted, and then none is unread", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.dispatch(rooms(10, 3));
    screen.dispatch(rooms(4, 3));
    screen.dispatch(rooms(6, 3));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2 }]);
  });

  test("are not asked for while the connection is lost", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"), { type: "disconnected", message: "no answer" });
    screen.wait(HOUR);
    expect(asks(screen)).toBe(0);
    screen.emit({ type: "reconnected" });
    screen.wait(0);
    expect(asks(screen)).toBe(1);
  });
});

describe("/copy", () => {
  const invitation = "charla://192.0.2.1/main#KEY.SECRET";

  test("copies the last invitation that was shown", () => {
    const screen = openRoom();
    screen.emit({ type: "invitation", invitation: "charla://192.0.2.1/main#KEY.OLD" });
    screen.dispatch({ type: "answered", id: 1, outcome: { type: "invitation", invitation } });
    screen.enter("/copy");
    expect(screen.effects()).toContainEqual({ type: "copy", text: invitation });
    expect(screen.printed().at(-1)).toBe("-- the invitation was sent to the terminal's clipboard");
  });

  test("says what tmux has to allow, because nobody can ask whether it does", () => {
    const screen = openRoom();
    const capabilities = { ...screen.state.capabilities, multiplexer: "tmux" } as const;
    screen.dispatch({ type: "capabilities", capabilities });
    screen.emit({ type: "invitation", invitation });
    screen.enter("/copy");
    expect(screen.printed().at(-1)).toBe(
      "-- the invitation was sent to the terminal's clipboard (tmux takes it with: set -s set-clipboard on)",
    );
  });

  test("says so if none was shown", () => {
    const screen = openRoom();
    screen.enter("/copy");
    expect(screen.effects().map(({ type }) => type)).not.toContain("copy");
    expect(screen.printed()).toEqual([
      "!! no invitation was shown yet (the owner and operators can make one: ask them)",
    ]);
    screen.emit({ type: "rights", operator: true, muted: false });
    screen.enter("/copy");
    expect(screen.printed()).toEqual(["!! no invitation was shown yet (/invite shows one)"]);
  });

  test("says so if the terminal takes no copies", () => {
    const screen = openRoom();
    screen.emit({ type: "invitation", invitation });
    const capabilities = { ...screen.state.capabilities, clipboard: false };
    screen.dispatch({ type: "capabilities", capabilities });
    screen.enter("/copy");
    expect(screen.effects().map(({ type }) => type)).not.toContain("copy");
    expect(screen.printed().at(-1)).toBe(
      "!! this terminal does not let programs copy (select the invitation with the mouse, and copy it)",
    );
  });
});

describe("a command", () => {
  test("that asks the server is run, and its answer printed", () => {
    const screen = openRoom();
    screen.enter("/who");
    expect(screen.effects()).toContainEqual({
      type: "run",
      id: 1,
      command: { type: "who" },
      confirmed: null,
    });
    screen.dispatch({ type: "answered", id: 1, outcome: { type: "people", people: [] } });
    expect(screen.printed()).toEqual(["answer people"]);
  });

  test("/help is answered at once, with what one may do", () => {
    const screen = openRoom();
    screen.emit({ type: "rights", operator: true, muted: false });
    screen.enter("/help");
    expect(screen.items()).toEqual([
      { type: "answer", answer: { type: "commands", rights: { owner: false, operator: true } } },
    ]);
  });

  test("/help of one command is answered at once, also of one that one may not use", () => {
    const screen = openRoom();
    screen.enter("/help kick");
    expect(screen.items()).toEqual([
      { type: "answer", answer: { type: "command", about: "kick" } },
    ]);
    screen.enter("/help kik");
    expect(screen.printed()).toEqual(["!! there is no command /kik (did you mean /help kick?)"]);
  });

  test("that is mistyped is an error, and so is one that failed", () => {
    const screen = openRoom();
    screen.enter("/etc/hosts");
    const failed = { type: "failed", code: "REFUSED", message: "no", hint: "ask" } as const;
    screen.dispatch({ type: "answered", id: 1, outcome: failed });
    screen.dispatch({ type: "answered", id: 1, outcome: { ...failed, code: "CONVERSATION_OVER" } });
    expect(screen.printed()).toEqual([
      "!! there is no command /etc (/help lists them; //etc/hosts sends it as a message)",
      "!! no (ask)",
    ]);
  });

  test("/quit leaves, and bye says so before", () => {
    const screen = openRoom();
    screen.enter("/quit");
    expect(screen.effects()).toContainEqual({ type: "leave", status: "done" });
    screen.enter("bye");
    expect(screen.effects().slice(-2)).toEqual([
      { type: "goodbye" },
      { type: "leave", status: "done" },
    ]);
  });

  test("/history moves on to older messages, and /search does not", () => {
    const screen = openRoom("ben");
    const entry = { author: "key", name: "ben", text: "x", time: NOON, device: "", number: 1 };
    const outcome = (sequence: number, isOlder: boolean, note: string | null) => ({
      type: "answered" as const,
      id: 1,
      outcome: { type: "entries" as const, entries: [{ ...entry, sequence }], isOlder, note },
    });
    screen.dispatch(outcome(7, true, null));
    expect(screen.state.room.oldest).toBe(7);
    screen.dispatch(outcome(3, false, "only the last 20 are shown"));
    expect(screen.state.room.oldest).toBe(7);
    expect(screen.printed()).toEqual([
      "answer entries",
      "answer entries",
      "-- only the last 20 are shown",
    ]);
  });
});

describe("on the plain wire a command", () => {
  const HINT =
    '-- there are no commands on this wire, only the message "bye": Enter sends the line as it is';

  test("stays on the line, once, and is sent as it is when it is entered again", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit({ type: "joined", peer: "192.0.2.1:5000" });
    screen.printed();
    screen.enter("/help me ");
    expect(screen.effects().filter(({ type }) => type === "say")).toEqual([]);
    expect(screen.printed()).toEqual([HINT]);
    expect(screen.state.editing.line.text).toBe("/help me ");
    screen.press("return");
    screen.enter("/quit");
    const said = screen.effects().filter(({ type }) => type === "say");
    expect(said).toEqual([
      { type: "say", id: 1, text: "/help me " },
      { type: "say", id: 2, text: "/quit" },
    ]);
  });

  test.each(["//help", "/etc/passwd", "/ 2", "/", "1/2", " /help", "/Help"])(
    "is not what %p looks like",
    (text) => {
      const screen = openVirtualScreen(PLAIN_WIRE);
      screen.enter(text);
      expect(screen.effects()).toContainEqual({ type: "say", id: 1, text });
    },
  );
});

test("in another room the column of names is as wide as is needed there", () => {
  const screen = openRoom("ben");
  screen.dispatch({ type: "drawn", items: 0, page: null, nameColumns: 16, rowsSinceName: 0 });
  expect(screen.state.nameColumns).toBe(16);
  screen.emit(left("ben"));
  expect(screen.state.nameColumns).toBe(16);
  screen.emit(enters("lunch"));
  expect(screen.state.nameColumns).toBe(1);
});

test("a message below older ones that a command has shown stands below its own day", () => {
  const screen = openRoom("ben");
  const entry = { author: "key", name: "ben", text: "x", device: "", number: 1, sequence: 1 };
  const entries = [{ ...entry, time: NOON - 24 * HOUR }];
  const outcome = { type: "entries", entries, isOlder: true, note: null } as const;
  screen.dispatch({ type: "answered", id: 1, outcome });
  screen.emit(says("ben", "now"));
  expect(screen.printed()).toEqual(["answer entries", "~ now", "day 2", "ben: now"]);
});

describe("keys", () => {
  test("Ctrl-C drops the line, which stays on the screen, and pressed twice leaves when there is none", () => {
    const screen = openRoom();
    screen.type("draft");
    screen.press("c", "ctrl");
    expect(screen.printed()).toEqual(["-- > draft^C"]);
    screen.dispatch({ type: "input", event: { type: "paste", text: "x".repeat(40_000) } });
    screen.press("c", "ctrl");
    expect(screen.printed()).toEqual([`-- > ${"x".repeat(400)}…^C`]);
    expect(screen.state.editing.line.text).toBe("");
    screen.wait(100);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([]);
    screen.wait(100);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
  });

  test("Ctrl-C on an empty line asks for another for 2 s, and any other key or a paste takes that back", () => {
    const screen = openRoom();
    const isAsked = () => screen.state.leaving?.type === "asked";
    screen.press("c", "ctrl");
    expect(isAsked()).toBe(true);
    screen.wait(1_999);
    expect(isAsked()).toBe(true);
    screen.wait(1);
    expect(isAsked()).toBe(false);
    for (const takeBack of [
      () => screen.type("x"),
      () => screen.press("left"),
      () => screen.dispatch({ type: "input", event: { type: "paste", text: "x" } }),
    ]) {
      screen.wait(100);
      screen.press("c", "ctrl");
      expect(isAsked()).toBe(true);
      takeBack();
      expect(isAsked()).toBe(false);
      screen.wait(100);
      // It drops what was typed.
      screen.press("c", "ctrl");
      if (isAsked()) screen.press("left");
    }
    screen.focus(false);
    screen.wait(100);
    screen.press("c", "ctrl");
    screen.focus(true);
    screen.emit(says("ben", "meanwhile"));
    expect(isAsked()).toBe(true);
    expect(screen.effects().filter(({ type }) => type === "leave")).toEqual([]);
  });

  test("Ctrl-C leaves at once on the plain wire, and in a room before it was entered", () => {
    const leaves = [{ type: "leave" as const, status: "interrupted" as const }];
    const plain = openVirtualScreen(PLAIN_WIRE);
    plain.emit({ type: "joined", peer: "192.0.2.1:5000" });
    plain.press("c", "ctrl");
    expect(plain.effects()).toEqual(leaves);
    const outside = openVirtualScreen();
    outside.press("c", "ctrl");
    expect(outside.effects()).toEqual(leaves);
  });

  test("Ctrl-C while one is leaving leaves at once, however that began", () => {
    for (const begin of [
      (screen: ReturnType<typeof openRoom>) => screen.press("d", "ctrl"),
      (screen: ReturnType<typeof openRoom>) => screen.enter("/quit"),
      (screen: ReturnType<typeof openRoom>) => screen.enter("bye"),
      (screen: ReturnType<typeof openRoom>) => {
        screen.press("c", "ctrl");
        screen.wait(100);
        screen.press("c", "ctrl");
      },
    ]) {
      const screen = openRoom();
      begin(screen);
      screen.effects();
      screen.wait(100);
      screen.press("c", "ctrl");
      expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
    }
  });

  test("Ctrl-C while the connection is lost asks too", () => {
    const screen = openRoom();
    screen.emit({ type: "disconnected", message: "nothing came for 30 s" });
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([]);
  });

  test.each(["Ctrl-D", "/quit", "a signal"])(
    "a message entered while one is leaving, by %s, is refused and stays on the line",
    (way) => {
      const screen = openRoom("ben");
      if (way === "a signal") screen.dispatch({ type: "leaving" });
      else if (way === "/quit") screen.enter("/quit");
      else screen.press("d", "ctrl");
      screen.effects();
      screen.enter("Z2");
      expect(screen.printed()).toEqual([
        "!! you are leaving, so this is not sent; it is still on the line (Ctrl-C leaves at once; send it when you are back)",
      ]);
      expect(screen.state.editing.line.text).toBe("Z2");
      expect(screen.state.pending).toEqual([]);
      expect(screen.effects()).toEqual([{ type: "keep-line", text: "Z2" }]);
    },
  );

  test("Ctrl-C several times in a paste without brackets is one press", () => {
    const screen = openRoom();
    const isAsked = () => screen.state.leaving?.type === "asked";
    const paste = () => {
      for (let count = 0; count < 50; count += 1) screen.press("c", "ctrl");
    };
    paste();
    expect(isAsked()).toBe(true);
    screen.wait(9);
    screen.press("c", "ctrl");
    expect(isAsked()).toBe(true);
    expect(screen.effects()).toEqual([]);
    screen.wait(10);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);

    const plain = openVirtualScreen(PLAIN_WIRE);
    plain.emit({ type: "joined", peer: "192.0.2.1:5000" });
    plain.type("draft");
    plain.press("c", "ctrl");
    plain.press("c", "ctrl");
    expect(plain.printed()).toEqual(['-- 192.0.2.1:5000 joined; "bye" ends it', "-- > draft^C"]);
    expect(plain.effects()).toEqual([]);
    plain.wait(10);
    plain.press("c", "ctrl");
    expect(plain.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
  });

  test("Ctrl-D on an empty line leaves", () => {
    const screen = openRoom();
    screen.press("d", "ctrl");
    expect(screen.effects()).toContainEqual({ type: "leave", status: "done" });
  });

  test("that enter a line leave it empty, and keep it for the next start", () => {
    const screen = openRoom();
    screen.type("ab");
    screen.press("return");
    expect(screen.state.editing.line).toEqual({ text: "", cursor: 0 });
    expect(screen.effects()).toEqual([
      { type: "keep-line", text: "ab" },
      { type: "say", id: 1, text: "ab" },
    ]);
  });

  test("that report the focus are not typed, but they are text in a paste", () => {
    const screen = openRoom();
    screen.focus(false);
    expect(screen.state.focused).toBe(false);
    screen.focus(true);
    expect(screen.state).toMatchObject({ focused: true, editing: { line: { text: "" } } });
    screen.dispatch({ type: "input", event: { type: "paste", text: "\u001b[I" } });
    expect(screen.state.editing.line.text).toBe("\u001b[I");
  });

  test("Ctrl-X Ctrl-E opens an editor, and what it leaves is the line", () => {
    const screen = openRoom();
    screen.type("ab");
    screen.press("x", "ctrl");
    screen.press("e", "ctrl");
    expect(screen.effects()).toEqual([{ type: "edit", text: "ab" }]);
    screen.dispatch({ type: "edited", text: "a\nb" });
    expect(screen.state.editing.line.text).toBe("a\nb");
  });

  test("Ctrl-Z and Ctrl-L are left to the driver", () => {
    const screen = openRoom();
    screen.press("z", "ctrl");
    screen.press("l", "ctrl");
    expect(screen.effects()).toEqual([{ type: "suspend" }, { type: "clear-screen" }]);
    expect(screen.printed()).toEqual([]);
  });

  test("Ctrl-Z says first what else it stops", () => {
    const beforeStop = { code: "", message: "the server is stopped", hint: "fg" };
    const screen = openVirtualScreen({ beforeStop });
    screen.press("z", "ctrl");
    expect(screen.effects()).toEqual([{ type: "suspend" }]);
    expect(screen.printed()).toEqual(["-- the server is stopped (fg)"]);
  });
});

describe("Tab", () => {
  test("completes a command, a name and a room, for which the server is asked", () => {
    const screen = openRoom("ben");
    screen.type("/he");
    screen.press("tab");
    expect(screen.state.editing.line).toEqual({ text: "/help ", cursor: 6 });
    screen.press("u", "ctrl");
    screen.type("be");
    screen.press("tab");
    expect(screen.state.editing.line).toEqual({ text: "ben: ", cursor: 5 });
    screen.press("u", "ctrl");
    screen.enter("");
    screen.type("/join lu");
    screen.press("tab");
    const { line } = screen.state.editing;
    expect(screen.effects()).toEqual([{ type: "complete", line, words: "rooms" }]);
    screen.dispatch({ type: "completed", line, words: ["lunch", "main"] });
    expect(screen.state.editing.line.text).toBe("/join lunch ");
  });

  test("lists the candidates the second time, if there are several", () => {
    const screen = openRoom("Anna María", "anselm");
    screen.type("an");
    screen.press("tab");
    expect(screen.printed()).toEqual([]);
    screen.press("tab");
    expect(screen.printed()).toEqual(["-- Anna María  anselm"]);
    screen.type("s");
    screen.press("tab");
    screen.press("tab");
    expect(screen.printed()).toEqual([]);
  });

  test("does nothing if the line has changed by the time of the answer", () => {
    const screen = openRoom();
    screen.type("/join lu");
    screen.press("tab");
    const { line } = screen.state.editing;
    screen.type("x");
    screen.dispatch({ type: "completed", line, words: ["lunch"] });
    expect(screen.state.editing.line.text).toBe("/join lux");
  });
});

describe("an answer that is longer than the window", () => {
  test("waits for Enter, and what comes meanwhile waits below it", () => {
    const screen = openPages();
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: true });
    screen.press("return");
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: false });
    screen.dispatch(drawn(1));
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toEqual(["ben: meanwhile"]);
  });

  test.each(["q", "escape"])("is left with %s", (name) => {
    const screen = openPages();
    screen.press(name);
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toEqual(["ben: meanwhile"]);
    expect(screen.state.editing.line.text).toBe("");
  });

  test.each(["return", "space", "pagedown"])("goes on with %s", (name) => {
    const screen = openPages();
    screen.press(name);
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: false });
    expect(screen.state.editing.line.text).toBe("");
  });

  test.each(["c", "d"])("is left with Ctrl-%s, which does not leave the conversation", (name) => {
    const screen = openPages();
    screen.effects();
    screen.press(name, "ctrl");
    expect(screen.state.page).toBeNull();
    expect(screen.effects()).toEqual([]);
  });

  test("is left by typing a message", () => {
    const screen = openPages();
    screen.type("hello");
    expect(screen.state.page).toBeNull();
    expect(screen.state.editing.line.text).toBe("hello");
  });

  test("ends by itself when a thousand items wait", () => {
    const screen = openPages();
    for (let index = 0; index < 997; index += 1) screen.emit(says("ben", "more"));
    expect(screen.state.page).not.toBeNull();
    screen.emit(says("ben", "more"), says("ben", "more"));
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toHaveLength(1_000);
  });
});

test("with --quiet only messages, errors and answers are printed", () => {
  const screen = openVirtualScreen({ quiet: true });
  screen.emit(entered("ben"), says("ben", "old", NOON - 24 * HOUR, true));
  screen.emit({ type: "disconnected", message: "no answer" }, { type: "reconnected" });
  screen.enter("/help");
  screen.dispatch({ type: "error", error: { code: "X", message: "no", hint: "ask" } });
  expect(screen.printed()).toEqual(["ben: old", "answer commands", "!! no (ask)"]);
});

test("nothing that was printed stays in the state", () => {
  const screen = openRoom("ben");
  for (let index = 0; index < 10; index += 1) screen.emit(says("ben", "hello"));
  screen.printed();
  expect(screen.state.transcript).toEqual([]);
});

test("a text of newlines and a letter is sent at once", () => {
  const screen = openVirtualScreen();
  screen.emit(entered("ben"));
  const newlines = "\n".repeat(200_000);
  const start = cpuTime();
  screen.dispatch({ type: "line", text: `${newlines}x\n\n` });
  expect(cpuTime() - start).toBeLessThan(5_000);
  expect(screen.effects()).toEqual([{ type: "say", id: 1, text: `${newlines}x` }]);
});

describe("a text that is longer than anything that can be sent", () => {
  test("is not taken in a room, and the line stays as it was", () => {
    const screen = openRoom();
    screen.type("draft ");
    screen.dispatch(pasted("ж".repeat(40_000)));
    expect(screen.state.editing.line).toEqual({ text: "draft ", cursor: 6 });
    expect(screen.printed()).toEqual([
      "!! the line would have 40,006 characters, and a message has at most 10,000; it is as it was " +
        "(share it as a file: charla serve)",
    ]);
    screen.dispatch({ type: "edited", text: "ж".repeat(40_001) });
    expect(screen.state.editing.line.text).toBe("draft ");
    expect(screen.printed()).toHaveLength(1);
  });

  test("is not taken as the term of a search either", () => {
    const screen = openRoom();
    screen.type("draft");
    screen.press("r", "ctrl");
    screen.dispatch(pasted("x".repeat(40_001)));
    expect(screen.state.editing.search?.term).toBe("");
    expect(screen.printed()).toHaveLength(1);
  });

  test("cannot be typed, and can be made shorter", () => {
    const screen = openRoom();
    screen.dispatch(pasted("x".repeat(40_000)));
    screen.type("y");
    screen.press("y", "ctrl");
    expect(screen.effects()).toEqual([{ type: "bell" }]);
    expect(screen.state.editing.line.text).toBe("x".repeat(40_000));
    screen.press("backspace");
    screen.type("y");
    expect(screen.state.editing.line.text).toBe(`${"x".repeat(39_999)}y`);
  });

  test("is not taken on the plain wire, where a line may be many messages", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.dispatch(pasted("x".repeat(262_144)));
    screen.dispatch(pasted("y"));
    expect(screen.state.editing.line.text).toBe("x".repeat(262_144));
    expect(screen.printed()).toEqual([
      "!! a line has at most 262,144 characters; it is as it was " +
        "(send a file, line by line: charla --plain HOST < FILE)",
    ]);
  });
});

test("more lines than may wait on the plain wire are not sent, and are on the line again", () => {
  const screen = openVirtualScreen(PLAIN_WIRE);
  const text = "x\n".repeat(50_000);
  screen.enter(text);
  expect(screen.effects().filter(({ type }) => type === "say")).toEqual([]);
  expect(screen.state.editing.line.text).toBe(text);
  expect(screen.printed()).toEqual([
    "!! 50,000 lines are 50,000 messages, and at most 1,000 can be sent at once; none was sent " +
      "(send a file, line by line: charla --plain HOST < FILE)",
  ]);
  screen.press("c", "ctrl");
  screen.printed();
  screen.enter("x\n".repeat(1_000));
  expect(screen.effects().filter(({ type }) => type === "say")).toHaveLength(1_000);
});

/** Lines are entered behind `/join lunch`. */
function joining(...lines: readonly string[]) {
  const screen = openRoom();
  screen.enter("/join lunch");
  const effects = screen.effects();
  const id = effects.find((effect) => effect.type === "run")?.id ?? 0;
  screen.printed();
  for (const line of lines) screen.enter(line);
  const wanted = () => screen.effects().filter(({ type }) => type !== "keep-line");
  return { screen, id, wanted };
}

describe("while another room is being entered", () => {
  const lunch = { ...entered("ben"), room: "lunch" };
  const failed = { type: "failed", code: "NO_ANSWER", message: "no answer", hint: "wait" } as const;
  test("messages and commands wait for it, and those behind another /join for that", () => {
    const { screen, id, wanted } = joining("soup", "/who", "/join garden", "flowers");
    expect(wanted()).toEqual([]);
    screen.dispatch({ type: "answered", id, outcome: { type: "done" } });
    expect(wanted()).toEqual([]);
    screen.emit(lunch);
    expect(wanted()).toMatchObject([
      { type: "say", text: "soup" },
      { type: "run", command: { type: "who" } },
      { type: "run", command: { type: "join", room: "garden" } },
    ]);
    screen.emit({ ...lunch, room: "garden" });
    expect(wanted()).toMatchObject([{ type: "say", text: "flowers" }]);
  });

  test("that one is back in the room before, because it was deleted, sends nothing there", () => {
    const { screen, wanted } = joining("soup");
    screen.emit(entered("ben"));
    expect(wanted()).toEqual([]);
  });

  test("help is shown at once, and with nothing waiting, bye leaves without a word to the room before", () => {
    const { screen, wanted } = joining("/help", "bye");
    expect(screen.printed()).toEqual(["answer commands"]);
    expect(wanted()).toEqual([{ type: "leave", status: "done" }]);
  });

  test("bye waits behind a message, and leaves whether the room is entered or not", () => {
    const joined = joining("soup", "bye");
    expect(joined.wanted()).toEqual([]);
    joined.screen.emit(lunch);
    expect(joined.wanted()).toMatchObject([
      { type: "say", text: "soup" },
      { type: "goodbye" },
      { type: "leave" },
    ]);
    const { screen, id, wanted } = joining("soup", "bye");
    screen.dispatch({ type: "answered", id, outcome: failed });
    expect(wanted()).toEqual([{ type: "leave", status: "done" }]);
    expect(screen.printed()).toEqual(["!! no answer (wait)", "-- not sent: soup"]);
  });

  test("the end names what was not sent", () => {
    const { screen } = joining("soup");
    screen.emit({ type: "ended", reason: "left", unsaid: [] });
    screen.dispatch({ type: "closed" });
    expect(screen.printed()).toEqual([
      "-- not sent: soup",
      "-- the conversation is over: you left",
    ]);
  });

  test("as many lines wait as may, and the next stays on the line", () => {
    const { screen, wanted } = joining(...Array.from({ length: 1_000 }, (_, index) => `${index}`));
    screen.enter("one more");
    expect(screen.state.editing.line.text).toBe("one more");
    expect(wanted()).toEqual([]);
    screen.emit(lunch);
    expect(wanted()).toHaveLength(1_000);
  });
});
