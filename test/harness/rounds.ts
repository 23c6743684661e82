// How many rounds a proof has that is the same in each. Unlike the proofs of full-size.ts, which `npm test -- --full` runs alone,
// these are small enough to run beside others.

import { FULL_SIZE } from "./full-size.ts";

/** Fewer in a short run. */
export function rounds(short: number, full: number): number {
  return FULL_SIZE ? full : short;
}
