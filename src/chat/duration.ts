// How long, as people write it in a command: "30s", "10m", "1h30m", "2d". Pure.

const UNITS = "(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?";
const DURATION = new RegExp(`^${UNITS}$`);
/** Seconds of a day, an hour, a minute and a second. */
const SECONDS = [86_400, 3_600, 60, 1];
/** Longer than anyone means, and short enough for every date to exist: ten years, s. */
const MAX_DURATION = 3_650 * 86_400;

/** Seconds; null when it is no duration, none at all, or longer than ten years. */
export function parseDuration(written: string): number | null {
  const counts = DURATION.exec(written)?.slice(1);
  if (counts === undefined) return null;
  const seconds = counts
    .map((count, index) => Number(count ?? 0) * (SECONDS[index] ?? 0))
    .reduce((sum, its) => sum + its, 0);
  return seconds > 0 && seconds <= MAX_DURATION ? seconds : null;
}
