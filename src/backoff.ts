// How long to wait before something is tried again: up to twice as long each time. Pure, and shared: clients of
// rooms connect again, and clients of HTTP send a request again.

/**
 * Half of the wait is random, so that many who have failed together don't come back together; half is not, as otherwise
 * some would come back at once.
 *
 * @param failures so far, at least one
 * @param random from 0 to 1
 * @param first the longest wait after the first failure, ms
 * @param longest the longest wait ever, ms
 */
export function backoff(failures: number, random: number, first: number, longest: number): number {
  const most = Math.min(longest, first * 2 ** (failures - 1));
  return most * (0.5 + random / 2);
}
