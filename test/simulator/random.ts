// Randomness from a seed: the same seed gives the same run.

import { createCipheriv } from "node:crypto";

export interface SeededRandom {
  /** 0 up to, not including, 1. */
  fraction(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  bytes(length: number): Uint8Array;
}

/** How many bytes of key stream are made at a time. */
const BLOCK = 4_096;

/** AES-128 in counter mode under the seed: even, fast, and the same on every machine. */
export function seededRandom(seed: number): SeededRandom {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setFloat64(0, seed);
  const cipher = createCipheriv("aes-128-ctr", key, new Uint8Array(16));
  const zeros = new Uint8Array(BLOCK);
  let block = cipher.update(zeros);
  let at = 0;

  function bytes(length: number): Uint8Array {
    const made = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (at === BLOCK) {
        block = cipher.update(zeros);
        at = 0;
      }
      const piece = block.subarray(at, at + Math.min(length - filled, BLOCK - at));
      made.set(piece, filled);
      filled += piece.length;
      at += piece.length;
    }
    return made;
  }

  function fraction(): number {
    const [a = 0, b = 0, c = 0, d = 0] = bytes(4);
    return (a * 0x1_00_00_00 + b * 0x1_00_00 + c * 0x1_00 + d) / 0x1_0000_0000;
  }
  return {
    fraction,
    between: (low, high) => low + Math.floor(fraction() * (high - low + 1)),
    chance: (probability) => fraction() < probability,
    bytes,
  };
}
