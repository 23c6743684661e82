import { expect, test } from "bun:test";

import { giveBuffer, takeBuffer } from "../../../src/wire/sealed/spare-buffers.ts";

/** Lengths that no queue asks for: nobody else has given any. */
const LENGTH = 777;

test("the buffers given last are taken again, only for their own length", () => {
  const first = new Uint8Array(LENGTH);
  const second = new Uint8Array(LENGTH);
  giveBuffer(first);
  giveBuffer(second);
  expect(takeBuffer(LENGTH - 1)).toHaveLength(LENGTH - 1);
  expect(takeBuffer(LENGTH)).toBe(second);
  expect(takeBuffer(LENGTH)).toBe(first);
  const third = takeBuffer(LENGTH);
  expect(third === first || third === second).toBe(false);
});

test("few are kept of each length, and none that is very long", () => {
  const given: Uint8Array[] = Array.from({ length: 100 }, () => new Uint8Array(LENGTH));
  for (const buffer of given) giveBuffer(buffer);
  const taken = Array.from({ length: 100 }, () => takeBuffer(LENGTH));
  expect(taken.filter((buffer) => given.includes(buffer))).toHaveLength(4);
  const long = new Uint8Array(4 * 1_024 * 1_024);
  giveBuffer(long);
  expect(takeBuffer(long.length)).not.toBe(long);
});
