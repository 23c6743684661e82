// One request and its response: over the runtime's fetch, which neither follows redirects nor decompresses here, or over a
// TCP socket as HTTP/0.9. A server that stays silent is given up after a time-out; time during which the reader of the body
// is slow doesn't count.

import { connect } from "node:net";

import type { CharlaError } from "../../errors.ts";
import type { Header } from "../header-fields.ts";
import { describeFetchError, timedOut } from "./fetch-errors.ts";
import type { HttpRequest, RequestBody } from "./request.ts";
import { shownUrl } from "./url.ts";

export interface ExchangeOptions {
  /** ms in which the server neither sends nor takes a byte before it is given up; 0 for never. */
  readonly timeout: number;
  /** Trust any certificate. */
  readonly insecure: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | null;
  /** Ends everything; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly url: URL;
  readonly status: number;
  /** The reason phrase, which may be empty. */
  readonly statusText: string;
  readonly headers: readonly Header[];
}

export interface HttpResponse extends ResponseHead {
  /** As it arrives; reading it throws a CharlaError if the connection is lost. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
  /** Bytes of the body that have arrived. */
  readonly received: number;
  /** Cancels the rest of the body. */
  discard(): Promise<void>;
}

/**
 * @param onSent called with how many bytes of the request's body the server has taken
 * @throws {CharlaError} what went wrong; or the reason of the signal
 */
export async function exchange(
  request: HttpRequest,
  options: ExchangeOptions,
  onSent: (bytes: number) => void,
): Promise<HttpResponse> {
  const { url, method } = request;
  const { timeout, insecure, ca } = options;
  const silence = createSilenceTimer(timeout, () => timedOut(url, timeout));
  const describe = (cause: unknown): unknown => {
    if (options.signal.aborted) return options.signal.reason;
    return silence.signal.aborted ? silence.signal.reason : describeFetchError(cause, url);
  };
  let hasResponse = false;
  const onTaken = (bytes: number) => {
    // A response may come before the body is sent; from then on reading the response runs the timer.
    if (hasResponse) return;
    silence.start();
    onSent(bytes);
  };
  let response: Response;
  try {
    silence.start();
    const tls = { rejectUnauthorized: !insecure, ...(ca === null ? {} : { ca }) };
    response = await fetch(shownUrl(url), {
      method,
      headers: completeHeaders(request),
      ...(request.body === null ? {} : { body: sendable(request.body, onTaken, describe) }),
      redirect: "manual",
      decompress: false,
      ...(url.protocol === "https:" ? { tls } : {}),
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
  } catch (cause) {
    throw describe(cause);
  } finally {
    hasResponse = true;
    silence.stop();
  }
  const body = response.body === null ? null : readable(response.body, silence, describe);
  return {
    url,
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers].map(([name, value]) => [name, decodeHeader(value)]),
    body,
    get received() {
      return body?.received ?? 0;
    },
    async discard() {
      await body?.cancel();
    },
  };
}

type SilenceTimer = ReturnType<typeof createSilenceTimer>;

/** One timer for a whole body: setting one for each piece would cost as much as reading it. */
function createSilenceTimer(timeout: number, reason: () => CharlaError) {
  const controller = new AbortController();
  let since: number | null = null;
  let isSet = false;

  function check(): void {
    isSet = false;
    if (since === null) return;
    const left = timeout - (performance.now() - since);
    if (left > 0) checkAfter(left);
    else controller.abort(reason());
  }

  function checkAfter(wait: number): void {
    isSet = true;
    // The request keeps the program running; the timer alone must not.
    setTimeout(check, Math.ceil(wait)).unref();
  }

  return {
    /** Aborted when the time is over. */
    signal: controller.signal,
    /** Starts waiting for the server, or starts anew. */
    start() {
      if (timeout === 0) return;
      since = performance.now();
      if (!isSet) checkAfter(timeout);
    },
    stop() {
      since = null;
    },
  };
}

type Describe = (cause: unknown) => unknown;

interface ReadableBody extends AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  readonly received: number;
  cancel(): Promise<void>;
}

/** Reads nothing ahead. */
function readable(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  silence: SilenceTimer,
  describe: Describe,
): ReadableBody {
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => {});
  let received = 0;
  return {
    cancel,
    get received() {
      return received;
    },
    async next() {
      silence.start();
      try {
        const { done, value } = await reader.read();
        if (done) return { done, value: undefined };
        received += value.length;
        return { done: false, value };
      } catch (cause) {
        throw describe(cause);
      } finally {
        silence.stop();
      }
    },
    async return() {
      await cancel();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function sendable(
  body: RequestBody,
  onTaken: (bytes: number) => void,
  describe: Describe,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const opened = body.open();
  if (opened instanceof Uint8Array) return opened;
  const pieces = opened[Symbol.asyncIterator]();
  let taken = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      onTaken(taken);
      try {
        const next = await pieces.next();
        if (next.done === true) return controller.close();
        taken += next.value.length;
        controller.enqueue(next.value);
      } catch (cause) {
        controller.error(describe(cause));
      }
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

function completeHeaders({ headers, body }: HttpRequest): Headers {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  if (body !== null) {
    if (!all.has("content-type")) all.set("content-type", body.contentType);
    // Without it a stream would be sent in chunks, which many servers refuse.
    all.set("content-length", String(body.length));
  }
  return all;
}

/** The runtime gives each byte of a header as one character; most headers that are not ASCII are UTF-8. */
function decodeHeader(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : value;
}

/** Bytes that are read unless the user sets another limit: the lesson's single recv(2048). */
export const HTTP09_MAX_BYTES = 2_048;

/**
 * The first `maxBytes` of the response.
 *
 * @throws {CharlaError}
 */
export async function* fetchHttp09(
  url: URL,
  options: Pick<ExchangeOptions, "timeout" | "signal"> & { readonly maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const { maxBytes, timeout, signal } = options;
  // Without the brackets of an IPv6 address in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: Number(url.port || 80), signal });
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
