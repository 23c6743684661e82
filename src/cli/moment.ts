// A moment as people write it in a command: how long ago, a day, or a day and a time. Pure.

import { parseDuration } from "../chat/commands.ts";

/** A date, or a date and a time of RFC 3339 (also without seconds and offset): what `charla history` prints, too. */
const DATE =
  /^(\d{4}-\d{2}-(\d{2}))(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?))?$/;

/**
 * In ms since 1970, or null when it is none; a day begins, and a time without an offset is, where this
 * machine is.
 */
export function parseMoment(written: string, now: number): number | null {
  const ago = parseDuration(written);
  if (ago !== null) return now - ago * 1_000;
  const [, date = "", day = "", time = "00:00"] = DATE.exec(written) ?? [];
  // Date takes the 30th of February for the 2nd of March.
  if (new Date(date).getUTCDate() !== Number(day)) return null;
  const moment = new Date(`${date}T${time}`).getTime();
  return Number.isNaN(moment) ? null : moment;
}
