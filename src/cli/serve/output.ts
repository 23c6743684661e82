// What `charla serve` prints: a QR code of its address for a phone, and the log.

import type { Writable } from "node:stream";

import { qrCodeLines } from "../../terminal/view/qr-code.ts";

/** Black on white from the 256 colours, because themes change the first 16. */
const BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

export interface QrCodeOptions {
  /** The width of the terminal. */
  readonly columns: number;
  /**
   * Without colours the light modules are drawn and the dark ones left out: right on a dark terminal, and many readers
   * accept both.
   */
  readonly colours: boolean;
}

/** A QR code as lines; null if the terminal is too narrow. */
export function qrCode(text: string, { columns, colours }: QrCodeOptions): string[] | null {
  const lines = qrCodeLines(text, colours ? "dark" : "light");
  if (lines.some((line) => line.length > columns)) return null;
  return colours ? lines.map((line) => `${BLACK_ON_WHITE}${line}${RESET}`) : lines;
}

/** Lines that wait to be written, about 100 bytes each. */
const MAX_WAITING = 20_000;

/**
 * A log to a stream that may be slow. Lines are written together, and dropped and counted beyond a limit, so that the
 * server never waits for whatever reads its log.
 *
 * @param droppedLine the line that reports how many were dropped
 */
export function openLineLog(stream: Writable, droppedLine: (count: number) => string) {
  let waiting: string[] = [];
  let dropped = 0;
  let writing: Promise<void> | null = null;
  stream.on("error", () => {});

  async function writeAll(): Promise<void> {
    // The lines of one turn of the event loop take one write.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      if (dropped > 0) lines.push(droppedLine(dropped));
      dropped = 0;
      // An error of the log does not stop the server.
      await new Promise<void>((resolve) => stream.write(`${lines.join("\n")}\n`, () => resolve()));
    }
    writing = null;
  }

  return {
    write(line: string): void {
      if (waiting.length >= MAX_WAITING) dropped++;
      else waiting.push(line);
      writing ??= writeAll();
    },
    /** Resolves when all lines have been written or have failed. */
    async flushed(): Promise<void> {
      await writing;
    },
  };
}
