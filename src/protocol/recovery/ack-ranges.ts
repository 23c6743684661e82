// Which packets an ACK frame acknowledges (RFC 9000 s. 19.3.1): ranges of packet numbers. Knows neither
// how a frame encodes them nor what the packets carried.

/** Packet numbers from `smallest` to `largest`, both included. */
export interface AckRange {
  readonly smallest: number;
  readonly largest: number;
}

/** Largest first, and at least one number is missing between one range and the next. */
export type AckRanges = readonly AckRange[];

/**
 * Ranges in one ACK frame, and ranges that a receiver remembers to report. Where every other packet
 * is lost a range comes every four packets, so these cover the last 256. Encoded as two integers
 * of at most 4 bytes each they take 512 bytes: an ACK frame leaves more than half of the smallest
 * datagram to other frames, and never has to be cut.
 */
export const MAX_ACK_RANGES = 64;

/**
 * Whether an honest peer may send these ranges: it never acknowledges what was never sent (RFC 9000 s. 13.1).
 *
 * @param largestSent the largest packet number that was ever sent, -1 for none
 */
export function isValidAck(ranges: AckRanges, largestSent: number): boolean {
  let highest = largestSent;
  for (const { smallest, largest } of ranges) {
    if (!(largest <= highest && smallest <= largest && smallest >= 0)) return false;
    // Two ranges that touch would be one: the smallest gap is one packet.
    highest = smallest - 2;
  }
  return ranges.length > 0 && ranges.length <= MAX_ACK_RANGES;
}
