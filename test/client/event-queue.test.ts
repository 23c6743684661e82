import { describe, expect, test } from "bun:test";

import type { PlainEvent } from "../../src/chat/events.ts";
import {
  createEventQueue,
  type EventQueueOptions,
  eventWeight,
} from "../../src/client/event-queue.ts";
import { CharlaError } from "../../src/errors.ts";

/** An event weighs 200 and its text: this one 210. */
const heard = (text: string): PlainEvent => ({ type: "message", from: "a", text });
const TEN = "0123456789";
const ENDED: PlainEvent = { type: "ended", reason: "left", unsaid: [] };
const dropping = (options: EventQueueOptions<PlainEvent> = {}) =>
  createEventQueue<PlainEvent>(eventWeight, {
    ...options,
    dropped: (count) => ({ type: "dropped", count }),
  });
const FAILURE = new CharlaError("NOBODY_LISTENING", "nobody is listening", "start it first");

/** Everything that is left to read, and what the reading ended with. */
async function readAll(events: AsyncIterable<PlainEvent>) {
  const read: PlainEvent[] = [];
  try {
    for await (const event of events) read.push(event);
    return { read, error: null };
  } catch (error) {
    return { read, error };
  }
}

async function readOne(reader: AsyncIterator<PlainEvent>) {
  const { value } = await reader.next();
  return value as unknown;
}

test("events are read in the order they happened, and end after the last", async () => {
  const queue = dropping();
  queue.push(heard("one"));
  queue.push({ type: "joined", peer: "a" });
  queue.push(heard("two"));
  queue.end(ENDED);
  expect(await readAll(queue.events)).toEqual({
    read: [heard("one"), { type: "joined", peer: "a" }, heard("two"), ENDED],
    error: null,
  });
});

test("a reader that comes first gets each event as it happens", async () => {
  const queue = dropping();
  const reader = queue.events[Symbol.asyncIterator]();
  for (const text of ["one", "two"]) {
    const next = readOne(reader);
    queue.push(heard(text));
    expect(await next).toEqual(heard(text));
  }
});

test("nothing happens after the end", async () => {
  const queue = dropping();
  queue.end(ENDED);
  queue.push(heard("late"));
  queue.end({ ...ENDED, reason: "said-bye" });
  queue.end(null, FAILURE);
  expect(await readAll(queue.events)).toEqual({ read: [ENDED], error: null });
});

test("a failure comes after all that was left to read", async () => {
  const queue = dropping();
  queue.push(heard("one"));
  queue.push(heard("two"));
  queue.end(null, FAILURE);
  queue.push(heard("late"));
  queue.end(ENDED);
  expect(await readAll(queue.events)).toEqual({
    read: [heard("one"), heard("two")],
    error: FAILURE,
  });
});

test("a reader that waits gets a failure, too", async () => {
  const queue = dropping();
  const reading = readAll(queue.events);
  queue.end(null, FAILURE);
  expect(await reading).toEqual({ read: [], error: FAILURE });
});

test("a reader may stop and go on later: nothing that happened meanwhile is lost", async () => {
  const queue = dropping();
  queue.push(heard("one"));
  for await (const event of queue.events) {
    expect(event).toEqual(heard("one"));
    break;
  }
  queue.push(heard("two"));
  queue.end(null, FAILURE);
  expect(await readAll(queue.events)).toEqual({ read: [heard("two")], error: FAILURE });
});

describe("when events come faster than they are read", () => {
  test("those past the bound are dropped, and the end says how many before it", async () => {
    // 210 and 210 reach 420: the first two are taken, the other three are not.
    const queue = dropping({ maxUnread: 420 });
    for (let count = 0; count < 5; count += 1) queue.push(heard(TEN));
    queue.end(ENDED);
    expect(await readAll(queue.events)).toEqual({
      read: [heard(TEN), heard(TEN), { type: "dropped", count: 3 }, ENDED],
      error: null,
    });
  });

  test("the event that reaches the bound is taken whole", async () => {
    const queue = dropping({ maxUnread: 421 });
    for (let count = 0; count < 5; count += 1) queue.push(heard(TEN));
    queue.end(ENDED);
    expect((await readAll(queue.events)).read).toEqual([
      heard(TEN),
      heard(TEN),
      heard(TEN),
      { type: "dropped", count: 2 },
      ENDED,
    ]);
  });

  test("the next event that there is room for says how many were dropped before it", async () => {
    const queue = dropping({ maxUnread: 420 });
    for (let count = 0; count < 5; count += 1) queue.push(heard(TEN));
    const reader = queue.events[Symbol.asyncIterator]();
    expect(await readOne(reader)).toEqual(heard(TEN));
    expect(await readOne(reader)).toEqual(heard(TEN));
    queue.push(heard("after"));
    expect(await readOne(reader)).toEqual({ type: "dropped", count: 3 });
    expect(await readOne(reader)).toEqual(heard("after"));
  });

  test("the count is of all that were ever dropped, and is said once", async () => {
    const queue = dropping({ maxUnread: 200 });
    const reader = queue.events[Symbol.asyncIterator]();
    for (const text of ["1", "2", "3"]) queue.push(heard(text));
    expect(await readOne(reader)).toEqual(heard("1"));
    queue.push(heard("4"));
    queue.push(heard("5"));
    expect(await readOne(reader)).toEqual({ type: "dropped", count: 2 });
    expect(await readOne(reader)).toEqual(heard("4"));
    queue.push(heard("6"));
    expect(await readOne(reader)).toEqual({ type: "dropped", count: 3 });
    expect(await readOne(reader)).toEqual(heard("6"));
    queue.push(heard("7"));
    expect(await readOne(reader)).toEqual(heard("7"));
  });

  test("a failure comes after the number of events that were dropped", async () => {
    const queue = dropping({ maxUnread: 200 });
    queue.push(heard("1"));
    queue.push(heard("2"));
    queue.end(null, FAILURE);
    expect(await readAll(queue.events)).toEqual({
      read: [heard("1"), { type: "dropped", count: 1 }],
      error: FAILURE,
    });
  });

  test("the end is added however full the queue is", async () => {
    const queue = dropping({ maxUnread: 200 });
    queue.push(heard(TEN));
    queue.end(ENDED);
    expect((await readAll(queue.events)).read).toEqual([heard(TEN), ENDED]);
  });

  test("16 Mi characters are held, of which an event takes 200 beside its text", async () => {
    // 83,886 events of 200 are 16,777,200, 16 characters short of 16 x 1,024 x 1,024.
    const queue = dropping();
    for (let count = 0; count < 83_890; count += 1) queue.push({ type: "joined", peer: "a" });
    queue.end(ENDED);
    const { read } = await readAll(queue.events);
    expect(read.slice(-2)).toEqual([{ type: "dropped", count: 3 }, ENDED]);
    expect(read).toHaveLength(83_887 + 2);
  });

  test("250 of the longest messages are held", async () => {
    const queue = dropping();
    const longest = "a".repeat(65_507);
    for (let count = 0; count < 250; count += 1) queue.push(heard(longest));
    queue.end(ENDED);
    expect((await readAll(queue.events)).read).toHaveLength(251);
  });
});

const keeping = (maxUnread: number) => createEventQueue<PlainEvent>(eventWeight, { maxUnread });

/** Whether the promise has resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((turn) => setImmediate(turn));
  return done;
}

describe("a queue that keeps what is past its bound", () => {
  test("drops nothing, however full it is", async () => {
    const queue = keeping(200);
    const all = ["1", "2", "3", "4", "5"].map(heard);
    for (const event of all) queue.push(event);
    queue.end(ENDED);
    expect(await readAll(queue.events)).toEqual({ read: [...all, ENDED], error: null });
  });

  test("has room at once while it is below the bound", async () => {
    const queue = keeping(401);
    expect(await isDone(queue.belowBound())).toBe(true);
    queue.push(heard(""));
    queue.push(heard(""));
    expect(await isDone(queue.belowBound())).toBe(true);
    queue.push(heard(""));
    expect(await isDone(queue.belowBound())).toBe(false);
  });

  test("has room again once the reader has taken enough, and not before", async () => {
    const queue = keeping(420);
    for (const text of ["0", "1", "2"]) queue.push(heard(text));
    const waiting = queue.belowBound();
    const reader = queue.events[Symbol.asyncIterator]();
    // 603 characters, and 402 after the first is taken.
    expect(await isDone(waiting)).toBe(false);
    expect(await readOne(reader)).toEqual(heard("0"));
    expect(await isDone(waiting)).toBe(true);
    expect(await isDone(queue.belowBound())).toBe(true);
  });

  test("tells each of several that wait", async () => {
    const queue = keeping(200);
    queue.push(heard(TEN));
    const waiting = [queue.belowBound(), queue.belowBound(), queue.belowBound()];
    expect(await isDone(Promise.any(waiting))).toBe(false);
    await readOne(queue.events[Symbol.asyncIterator]());
    expect(await isDone(Promise.all(waiting))).toBe(true);
  });

  test("waits on where a reader takes too little", async () => {
    const queue = keeping(200);
    for (let count = 0; count < 3; count += 1) queue.push(heard(TEN));
    const waiting = queue.belowBound();
    const reader = queue.events[Symbol.asyncIterator]();
    await readOne(reader);
    expect(await isDone(waiting)).toBe(false);
    await readOne(reader);
    expect(await isDone(waiting)).toBe(false);
    await readOne(reader);
    expect(await isDone(waiting)).toBe(true);
  });

  test("lets those who wait go on when it is over", async () => {
    const [ended, failed] = [keeping(200), keeping(200)];
    for (const queue of [ended, failed]) queue.push(heard(TEN));
    const waiting = [ended.belowBound(), failed.belowBound()];
    ended.end(ENDED);
    failed.end(null, FAILURE);
    expect(await isDone(Promise.all(waiting))).toBe(true);
    expect(await isDone(Promise.all([ended.belowBound(), failed.belowBound()]))).toBe(true);
    expect((await readAll(failed.events)).error).toBe(FAILURE);
  });

  test("lets those who wait go on when its bound is lifted, and drops nothing afterwards either", async () => {
    const queue = keeping(200);
    queue.push(heard("1"));
    const waiting = queue.belowBound();
    expect(await isDone(waiting)).toBe(false);
    queue.liftBound();
    expect(await isDone(waiting)).toBe(true);
    queue.push(heard("2"));
    expect(await isDone(queue.belowBound())).toBe(true);
    queue.end(ENDED);
    expect((await readAll(queue.events)).read).toEqual([heard("1"), heard("2"), ENDED]);
  });

  test("holds no more than its bound and one batch, when who pushes waits for room", async () => {
    const queue = keeping(2_000);
    let pushed = 0;
    let read = 0;
    let most = 0;
    const pushing = (async () => {
      while (pushed < 1_000) {
        queue.push(heard(`${pushed++}`));
        most = Math.max(most, pushed - read);
        await queue.belowBound();
      }
      queue.end(ENDED);
    })();
    for await (const event of queue.events) {
      if (event.type !== "message") continue;
      expect(event.text).toBe(`${read}`);
      read += 1;
    }
    await pushing;
    expect(read).toBe(1_000);
    // Ten of more than 200, and one that the reader has in its hand.
    expect(most).toBeLessThanOrEqual(11);
  });
});
