// The progress line of `charla get`: how much, how fast, and how long it still takes.

import type { Io } from "../../terminal/io.ts";
import { formatBytes, formatSeconds } from "../amounts.ts";

/** ms over which the rate is measured: long enough not to jump, short enough to follow changes. */
const WINDOW = 5_000;
/** Columns of the bar. One shorter than the minimum is left out. */
const MAX_BAR = 30;
const MIN_BAR = 8;

export type Direction = "sent" | "received";

export function createMeter(start: number, direction: Direction = "received") {
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
    /** @param newTotal null if unknown */
    update(newBytes: number, newTotal: number | null, now: number): void {
      // The transfer started over.
      if (newBytes < bytes) samples = [];
      // What an earlier run has fetched counts as a start, not as speed.
      if (samples.length === 0) samples.push({ at: now, bytes: newBytes });
      bytes = newBytes;
      total = newTotal;
      // Ten samples a second are enough.
      if (now - (samples.at(-1)?.at ?? 0) >= 100) samples.push({ at: now, bytes });
      while ((samples[1]?.at ?? now) < now - WINDOW) samples.shift();
    },
    /** The line, in ASCII, cut to `columns`. */
    line(columns: number, now: number): string {
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
      const width = Math.min(MAX_BAR, columns - text.length - percent.length - 4);
      if (width < MIN_BAR) return `${percent} ${text}`.slice(0, columns);
      const filled = Math.round(part * width);
      return `${percent} [${"#".repeat(filled)}${"-".repeat(width - filled)}] ${text}`;
    },
  };
}

/** ms before the line appears: a shorter transfer needs none. */
const SHOW_AFTER = 500;
/** ms between two updates. */
const REDRAW_EVERY = 100;
/** ECMA-48 s. 8.3.41. */
const ERASE_LINE = "\r\x1b[K";

export type ProgressLine = ReturnType<typeof createProgressLine>;

/** What one of several transfers does with the line that they share. */
export interface Progress {
  update(direction: Direction, bytes: number, total: number | null): void;
  /** Removes the line from the screen until the next update. */
  erase(): void;
}

const NO_PROGRESS: Progress = { update() {}, erase() {} };

/** The line shows what several transfers have done together. */
export function shareProgress(line: ProgressLine) {
  const all = new Map<object, { readonly bytes: number; readonly total: number | null }>();
  if (!line.isShown) return (): Progress => NO_PROGRESS;
  return (): Progress => {
    const own = {};
    return {
      update(direction, bytes, total) {
        all.set(own, { bytes, total });
        let sum = 0;
        let whole: number | null = 0;
        for (const each of all.values()) {
          sum += each.bytes;
          whole = whole === null || each.total === null ? null : whole + each.total;
        }
        line.update(direction, sum, whole);
      },
      erase: () => line.erase(),
    };
  };
}

/** The line of a transfer's progress at the bottom of a terminal. @param shown whether to show each direction */
export function createProgressLine(
  io: Pick<Io, "stderr">,
  shown: Readonly<Record<Direction, boolean>>,
) {
  const start = performance.now();
  let direction: Direction = "sent";
  let meter = createMeter(start, direction);
  let isDrawn = false;
  let isUpdated = false;

  /** Removes it from the screen until the next update. */
  function erase(): void {
    if (isDrawn) io.stderr.write(ERASE_LINE);
    isDrawn = false;
    isUpdated = false;
  }

  function draw(): void {
    const now = performance.now();
    if (!isUpdated || now - start < SHOW_AFTER) return;
    // Some terminals wrap when the last column is written to.
    const columns = (io.stderr.columns || 80) - 1;
    io.stderr.write(`${ERASE_LINE}${meter.line(columns, now)}`);
    isDrawn = true;
  }

  const isShown = shown.sent || shown.received;
  const timer = isShown ? setInterval(draw, REDRAW_EVERY) : undefined;
  timer?.unref();
  return {
    isShown,
    update(newDirection: Direction, bytes: number, total: number | null): void {
      if (!shown[newDirection]) return;
      if (newDirection !== direction) {
        direction = newDirection;
        meter = createMeter(performance.now(), direction);
      }
      isUpdated = true;
      meter.update(bytes, total, performance.now());
    },
    erase,
    /** Removes it for good. */
    end(): void {
      clearInterval(timer);
      erase();
    },
  };
}
