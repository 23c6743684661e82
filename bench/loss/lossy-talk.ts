// One who says messages and one who hears them, over a network in virtual time that loses some of what it
// carries. What carries them, the sealed wire or TCP, is what loss.ts compares.

import { FAIR, type Weather } from "../../test/simulator/network.ts";

export interface LossyTalk {
  /** Ms of virtual time. */
  readonly now: number;
  /** When each message was heard, in order. */
  readonly heardAt: readonly number[];
  /** Says so many messages of `length` bytes, as soon as there is room for each. */
  say(length: number, count: number): void;
  /** Lets time pass; it ends less than a millisecond before `until`. */
  run(until: number): void;
}

/** Datagrams of Ethernet's size, without their IPv4 and UDP headers. */
const MTU = 1_500 - 28;

/**
 * @param loss of all datagrams, 0 to 1, there and back
 * @param roundTrip ms
 */
export function lossyWeather(loss: number, roundTrip: number): Weather {
  return { ...FAIR, loss, delay: roundTrip / 2, mtu: MTU };
}
