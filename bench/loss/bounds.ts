// Theoretical bounds for a path that loses datagrams, whatever the protocol.

import { seededRandom } from "../../test/simulator/random.ts";

/**
 * The highest rate, bytes a second, of a sender that halves its window for each loss, and whose timer never fires:
 * MSS/RTT * sqrt(3/(2p)) (Mathis et al., "The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997).
 *
 * @param roundTrip ms
 */
export function mathisRate(segment: number, roundTrip: number, loss: number): number {
  return (segment / (roundTrip / 1_000)) * Math.sqrt(3 / (2 * loss));
}

/**
 * Delays, ms, in order, of messages sent at an even pace by an ideal sender: it sends each again exactly one
 * round trip after it was lost, the earliest that it can know, until it arrives; its window is never too small.
 */
export function idealDelays(
  seed: number,
  loss: number,
  roundTrip: number,
  interval: number,
  count: number,
): number[] {
  const random = seededRandom(seed);
  const delays: number[] = [];
  let heardAt = 0;
  for (let index = 0; index < count; index += 1) {
    const saidAt = index * interval;
    let arrivesAt = saidAt + roundTrip / 2;
    while (random.chance(loss)) arrivesAt += roundTrip;
    // In order: never earlier than the message before.
    heardAt = Math.max(heardAt, arrivesAt);
    delays.push(heardAt - saidAt);
  }
  return delays;
}
