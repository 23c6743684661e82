// The lesson's own request, HTTP/0.9 as it was in 1991: `GET /path` and a newline on a bare TCP socket, and what
// comes back is the answer, until the other end closes.

import { connect } from "node:net";

import { describeFetchError, timedOut } from "./fetch-errors.ts";
import { shownUrl } from "./url.ts";

/** Bytes that are printed unless more are asked for: the lesson's one recv(2048). */
export const BARE_MAX_BYTES = 2_048;

/**
 * The first `maxBytes` of the answer.
 *
 * @throws {CharlaError}
 */
export async function* bareRequest(
  url: URL,
  options: { readonly maxBytes: number; readonly timeout: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { maxBytes, timeout, signal } = options;
  // Without the brackets of an IPv6 address in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: url.port === "" ? 80 : Number(url.port), signal });
  socket.setTimeout(timeout, () => socket.destroy(timedOut(url, timeout)));
  socket.write(`GET ${url.pathname}${url.search}\n`);
  let left = maxBytes;
  try {
    for await (const chunk of socket) {
      if (!(chunk instanceof Uint8Array)) continue;
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw describeFetchError(cause, new URL(shownUrl(url)));
  } finally {
    socket.destroy();
  }
}
