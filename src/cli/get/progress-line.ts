// The line of a download's progress at the bottom of a terminal: there only for what takes a while, and gone
// before anything else is written.

import type { Output } from "../../terminal/io.ts";
import { createMeter, type Direction } from "./progress.ts";

/** ms before it appears: what is done by then was not worth a line. */
const APPEARS_AFTER = 500;
/** ms between two drawings. */
const DRAWN_EVERY = 100;
// ECMA-48 s. 8.3.41.
const ERASE_LINE = "\r\x1b[K";

export interface ProgressLine {
  see(direction: Direction, bytes: number, total: number | null): void;
  /** Takes it off the screen; the next bytes bring it back. */
  erase(): void;
  /** For good. */
  end(): void;
}

/** @param shown of what: where there is a terminal for it, and a person who wants it */
export function createProgressLine(
  stderr: Output,
  shown: Readonly<Record<Direction, boolean>>,
): ProgressLine {
  const start = performance.now();
  let direction: Direction = "sent";
  let meter = createMeter(start, direction);
  let drawn = false;
  let seen = false;

  function erase(): void {
    if (drawn) stderr.write(ERASE_LINE);
    drawn = false;
    seen = false;
  }

  function draw(): void {
    const now = performance.now();
    if (!seen || now - start < APPEARS_AFTER) return;
    // The last column stays empty: there some terminals go on to the next row.
    const columns = (stderr.columns || 80) - 1;
    stderr.write(`${ERASE_LINE}${meter.line(columns, now)}`);
    drawn = true;
  }

  const isShown = shown.sent || shown.received;
  const timer = isShown ? setInterval(draw, DRAWN_EVERY) : undefined;
  timer?.unref();
  return {
    see(nowDirection, bytes, total) {
      if (!shown[nowDirection]) return;
      if (nowDirection !== direction) {
        direction = nowDirection;
        meter = createMeter(performance.now(), direction);
      }
      seen = true;
      meter.see(bytes, total, performance.now());
    },
    erase,
    end() {
      clearInterval(timer);
      erase();
    },
  };
}
