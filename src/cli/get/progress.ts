// How far a download is, in one line: a bar, the amount, the rate and the time left. Pure: the clock is an
// argument; who draws it is progress-line.ts.

import { formatBytes, formatSeconds } from "./amounts.ts";

/** ms back to which the rate is measured: long enough not to jump, short enough to follow. */
const WINDOW = 5_000;
/** Columns of the bar at most, and at least where there is one at all. */
const BAR = 30;
const SHORTEST_BAR = 8;

export type Direction = "sent" | "received";

export interface Meter {
  /** So many bytes are there now, of all of them or of nobody knows how many. */
  see(bytes: number, total: number | null, now: number): void;
  /** A line of at most so many columns, all of them ASCII. */
  line(columns: number, now: number): string;
}

export function createMeter(start: number, direction: Direction = "received"): Meter {
  let samples: { readonly at: number; readonly bytes: number }[] = [];
  let bytes = 0;
  let total: number | null = null;

  /** Bytes a second. */
  function rate(now: number): number {
    const first = samples[0];
    if (first === undefined || now <= first.at) return 0;
    return ((bytes - first.bytes) / (now - first.at)) * 1_000;
  }

  return {
    see(nowBytes, nowTotal, now) {
      // It began again.
      if (nowBytes < bytes) samples = [];
      // What was there before, of a former run, has no rate.
      if (samples.length === 0) samples.push({ at: now, bytes: nowBytes });
      bytes = nowBytes;
      total = nowTotal;
      // Ten a second are as good as a million.
      if (now - (samples.at(-1)?.at ?? 0) >= 100) samples.push({ at: now, bytes });
      while ((samples[1]?.at ?? now) < now - WINDOW) samples.shift();
    },
    line(columns, now) {
      const speed = rate(now);
      const amount =
        total === null ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`;
      const parts = [
        direction === "sent" ? `${amount} sent` : amount,
        `${formatBytes(Math.round(speed))}/s`,
      ];
      if (total !== null && speed > 0 && total > bytes) {
        parts.push(`${formatSeconds((total - bytes) / speed)} left`);
      } else if (total === null) {
        parts.push(formatSeconds((now - start) / 1_000));
      }
      const text = parts.join("  ");
      if (total === null || total === 0) return text.slice(0, columns);
      const part = Math.min(1, bytes / total);
      const percent = `${String(Math.floor(part * 100)).padStart(3)}%`;
      const width = Math.min(BAR, columns - text.length - percent.length - 4);
      if (width < SHORTEST_BAR) return `${percent} ${text}`.slice(0, columns);
      const filled = Math.round(part * width);
      return `${percent} [${"#".repeat(filled)}${"-".repeat(width - filled)}] ${text}`;
    },
  };
}
