import { expect, test } from "bun:test";

import { acquireBuffer, releaseBuffer } from "../../../src/protocol/session/stream-queues.ts";

/** Lengths that no queue uses, so that none were released before. */
const LENGTH = 777;

test("the buffers released last are used first, only for their own length", () => {
  const first = new Uint8Array(LENGTH);
  const second = new Uint8Array(LENGTH);
  releaseBuffer(first);
  releaseBuffer(second);
  expect(acquireBuffer(LENGTH - 1)).toHaveLength(LENGTH - 1);
  expect(acquireBuffer(LENGTH)).toBe(second);
  expect(acquireBuffer(LENGTH)).toBe(first);
  const third = acquireBuffer(LENGTH);
  expect(third === first || third === second).toBe(false);
});

/** How many of this many released buffers are used again. */
function kept(count: number, length: number): number {
  const given = Array.from({ length: count }, () => new Uint8Array(length));
  for (const buffer of given) releaseBuffer(buffer);
  const taken = Array.from({ length: count }, () => acquireBuffer(length));
  return taken.filter((buffer) => given.some((one) => one === buffer)).length;
}

test("1 MiB of each length is kept, at least four buffers, and none that is very long", () => {
  expect(kept(1_100, 1_023)).toBe(1_026);
  expect(kept(20, 524_287)).toBe(4);
  expect(kept(1, 4 * 1_024 * 1_024)).toBe(0);
});
