import { describe, expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import type { InputLine } from "../../src/terminal/input-lines.ts";
import { sayLines } from "../../src/terminal/piped-lines.ts";

const over = new CharlaError("CONVERSATION_OVER", "it is over", "join another one");
const tooLong = new CharlaError("MESSAGE_TOO_LONG", "that is too long", "say less");

/** A conversation in which each message is done when the test says so. */
function slowConversation() {
  const said: string[] = [];
  const going: PromiseWithResolvers<void>[] = [];
  return {
    said,
    /** The oldest message that is not done. */
    oldest: () => going.shift(),
    say(text: string): Promise<void> {
      const done = Promise.withResolvers<void>();
      said.push(text);
      going.push(done);
      return done.promise;
    },
  };
}

async function* numbered(count: number): AsyncGenerator<InputLine> {
  for (let number = 1; number <= count; number += 1) yield { number, text: `line ${number}` };
}

/** Lets everything go on that waits for nothing. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function unexpected(error: unknown): Promise<void> {
  throw error;
}

describe("lines of a pipe", () => {
  test("are said each after the one before is done, when only one may be on its way", async () => {
    const conversation = slowConversation();
    const all = sayLines(numbered(3), conversation, 1, unexpected);
    for (const said of [["line 1"], ["line 1", "line 2"], ["line 1", "line 2", "line 3"]]) {
      await settled();
      expect(conversation.said).toEqual(said);
      conversation.oldest()?.resolve();
    }
    expect(await all).toBe(true);
  });

  test("are said ahead as far as they may, and one more for each that is done", async () => {
    const conversation = slowConversation();
    void sayLines(numbered(1_000), conversation, 256, unexpected);
    await settled();
    expect(conversation.said).toHaveLength(256);
    conversation.oldest()?.resolve();
    conversation.oldest()?.resolve();
    await settled();
    expect(conversation.said).toHaveLength(258);
    expect(conversation.said.slice(-2)).toEqual(["line 257", "line 258"]);
  });

  test("are all said only when the last of them is done", async () => {
    const conversation = slowConversation();
    const ends: boolean[] = [];
    void sayLines(numbered(2), conversation, 256, unexpected).then((all) => ends.push(all));
    await settled();
    conversation.oldest()?.resolve();
    await settled();
    expect(ends).toEqual([]);
    conversation.oldest()?.resolve();
    await settled();
    expect(ends).toEqual([true]);
  });

  test("go on after one that could not be said, which is told", async () => {
    const conversation = slowConversation();
    const told: unknown[] = [];
    const all = sayLines(numbered(2), conversation, 256, async (error) => void told.push(error));
    await settled();
    conversation.oldest()?.reject(tooLong);
    conversation.oldest()?.resolve();
    expect(await all).toBe(true);
    expect(told).toEqual([tooLong]);
  });

  test("that cannot be messages are told in their place, and not said", async () => {
    const conversation = slowConversation();
    const told: unknown[] = [];
    async function* lines(): AsyncGenerator<InputLine> {
      yield { number: 1, error: tooLong };
      yield { number: 2, text: "short" };
    }
    void sayLines(lines(), conversation, 256, async (error) => void told.push(error));
    await settled();
    expect(told).toEqual([tooLong]);
    expect(conversation.said).toEqual(["short"]);
  });

  for (const ahead of [1, 256]) {
    test(`are not read further once the conversation is over, ${ahead} at once`, async () => {
      let read = 0;
      async function* endless(): AsyncGenerator<InputLine> {
        for (;;) yield { number: (read += 1), text: "more" };
      }
      const told: unknown[] = [];
      const ended = { say: () => Promise.reject(over) };
      const all = sayLines(endless(), ended, ahead, async (error) => void told.push(error));
      expect(await all).toBe(false);
      expect(read).toBe(ahead);
      expect(told).toHaveLength(ahead);
    });
  }

  test("are not all said when the conversation ends after the last was read", async () => {
    const conversation = slowConversation();
    const all = sayLines(numbered(2), conversation, 256, async () => {});
    await settled();
    conversation.oldest()?.resolve();
    conversation.oldest()?.reject(over);
    expect(await all).toBe(false);
  });
});
