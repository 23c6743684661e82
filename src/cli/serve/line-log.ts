// Lines to a stream that may be slower than they come: written together, and past a bound dropped and
// counted, for a server that waits for who reads its log serves nobody.

import type { Writable } from "node:stream";

/** Waiting to be written: some 100 bytes each. */
const MAX_WAITING = 20_000;

export interface LineLog {
  line(text: string): void;
  /** Resolves when what was said is written, or cannot be. */
  flushed(): Promise<void>;
}

/** @param droppedLine says that so many lines were not written */
export function openLineLog(stream: Writable, droppedLine: (count: number) => string): LineLog {
  let waiting: string[] = [];
  let dropped = 0;
  let writing: Promise<void> | null = null;
  stream.on("error", ignore);

  async function write(): Promise<void> {
    // What comes in one turn of the event loop goes in one write.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      if (dropped > 0) lines.push(droppedLine(dropped));
      dropped = 0;
      // A log that cannot be written stops no answer.
      await new Promise<void>((resolve) => stream.write(`${lines.join("\n")}\n`, () => resolve()));
    }
    writing = null;
  }

  return {
    line(text) {
      if (waiting.length >= MAX_WAITING) dropped++;
      else waiting.push(text);
      writing ??= write();
    },
    async flushed() {
      await writing;
    },
  };
}

function ignore(): void {}
