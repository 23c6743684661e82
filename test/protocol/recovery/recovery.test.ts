import { describe, expect, test } from "bun:test";

import { mtuSearch } from "../../../src/protocol/recovery/path-mtu.ts";
import { sendableAt } from "../../../src/protocol/recovery/path.ts";
import {
  ackReceived,
  changePath,
  createRecovery,
  datagramRefused,
  nextMtuProbeSize,
  packetSent,
  recoveryTimerAt,
  timerFired,
} from "../../../src/protocol/recovery/recovery.ts";
import { isMeasured } from "../../../src/protocol/recovery/round-trip.ts";
import {
  acknowledge,
  fixedWindow,
  lostByTimer,
  packetNumbers,
  sendAt,
  type Sender,
  upTo,
} from "./sender.ts";

/** A sender whose packet 0 took 100 ms there and back; now is 100. */
function acquainted(): Sender {
  const sender = createRecovery<string>({ mtuSearch });
  sendAt(sender, [0]);
  acknowledge(sender, [0], 100);
  return sender;
}

/** Packet 1 was overtaken by 4 and declared lost at 200 ms. */
function overtaken(): Sender {
  const sender = acquainted();
  sendAt(sender, [100, 100, 100, 100]);
  expect(packetNumbers(acknowledge(sender, [2, 3, 4], 200).lost)).toEqual([1]);
  return sender;
}

/** Puts as many datagrams in flight as window and pacer admit, at one time. */
function fill(sender: Sender, now: number): number {
  let count = 0;
  while (count < 10_000 && sendableAt(sender, 1_200, now) <= now) {
    sendAt(sender, [now]);
    count += 1;
  }
  return count;
}

test("the pseudocode of RFC 9002 A and B, step by step", () => {
  const sender = createRecovery<string>({ mtuSearch });
  const { congestion, detection, roundTrip } = sender.path;

  // A.4, B.3: nothing in flight, no timer, ten datagrams of window.
  expect(recoveryTimerAt(sender)).toBe(Infinity);
  expect(congestion).toMatchObject({ window: 12_000, phase: "slow-start" });

  // A.5: packet 0. The timer is the probe timeout: 333 + 4 x 166.5 + 25.
  sendAt(sender, [0]);
  expect(recoveryTimerAt(sender)).toBe(1_024);
  expect(sender.sent.bytesInFlight).toBe(1_200);

  // A.7: its ACK, the first sample of 100 ms. Nothing is in flight, so there is no timer (A.8).
  expect(packetNumbers(acknowledge(sender, [0], 100).acknowledged)).toEqual([0]);
  expect(roundTrip).toMatchObject({ latest: 100, smoothed: 100, variation: 50, minimum: 100 });
  expect(recoveryTimerAt(sender)).toBe(Infinity);

  // A.5: packets 1 to 5. The timer runs from the last: 104 + 100 + 4 x 50 + 25.
  sendAt(sender, [100, 101, 102, 103, 104]);
  expect(sender.sent.bytesInFlight).toBe(6_000);
  expect(recoveryTimerAt(sender)).toBe(429);

  // A.7: an ACK of 5 alone. A sample of 100: the variation is 3/4 x 50. A.10: 1 and 2 are 3 packets
  // behind; 3 is lost 9/8 x 100 after it was sent.
  const outcome = acknowledge(sender, [5], 204);
  expect(packetNumbers(outcome.acknowledged)).toEqual([5]);
  expect(packetNumbers(outcome.lost)).toEqual([1, 2]);
  expect(roundTrip).toMatchObject({ smoothed: 100, variation: 37.5 });
  expect(detection.largestAcknowledged).toBe(5);
  expect(recoveryTimerAt(sender)).toBe(214.5);
  // B.8, B.6: half the window; packet 5 was sent before and does not grow it (B.5).
  expect(congestion).toMatchObject({ window: 6_000, phase: "recovery" });
  expect(sender.sent.bytesInFlight).toBe(2_400);

  // A.9: the timer finds 3; it was sent before the recovery period, so the window stays.
  expect(timerFired(sender, 214.4)).toEqual({ type: "too-early" });
  expect(lostByTimer(sender, 214.5)).toEqual([3]);
  expect(recoveryTimerAt(sender)).toBe(215.5);
  expect(congestion.window).toBe(6_000);

  // A.7: 4 arrives. It is not the largest, so there is no sample (s. 5.1).
  expect(packetNumbers(acknowledge(sender, [4, 5], 215).acknowledged)).toEqual([4]);
  expect(roundTrip).toMatchObject({ latest: 100, variation: 37.5 });
  expect(recoveryTimerAt(sender)).toBe(Infinity);
  expect(sender.sent.bytesInFlight).toBe(0);

  // Packet 6 is not answered. A.8: 220 + 100 + 4 x 37.5 + 25.
  sendAt(sender, [220]);
  expect(recoveryTimerAt(sender)).toBe(495);
  // A.9: a probe timeout declares nothing lost; the next one is as long, and not twice as in A.8.
  const probe = timerFired(sender, 495);
  expect(probe).toMatchObject({ type: "probe", datagrams: 2, oldest: [{ number: 6 }] });
  sendAt(sender, [495, 495]);
  expect(sender.sent.bytesInFlight).toBe(3_600);
  expect(recoveryTimerAt(sender)).toBe(495 + 275);

  // A.7: probe 8 arrives, held back for 20 ms: 600 - 495 - 20 is less than the minimum, so 105
  // counts as it is. The backoff is over. Packet 6 is old enough to be lost (A.10), 7 is not.
  const answer = acknowledge(sender, [8], 600, 20);
  expect(packetNumbers(answer.lost)).toEqual([6]);
  expect(roundTrip).toMatchObject({ smoothed: 100.625, variation: 29.375 });
  expect(detection.timeouts).toBe(0);
  // 495 + 9/8 x 105; a new recovery period for 6, which was sent in the one before.
  expect(recoveryTimerAt(sender)).toBe(613.125);
  expect(congestion).toMatchObject({ window: 4_800, phase: "recovery" });
});

describe("a round trip is sampled (RFC 9002 s. 5.1)", () => {
  test("when the largest acknowledged packet is newly acknowledged", () => {
    const sender = acquainted();
    sendAt(sender, [100, 100]);
    acknowledge(sender, [2], 300);
    expect(sender.path.roundTrip.latest).toBe(200);
    acknowledge(sender, [1, 2], 400);
    expect(sender.path.roundTrip.latest).toBe(200);
  });

  test("when an ACK of ours is the largest, but an ack-eliciting packet is acknowledged too", () => {
    const sender = acquainted();
    sendAt(sender, [100]);
    packetSent(sender, "ack-only", 40, "ack", 150);
    acknowledge(sender, [1, 2], 240);
    expect(sender.path.roundTrip.latest).toBe(90);
  });

  test("not when only ACKs of ours are acknowledged, which the peer may delay at will", () => {
    const sender = acquainted();
    sendAt(sender, [100]);
    packetSent(sender, "ack-only", 40, "ack", 150);
    acknowledge(sender, [2], 240);
    expect(sender.path.roundTrip.latest).toBe(100);
  });

  test("less the delay that the peer reports, of at most 25 ms (s. 5.3)", () => {
    const sender = acquainted();
    sendAt(sender, [100]);
    acknowledge(sender, [1], 240, 500);
    // 7/8 x 100 + 1/8 x (140 - 25)
    expect(sender.path.roundTrip.smoothed).toBe(101.875);
  });
});

describe("probes of a silent peer (RFC 9002 s. 6.2)", () => {
  test("are sent four times every 1,024 ms, then after twice as long, then every 3 s while the silence lasts", () => {
    const sender = createRecovery<string>({ mtuSearch });
    sendAt(sender, [0]);
    const times: number[] = [];
    for (let now = recoveryTimerAt(sender); now < 30_000; now = recoveryTimerAt(sender)) {
      times.push(now);
      expect(timerFired(sender, now).type).toBe("probe");
      sendAt(sender, [now, now]);
    }
    const last = 4 * 1_024 + 2 * 1_024;
    expect(times).toEqual([
      ...upTo(1, 4).map((count) => count * 1_024),
      ...upTo(0, 7).map((count) => last + count * 3_000),
    ]);
  });

  test("notice within 3 s a link that returns after 30 s of silence, and everything is sent at once", () => {
    const sender = acquainted();
    sendAt(sender, [100, 100, 100]);
    let now = recoveryTimerAt(sender);
    for (; now < 30_000; now = recoveryTimerAt(sender)) {
      timerFired(sender, now);
      sendAt(sender, [now, now]);
    }
    timerFired(sender, now);
    sendAt(sender, [now, now]);
    expect(now).toBeLessThan(33_000);
    const { lost } = acknowledge(sender, [sender.sent.nextNumber - 1], now + 150);
    expect(packetNumbers(lost)).toEqual(upTo(1, sender.sent.nextNumber - 3));
    // Persistent congestion: four datagrams, but in slow start (s. 7.6.2), and a new minimum (s. 5.2).
    expect(sender.path.congestion).toMatchObject({ window: 4_800, phase: "slow-start" });
    expect(sender.path.roundTrip).toMatchObject({ smoothed: 106.25, variation: 50, minimum: 150 });
    // The other probe is lost 9/8 x 150 after it was sent, not 3 s.
    expect(recoveryTimerAt(sender)).toBe(now + 168.75);
    expect(lostByTimer(sender, now + 168.75)).toEqual([sender.sent.nextNumber - 2]);
    sendAt(sender, [now + 170]);
    // 106.25 + 4 x 50 + 25
    expect(recoveryTimerAt(sender)).toBe(now + 170 + 331.25);
  });

  test("carry what is in flight longest, and declare nothing lost", () => {
    const sender = acquainted();
    sendAt(sender, [100, 101, 102]);
    const outcome = timerFired(sender, recoveryTimerAt(sender));
    expect(outcome).toMatchObject({
      type: "probe",
      datagrams: 2,
      oldest: [{ content: "packet 1" }, { content: "packet 2" }],
    });
    expect(sender.sent.packetsInFlight).toBe(3);
  });

  test("are one PING when only a path MTU probe is in flight", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    expect(timerFired(sender, recoveryTimerAt(sender))).toEqual({
      type: "probe",
      datagrams: 1,
      oldest: [],
    });
  });

  test("need not be sent for the timer to advance", () => {
    const sender = acquainted();
    sendAt(sender, [100]);
    for (let fired = 0; fired < 10; fired++) {
      const now = recoveryTimerAt(sender);
      timerFired(sender, now);
      expect(recoveryTimerAt(sender)).toBeGreaterThanOrEqual(now + 325);
    }
  });

  test("end after 1,024 when the record is full, which bounds what a peer can make us keep", () => {
    const controller = fixedWindow(1e9);
    const sender = createRecovery<string>({ mtuSearch, controller: () => controller });
    for (let count = 0; count < 8_192; count++) sendAt(sender, [0], 10);
    let probes = 0;
    for (let timeouts = 0; timeouts < 600; timeouts++) {
      const now = recoveryTimerAt(sender);
      const outcome = timerFired(sender, now);
      const datagrams = outcome.type === "probe" ? outcome.datagrams : 0;
      for (let count = 0; count < datagrams; count++) sendAt(sender, [now], 10);
      probes += datagrams;
      expect(recoveryTimerAt(sender)).toBeGreaterThan(now);
    }
    expect(probes).toBe(1_024);
  });

  test("are sent though the window is full, and count as in flight (s. 7.5)", () => {
    const sender = acquainted();
    expect(fill(sender, 100)).toBe(10);
    const now = recoveryTimerAt(sender);
    timerFired(sender, now);
    sendAt(sender, [now, now]);
    expect(sender.sent.bytesInFlight).toBe(14_400);
    expect(sendableAt(sender, 1_200, now)).toBe(Infinity);
  });
});

describe("a peer that breaks the protocol (RFC 9000 s. 13.1)", () => {
  test("acknowledges a packet that was never sent, and nothing changes", () => {
    const sender = acquainted();
    sendAt(sender, [100, 100]);
    expect(ackReceived(sender, [{ smallest: 0, largest: 3 }], 0, 200)).toBeNull();
    expect(sender.sent.packetsInFlight).toBe(2);
    expect(packetNumbers(acknowledge(sender, [0, 1, 2], 200).acknowledged)).toEqual([1, 2]);
  });

  test("acknowledges before anything was sent", () => {
    const sender = createRecovery<string>({ mtuSearch });
    expect(ackReceived(sender, [{ smallest: 0, largest: 0 }], 0, 0)).toBeNull();
  });

  test("may repeat an old ACK as often as it likes without effect", () => {
    const sender = acquainted();
    sendAt(sender, [100]);
    timerFired(sender, recoveryTimerAt(sender));
    const before = recoveryTimerAt(sender);
    for (let now = 500; now < 600; now++) {
      expect(acknowledge(sender, [0], now)).toEqual({
        acknowledged: [],
        revived: [],
        lost: [],
      });
    }
    expect(recoveryTimerAt(sender)).toBe(before);
    expect(sender.path.detection.timeouts).toBe(1);
  });
});

describe("a packet that was declared lost and arrives after all (RFC 9002 A.1)", () => {
  test("is reported with its content, once", () => {
    const sender = overtaken();
    const { acknowledged, revived } = acknowledge(sender, [1, 2, 3, 4], 220);
    expect(acknowledged).toEqual([]);
    expect(revived).toMatchObject([{ number: 1, content: "packet 1", status: "acknowledged" }]);
    expect(acknowledge(sender, [1, 2, 3, 4], 230).revived).toEqual([]);
  });

  test("leaves the bytes in flight at 0", () => {
    const sender = overtaken();
    acknowledge(sender, [1, 2, 3, 4], 220);
    expect(sender.sent).toMatchObject({ bytesInFlight: 0, packetsInFlight: 0 });
  });

  test("restores the window (RFC 9438 s. 4.9.2)", () => {
    const sender = overtaken();
    expect(sender.path.congestion.window).toBe(6_000);
    acknowledge(sender, [1, 2, 3, 4], 220);
    expect(sender.path.congestion).toMatchObject({ window: 12_000, phase: "slow-start" });
  });

  test("makes the sender wait for as much reordering from now on (s. 6.1.1)", () => {
    const sender = overtaken();
    acknowledge(sender, [1, 2, 3, 4], 220);
    // It was 3 behind and took 120 ms of a round trip of 100.
    expect(sender.path.detection.reordering).toMatchObject({
      packetThreshold: 4,
      timeThreshold: 1.2,
    });
    sendAt(sender, [300, 300, 300, 300]);
    expect(acknowledge(sender, [6, 7, 8], 400).lost).toEqual([]);
    expect(recoveryTimerAt(sender)).toBe(420);
  });

  test("ends the backoff, for the peer answers", () => {
    const sender = overtaken();
    sendAt(sender, [200]);
    timerFired(sender, recoveryTimerAt(sender));
    expect(sender.path.detection.timeouts).toBe(1);
    acknowledge(sender, [1, 2, 3, 4], 600);
    expect(sender.path.detection.timeouts).toBe(0);
  });

  test("is forgotten after 3 probe timeouts", () => {
    const sender = overtaken();
    sendAt(sender, [1_400]);
    acknowledge(sender, [5], 1_500);
    expect(sender.lost).toEqual([]);
    expect(acknowledge(sender, upTo(1, 5), 1_501).revived).toEqual([]);
  });

  test("is one of at most 256 that are remembered", () => {
    const sender = acquainted();
    sendAt(
      sender,
      upTo(1, 400).map(() => 100),
    );
    expect(acknowledge(sender, [400], 200).lost).toHaveLength(397);
    expect(sender.lost).toHaveLength(256);
    const { revived } = acknowledge(sender, upTo(1, 400), 201);
    expect(packetNumbers(revived)).toEqual(upTo(142, 397));
  });
});

describe("the window", () => {
  test("admits ten datagrams at first, and then none until one is acknowledged", () => {
    const sender = createRecovery<string>({ mtuSearch });
    expect(fill(sender, 0)).toBe(10);
    expect(sendableAt(sender, 1_200, 1_000_000)).toBe(Infinity);
    expect(sendableAt(sender, 1, 1_000_000)).toBe(Infinity);
  });

  test("doubles each round trip while it is used (RFC 9002 s. 7.3.1)", () => {
    const sender = createRecovery<string>({ mtuSearch });
    fill(sender, 0);
    acknowledge(sender, upTo(0, 9), 100);
    expect(sender.path.congestion.window).toBe(24_000);
  });

  test("does not grow while it is not used (RFC 9002 s. 7.8)", () => {
    const sender = createRecovery<string>({ mtuSearch });
    for (let now = 0; now < 10_000; now += 100) {
      for (let count = 0; count < 9; count++) {
        expect(sendableAt(sender, 1_200, now)).toBe(now);
        sendAt(sender, [now]);
      }
      acknowledge(sender, upTo(sender.sent.nextNumber - 9, sender.sent.nextNumber - 1), now + 50);
    }
    expect(sender.path.congestion.window).toBe(12_000);
  });

  test("grows for packets in flight when others were held back, not for packets sent since", () => {
    const sender = createRecovery<string>({ mtuSearch });
    fill(sender, 0);
    acknowledge(sender, upTo(0, 9), 100);
    sendAt(sender, [100, 100]);
    acknowledge(sender, upTo(0, 11), 200);
    expect(sender.path.congestion.window).toBe(24_000);
  });

  test("grows when pacing holds packets back, from half a window on (RFC 9002 s. 7.8)", () => {
    const sender = createRecovery<string>({ mtuSearch });
    fill(sender, 0);
    acknowledge(sender, upTo(0, 9), 100);
    expect(fill(sender, 100)).toBe(10);
    // 12,000 of 24,000 bytes: the window has room, the bucket has not.
    expect(sendableAt(sender, 1_200, 100)).toBeGreaterThan(100);
    expect(sendableAt(sender, 1_200, 100)).toBeLessThan(105);
    acknowledge(sender, upTo(10, 19), 200);
    expect(sender.path.congestion.window).toBe(36_000);
  });

  test("is the initial one again after idleness (RFC 5681 s. 4.1)", () => {
    const sender = createRecovery<string>({ mtuSearch });
    fill(sender, 0);
    acknowledge(sender, upTo(0, 9), 100);
    expect(sendableAt(sender, 1_200, 300)).toBe(300);
    expect(sender.path.congestion.window).toBe(24_000);
    // 0 + 100 + 200 + 25 ms after the last packet it was still right.
    expect(sendableAt(sender, 1_200, 326)).toBe(326);
    expect(sender.path.congestion.window).toBe(12_000);
  });

  test("admits one datagram when nothing is in flight, or nothing ever would be", () => {
    const sender = createRecovery<string>({ mtuSearch });
    expect(sendableAt(sender, 60_000, 0)).toBe(0);
  });

  test("may be another controller's", () => {
    const controller = fixedWindow(3_600);
    const sender = createRecovery<string>({ mtuSearch, controller: () => controller });
    expect(fill(sender, 0)).toBe(3);
  });

  test("admits no more than 8,192 packets, however large it is", () => {
    const controller = fixedWindow(1e9);
    const sender = createRecovery<string>({ mtuSearch, controller: () => controller });
    changePath(sender, 0, 1);
    for (let count = 0; count < 8_192; count++) sendAt(sender, [0], 10);
    expect(sendableAt(sender, 10, 0)).toBe(Infinity);
    acknowledge(sender, [0], 1);
    expect(sendableAt(sender, 10, 1)).toBe(1);
  });
});

describe("the path's MTU (RFC 8899)", () => {
  test("is at most what both ends can take", () => {
    const sender = createRecovery<string>({ mtuSearch, datagramLimit: 1_300 });
    expect(nextMtuProbeSize(sender, 0)).toBe(1_300);
  });

  test("is found during traffic, and the next datagrams may be as long", () => {
    const sender = acquainted();
    for (const size of [1_372, 1_452, 1_472]) {
      expect(nextMtuProbeSize(sender, 100)).toBe(size);
      packetSent(sender, "path-mtu-probe", size, "padding", 100);
      acknowledge(sender, [sender.sent.nextNumber - 1], 200);
      expect(sender.path.mtu.size).toBe(size);
    }
    // 8,952 bytes wait for a window of twice that.
    expect(nextMtuProbeSize(sender, 200)).toBeNull();
    expect(sender.path.congestion.window).toBe(12_000);
  });

  test("that the local system refuses is not tried again", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    datagramRefused(sender, 1_372);
    expect(sender.path.mtu.size).toBe(1_200);
    expect(nextMtuProbeSize(sender, 100)).toBe(1_286);
  });

  test("a lost probe is no sign of congestion (RFC 8899 s. 3, RFC 9000 s. 14.4)", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    sendAt(sender, [100, 100, 100]);
    expect(packetNumbers(acknowledge(sender, [2, 3, 4], 200).lost)).toEqual([1]);
    expect(sender.path.congestion).toMatchObject({ window: 12_000, phase: "slow-start" });
    expect(sender.sent.bytesInFlight).toBe(0);
    expect(nextMtuProbeSize(sender, 200)).toBe(1_372);
  });

  test("a probe that was declared lost and arrives after all proves its size", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    sendAt(sender, [100, 100, 100]);
    acknowledge(sender, [2, 3, 4], 200);
    expect(packetNumbers(acknowledge(sender, upTo(1, 4), 210).revived)).toEqual([1]);
    expect(sender.path.mtu.size).toBe(1_372);
    expect(nextMtuProbeSize(sender, 210)).toBe(1_452);
  });

  test("a black hole returns it to 1,200 bytes (RFC 8899 s. 4.3)", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    acknowledge(sender, [1], 200);
    expect(sender.path.mtu.size).toBe(1_372);
    let now = 200;
    let rounds = 0;
    for (; sender.path.mtu.size > 1_200; rounds++) {
      sendAt(sender, [now], 1_372);
      sendAt(sender, [now + 20], 80);
      now += 120;
      const { acknowledged, lost } = acknowledge(sender, [sender.sent.nextNumber - 1], now);
      expect([acknowledged.length, lost.length]).toEqual([1, 1]);
    }
    expect(rounds).toBe(3);
    expect(nextMtuProbeSize(sender, now)).toBeNull();
  });

  test("congestion that loses some long datagrams does not change it", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    acknowledge(sender, [1], 200);
    for (let now = 200; now < 5_000; now += 120) {
      sendAt(sender, [now, now, now, now], 1_372);
      const last = sender.sent.nextNumber - 1;
      expect(acknowledge(sender, [last - 2, last - 1, last], now + 100).lost).toHaveLength(1);
    }
    expect(sender.path.mtu.size).toBe(1_372);
  });

  test("an interruption of 30 s does not change it", () => {
    const sender = acquainted();
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    acknowledge(sender, [1], 200);
    sendAt(sender, upTo(200, 209), 1_372);
    let now = 0;
    while (now < 30_000) {
      now = recoveryTimerAt(sender);
      timerFired(sender, now);
      sendAt(sender, [now, now], 80);
    }
    acknowledge(sender, [sender.sent.nextNumber - 1], now + 100);
    expect(sender.sent.packetsInFlight).toBe(1);
    expect(sender.path.mtu.size).toBe(1_372);
  });
});

describe("another path (RFC 9000 s. 9.4)", () => {
  test("starts without any estimate, and everything in flight has to be sent again", () => {
    const sender = acquainted();
    sendAt(sender, [100, 100]);
    packetSent(sender, "path-mtu-probe", 1_372, "padding", 100);
    acknowledge(sender, [3], 200);
    expect(sender.path.mtu.size).toBe(1_372);
    expect(changePath(sender, 210).map(({ content }) => content)).toEqual(["packet 1", "packet 2"]);
    expect(sender.path.roundTrip).toMatchObject({ smoothed: 333, firstSampleAt: Infinity });
    expect(isMeasured(sender.path.roundTrip)).toBe(false);
    expect(sender.path.congestion).toMatchObject({ window: 12_000, phase: "slow-start" });
    expect(sender.path.mtu.size).toBe(1_200);
    expect(sender.sent).toMatchObject({ bytesInFlight: 0, nextNumber: 4 });
    expect(recoveryTimerAt(sender)).toBe(Infinity);
  });

  test("may start with the duration of the challenge", () => {
    const sender = acquainted();
    changePath(sender, 200, 40);
    expect(isMeasured(sender.path.roundTrip)).toBe(true);
    sendAt(sender, [200]);
    // 40 + 4 x 20 + 25
    expect(recoveryTimerAt(sender)).toBe(345);
  });

  test("arrivals over the old one are still reported, and do not affect the new one", () => {
    const sender = acquainted();
    sendAt(sender, [100, 100]);
    changePath(sender, 110);
    sendAt(sender, [110]);
    const { acknowledged, revived } = acknowledge(sender, [1, 2], 200);
    expect(acknowledged).toEqual([]);
    expect(packetNumbers(revived)).toEqual([1, 2]);
    expect(sender.path.roundTrip.firstSampleAt).toBe(Infinity);
    expect(sender.path.detection.reordering.packetThreshold).toBe(3);
    expect(sender.sent.packetsInFlight).toBe(1);
  });
});
