// One open connection as a client uses it: bytes are written and read in turn, and its end is told from its failure. Reads
// ahead by a bounded amount. Knows neither HTTP nor TLS.

import type { Duplex } from "node:stream";

export interface Wire extends Disposable {
  /** Resolves once the bytes are on their way, as fast as the peer takes them. @throws what broke the connection */
  write(bytes: Uint8Array | string): Promise<void>;
  /**
   * What has come; null after an orderly end.
   *
   * @throws what broke the connection, once everything that came before is read
   */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Whether nothing has come that nobody has read, and it is open. */
  readonly isIdle: boolean;
  /** Whether an idle connection keeps the program running. */
  keepRunning(does: boolean): void;
  /** The stream below, for another protocol; this is of no use then. */
  detach(): Duplex;
}

/** Bytes that are read ahead of their reader. */
const READ_AHEAD = 2 * 1_024 * 1_024;

/** How TLS reports its end: it knows more than its stream, and less. */
export interface EndOfStream {
  /** Calls back when the stream below has ended, and nothing more can come. */
  onCut(cut: () => void): void;
}

export function createWire(
  stream: Duplex & { ref?(): unknown; unref?(): unknown },
  end: EndOfStream | null,
): Wire {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let state:
    { readonly kind: "open" | "ended" } | { readonly kind: "broken"; readonly cause: unknown } = {
    kind: "open",
  };
  let wake: (() => void) | null = null;

  function onData(piece: Uint8Array<ArrayBuffer>): void {
    pieces.push(piece);
    length += piece.length;
    if (length > READ_AHEAD) stream.pause();
    wake?.();
  }

  function onEnd(): void {
    if (state.kind === "open") state = { kind: "ended" };
    wake?.();
  }

  function breakOff(cause: unknown): void {
    if (state.kind === "open") state = { kind: "broken", cause };
    wake?.();
  }

  const onClose = () => breakOff(reset());
  stream.on("data", onData).on("end", onEnd).on("error", breakOff).on("close", onClose);
  end?.onCut(() => breakOff(reset()));

  return {
    write(bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (state.kind === "broken") reject(state.cause);
      else stream.write(bytes, (cause) => (cause ? reject(cause) : resolve()));
      return promise;
    },
    async read() {
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) {
          length -= piece.length;
          if (length <= READ_AHEAD && stream.isPaused()) stream.resume();
          return piece;
        }
        if (state.kind === "broken") throw state.cause;
        if (state.kind === "ended") return null;
        // oxlint-disable-next-line no-await-in-loop -- there is nothing else to do
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
    },
    get isIdle() {
      return state.kind === "open" && length === 0 && !stream.destroyed;
    },
    keepRunning(does) {
      if (does) stream.ref?.();
      else stream.unref?.();
    },
    detach() {
      stream.off("data", onData).off("end", onEnd).off("error", breakOff).off("close", onClose);
      stream.pause();
      return stream;
    },
    [Symbol.dispose]() {
      breakOff(reset());
      // What comes late has no reader.
      stream.on("error", () => {});
      stream.destroy();
    },
  };
}

/** As the system calls a connection that somebody has cut. */
function reset(): Error {
  return Object.assign(new Error("the connection was cut"), { code: "ECONNRESET" });
}
