import { expect, test } from "bun:test";

import {
  commitPacket,
  createPacketArena,
  type PacketArena,
  reservePacket,
  resetArena,
} from "../../../src/protocol/session/packet-arena.ts";

function take(memory: PacketArena, size: number): Uint8Array {
  return commitPacket(memory, reservePacket(memory, size), size);
}

test("every packet has memory of its own, whatever its size", () => {
  const memory = createPacketArena();
  const taken: Uint8Array[] = [];
  for (let index = 0; index < 500; index += 1) {
    const size = index % 50 === 49 ? 65_487 : 1_200;
    const given = reservePacket(memory, size);
    expect(given).toHaveLength(size);
    const packet = commitPacket(memory, given, index % 3 === 0 ? size : 700);
    packet.fill(1 + (index % 250));
    taken.push(packet);
  }
  for (const [index, packet] of taken.entries()) {
    expect(packet.every((byte) => byte === 1 + (index % 250))).toBe(true);
  }
});

test("memory that is not committed is the next packet's", () => {
  const memory = createPacketArena();
  const given = reservePacket(memory, 200);
  expect(reservePacket(memory, 200).byteOffset).toBe(given.byteOffset);
  expect(commitPacket(memory, given, 50)).toHaveLength(50);
  const next = reservePacket(memory, 200);
  expect(next.buffer).toBe(given.buffer);
  expect(next.byteOffset).toBe(given.byteOffset + 50);
});

test("memory of sent packets is used again, at most 1 MiB of it", () => {
  const memory = createPacketArena();
  const first = Array.from({ length: 20 }, () => take(memory, 65_487).buffer);
  expect(new Set(first).size).toBe(20);
  resetArena(memory);
  const again = Array.from({ length: 20 }, () => take(memory, 65_487).buffer);
  expect(again.slice(0, 16)).toEqual(first.slice(0, 16));
  expect(again.slice(16).some((buffer) => first.includes(buffer))).toBe(false);
});
