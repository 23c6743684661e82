// The screen of a conversation, in virtual time: what happens goes in, what is printed and what is to be done come out.

import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { promptText, titleText } from "../../../src/terminal/state/state.ts";
import { entered, NOON, openRoom, openVirtualScreen, PLAIN_WIRE, says } from "./virtual-screen.ts";

const HOUR = 3_600_000;

const plainMessage = (text: string): ConversationEvent => ({
  type: "message",
  from: "192.0.2.1:5000",
  text,
});

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

const news = (
  room: string,
  unread: number,
  mentions = 0,
  mention?: { name: string; text: string },
): ConversationEvent => {
  const there = { room, after: 0, unread, mentions };
  return { type: "news", rooms: [mention === undefined ? there : { ...there, mention }] };
};

const asks = (screen: ReturnType<typeof openRoom>) =>
  screen.effects().filter(({ type }) => type === "ask-rooms").length;

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

  test("of an earlier run is not taken for one that is on its way and has the same text", () => {
    const screen = openRoom();
    screen.enter("yes");
    screen.emit({ type: "said", text: "yes" });
    const delivered = { type: "delivered", text: "yes", time: screen.now } as const;
    screen.emit({ ...delivered, sequence: 1, earlier: true });
    expect(screen.printed()).toEqual(["ana: yes"]);
    expect(screen.state.pending).toMatchObject([{ text: "yes" }]);
    screen.emit({ ...delivered, sequence: 2 });
    expect(screen.printed()).toEqual(["ana: yes"]);
    expect(screen.state.pending).toEqual([]);
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

  test("that is kept for another conversation is named, also with --quiet, which leaves out why", () => {
    const event = {
      type: "notice",
      code: "OTHER_CONVERSATION",
      message: "this is a new conversation",
      kept: ["one", "two"],
    } as const;
    for (const [quiet, why] of [
      [false, ["-- this is a new conversation"]],
      [true, []],
    ] as const) {
      const screen = openVirtualScreen({ quiet });
      screen.emit(entered("tom"));
      screen.printed();
      screen.emit(event);
      expect(screen.printed()).toEqual(["-- not sent: one", "-- not sent: two", ...why]);
    }
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
      "-- you left",
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
      const end = quiet ? [] : ["-- you left"];
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
      "-- the server removed you",
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
    // Somebody unknown here.
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
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2, mentions: 0 }]);
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
    expect(screen.state.unread.rooms).toEqual([{ room: "lunch", count: 2, mentions: 0 }]);
  });

  test("are told by the server, which is asked to for each room that was left, from where it was read", () => {
    const screen = openRoom();
    screen.emit(says("ben", "soup?"));
    const { newest } = screen.state.room;
    screen.emit({ ...entered(), room: "lunch", last: 3 });
    const main = { room: "main", after: newest };
    expect(screen.effects()).toContainEqual({ type: "watch", rooms: [main] });
    screen.emit(enters("tea"));
    const lunch = { room: "lunch", after: 3 };
    expect(screen.effects()).toContainEqual({ type: "watch", rooms: [main, lunch] });
    screen.emit(
      { type: "news", rooms: [{ ...lunch, unread: 0, mentions: 0 }] },
      { type: "news", rooms: [{ ...main, unread: 2, mentions: 0 }] },
    );
    screen.emit(enters("main"));
    const tea = { room: "tea", after: 0 };
    expect(screen.effects()).toContainEqual({ type: "watch", rooms: [lunch, tea] });
  });

  test("are counted from where the server counts them, in another room of that name or another log as well", () => {
    const screen = openRoom();
    screen.emit({ ...entered(), room: "lunch", last: 30 }, enters("tea"));
    const ofLunch = (after: number, unread: number, mentions: number) =>
      screen.emit({ type: "news", rooms: [{ room: "lunch", after, unread, mentions }] });
    ofLunch(30, 2, 1);
    expect(screen.state.unread.rooms).toEqual([{ room: "lunch", count: 2, mentions: 1 }]);
    ofLunch(4, 3, 0);
    expect(screen.state.unread.rooms).toEqual([{ room: "lunch", count: 3, mentions: 0 }]);
    screen.effects();
    screen.emit(enters("soup"));
    const watch = screen.effects().find(({ type }) => type === "watch");
    expect(watch).toMatchObject({ rooms: expect.arrayContaining([{ room: "lunch", after: 4 }]) });
  });

  test("are only those of rooms in the first news of a connection, which names all that one may enter", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"), enters("tea"));
    const news = (...rooms: string[]) =>
      screen.emit({
        type: "news",
        rooms: rooms.map((room) => ({ room, after: 0, unread: 2, mentions: 0 })),
      });
    const counted = () => screen.state.unread.rooms.map(({ room, count }) => `${room}: ${count}`);
    news("main", "lunch");
    news("main");
    expect(counted()).toEqual(["main: 2", "lunch: 2"]);
    screen.emit({ type: "disconnected", message: "no answer" }, { type: "reconnected" });
    expect(counted()).toEqual(["main: 2", "lunch: 2"]);
    // Main was locked meanwhile, or this person kicked from it.
    news("lunch");
    expect(counted()).toEqual(["lunch: 2"]);
    screen.emit(enters("soup"));
    news();
    expect(counted()).toEqual([]);
    news("main");
    expect(counted()).toEqual(["main: 2"]);
  });

  test("become fewer when some were read in another window, which rings for none again", () => {
    const screen = openVirtualScreen({ bell: true });
    screen.emit(entered("ben"), enters("lunch"));
    screen.focus(false);
    const mention = { name: "ben", text: "ana: soup?" };
    const ofMain = (after: number, unread: number, mentions: number) =>
      screen.emit({ type: "news", rooms: [{ room: "main", after, unread, mentions, mention }] });
    ofMain(0, 4, 2);
    screen.effects();
    ofMain(3, 1, 1);
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 1, mentions: 1 }]);
    ofMain(4, 0, 0);
    expect(screen.state.unread.rooms).toEqual([]);
    expect(screen.effects()).toEqual([]);
    expect(titleText(screen.state)).toBe("(4) charla: lunch");
    screen.effects();
    screen.emit(enters("tea"));
    const watch = screen.effects().find(({ type }) => type === "watch");
    expect(watch).toMatchObject({ rooms: expect.arrayContaining([{ room: "main", after: 4 }]) });
  });

  test("are not asked for any more once the server tells them, until it is another one", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.emit(news("main", 2));
    screen.dispatch(rooms(10, 3));
    screen.dispatch(rooms(19, 3));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2, mentions: 0 }]);
    screen.effects();
    screen.focus(false);
    screen.focus(true);
    screen.wait(HOUR);
    screen.emit(enters("tea"));
    screen.wait(HOUR);
    expect(asks(screen)).toBe(0);
    screen.emit({ type: "disconnected", message: "no answer" }, { type: "reconnected" });
    screen.wait(1_999);
    expect(asks(screen)).toBe(0);
    screen.wait(1);
    expect(asks(screen)).toBe(1);
    screen.wait(10_000);
    expect(asks(screen)).toBe(1);
  });

  test("are as many as the server says, and none of rooms that were not left", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.emit(news("main", 2, 1), news("other", 5));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2, mentions: 1 }]);
    screen.emit(news("main", 3, 0));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 3, mentions: 1 }]);
    screen.emit(news("main", 0));
    expect(screen.state.unread.rooms).toEqual([]);
  });

  test("ring and are notified if they name one, each once, and all count in the title", () => {
    const screen = openVirtualScreen({ bell: true });
    const rung = () => screen.effects().filter(({ type }) => type === "bell" || type === "notify");
    const mention = { name: "ben", text: "ana: soup?" };
    screen.emit(entered("ben"), enters("lunch"));
    rung();
    screen.emit(news("main", 1));
    expect(rung()).toEqual([]);
    screen.emit(news("main", 2, 1, mention));
    expect(rung()).toEqual([{ type: "bell" }]);
    expect(titleText(screen.state)).toBe("charla: lunch");
    screen.focus(false);
    // After a new connection the server says it again.
    screen.emit({ type: "reconnected" }, news("main", 2, 1, mention));
    expect(rung()).toEqual([]);
    screen.emit(news("main", 5, 2, mention));
    expect(rung()).toEqual([
      { type: "bell" },
      { type: "notify", title: "ben in main", body: "ana: soup?^G" },
    ]);
    expect(titleText(screen.state)).toBe("(3) charla: lunch");
    screen.emit(says("ben", "here"));
    expect(titleText(screen.state)).toBe("(4) charla: lunch");
    screen.focus(true);
    expect(titleText(screen.state)).toBe("charla: lunch");
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 5, mentions: 2 }]);
  });

  test("are fewer than before when old ones were deleted, and then none is unread", () => {
    const screen = openRoom();
    screen.emit(enters("lunch"));
    screen.dispatch(rooms(10, 3));
    screen.dispatch(rooms(4, 3));
    screen.dispatch(rooms(6, 3));
    expect(screen.state.unread.rooms).toEqual([{ room: "main", count: 2, mentions: 0 }]);
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
