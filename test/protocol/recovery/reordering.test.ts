import { expect, test } from "bun:test";

import {
  countLoss,
  createReordering,
  LOSSES_UNTIL_FORGOTTEN,
  raiseThresholds,
} from "../../../src/protocol/recovery/reordering.ts";

test("a path is trusted with the RFC's thresholds at first (RFC 9002 s. 6.1.1, 6.1.2)", () => {
  expect(createReordering()).toMatchObject({ packetThreshold: 3, timeThreshold: 1.125 });
});

test("a packet that came after all raises both to what would have waited (s. 6.1.1)", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});

test("a smaller displacement lowers neither", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  raiseThresholds(reordering, 3, 1.2);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});

test("no displacement raises them beyond 128 packets and 2 round trips (RFC 8985 s. 6.2)", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 100_000, 100_000);
  expect(reordering).toMatchObject({ packetThreshold: 128, timeThreshold: 2 });
});

test("after 16 losses that were real they are the RFC's again (RFC 8985 s. 6.2)", () => {
  expect(LOSSES_UNTIL_FORGOTTEN).toBe(16);
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  expect(reordering.packetThreshold).toBe(8);
  countLoss(reordering);
  expect(reordering).toMatchObject({ packetThreshold: 3, timeThreshold: 1.125 });
});

test("each packet that comes after all starts that count anew", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  raiseThresholds(reordering, 3, 1);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});
