// What events change on the page, as data.

import { expect, test } from "bun:test";

import type { RoomEvent } from "../../src/chat/events.ts";
import type { RoomMessage } from "../../src/terminal/state/room.ts";
import { oldestMessage } from "../../web/view/items.ts";
import { START, type State } from "../../web/view/state.ts";
import { type PageEvent, update } from "../../web/view/update.ts";

const NOON = Date.UTC(2026, 2, 4, 12);
const MEMBERS = [
  { name: "ana", fingerprint: "SHA256:ana", away: false },
  { name: "ben", fingerprint: "SHA256:ben", away: false },
];

function after(state: State, ...events: readonly (PageEvent | RoomEvent)[]): State {
  return events.reduce((before, event) => {
    const wrapped = isPageEvent(event) ? event : ({ type: "conversation", event } as const);
    return update(before, wrapped, NOON);
  }, state);
}

function isPageEvent(event: PageEvent | RoomEvent): event is PageEvent {
  return PAGE_EVENTS.has(event.type);
}

const PAGE_EVENTS = new Set<string>([
  "entering",
  "written",
  "not-taken",
  "discarded",
  "history-asked",
  "history-came",
  "watched",
  "online",
  "tick",
  "rooms",
  "read-before",
]);

const inRoom = after(
  START,
  { type: "entering", room: "main", name: "ana" },
  { type: "entered", room: "main", name: "ana", owner: false, last: 7, members: MEMBERS },
);

function message(sequence: number, text = `message ${sequence}`): RoomMessage {
  const time = NOON + sequence * 1_000;
  return { type: "message", from: "ben", fingerprint: "SHA256:ben", text, sequence, time };
}

function entry(sequence: number) {
  return {
    sequence,
    time: NOON + sequence * 1_000,
    author: "SHA256:ben",
    name: "ben",
    device: "",
    number: sequence,
    text: `message ${sequence}`,
  };
}

const ids = ({ items }: State) => items.map(({ id }) => id);
const texts = ({ items }: State) => items.map((item) => ("text" in item ? item.text : item.type));

test("a message that is written waits below all others, and takes its place once it is stored", () => {
  const written = after(inRoom, message(8), { type: "written", text: "hello" });
  expect(written.pending).toMatchObject([{ text: "hello", problem: null, name: "ana" }]);
  const stored = after(
    written,
    message(10),
    { type: "delivered", text: "hello", sequence: 9, time: NOON },
    message(11),
  );
  expect(stored.pending).toEqual([]);
  expect(ids(stored)).toEqual([8, 9, 10, 11]);
  expect(stored.items[1]).toMatchObject({ text: "hello", isOwn: true, name: "ana" });
});

test("of two messages with one text, the first that was written is delivered first", () => {
  const written = after(
    inRoom,
    { type: "written", text: "ha" },
    { type: "written", text: "ha" },
    { type: "delivered", text: "ha", sequence: 8, time: NOON },
  );
  expect(written.pending.map(({ id }) => id)).toEqual([-2]);
});

test("a message that is not taken keeps the reason, and stays until it is discarded", () => {
  const problem = { code: "REFUSED", message: "the room is full" };
  const refused = after(
    inRoom,
    { type: "written", text: "hello" },
    { type: "not-taken", id: -1, problem },
  );
  expect(refused.pending).toMatchObject([{ id: -1, problem }]);
  expect(after(refused, { type: "discarded", id: -1 }).pending).toEqual([]);
});

test("a message is shown once, however often it comes", () => {
  const shown = after(inRoom, message(8), message(8), {
    type: "history-came",
    entries: [entry(7), entry(8)],
    isComplete: false,
  });
  expect(ids(shown)).toEqual([7, 8]);
});

test("what was said before comes with the entry to the room; with the newest of it is known whether there is more", () => {
  const past = (sequence: number) => ({ ...message(sequence), past: true }) as const;
  const earlier = (...events: readonly RoomMessage[]) => after(inRoom, ...events).earlier;
  expect(inRoom.earlier).toBe("coming");
  expect(earlier(past(5), past(6))).toBe("coming");
  expect(earlier(past(5), past(6), past(7))).toBe("more");
  expect(earlier(past(1), past(6), past(7))).toBe("none");
  // All of it was deleted meanwhile.
  expect(earlier(message(8))).toBe("more");
});

test("earlier messages stand above those that are there, and the beginning is known when it is reached", () => {
  const asked = after(inRoom, message(8), { type: "history-asked" });
  expect(asked.earlier).toBe("loading");
  const shown = after(asked, {
    type: "history-came",
    entries: [entry(6), entry(7)],
    isComplete: true,
  });
  expect(ids(shown)).toEqual([6, 7, 8]);
  expect(shown.earlier).toBe("none");
  expect(oldestMessage(shown)).toBe(6);
});

test("a page that is open for long keeps a bounded number of messages, and can fetch the others again", () => {
  let state = after(inRoom, { type: "history-came", entries: [], isComplete: true });
  for (let sequence = 8; sequence < 12_100; sequence += 1) state = after(state, message(sequence));
  expect(state.items.length).toBeLessThanOrEqual(12_000);
  expect(state.items.length).toBeGreaterThanOrEqual(10_000);
  expect(state.earlier).toBe("more");
});

test("messages that nobody sees are counted from the first of them, until somebody looks", () => {
  const away = after(inRoom, { type: "watched", isWatched: false }, message(8), message(9, "ana?"));
  expect(away.unread).toEqual({ from: 8, count: 2, mentions: 1 });
  const back = after(away, { type: "watched", isWatched: true });
  expect(back.unread).toEqual({ from: 8, count: 0, mentions: 0 });
  expect(after(back, { type: "watched", isWatched: false }).unread.from).toBe(null);
  expect(after(back, { type: "written", text: "I am back" }).unread.from).toBe(null);
});

test("messages of before, and one's own from another window, are not unread", () => {
  const own = { ...message(9), fingerprint: "SHA256:ana", from: "ana" };
  const past = { ...message(8), past: true } as const;
  const away = after(inRoom, { type: "watched", isWatched: false }, past, own);
  expect(away.unread.count).toBe(0);
});

test("who comes and goes at once is not shown, and who stays stands in one line with the others", () => {
  const eva = { type: "joined", peer: "eva", fingerprint: "SHA256:eva", away: false } as const;
  const tom = { type: "joined", peer: "tom", fingerprint: "SHA256:tom", away: false } as const;
  const gone = { type: "left", peer: "tom", reason: "" } as const;
  const shown = after(inRoom, eva, tom, gone, message(8));
  expect(shown.items).toMatchObject([
    { type: "presence", joined: ["eva"], left: [] },
    { type: "message" },
  ]);
});

test("who leaves with a reason has a line with it", () => {
  const shown = after(inRoom, { type: "left", peer: "ben", reason: "removed by ana" });
  expect(shown.items).toMatchObject([
    { type: "notice", notice: { type: "left", name: "ben", reason: "removed by ana" } },
  ]);
});

const at = (...events: readonly (PageEvent | RoomEvent)[]) => after(inRoom, ...events).connection;

test("the connection is shown as it is", () => {
  expect(START.connection).toEqual({ type: "joining" });
  expect(at()).toEqual({ type: "ok" });
  expect(at({ type: "silent", seconds: 4 })).toEqual({ type: "silent", seconds: 4 });
  expect(at({ type: "silent", seconds: 4 }, { type: "heard", seconds: 5 })).toEqual({ type: "ok" });
  expect(at({ type: "disconnected", message: "" })).toEqual({ type: "lost" });
  expect(at({ type: "disconnected", message: "" }, { type: "reconnected" })).toEqual({
    type: "ok",
  });
});

test("another room begins empty, and keeps nothing of the one before", () => {
  const shown = after(
    inRoom,
    message(8),
    { type: "written", text: "hello" },
    { type: "entering", room: "lunch", name: "ana" },
  );
  expect(texts(shown)).toEqual([]);
  expect(shown.pending).toEqual([]);
  expect(shown.room.room).toBe("lunch");
  expect(shown.connection).toEqual({ type: "joining" });
});

test("rooms have counts of what is new in them, once there are news", () => {
  const rooms = ["main", "lunch", "support"].map((name) => ({ name, entries: 3, members: 1 }));
  const shown = after(
    inRoom,
    { type: "rooms", rooms, visited: new Map([["lunch", 2]]) },
    { type: "news", rooms: [{ room: "lunch", after: 2, unread: 4, mentions: 1 }] },
  );
  expect(shown.rooms).toEqual([
    { name: "lunch", unread: 4, mentions: 1, after: 2 },
    { name: "support", unread: 0, mentions: 0, after: null },
  ]);
});

test("messages that came while the page was closed are new", () => {
  const shown = after(inRoom, { type: "read-before", sequence: 5 });
  expect(shown.unread).toEqual({ from: 6, count: 0, mentions: 0 });
});

test("messages that were kept for another conversation are named", () => {
  const shown = after(inRoom, {
    type: "notice",
    code: "OTHER_CONVERSATION",
    message: "this is a new conversation",
    kept: ["hello"],
  });
  expect(shown.items).toMatchObject([
    { notice: { type: "unsent", text: "hello" } },
    { notice: { type: "server", problem: { code: "OTHER_CONVERSATION" } } },
  ]);
});

test("at the end, what the device keeps to send it another time is not called lost", () => {
  const over = after(inRoom, {
    type: "ended",
    reason: "peer-left",
    unsaid: ["one", "two", "one"],
    kept: ["one"],
  });
  expect(over.phase).toMatchObject({ type: "over", reason: "peer-left", unsaid: ["two", "one"] });
});
