import { describe, expect, test } from "bun:test";

import {
  countLoss,
  createLossDetection,
  createReordering,
  detectLosses,
  type LossDetection,
  LOSSES_UNTIL_FORGOTTEN,
  lossTimerAt,
  MAX_PROBE_INTERVAL,
  raiseThresholds,
} from "../../../src/protocol/recovery/loss-detection.ts";
import { createRoundTrip, type RoundTrip } from "../../../src/protocol/recovery/round-trip.ts";
import {
  acknowledgeRanges,
  createSentPackets,
  type PacketKind,
  recordSent,
  type SentPackets,
} from "../../../src/protocol/recovery/sent-packets.ts";
import { packetNumbers, toRanges } from "./sender.ts";

interface Sending {
  readonly sent: SentPackets<null>;
  readonly detection: LossDetection;
  readonly roundTrip: RoundTrip;
}

/** Packets sent at these times over a path whose round trip is 100 ms, without variation. */
function sending(times: readonly number[], kind: (number: number) => PacketKind): Sending {
  const sent = createSentPackets<null>();
  const detection = createLossDetection();
  for (const [number, time] of times.entries()) {
    recordSent(sent, kind(number), 1_200, null, time);
    if (kind(number) !== "ack-only") detection.lastElicitingAt = time;
  }
  const roundTrip = createRoundTrip();
  Object.assign(roundTrip, { latest: 100, smoothed: 100, variation: 0, firstSampleAt: -1 });
  return { sent, detection, roundTrip };
}

function eliciting(...times: number[]): Sending {
  return sending(times, () => "eliciting");
}

/** What is lost, and whether persistently, once these numbers are acknowledged. */
function after(
  { sent, detection, roundTrip }: Sending,
  numbers: readonly number[],
  now: number,
): { lost: number[]; persistent: boolean } {
  acknowledgeRanges(sent, toRanges(numbers));
  detection.largestAcknowledged = Math.max(detection.largestAcknowledged, ...numbers);
  const { lost, persistent } = detectLosses(detection, sent, roundTrip, now);
  return { lost: packetNumbers(lost), persistent };
}

function timer({ sent, detection, roundTrip }: Sending): number {
  return lossTimerAt(detection, sent, roundTrip);
}

describe("the packet threshold of 3 (RFC 9002 s. 6.1.1)", () => {
  test("a packet is lost when one sent 3 packets later has arrived", () => {
    expect(after(eliciting(0, 0, 0, 0), [3], 50).lost).toEqual([0]);
  });

  test("a packet is not lost when one sent 2 packets later has arrived", () => {
    expect(after(eliciting(0, 0, 0, 0), [2], 50).lost).toEqual([]);
  });

  test("packets between that have arrived make no difference", () => {
    expect(after(eliciting(0, 0, 0, 0), [1, 2, 3], 50).lost).toEqual([0]);
  });

  test("nothing sent after the largest acknowledged packet is lost", () => {
    expect(after(eliciting(0, 0, 0, 0, 0, 0), [3], 100_000).lost).toEqual([0, 1, 2]);
  });

  test("nothing is lost twice", () => {
    const session = eliciting(0, 0, 0, 0, 0);
    expect(after(session, [4], 50).lost).toEqual([0, 1]);
    expect(after(session, [4], 50).lost).toEqual([]);
    expect(session.sent).toMatchObject({ packetsInFlight: 2, bytesInFlight: 2_400 });
  });

  test("ACKs are never lost, for they are not sent again", () => {
    const session = sending([0, 0, 0, 0, 0, 0], (number) =>
      number === 1 ? "ack-only" : "eliciting",
    );
    expect(after(session, [5], 50).lost).toEqual([0, 2]);
  });
});

describe("the time threshold of 9/8 (RFC 9002 s. 6.1.2)", () => {
  test("a packet is lost 112.5 ms after it was sent with a round trip of 100 ms", () => {
    const session = eliciting(10, 20);
    expect(after(session, [1], 120).lost).toEqual([]);
    expect(timer(session)).toBe(122.5);
    expect(after(session, [1], 122.4).lost).toEqual([]);
    expect(after(session, [1], 122.5).lost).toEqual([0]);
    expect(timer(session)).toBe(Infinity);
  });

  test("the larger of the latest and the smoothed round trip counts", () => {
    const slower = eliciting(0, 0);
    slower.roundTrip.latest = 200;
    after(slower, [1], 120);
    expect(timer(slower)).toBe(225);
    const faster = eliciting(0, 0);
    faster.roundTrip.latest = 40;
    after(faster, [1], 40);
    expect(timer(faster)).toBe(112.5);
  });

  test("it is at least the timer's 1 ms", () => {
    const session = eliciting(10, 10);
    Object.assign(session.roundTrip, { latest: 0.05, smoothed: 0.05 });
    after(session, [1], 10.05);
    expect(timer(session)).toBe(11);
  });

  test("the timer is set for the oldest packet that is not lost", () => {
    const session = eliciting(0, 30, 40, 50);
    expect(after(session, [3], 100).lost).toEqual([0]);
    expect(timer(session)).toBe(142.5);
  });

  test("the timer never fires without a loss, whatever the rounding", () => {
    for (let step = 0; step < 1_000; step++) {
      const session = eliciting(step / 3, step / 3 + 0.1);
      Object.assign(session.roundTrip, { latest: step / 7, smoothed: step / 11 });
      after(session, [1], step / 3);
      expect(after(session, [1], timer(session)).lost).toEqual([0]);
    }
  });
});

describe("the probe timeout (RFC 9002 s. 6.2.1)", () => {
  test("is not set while nothing is in flight", () => {
    expect(timer(eliciting())).toBe(Infinity);
    const session = eliciting(0, 5);
    after(session, [0, 1], 100);
    expect(timer(session)).toBe(Infinity);
  });

  test("is not set for ACKs", () => {
    expect(timer(sending([0, 1], () => "ack-only"))).toBe(Infinity);
  });

  test("runs from the last ack-eliciting packet: 100 + max(0, 1) + 25 ms", () => {
    expect(timer(eliciting(0, 40))).toBe(166);
  });

  test("gives way to the time threshold", () => {
    const session = eliciting(0, 40, 40);
    after(session, [1], 100);
    expect(timer(session)).toBe(112.5);
  });

  test("stays the same for three timeouts, and doubles with each one after them, up to 3,000 ms", () => {
    expect(MAX_PROBE_INTERVAL).toBe(3_000);
    const session = eliciting(0);
    const intervals = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60, 6_000].map((timeouts) => {
      session.detection.timeouts = timeouts;
      return timer(session);
    });
    expect(intervals).toEqual([
      126, 126, 126, 126, 252, 504, 1_008, 2_016, 3_000, 3_000, 3_000, 3_000,
    ]);
  });

  test("is never shorter than without backoff, however slow the path", () => {
    const session = eliciting(0);
    session.roundTrip.smoothed = 5_000;
    session.detection.timeouts = 6;
    expect(timer(session)).toBe(5_026);
  });

  test("does not fire again at once when the probe could not be sent", () => {
    const session = eliciting(0);
    session.detection.timeouts = 4;
    session.detection.lastTimeoutAt = 126;
    expect(timer(session)).toBe(126 + 252);
  });
});

describe("persistent congestion (RFC 9002 s. 7.6)", () => {
  /** The round trip of the RFC's example: a probe timeout of 2 s. */
  const example = { latest: 1_000, smoothed: 1_000, variation: 243.75, firstSampleAt: 1_200 };

  test("the RFC's own example: losses over 7 s, of 6 s that are needed (s. 7.6.3)", () => {
    const session = eliciting(0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 12_000);
    Object.assign(session.roundTrip, example, { firstSampleAt: 0 });
    after(session, [0], 1_200);
    expect(after(session, [8], 12_200)).toEqual({
      lost: [1, 2, 3, 4, 5, 6, 7],
      persistent: true,
    });
  });

  test("packets sent before the first round trip was known do not count (s. 7.6.2)", () => {
    const session = eliciting(0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 12_000);
    Object.assign(session.roundTrip, example);
    after(session, [0], 1_200);
    // From 2,000 to 8,000: 6 s do not exceed 6 s.
    expect(after(session, [8], 12_200).persistent).toBe(false);
  });

  test.each([
    [378, false],
    [378.01, true],
  ])(
    "losses over %d ms, where more than 3 x 126 ms are needed, are persistent: %p",
    (span, persistent) => {
      const session = eliciting(0, span, 1_000, 1_000, 1_000);
      expect(after(session, [4], 1_100)).toEqual({ lost: [0, 1], persistent });
    },
  );

  test("a packet between that has arrived disproves it (s. 7.6.2)", () => {
    const session = eliciting(0, 200, 400, 1_000, 1_000, 1_000);
    expect(after(session, [1, 5], 1_050)).toEqual({ lost: [0, 2], persistent: false });
  });

  test("a packet between that arrived earlier disproves it, too", () => {
    const session = eliciting(0, 200, 400, 1_000, 1_000, 1_000);
    after(session, [1], 30);
    expect(after(session, [5], 1_050)).toEqual({ lost: [0, 2], persistent: false });
  });

  test("an ACK between that has arrived disproves it, too", () => {
    const session = sending([0, 200, 400, 1_000, 1_000, 1_000], (number) =>
      number === 1 ? "ack-only" : "eliciting",
    );
    expect(after(session, [1, 5], 1_050)).toEqual({ lost: [0, 2], persistent: false });
  });

  test("silences before and after a packet that has arrived are counted separately", () => {
    const session = eliciting(0, 200, 400, 800, 1_200, 1_200, 1_200, 1_200);
    expect(after(session, [1, 7], 1_250)).toEqual({ lost: [0, 2, 3, 4], persistent: true });
  });

  test("path MTU probes do not count: they may have been too long (RFC 8899 s. 3)", () => {
    const session = sending([0, 200, 400, 1_000, 1_000, 1_000, 1_000], (number) =>
      number === 2 ? "path-mtu-probe" : "eliciting",
    );
    expect(after(session, [6], 1_050)).toEqual({ lost: [0, 1, 2, 3], persistent: true });
    const ends = sending([0, 200, 400, 1_000, 1_000, 1_000], (number) =>
      number === 0 || number === 2 ? "path-mtu-probe" : "eliciting",
    );
    expect(after(ends, [5], 1_050)).toEqual({ lost: [0, 1, 2], persistent: false });
  });

  test("a single loss is not persistent, however long ago it was", () => {
    expect(after(eliciting(0, 9_000), [1], 9_100)).toEqual({ lost: [0], persistent: false });
  });
});

test("a path starts with the RFC's thresholds (RFC 9002 s. 6.1.1, 6.1.2)", () => {
  expect(createReordering()).toMatchObject({ packetThreshold: 3, timeThreshold: 1.125 });
});

test("a packet that arrives after it was declared lost raises both thresholds to what would have waited for it (s. 6.1.1)", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});

test("a smaller displacement lowers neither threshold", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  raiseThresholds(reordering, 3, 1.2);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});

test("no displacement raises the thresholds beyond 128 packets and 2 round trips (RFC 8985 s. 6.2)", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 100_000, 100_000);
  expect(reordering).toMatchObject({ packetThreshold: 128, timeThreshold: 2 });
});

test("after 16 real losses the thresholds are the RFC's again (RFC 8985 s. 6.2)", () => {
  expect(LOSSES_UNTIL_FORGOTTEN).toBe(16);
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  expect(reordering.packetThreshold).toBe(8);
  countLoss(reordering);
  expect(reordering).toMatchObject({ packetThreshold: 3, timeThreshold: 1.125 });
});

test("each packet that arrives after all restarts that count", () => {
  const reordering = createReordering();
  raiseThresholds(reordering, 7, 1.5);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  raiseThresholds(reordering, 3, 1);
  for (let loss = 0; loss < 15; loss++) countLoss(reordering);
  expect(reordering).toMatchObject({ packetThreshold: 8, timeThreshold: 1.5 });
});
