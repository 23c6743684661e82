// How much reordering the path has shown, and so how late a packet may come before it is declared
// lost (RFC 9002 s. 6.1). It starts with the RFC's thresholds; each packet that was declared lost
// and came after all raises them to what would have waited for it, as RACK does (RFC 8985 s. 6.2).

/** Packets sent later that arrive before one is declared lost (RFC 9002 s. 6.1.1). */
export const PACKET_THRESHOLD = 3;

/** Round trips a packet may take once a later one has arrived (RFC 9002 s. 6.1.2). */
export const TIME_THRESHOLD = 9 / 8;

/** Beyond this much reordering time alone decides. */
export const MAX_PACKET_THRESHOLD = 128;

/** A round trip of patience beside the packet's own, as in RFC 8985 s. 6.2, step 4. */
export const MAX_TIME_THRESHOLD = 2;

/** Losses in a row, none of them undone, after which the thresholds are the RFC's again (ibid.). */
export const LOSSES_UNTIL_FORGOTTEN = 16;

export interface Reordering {
  /** Packets. */
  packetThreshold: number;
  /** Round trips. */
  timeThreshold: number;
  /** Times that packets were declared lost since one of them came after all. */
  lossesSince: number;
}

export function createReordering(): Reordering {
  return { packetThreshold: PACKET_THRESHOLD, timeThreshold: TIME_THRESHOLD, lossesSince: 0 };
}

/**
 * A packet that was declared lost has arrived.
 *
 * @param packets how far its number is below the largest acknowledged one
 * @param roundTrips how long it took
 */
export function raiseThresholds(reordering: Reordering, packets: number, roundTrips: number): void {
  reordering.lossesSince = 0;
  reordering.packetThreshold = Math.min(
    Math.max(reordering.packetThreshold, packets + 1),
    MAX_PACKET_THRESHOLD,
  );
  reordering.timeThreshold = Math.min(
    Math.max(reordering.timeThreshold, roundTrips),
    MAX_TIME_THRESHOLD,
  );
}

/** Packets were declared lost: the path may have stopped reordering. */
export function countLoss(reordering: Reordering): void {
  reordering.lossesSince += 1;
  if (reordering.lossesSince < LOSSES_UNTIL_FORGOTTEN) return;
  reordering.packetThreshold = PACKET_THRESHOLD;
  reordering.timeThreshold = TIME_THRESHOLD;
}
