// Who comes back after the connection was lost, where each event is a line of its own.

import { expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { NOBODY_RETURNS, withoutReturns } from "../../src/terminal/returning.ts";
import { entered, joined, left, says } from "./state/virtual-screen.ts";

const LOST: ConversationEvent = { type: "disconnected", message: "no answer" };
const BACK: ConversationEvent = { type: "reconnected" };

/** What is shown of events, each at a time in ms. */
function shown(...events: readonly (readonly [number, ConversationEvent])[]) {
  let state = NOBODY_RETURNS;
  return events.flatMap(([now, event]) => {
    const [next, show] = withoutReturns(state, event, now);
    state = next;
    return show === null ? [] : [show];
  });
}

test("nothing is shown of somebody who was here and is back within 35 s, and others join", () => {
  const events = [
    [0, entered("ben")],
    [1, joined("eva")],
    [2, LOST],
    [90_000, BACK],
    [90_001, joined("ben")],
    [124_999, joined("eva")],
    [125_000, joined("tom")],
  ] as const;
  const [ben, eva] = [events[4][1], events[5][1]];
  const expected = events
    .map(([, event]) => event)
    .filter((event) => event !== ben && event !== eva);
  expect(shown(...events)).toEqual(expected);
});

test("somebody who is back later, or comes again, has joined", () => {
  const late = [
    [0, entered("ben")],
    [1, LOST],
    [2, BACK],
    [35_002, joined("ben")],
  ] as const;
  expect(shown(...late)).toEqual(late.map(([, event]) => event));
  const again = [
    [0, entered("ben", "eva")],
    [1, LOST],
    [2, BACK],
    // She was back before this end was, and so did not join.
    [3, left("eva")],
    [4, joined("eva")],
    [5, joined("ben")],
    [6, left("ben")],
    [7, joined("ben")],
  ] as const;
  const [, , , , , ben] = again;
  expect(shown(...again)).toEqual(again.filter((each) => each !== ben).map(([, event]) => event));
});

test("somebody who is back under another name is shown as renamed", () => {
  const renamed: ConversationEvent = {
    type: "joined",
    peer: "Benno",
    fingerprint: "key of ben",
    away: false,
  };
  expect(shown([0, entered("ben")], [1, LOST], [2, BACK], [3, renamed]).at(-1)).toEqual({
    type: "renamed",
    from: "ben",
    to: "Benno",
  });
});

test("after a second loss those who are still awaited are as well, and in another room nobody is", () => {
  const events = [
    [0, entered("ben")],
    [1, LOST],
    [2, BACK],
    [3, LOST],
    [60_000, BACK],
    [60_001, joined("ben")],
  ] as const;
  expect(shown(...events)).toHaveLength(5);
  const other = [...events.slice(0, 5), [60_001, entered()], [60_002, joined("ben")]] as const;
  expect(shown(...other)).toHaveLength(7);
});

test("messages are shown as they are", () => {
  const message = says("ben", "hello");
  expect(shown([0, message])).toEqual([message]);
});
