// How messages are printed, marked and announced to somebody who does not look at the window, in virtual time.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { titleText } from "../../../src/terminal/state/state.ts";
import {
  entered,
  joined,
  left,
  NOON,
  openRoom,
  openVirtualScreen,
  PLAIN_WIRE,
  says,
} from "./virtual-screen.ts";

const HOUR = 3_600_000;

const plainMessage = (text: string): ConversationEvent => ({
  type: "message",
  from: "192.0.2.1:5000",
  text,
});

const renamed = (text: string) => ({ ...says("ben", text), from: "benjamin" });

const notifications = (screen: ReturnType<typeof openRoom>) =>
  screen.effects().filter(({ type }) => type === "notify");

const enters = (room: string): ConversationEvent => ({ ...entered(), room });

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
    expect(ended.printed()).toEqual(["~ earlier", "ben: one", "-- you left"]);
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

  test("never comes where they are turned off, and the title counts all the same", () => {
    const screen = openVirtualScreen({ ...PLAIN_WIRE, notifies: false });
    screen.focus(false);
    screen.emit(plainMessage("hello"));
    screen.wait(10_000);
    expect(notifications(screen)).toEqual([]);
    expect(screen.state.unseen).toBe(1);
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
