// Amounts as people write and read them: bytes, seconds and counts. Pure.

/** Each is 1,024 times the one before, as in curl. */
const UNITS = ["", "K", "M", "G", "T"];

/** Bytes: `2048`, `10K`, `1.5G`. Null for anything else. */
export function parseBytes(written: string): number | null {
  const found = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(written);
  if (found === null) return null;
  const [, count = "", unit = ""] = found;
  const bytes = Math.floor(Number(count) * 1_024 ** UNITS.indexOf(unit.toUpperCase()));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A whole number from 0 to `most`; null for anything else. */
export function parseCount(written: string, most: number): number | null {
  const count = /^\d{1,9}$/.test(written) ? Number(written) : null;
  return count === null || count > most ? null : count;
}

/** Seconds, possibly with a fraction, from 0 to `most`, as ms; null for anything else. */
export function parseSeconds(written: string, most: number): number | null {
  if (!/^\d+(?:\.\d+)?$/.test(written) || Number(written) > most) return null;
  return Math.round(Number(written) * 1_000);
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  let value = bytes;
  let unit = 0;
  // What rounds to 1024.0 is shown as 1.0 of the next unit.
  while (value >= 1_023.95 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}iB`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min` */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
