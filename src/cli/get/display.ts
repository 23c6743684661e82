// What `charla get` shows besides the body: first lines and headers for `-i`, `-I` and `-v`, JSON for people, and the
// progress line. Everything but the line itself is pure, and safe to print.

import { decodeText, type Head } from "../../http/client/wire/response-head.ts";
import type { Output } from "../../terminal/io.ts";
import { visibleLine, visibleText } from "../../terminal/visible-text.ts";
import { formatBytes, formatSeconds } from "../amounts.ts";

/** Values that are not shown, because others may see the screen or the log. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** As it came, one line of the response a line, and safe to print. */
export function headText({ raw }: Head): string {
  return visibleHead(raw).join("\n");
}

/** @param head as it is sent, one character a byte */
export function requestText(head: string): string {
  return visibleHead(head)
    .map((line) => {
      const [name = ""] = line.split(":");
      return `> ${SECRET.has(name.toLowerCase()) ? `${name}: (not shown)` : line}`;
    })
    .join("\n");
}

export function responseText(head: Head): string {
  return visibleHead(head.raw)
    .map((line) => `< ${line}`)
    .join("\n");
}

function visibleHead(raw: string): string[] {
  const lines = raw.replace(/(?:\r?\n)+$/, "").split(/\r?\n/);
  return lines.map((line) => visibleLine(decodeText(line)));
}

/** A string; a number or a literal; a punctuation mark. Everything else is blank. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+|[{}[\],:]/g;

const KEY = "\x1b[36m";
const STRING = "\x1b[32m";
const OTHER = "\x1b[33m";
const PLAIN = "\x1b[0m";

/** One value a line, every token as it was written: no number is rounded, no key is lost. Null if it is not JSON. */
export function indentedJson(text: string, coloured: boolean): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const paint = (colour: string, token: string) =>
    coloured ? `${colour}${visibleText(token)}${PLAIN}` : visibleText(token);
  const tokens = text.match(TOKEN) ?? [];
  let out = "";
  let depth = 0;
  const newLine = () => `\n${"  ".repeat(depth)}`;
  for (const [index, token] of tokens.entries()) {
    const isEmpty = token === "{" ? tokens[index + 1] === "}" : tokens[index + 1] === "]";
    switch (token) {
      case "{":
      case "[":
        depth += 1;
        out += isEmpty ? token : `${token}${newLine()}`;
        break;
      case "}":
      case "]": {
        const wasEmpty = tokens[index - 1] === (token === "}" ? "{" : "[");
        depth -= 1;
        out += wasEmpty ? token : `${newLine()}${token}`;
        break;
      }
      case ",":
        out += `,${newLine()}`;
        break;
      case ":":
        out += ": ";
        break;
      default: {
        const string = tokens[index + 1] === ":" ? KEY : STRING;
        out += paint(token.startsWith('"') ? string : OTHER, token);
      }
    }
  }
  return out;
}

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

/** The line of a transfer's progress at the bottom of a terminal. @param shown whether to show each direction */
export function createProgressLine(stderr: Output, shown: Readonly<Record<Direction, boolean>>) {
  const start = performance.now();
  let direction: Direction = "sent";
  let meter = createMeter(start, direction);
  let isDrawn = false;
  let isUpdated = false;

  /** Removes it from the screen until the next update. */
  function erase(): void {
    if (isDrawn) stderr.write(ERASE_LINE);
    isDrawn = false;
    isUpdated = false;
  }

  function draw(): void {
    const now = performance.now();
    if (!isUpdated || now - start < SHOW_AFTER) return;
    // Some terminals wrap when the last column is written to.
    const columns = (stderr.columns || 80) - 1;
    stderr.write(`${ERASE_LINE}${meter.line(columns, now)}`);
    isDrawn = true;
  }

  const isShown = shown.sent || shown.received;
  const timer = isShown ? setInterval(draw, REDRAW_EVERY) : undefined;
  timer?.unref();
  return {
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
