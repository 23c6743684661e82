// The lesson's request, HTTP/0.9 of 1991: one line on a TCP socket, and everything that comes is the response.

import { describeFetchError, timedOut } from "./fetch-errors.ts";
import { dial, type DialOptions } from "./transport/dial.ts";
import { endpointOf } from "./transport/endpoint.ts";
import { createWire } from "./transport/wire.ts";
import { shownUrl } from "./url.ts";

/** Bytes that are read unless the user sets another limit: the lesson's single recv(2048). */
export const HTTP09_MAX_BYTES = 2_048;

export interface Http09Options extends DialOptions {
  readonly maxBytes: number;
  /** ms of silence; 0 for no limit. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * The first `maxBytes` of the response.
 *
 * @throws {CharlaError}
 */
export async function* fetchHttp09(url: URL, options: Http09Options): AsyncGenerator<Uint8Array> {
  const { maxBytes, timeout } = options;
  const silent = new AbortController();
  const signal = AbortSignal.any([options.signal, silent.signal]);
  const late = () => silent.abort(timedOut(url, timeout));
  let timer = timeout === 0 ? undefined : setTimeout(late, timeout);
  try {
    const { socket } = await dial(endpointOf(url), options, signal);
    using wire = createWire(socket, null);
    const abort = () => wire[Symbol.dispose]();
    signal.addEventListener("abort", abort);
    try {
      await wire.write(`GET ${url.pathname}${url.search}\n`);
      let left = maxBytes;
      while (left > 0) {
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        const piece = await wire.read();
        clearTimeout(timer);
        if (piece === null) return;
        yield piece.subarray(0, left);
        left -= piece.length;
        if (timeout !== 0) timer = setTimeout(late, timeout);
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  } catch (cause) {
    throw signal.aborted ? signal.reason : describeFetchError(cause, new URL(shownUrl(url)));
  } finally {
    clearTimeout(timer);
  }
}
