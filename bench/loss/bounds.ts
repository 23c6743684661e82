// What theory says of a path that loses datagrams, whatever the protocol.

import { seededRandom } from "../../test/simulator/random.ts";

/**
 * Bytes a second that a sender reaches at most which halves its window whenever something is lost, and
 * whose timer never has to go off: MSS/RTT * sqrt(3/(2p)) (Mathis et al., "The Macroscopic Behavior of the
 * TCP Congestion Avoidance Algorithm", 1997).
 *
 * @param roundTrip ms
 */
export function mathisRate(segment: number, roundTrip: number, loss: number): number {
  return (segment / (roundTrip / 1_000)) * Math.sqrt(3 / (2 * loss));
}

/**
 * Delays, ms, in order, of messages said at an even pace by an ideal sender: it sends each again exactly one
 * round trip after it was lost, as often as it takes, for it cannot know sooner; and the window never is too
 * small.
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
    // In order: not before the one before.
    heardAt = Math.max(heardAt, arrivesAt);
    delays.push(heardAt - saidAt);
  }
  return delays;
}
