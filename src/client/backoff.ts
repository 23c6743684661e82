// How long to wait before the next attempt to reach a server: longer each time, and never the same for all.
// Pure; randomness is an argument.

/** The first wait, ms. */
const FIRST = 500;
/** The longest, ms: who waits for a server to come back sees it soon. */
const LONGEST = 30_000;

/**
 * @param attempts failed ones so far, at least one
 * @param random from 0 to 1: "full jitter" would have some knock at once, so half of the time is fixed
 */
export function backoff(attempts: number, random: number): number {
  const most = Math.min(LONGEST, FIRST * 2 ** (attempts - 1));
  return most / 2 + (random * most) / 2;
}
