import { describe, expect, test } from "bun:test";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { FIRST_PROMPT, promptAfter, promptText } from "../../src/terminal/typed-lines.ts";

/** The state after these, each `at` so many ms. */
function after(...events: [at: number, event: ConversationEvent][]) {
  return events.reduce((state, [at, event]) => promptAfter(state, event, at), FIRST_PROMPT);
}

const silent = (seconds: number) => ({ type: "silent", seconds }) as const;

test("the prompt is bare at first", () => {
  expect(promptText(FIRST_PROMPT, 0)).toBe("> ");
});

test("the prompt says when it is the other end's turn, and nothing when it is one's own", () => {
  const theirs = after([0, { type: "turn", whose: "theirs" }]);
  expect(promptText(theirs, 0)).toBe("(their turn) > ");
  expect(promptText(promptAfter(theirs, { type: "turn", whose: "mine" }, 1), 1)).toBe("> ");
});

describe("a silence", () => {
  test("is counted on from the seconds of the event", () => {
    const state = after([5_000, silent(12)]);
    expect(promptText(state, 5_000)).toBe("(no contact for 12 s) > ");
    expect(promptText(state, 6_000)).toBe("(no contact for 13 s) > ");
    expect(promptText(state, 93_000)).toBe("(no contact for 100 s) > ");
  });

  test("is counted without a gap if a timer is early or late", () => {
    const state = after([5_000, silent(12)]);
    expect(promptText(state, 5_999)).toBe("(no contact for 13 s) > ");
    expect(promptText(state, 7_400)).toBe("(no contact for 14 s) > ");
  });

  test("is as long as the last event says", () => {
    const state = after([0, silent(12)], [9_000, silent(20)]);
    expect(promptText(state, 10_000)).toBe("(no contact for 21 s) > ");
  });

  test.each([
    { type: "heard", seconds: 31 },
    { type: "joined", peer: "192.0.2.1:5000" },
    { type: "left", peer: "ana", reason: "" },
    { type: "disconnected", message: "no answer" },
    { type: "reconnected" },
    { type: "ended", reason: "lost", unsaid: [] },
  ] satisfies ConversationEvent[])("is over after %j", (event) => {
    expect(promptText(after([0, silent(12)], [1_000, event]), 1_000)).toBe("> ");
  });

  test("goes on whatever else happens", () => {
    const state = after(
      [0, silent(12)],
      [1_000, { type: "said", text: "hello" }],
      [1_000, { type: "stranger", from: "192.0.2.9:1", ignored: 1 }],
    );
    expect(promptText(state, 1_000)).toBe("(no contact for 13 s) > ");
  });

  test("hides whose turn it is while it lasts", () => {
    const state = after([0, { type: "turn", whose: "theirs" }], [0, silent(3)]);
    expect(promptText(state, 0)).toBe("(no contact for 3 s) > ");
    expect(promptText(promptAfter(state, { type: "heard", seconds: 4 }, 1_000), 1_000)).toBe(
      "(their turn) > ",
    );
  });
});

test("what does not concern the prompt leaves its state the same", () => {
  for (const event of [
    { type: "message", from: "a", text: "hello" },
    { type: "delivered", text: "hello", sequence: 1 },
    { type: "heard", seconds: 1 },
    { type: "left", peer: "a", reason: "" },
  ] satisfies ConversationEvent[]) {
    expect(promptAfter(FIRST_PROMPT, event, 1)).toBe(FIRST_PROMPT);
  }
});
