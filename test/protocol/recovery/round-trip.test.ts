import { describe, expect, test } from "bun:test";

import {
  createRoundTrip,
  forgetMinimum,
  probeTimeout,
  takeSample,
} from "../../../src/protocol/recovery/round-trip.ts";

describe("before the first sample (RFC 9002 s. 6.2.2)", () => {
  test("the round trip is assumed to be 333 ms, and the probe timeout is 1,024 ms", () => {
    const roundTrip = createRoundTrip();
    expect(roundTrip).toMatchObject({ smoothed: 333, variation: 166.5, firstSampleAt: Infinity });
    // 333 + 4 x 166.5 + 25
    expect(probeTimeout(roundTrip)).toBe(1_024);
  });

  test("a handshake's duration may be used instead, and is no sample", () => {
    const roundTrip = createRoundTrip(40);
    // 40 + 4 x 20 + 25
    expect(probeTimeout(roundTrip)).toBe(145);
    expect(roundTrip).toMatchObject({ latest: 0, minimum: 0, firstSampleAt: Infinity });
    takeSample(roundTrip, 100, 0, 500);
    expect(roundTrip).toMatchObject({ smoothed: 100, variation: 50 });
  });
});

describe("samples (RFC 9002 s. 5.3)", () => {
  test("the first replaces the assumption, whatever delay the peer reports", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 20, 1_000);
    expect(roundTrip).toEqual({
      latest: 100,
      smoothed: 100,
      variation: 50,
      minimum: 100,
      firstSampleAt: 1_000,
    });
    // 100 + 4 x 50 + 25
    expect(probeTimeout(roundTrip)).toBe(325);
  });

  test("a worked example of four samples", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 1_000);

    // 120 >= 100 + 10, so 110 counts: 3/4 x 50 + 1/4 x 10; 7/8 x 100 + 1/8 x 110.
    takeSample(roundTrip, 120, 10, 1_100);
    expect(roundTrip).toMatchObject({ latest: 120, variation: 40, smoothed: 101.25, minimum: 100 });
    // 101.25 + 160 + 25
    expect(probeTimeout(roundTrip)).toBe(286.25);

    // 80 is the new minimum, 80 < 80 + 10, so all of it counts:
    // 3/4 x 40 + 1/4 x 21.25; 7/8 x 101.25 + 1/8 x 80.
    takeSample(roundTrip, 80, 10, 1_200);
    expect(roundTrip).toMatchObject({ variation: 35.3125, smoothed: 98.59375, minimum: 80 });

    // 3/4 x 35.3125 + 1/4 x 1.40625; 7/8 x 98.59375 + 1/8 x 100.
    takeSample(roundTrip, 100, 0, 1_300);
    expect(roundTrip).toMatchObject({ variation: 26.8359375, smoothed: 98.76953125, minimum: 80 });
    expect(roundTrip.firstSampleAt).toBe(1_000);
  });

  test("a reported delay that would bring a sample below the minimum is not subtracted", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 0);
    takeSample(roundTrip, 110, 11, 0);
    // 7/8 x 100 + 1/8 x 110
    expect(roundTrip.smoothed).toBe(101.25);
  });

  test("a reported delay that brings it exactly to the minimum is subtracted", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 0);
    takeSample(roundTrip, 110, 10, 0);
    expect(roundTrip.smoothed).toBe(100);
  });

  test("at most 25 ms of a reported delay are subtracted", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 0);
    takeSample(roundTrip, 205, 90, 0);
    // 7/8 x 100 + 1/8 x 180
    expect(roundTrip.smoothed).toBe(110);
  });

  test("a reported delay below 0 counts as 0", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 0);
    takeSample(roundTrip, 100, -500, 0);
    expect(roundTrip.smoothed).toBe(100);
  });

  test("the minimum ignores the reported delay (RFC 9002 s. 5.2)", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 25, 0);
    takeSample(roundTrip, 90, 25, 0);
    takeSample(roundTrip, 95, 25, 0);
    expect(roundTrip.minimum).toBe(90);
  });

  test("after persistent congestion the newest sample is the minimum (RFC 9002 s. 5.2)", () => {
    const roundTrip = createRoundTrip();
    takeSample(roundTrip, 100, 0, 0);
    takeSample(roundTrip, 400, 0, 0);
    forgetMinimum(roundTrip);
    expect(roundTrip.minimum).toBe(400);
  });
});

test("the variation counts for at least the timer's 1 ms in a timeout (RFC 9002 s. 6.2.1)", () => {
  const roundTrip = createRoundTrip();
  takeSample(roundTrip, 0.05, 0, 0);
  // 0.05 + max(4 x 0.025, 1) + 25
  expect(probeTimeout(roundTrip)).toBe(26.05);
});
