import { expect, test } from "bun:test";

import {
  type ChunkQueue,
  copyTo,
  createChunkQueue,
  extend,
  forget,
  share,
} from "../../../src/protocol/session/chunk-queue.ts";
import { seededRandom } from "../../simulator/random.ts";

function add(queue: ChunkQueue, ...values: number[]): void {
  extend(queue, values.length).set(values);
}

function held(queue: ChunkQueue, offset = queue.start, length = queue.end - offset): number[] {
  const into = new Uint8Array(length + 2);
  copyTo(queue, offset, length, into, 1);
  expect([into[0], into.at(-1)]).toEqual([0, 0]);
  return [...into.subarray(1, -1)];
}

test("an empty queue has no buffer, at first and again", () => {
  const queue = createChunkQueue();
  expect(queue.chunks).toEqual([]);
  add(queue, 1, 2, 3);
  forget(queue, 2);
  expect(queue.chunks).toHaveLength(1);
  expect(held(queue)).toEqual([3]);
  forget(queue, 3);
  expect(queue.chunks).toEqual([]);
  add(queue, 4);
  expect(held(queue, 3)).toEqual([4]);
});

test("what is short goes into one buffer, one behind the other", () => {
  const queue = createChunkQueue();
  for (let value = 0; value < 100; value += 1) add(queue, value, value);
  expect(queue.chunks).toHaveLength(1);
  expect(held(queue, 3, 4)).toEqual([1, 2, 2, 3]);
});

test("what is shared is not copied, and stays when what is own is written behind it", () => {
  const [one, other] = [createChunkQueue(), createChunkQueue()];
  const bytes = new Uint8Array(128).fill(7);
  for (const queue of [one, other]) {
    add(queue, 1);
    share(queue, bytes);
    add(queue, 2);
  }
  expect(one.chunks.map((chunk) => chunk.bytes === bytes)).toEqual([false, true, false]);
  expect(held(other, 0, 3)).toEqual([1, 7, 7]);
  expect(held(other, 127)).toEqual([7, 7, 2]);
  forget(one, 129);
  expect(held(one)).toEqual([2]);
  expect(held(other, 128, 1)).toEqual([7]);
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});

test("what is shared and shorter than 128 bytes is copied", () => {
  const queue = createChunkQueue();
  for (let count = 0; count < 4; count += 1) share(queue, new Uint8Array(127).fill(count));
  expect(queue.chunks).toHaveLength(1);
  expect(held(queue, 126, 2)).toEqual([0, 1]);
});

test("bytes that were forgotten, or are not there yet, are not to be had", () => {
  const queue = createChunkQueue();
  add(queue, 1, 2, 3);
  forget(queue, 1);
  const into = new Uint8Array(8);
  expect(() => copyTo(queue, 0, 1, into, 0)).toThrow("0 to 1 is not in the queue");
  expect(() => copyTo(queue, 2, 2, into, 0)).toThrow("2 to 4 is not in the queue");
});

test("buffers grow with what is held up to 64 KiB, and further only for what is longer", () => {
  const queue = createChunkQueue();
  for (let count = 0; count < 300; count += 1) extend(queue, 1_000);
  extend(queue, 65_540);
  const lengths = queue.chunks.map(({ bytes }) => bytes.length);
  expect(lengths.slice(0, 4)).toEqual([1_024, 2_048, 8_192, 32_768]);
  expect(lengths.slice(4, -1).every((length) => length === 65_536)).toBe(true);
  expect(lengths.at(-1)).toBe(131_072);
});

test("whatever is added, read and forgotten, it is the stream", () => {
  const random = seededRandom(7);
  const queue = createChunkQueue();
  const stream: number[] = [];
  for (let step = 0; step < 2_000; step += 1) {
    const values = Array.from({ length: random.between(0, 300) }, () => random.between(0, 255));
    if (random.between(0, 1) === 0) share(queue, Uint8Array.from(values));
    else extend(queue, values.length).set(values);
    stream.push(...values);
    const offset = random.between(queue.start, queue.end);
    const length = random.between(0, queue.end - offset);
    expect(held(queue, offset, length)).toEqual(stream.slice(offset, offset + length));
    if (random.between(0, 3) === 0) forget(queue, random.between(queue.start, queue.end));
  }
  expect(queue.end).toBe(stream.length);
});
