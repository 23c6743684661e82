import { expect, test } from "bun:test";

import { memoryFor, takeMemory } from "../../../src/wire/sealed/packet-memory.ts";

test("every packet has its own memory, zeroed, of any size that a datagram has", () => {
  const taken: Uint8Array[] = [];
  for (let index = 0; index < 500; index += 1) {
    const size = index % 50 === 49 ? 65_487 : 1_200;
    const memory = memoryFor(size);
    expect(memory).toHaveLength(size);
    expect(memory.every((byte) => byte === 0)).toBe(true);
    const packet = takeMemory(memory, index % 3 === 0 ? size : 700);
    packet.fill(1 + (index % 250));
    taken.push(packet);
  }
  for (const [index, packet] of taken.entries()) {
    expect(packet.every((byte) => byte === 1 + (index % 250))).toBe(true);
  }
});

test("what is not taken is the next packet's", () => {
  // The piece is full: the next packet begins another.
  takeMemory(memoryFor(65_487), 65_487);
  const memory = memoryFor(200);
  expect(memoryFor(200).byteOffset).toBe(memory.byteOffset);
  expect(takeMemory(memory, 50)).toHaveLength(50);
  const next = memoryFor(200);
  expect(next.buffer).toBe(memory.buffer);
  expect(next.byteOffset).toBe(memory.byteOffset + 50);
});
