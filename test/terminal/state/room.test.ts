import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { NO_ROOM, roomAfter } from "../../../src/terminal/state/room.ts";

const after = (...events: ConversationEvent[]) => events.reduce(roomAfter, NO_ROOM);
const member = (name: string) => ({ name, fingerprint: `key of ${name}`, away: false });
const entered = {
  type: "entered",
  room: "main",
  name: "ben",
  owner: false,
  last: 0,
  members: [member("ben"), member("ana")],
} as const;
const message = (from: string, sequence?: number): ConversationEvent =>
  sequence === undefined
    ? { type: "message", from, text: "hello" }
    : { type: "message", from, text: "hello", sequence, time: 0, fingerprint: `key of ${from}` };

test("entering a room gives one a name there and the names of the others", () => {
  expect(after({ ...entered, last: 4 })).toEqual({
    room: "main",
    name: "ben",
    fingerprint: "key of ben",
    rights: { owner: false, operator: false },
    others: ["ana"],
    here: new Map([
      ["key of ben", "ben"],
      ["key of ana", "ana"],
    ]),
    away: new Set(),
    saidGoodbye: new Set(),
    keys: new Map([
      ["ben", "key of ben"],
      ["ana", "key of ana"],
    ]),
    oldest: null,
    newest: 4,
  });
});

const away = (peer: string, isAway: boolean) => ({ type: "away", peer, away: isAway }) as const;
const left = (peer: string) => ({ type: "left", peer, reason: "" }) as const;

test("people are away when all of their windows are, until they are back or leave", () => {
  const members = [
    member("ben"),
    { ...member("ana"), away: true },
    { ...member("eva"), away: true },
    { ...member("eva"), name: "eva-2" },
  ];
  const at = { ...entered, members };
  const keys = (...events: ConversationEvent[]) => [...after(at, ...events).away];
  expect(keys()).toEqual(["key of ana"]);
  expect(keys(away("eva", true))).toEqual(["key of ana", "key of eva"]);
  expect(keys(away("ana", false))).toEqual([]);
  expect(keys(left("ana"))).toEqual([]);
  const back = { type: "joined", peer: "ana", fingerprint: "key of ana" } as const;
  expect(keys({ ...back, away: false })).toEqual([]);
  expect(keys(left("ana"), { ...back, away: true })).toEqual(["key of ana"]);
});

test("of people that a server invents, 2,000 are remembered", () => {
  const invented = Array.from({ length: 2_500 }, (_, number) => `eva ${number}`);
  const joins = invented.map((peer) => ({ type: "joined", peer, fingerprint: peer }) as const);
  const state = after(entered, ...joins, ...invented.map((peer) => away(peer, true)));
  expect([state.here.size, state.away.size]).toEqual([2_000, 2_000]);
  // Those who are known may still leave, and come back.
  const names = (...events: ConversationEvent[]) => events.reduce(roomAfter, state).here.size;
  expect(names(left("ana"))).toBe(1_999);
  expect(names(left("ana"), { type: "joined", peer: "ana", fingerprint: "key of ana" })).toBe(
    2_000,
  );
});

test("one's rights are those of entering, until they change", () => {
  const owner = { ...entered, owner: true, operator: true };
  expect(after(owner).rights).toEqual({ owner: true, operator: true });
  const rights = { type: "rights", operator: true, muted: false } as const;
  expect(after(entered, rights).rights).toEqual({ owner: false, operator: true });
  expect(after(entered, rights, { ...rights, operator: false }).rights.operator).toBe(false);
});

test("entering another room forgets the last one", () => {
  const there = { ...entered, room: "lunch", members: [member("ben")] };
  expect(after(entered, message("eve", 7), there)).toMatchObject({
    room: "lunch",
    others: [],
    oldest: null,
  });
});

const others = (...events: ConversationEvent[]) => after(entered, ...events).others;

describe("others", () => {
  test("come and go", () => {
    const joined = { type: "joined", peer: "eve", fingerprint: "" } as const;
    expect(others(joined)).toEqual(["ana", "eve"]);
    expect(others(joined, { type: "left", peer: "ana", reason: "" })).toEqual(["eve"]);
  });

  test("take other names, and so does this member", () => {
    expect(others({ type: "renamed", from: "ana", to: "anna" })).toEqual(["anna"]);
    const renamed = after(entered, { type: "renamed", from: "ben", to: "benno" });
    expect(renamed).toMatchObject({ name: "benno", others: ["ana"] });
  });

  test("are known from their messages, even if they have left since", () => {
    expect(others(message("eve", 1), message("ana", 2), message("ben", 3))).toEqual(["ana", "eve"]);
  });

  test("are a thousand at most, the latest ones", () => {
    const many = Array.from({ length: 1_200 }, (_, index) => message(`m${index}`, index + 1));
    expect(others(...many)).toHaveLength(1_000);
    expect(others(...many).at(-1)).toBe("m1199");
  });
});

test("the oldest message shown is remembered", () => {
  expect(after(entered, message("ana", 7), message("ana", 8)).oldest).toBe(7);
  expect(after(entered, message("ana")).oldest).toBeNull();
});
