// Which packets an ACK frame acknowledges (RFC 9000 s. 19.3.1): ranges of packet numbers. Knows
// nothing of how a frame writes them down, nor of what the packets were.

/** Packet numbers from `smallest` to `largest`, both included. */
export interface AckRange {
  readonly smallest: number;
  readonly largest: number;
}

/** Largest first, and at least one number is missing between one range and the next. */
export type AckRanges = readonly AckRange[];

/**
 * Ranges that one ACK frame tells, and that a receiver remembers to tell. Where every other packet
 * is lost a range comes every four packets, so these tell of the last 256. Written as two integers
 * of at most 4 bytes each they take 512 bytes: an ACK frame leaves more than half of the smallest
 * datagram to other frames, and never has to be cut.
 */
export const MAX_ACK_RANGES = 64;

/**
 * Why these ranges are a lie, or null. No honest peer acknowledges what was never sent (RFC 9000
 * s. 13.1), so the answer to a lie is to close the session.
 *
 * @param largestSent the largest packet number that was ever sent, -1 for none
 */
export function faultInAckRanges(ranges: AckRanges, largestSent: number): string | null {
  if (ranges.length > MAX_ACK_RANGES) {
    return `acknowledged ${ranges.length} ranges, more than ${MAX_ACK_RANGES}`;
  }
  const [first] = ranges;
  if (first === undefined) return "acknowledged nothing";
  if (!(first.largest <= largestSent)) return `acknowledged packet ${first.largest}, never sent`;
  // Two ranges that touch would be one: the smallest gap is one packet.
  let highest = largestSent;
  for (const { smallest, largest } of ranges) {
    if (!(largest <= highest && smallest <= largest && smallest >= 0)) {
      return `acknowledged ${smallest} to ${largest} out of order`;
    }
    highest = smallest - 2;
  }
  return null;
}
