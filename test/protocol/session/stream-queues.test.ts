import { describe, expect, test } from "bun:test";

import {
  appendShared,
  type ByteQueue,
  type ChunkQueue,
  copyFromChunks,
  createByteQueue,
  createChunkQueue,
  discardBytes,
  discardChunks,
  extendBytes,
  extendChunks,
  viewBytes,
} from "../../../src/protocol/session/stream-queues.ts";
import { seededRandom } from "../../simulator/random.ts";

function fillBytes(queue: ByteQueue, length: number, value: number): void {
  extendBytes(queue, length).fill(value);
}

/** The value of each byte in the queue, as runs of "value x count". */
function bytesIn(queue: ByteQueue): string {
  const bytes = viewBytes(queue, queue.start, queue.end - queue.start);
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return Array.from(counts, ([value, count]) => `${value} x ${count}`).join(", ");
}

function addBytes(queue: ChunkQueue, ...values: number[]): void {
  extendChunks(queue, values.length).set(values);
}

function chunkBytes(
  queue: ChunkQueue,
  offset = queue.start,
  length = queue.end - offset,
): number[] {
  const into = new Uint8Array(length + 2);
  copyFromChunks(queue, offset, length, into, 1);
  expect([into[0], into.at(-1)]).toEqual([0, 0]);
  return [...into.subarray(1, -1)];
}

describe("a queue of bytes", () => {
  test("an empty queue has no buffer, neither a new one nor one that was emptied", () => {
    const queue = createByteQueue();
    expect(queue.buffer).toBeNull();
    fillBytes(queue, 100, 1);
    discardBytes(queue, 99);
    expect(queue.buffer).not.toBeNull();
    discardBytes(queue, 100);
    expect(queue.buffer).toBeNull();
  });

  test("a released buffer is used by the next queue, which does not see its old content", () => {
    const first = createByteQueue();
    fillBytes(first, 30_000, 1);
    const { buffer } = first;
    discardBytes(first, 30_000);
    const second = createByteQueue();
    fillBytes(second, 20_000, 2);
    expect(second.buffer).toBe(buffer);
    expect(bytesIn(second)).toBe("2 x 20000");
    expect(() => viewBytes(second, 0, 20_001)).toThrow("not in the queue");
    const third = createByteQueue();
    fillBytes(third, 20_000, 3);
    expect(bytesIn(second)).toBe("2 x 20000");
  });

  test("a growing queue keeps its content while others reuse its smaller buffers", () => {
    const queues = [createByteQueue(), createByteQueue(), createByteQueue()];
    for (let round = 0; round < 200; round += 1) {
      for (const [index, queue] of queues.entries()) fillBytes(queue, 700, index);
    }
    expect(queues.map(bytesIn)).toEqual(["0 x 140000", "1 x 140000", "2 x 140000"]);
  });
});

describe("a queue of chunks", () => {
  test("an empty queue has no buffer, neither a new one nor one that was emptied", () => {
    const queue = createChunkQueue();
    expect(queue.chunks).toEqual([]);
    addBytes(queue, 1, 2, 3);
    discardChunks(queue, 2);
    expect(queue.chunks).toHaveLength(1);
    expect(chunkBytes(queue)).toEqual([3]);
    discardChunks(queue, 3);
    expect(queue.chunks).toEqual([]);
    addBytes(queue, 4);
    expect(chunkBytes(queue, 3)).toEqual([4]);
  });

  test("short extensions go into one buffer, one behind the other", () => {
    const queue = createChunkQueue();
    for (let value = 0; value < 100; value += 1) addBytes(queue, value, value);
    expect(queue.chunks).toHaveLength(1);
    expect(chunkBytes(queue, 3, 4)).toEqual([1, 2, 2, 3]);
  });

  test("shared bytes are not copied, and stay when the queue's own bytes are written behind them", () => {
    const [one, other] = [createChunkQueue(), createChunkQueue()];
    const bytes = new Uint8Array(128).fill(7);
    for (const queue of [one, other]) {
      addBytes(queue, 1);
      appendShared(queue, bytes);
      addBytes(queue, 2);
    }
    expect(one.chunks.map((chunk) => chunk.bytes === bytes)).toEqual([false, true, false]);
    expect(chunkBytes(other, 0, 3)).toEqual([1, 7, 7]);
    expect(chunkBytes(other, 127)).toEqual([7, 7, 2]);
    discardChunks(one, 129);
    expect(chunkBytes(one)).toEqual([2]);
    expect(chunkBytes(other, 128, 1)).toEqual([7]);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
  });

  test("shared bytes are copied when they are fewer than 128", () => {
    const queue = createChunkQueue();
    for (let count = 0; count < 4; count += 1) appendShared(queue, new Uint8Array(127).fill(count));
    expect(queue.chunks).toHaveLength(1);
    expect(chunkBytes(queue, 126, 2)).toEqual([0, 1]);
  });

  test("reading bytes that were discarded or not appended yet throws", () => {
    const queue = createChunkQueue();
    addBytes(queue, 1, 2, 3);
    discardChunks(queue, 1);
    const into = new Uint8Array(8);
    expect(() => copyFromChunks(queue, 0, 1, into, 0)).toThrow("0 to 1 is not in the queue");
    expect(() => copyFromChunks(queue, 2, 2, into, 0)).toThrow("2 to 4 is not in the queue");
  });

  test("buffers grow with the queue up to 64 KiB, and further only for a longer extension", () => {
    const queue = createChunkQueue();
    for (let count = 0; count < 300; count += 1) extendChunks(queue, 1_000);
    extendChunks(queue, 65_540);
    const lengths = queue.chunks.map(({ bytes }) => bytes.length);
    expect(lengths.slice(0, 4)).toEqual([1_024, 2_048, 8_192, 32_768]);
    expect(lengths.slice(4, -1).every((length) => length === 65_536)).toBe(true);
    expect(lengths.at(-1)).toBe(131_072);
  });

  test("any sequence of appending, reading and discarding yields the stream", () => {
    const random = seededRandom(7);
    const queue = createChunkQueue();
    const stream: number[] = [];
    for (let step = 0; step < 2_000; step += 1) {
      const values = Array.from({ length: random.between(0, 300) }, () => random.between(0, 255));
      if (random.between(0, 1) === 0) appendShared(queue, Uint8Array.from(values));
      else extendChunks(queue, values.length).set(values);
      stream.push(...values);
      const offset = random.between(queue.start, queue.end);
      const length = random.between(0, queue.end - offset);
      expect(chunkBytes(queue, offset, length)).toEqual(stream.slice(offset, offset + length));
      if (random.between(0, 3) === 0) discardChunks(queue, random.between(queue.start, queue.end));
    }
    expect(queue.end).toBe(stream.length);
  });
});
