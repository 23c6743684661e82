import { expect, test } from "bun:test";

import {
  type ByteQueue,
  createByteQueue,
  extend,
  forget,
  view,
} from "../../../src/protocol/session/byte-queue.ts";

function add(queue: ByteQueue, length: number, value: number): void {
  extend(queue, length).fill(value);
}

/** The value of each byte in the queue, as runs of "value x count". */
function held(queue: ByteQueue): string {
  const bytes = view(queue, queue.start, queue.end - queue.start);
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return Array.from(counts, ([value, count]) => `${value} x ${count}`).join(", ");
}

test("an empty queue has no buffer, at first and again", () => {
  const queue = createByteQueue();
  expect(queue.buffer).toBeNull();
  add(queue, 100, 1);
  forget(queue, 99);
  expect(queue.buffer).not.toBeNull();
  forget(queue, 100);
  expect(queue.buffer).toBeNull();
});

test("a buffer that was let go of is the next queue's, and what was in it is not", () => {
  const first = createByteQueue();
  add(first, 30_000, 1);
  const { buffer } = first;
  forget(first, 30_000);
  const second = createByteQueue();
  add(second, 20_000, 2);
  expect(second.buffer).toBe(buffer);
  expect(held(second)).toBe("2 x 20000");
  expect(() => view(second, 0, 20_001)).toThrow("not in the queue");
  const third = createByteQueue();
  add(third, 20_000, 3);
  expect(held(second)).toBe("2 x 20000");
});

test("what a growing queue holds stays, while others take its smaller buffers", () => {
  const queues = [createByteQueue(), createByteQueue(), createByteQueue()];
  for (let round = 0; round < 200; round += 1) {
    for (const [index, queue] of queues.entries()) add(queue, 700, index);
  }
  expect(queues.map(held)).toEqual(["0 x 140000", "1 x 140000", "2 x 140000"]);
});
