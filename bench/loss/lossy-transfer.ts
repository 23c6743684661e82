// Messages from one end to the other over a network in virtual time that loses datagrams: the interface under which
// loss.ts compares the sealed wire and TCP.

import { type Conditions, PERFECT_NETWORK } from "../../test/simulator/network.ts";

export interface LossyTransfer {
  /** Ms of virtual time. */
  readonly now: number;
  /** Sent so far, in both directions. */
  readonly datagrams: number;
  /** When each message was received, in order. */
  readonly receivedAt: readonly number[];
  /** Sends this many messages of `length` bytes, each as soon as there is space for it. */
  send(length: number, count: number): void;
  /** Lets time pass; it ends less than a millisecond before `until`. */
  run(until: number): void;
}

/** The datagrams that Ethernet carries: 1,500 bytes without the headers of IPv4 and UDP. */
const MTU = 1_500 - 28;

/**
 * @param loss part of the datagrams in each direction, 0 to 1
 * @param roundTrip ms
 */
export function lossyConditions(loss: number, roundTrip: number): Conditions {
  return { ...PERFECT_NETWORK, loss, delay: roundTrip / 2, mtu: MTU };
}
