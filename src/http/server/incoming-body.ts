// The body of a request between the connection that receives it and the handler that reads it: what has come waits in
// between, and the connection stops receiving while too much does.

import { AbortedBody, type RequestBody } from "./exchange.ts";

/** Bytes that wait before the connection stops receiving. */
const MAX_WAITING = 262_144;

export interface IncomingBody {
  readonly read: RequestBody;
  readonly isFull: boolean;
  /** It will not come whole. */
  readonly isAborted: boolean;
  push(bytes: Uint8Array): void;
  /** It is complete. */
  end(): void;
  /** Does nothing after `end`. */
  fail(reason: string): void;
}

export interface BodyEvents {
  /** A handler begins to read. @param hasBegun something has come already */
  readonly wanted: (hasBegun: boolean) => void;
  /** There is room again. */
  readonly emptied: () => void;
}

export function createIncomingBody({ wanted, emptied }: BodyEvents): IncomingBody {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let hasBegun = false;
  let isWanted = false;
  let end: "complete" | AbortedBody | null = null;
  let wake: (() => void) | null = null;

  function notify(): void {
    wake?.();
    wake = null;
  }

  async function* read(): AsyncGenerator<Uint8Array, void, void> {
    if (!isWanted && end === null) wanted(hasBegun);
    isWanted = true;
    for (;;) {
      const piece = waiting.shift();
      if (piece !== undefined) {
        bytes -= piece.length;
        if (waiting.length === 0) emptied();
        yield piece;
      } else if (end === "complete") return;
      else if (end !== null) throw end;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    read: { [Symbol.asyncIterator]: read },
    get isFull() {
      return bytes >= MAX_WAITING;
    },
    get isAborted() {
      return end instanceof AbortedBody;
    },
    push(piece) {
      hasBegun = true;
      waiting.push(piece);
      bytes += piece.length;
      notify();
    },
    end() {
      end ??= "complete";
      notify();
    },
    fail(reason) {
      end ??= new AbortedBody(reason);
      notify();
    },
  };
}
