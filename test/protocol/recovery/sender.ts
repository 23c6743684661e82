// A sender in virtual time, as short as tests need it: packets carry nothing but a label.

import type { AckRange } from "../../../src/protocol/recovery/ack-ranges.ts";
import type { CongestionController } from "../../../src/protocol/recovery/congestion.ts";
import {
  type AckOutcome,
  ackReceived,
  packetSent,
  type Recovery,
  timerFired,
} from "../../../src/protocol/recovery/recovery.ts";
import type { SentPacket } from "../../../src/protocol/recovery/sent-packets.ts";

export type Sender = Recovery<string>;

/** Sends ack-eliciting packets at these times, ms, 1,200 bytes each unless said otherwise. */
export function sendAt(sender: Sender, times: readonly number[], size = 1_200): void {
  for (const time of times) {
    packetSent(sender, "eliciting", size, `packet ${sender.sent.nextNumber}`, time);
  }
}

/** The ranges of these numbers, which are given in any order. */
export function toRanges(numbers: readonly number[]): AckRange[] {
  const ranges: { smallest: number; largest: number }[] = [];
  for (const number of numbers.toSorted((one, other) => other - one)) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last.smallest - 1) last.smallest = number;
    else ranges.push({ smallest: number, largest: number });
  }
  return ranges;
}

/** An ACK of these numbers arrives, which the peer delayed for `delay` ms. */
export function acknowledge(
  sender: Sender,
  numbers: readonly number[],
  now: number,
  delay = 0,
): AckOutcome<string> {
  const outcome = ackReceived(sender, toRanges(numbers), delay, now);
  if (outcome === null) throw new Error("the ACK is not valid");
  return outcome;
}

/** The timer fires and finds losses: their numbers. */
export function lostByTimer(sender: Sender, now: number): number[] {
  const outcome = timerFired(sender, now);
  return outcome.type === "lost" ? packetNumbers(outcome.lost) : [];
}

export function packetNumbers(packets: readonly SentPacket<unknown>[]): number[] {
  return packets.map(({ number }) => number);
}

/** Whole numbers from `first` to `last`. */
export function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** A controller whose window stays as it is. */
export function fixedWindow(window: number): CongestionController {
  return {
    window,
    phase: "congestion-avoidance",
    acknowledged() {},
    lost() {},
    undoLoss() {},
    restartAfterIdle() {},
    setDatagramSize() {},
  };
}
