// Reads a terminal: what it sends, decoded, and the timer of what is unfinished. Knows nothing of what it is for.

import type { TerminalInput } from "../io.ts";
import { createInputDecoder } from "./input-decoder.ts";
import type { InputEvent } from "./input-event.ts";

export interface InputReader extends Disposable {
  /** So many more answers to DSR 6 are to come. */
  expectCursor(count: number): void;
}

/** Calls `take` with everything that comes, until it is disposed of. Nothing is read before `input` is resumed. */
export function readInput(
  input: Pick<TerminalInput, "on" | "off">,
  take: (event: InputEvent) => void,
): InputReader {
  const decoder = createInputDecoder();
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  function takeAll(events: readonly InputEvent[]): void {
    clearTimeout(timer);
    for (const event of events) {
      if (open) take(event);
    }
    const { deadline } = decoder;
    if (!open || deadline === null) return;
    // While the program was busy, bytes may have come in time: a turn of the loop reads them before it is too late.
    timer = setTimeout(
      () => setImmediate(() => takeAll(open ? decoder.expire(performance.now()) : [])),
      // The runtime warns of a delay below 0, on the terminal itself.
      Math.max(0, deadline - performance.now()),
    );
  }

  function onData(bytes: Buffer): void {
    takeAll(decoder.decode(bytes, performance.now()));
  }

  input.on("data", onData);
  return {
    expectCursor: (count) => decoder.expectCursor(count),
    [Symbol.dispose]() {
      open = false;
      clearTimeout(timer);
      input.off("data", onData);
    },
  };
}
