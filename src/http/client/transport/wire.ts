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
}

/** Bytes that are read ahead of their reader. */
const READ_AHEAD = 2 * 1_024 * 1_024;

/** How TLS reports its end: it knows more than its stream, and less. */
export interface EndOfStream {
  /** Calls back when the stream below has ended, and nothing more can come. */
  onCut(cut: () => void): void;
}

/** Pieces that wait for their reader. */
export interface Inbox {
  readonly push: (piece: Uint8Array<ArrayBuffer>) => void;
  /** Nothing more comes, in an orderly way. */
  readonly end: () => void;
  readonly breakOff: (cause: unknown) => void;
  readonly read: () => Promise<Uint8Array<ArrayBuffer> | null>;
  /** Whether nothing waits, and more may come. */
  readonly isIdle: boolean;
  /** What broke the connection; null if nothing did. */
  readonly failure: { readonly cause: unknown } | null;
}

/** @param flow called with whether more may come, when that changes */
export function createInbox(flow: (mayCome: boolean) => void): Inbox {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let isPaused = false;
  let hasEnded = false;
  let failure: { readonly cause: unknown } | null = null;
  let wake: (() => void) | null = null;

  function setPaused(paused: boolean): void {
    if (paused === isPaused) return;
    isPaused = paused;
    flow(!paused);
  }

  return {
    push(piece) {
      pieces.push(piece);
      length += piece.length;
      if (length > READ_AHEAD) setPaused(true);
      wake?.();
    },
    end() {
      hasEnded ||= failure === null;
      wake?.();
    },
    breakOff(cause) {
      if (!hasEnded) failure ??= { cause };
      wake?.();
    },
    async read() {
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) {
          length -= piece.length;
          if (length <= READ_AHEAD) setPaused(false);
          return piece;
        }
        if (failure !== null) throw failure.cause;
        if (hasEnded) return null;
        // oxlint-disable-next-line no-await-in-loop -- there is nothing else to do
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
    },
    get isIdle() {
      return !hasEnded && failure === null && length === 0;
    },
    get failure() {
      return failure;
    },
  };
}

/** A connection over a stream, which can be taken back for another protocol. */
export interface StreamWire extends Wire {
  /** The stream below; this is of no use then. */
  detach(): Duplex;
}

export function createWire(
  stream: Duplex & { ref?(): unknown; unref?(): unknown },
  end: EndOfStream | null,
): StreamWire {
  const inbox = createInbox((mayCome) => void (mayCome ? stream.resume() : stream.pause()));
  const onClose = () => inbox.breakOff(reset());
  stream
    .on("data", inbox.push)
    .on("end", inbox.end)
    .on("error", inbox.breakOff)
    .on("close", onClose);
  end?.onCut(onClose);
  return {
    write(bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (inbox.failure !== null) reject(inbox.failure.cause);
      else stream.write(bytes, (cause) => (cause ? reject(cause) : resolve()));
      return promise;
    },
    read: inbox.read,
    get isIdle() {
      return inbox.isIdle && !stream.destroyed;
    },
    keepRunning(does) {
      if (does) stream.ref?.();
      else stream.unref?.();
    },
    detach() {
      stream.off("data", inbox.push).off("end", inbox.end);
      stream.off("error", inbox.breakOff).off("close", onClose);
      stream.pause();
      return stream;
    },
    [Symbol.dispose]() {
      onClose();
      // What comes late has no reader.
      stream.on("error", () => {});
      stream.destroy();
    },
  };
}

/** As the system calls a connection that somebody has cut. */
export function reset(): Error {
  return Object.assign(new Error("the connection was cut"), { code: "ECONNRESET" });
}
