// A terminal as an output stream that never blocks the program. The runtime writes to a terminal with write(2), which waits while
// the terminal does not read: a stopped tmux, a window that is scrolled back, a connection that stands still. Nothing would be
// answered meanwhile, and no signal heard.

import { systemCode } from "../errors.ts";
import type { Output } from "../terminal/io.ts";

/** How long until the terminal is tried again, in ms: at first, and at most. It can't be polled: the runtime makes it block. */
const FIRST_WAIT = 1;
const MAX_WAIT = 50;
/** Factor from one wait to the next: a terminal that stood still for 30 ms gets the next frame at most 6 ms later. */
const WAIT_GROWTH = 1.25;

/**
 * The terminal of `stream`, opened anew: whether a descriptor blocks is a property of what was opened, which other programs share.
 * `stream` itself where that can't be done.
 *
 * @param path names the same terminal
 */
export function terminalOutput(stream: Output, path: string): Output {
  const descriptor = openUnblocked(path);
  if (descriptor === null) return stream;
  const output = Object.defineProperties(unblocked(descriptor), {
    isTTY: { value: true },
    columns: { get: () => stream.columns },
    rows: { get: () => stream.rows },
    _refreshSize: { value: () => stream._refreshSize?.() },
  });
  stream.on("resize", () => output.emit("resize"));
  return output;
}

/** Null where it isn't permitted, as after su, and where the system has no such path. */
function openUnblocked(path: string): number | null {
  // Not imported, nor are streams: a command that prints a line doesn't need them.
  const { constants, openSync } = process.getBuiltinModule("node:fs");
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (systemCode(error) === "") throw error;
    return null;
  }
}

function unblocked(descriptor: number) {
  const { closeSync, writeSync } = process.getBuiltinModule("node:fs");
  const { Writable } = process.getBuiltinModule("node:stream");
  let timer: NodeJS.Timeout | undefined;

  function writeFrom(
    chunk: Buffer,
    start: number,
    wait: number,
    done: (error?: Error) => void,
  ): void {
    let from = start;
    try {
      while (from < chunk.length) from += writeSync(descriptor, chunk, from);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN") {
        return done(error instanceof Error ? error : new Error(String(error)));
      }
      const next = from > start ? FIRST_WAIT : Math.min(WAIT_GROWTH * wait, MAX_WAIT);
      timer = setTimeout(() => writeFrom(chunk, from, next, done), wait);
      return;
    }
    done();
  }

  return new Writable({
    // A frame is drawn once all of the last one has been taken: until then, nobody would see it.
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => writeFrom(chunk, 0, FIRST_WAIT, done),
    destroy(error, done) {
      clearTimeout(timer);
      closeSync(descriptor);
      done(error);
    },
  });
}
