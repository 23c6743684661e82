// Whether long datagrams have ceased to arrive while short ones go on arriving: the path has become
// another, or was never what the probes made it look like (RFC 8899 s. 4.3). Knows nothing of how
// long "long" is; it is told of long datagrams only, in the order of their numbers or not.

/**
 * Flights in a row of which no long datagram arrives, until the path is taken for a black hole. A
 * single one is what any interruption looks like.
 */
export const BLACK_HOLE_FLIGHTS = 3;

/** A datagram that is no probe. */
interface Long {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
}

export interface BlackHoleWatch {
  /** The long datagram with the largest number of those that arrived. */
  arrived: Long;
  /** Flights in a row that lost long datagrams, none as long having arrived since. */
  flights: number;
  /** Packets below this number were sent before the last of these flights was found lost. */
  flightBelow: number;
  /** The first number and the shortest size of what they lost. */
  lost: Long;
}

const NONE: Long = { number: -1, size: 0 };

export function createBlackHoleWatch(): BlackHoleWatch {
  return { arrived: NONE, flights: 0, flightBelow: 0, lost: NONE };
}

export function longArrived(watch: BlackHoleWatch, { number, size }: Long): void {
  if (number > watch.arrived.number) watch.arrived = { number, size };
  if (size >= watch.lost.size && number > watch.lost.number) watch.flights = 0;
}

/**
 * Returns whether this loss shows a black hole. What arrived by now has to be told before.
 *
 * @param nextNumber the number of the first packet that is sent in answer
 */
export function longLost(
  watch: BlackHoleWatch,
  { number, size }: Long,
  nextNumber: number,
): boolean {
  const { arrived, lost } = watch;
  // One as long that was sent later has arrived: this one was lost for another reason.
  if (number < arrived.number && size <= arrived.size) return false;
  const isFirst = watch.flights === 0;
  watch.lost = {
    number: isFirst ? number : Math.min(number, lost.number),
    size: isFirst ? size : Math.min(size, lost.size),
  };
  if (number < watch.flightBelow) return false;
  watch.flights += 1;
  watch.flightBelow = nextNumber;
  if (watch.flights < BLACK_HOLE_FLIGHTS) return false;
  watch.flights = 0;
  return true;
}
