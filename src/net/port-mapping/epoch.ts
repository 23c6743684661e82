// Whether a router has lost its mappings, by the "epoch" in its answers: seconds since it last started without any
// (RFC 6887 s. 8.5, RFC 6886 s. 3.6). Pure: the clock's time is an argument.

export interface EpochReading {
  /** s, the router's. */
  readonly epoch: number;
  /** ms, ours. */
  readonly time: number;
}

/** s by which epochs may be off: they are whole seconds, and answers take time. */
const TOLERANCE = 2;
/** s by which an epoch may go back: answers may be reordered. */
const REORDERING = 1;
/** The fraction by which clocks may run at different speeds. */
const DRIFT = 1 / 16;

/** Whether the router kept its state between two answers: its epoch grew as our clock did (RFC 6887 s. 8.5). */
export function keptState(before: EpochReading, now: EpochReading): boolean {
  const router = now.epoch - before.epoch;
  const ours = (now.time - before.time) / 1_000;
  if (router < -REORDERING) return false;
  return ours + TOLERANCE >= router - router * DRIFT && router + TOLERANCE >= ours - ours * DRIFT;
}
