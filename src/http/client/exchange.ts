// One request and its answer, over the runtime's fetch, which neither follows nor unpacks here. A silence of the
// other end is bounded; time that is spent because the reader is slow does not count as its silence.

import type { CharlaError } from "../../errors.ts";
import { describeFetchError, timedOut } from "./fetch-errors.ts";
import type { Header, HttpRequest, RequestBody } from "./request.ts";

export interface Way {
  /** ms without a byte from the other end, or taken by it, before it is given up; 0 for never. */
  readonly timeout: number;
  /** Trust any certificate. */
  readonly insecure: boolean;
  /** Certificates, PEM, to trust instead of the well-known ones. */
  readonly ca: string | null;
  /** Ends everything; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** What an answer says before its body. */
export interface Head {
  readonly url: URL;
  readonly status: number;
  /** The reason phrase, which may be empty. */
  readonly statusText: string;
  readonly headers: readonly Header[];
}

export interface Answer extends Head {
  /** As it comes; its reader gets a CharlaError when it breaks off. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>> | null;
  /** Bytes of the body that have come. */
  readonly received: number;
  /** Lets go of a body that nobody wants. */
  discard(): Promise<void>;
}

/**
 * @param onSent told how many bytes of the request's body have been taken
 * @throws {CharlaError} what went wrong on the way; or the reason of the signal
 */
export async function exchange(
  request: HttpRequest,
  way: Way,
  onSent: (bytes: number) => void,
): Promise<Answer> {
  const { url, method } = request;
  const watch = createWatch(way.timeout, () => timedOut(url, way.timeout));
  const signal = AbortSignal.any([way.signal, watch.signal]);
  const failed = (cause: unknown): unknown => {
    if (way.signal.aborted) return way.signal.reason;
    return watch.signal.aborted ? watch.signal.reason : describeFetchError(cause, url);
  };
  let isAnswered = false;
  const taken = (bytes: number) => {
    // An answer may come before all is sent; from then on its reader has the watch.
    if (isAnswered) return;
    watch.arm();
    onSent(bytes);
  };
  let response: Response;
  try {
    watch.arm();
    const tls = {
      rejectUnauthorized: !way.insecure,
      ...(way.ca === null ? {} : { ca: way.ca }),
    };
    response = await fetch(withoutCredentials(url), {
      method,
      headers: headersFor(request),
      ...(request.body === null ? {} : { body: streamed(request.body, taken, failed) }),
      redirect: "manual",
      decompress: false,
      ...(url.protocol === "https:" ? { tls } : {}),
      signal,
    });
  } catch (cause) {
    throw failed(cause);
  } finally {
    isAnswered = true;
    watch.disarm();
  }
  const body = response.body === null ? null : watched(response.body, watch, failed);
  return {
    url,
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers].map(([name, value]) => [name, asWritten(value)]),
    body,
    get received() {
      return body?.received ?? 0;
    },
    async discard() {
      await body?.cancel();
    },
  };
}

interface Watch {
  readonly signal: AbortSignal;
  /** From now on the other end is waited for. */
  arm(): void;
  disarm(): void;
}

/** One timer for all of a body: to set one for each piece would cost as much as to read it. */
function createWatch(timeout: number, reason: () => CharlaError): Watch {
  const controller = new AbortController();
  let since: number | null = null;
  let isSet = false;

  function look(): void {
    isSet = false;
    if (since === null) return;
    const left = timeout - (performance.now() - since);
    if (left > 0) lookIn(left);
    else controller.abort(reason());
  }

  function lookIn(wait: number): void {
    isSet = true;
    // What is waited for keeps the program alive, and nothing else.
    setTimeout(look, Math.ceil(wait)).unref();
  }

  return {
    signal: controller.signal,
    arm() {
      if (timeout === 0) return;
      since = performance.now();
      if (!isSet) lookIn(timeout);
    },
    disarm() {
      since = null;
    },
  };
}

type Failed = (cause: unknown) => unknown;

interface WatchedBody extends AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  readonly received: number;
  cancel(): Promise<void>;
}

/** Nothing is read ahead of who reads. */
function watched(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  watch: Watch,
  failed: Failed,
): WatchedBody {
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(ignore);
  let received = 0;
  return {
    cancel,
    get received() {
      return received;
    },
    async next() {
      watch.arm();
      try {
        const { done, value } = await reader.read();
        if (done) return { done, value: undefined };
        received += value.length;
        return { done: false, value };
      } catch (cause) {
        throw failed(cause);
      } finally {
        watch.disarm();
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

/** Each piece that the other end takes is a sign of life. */
function streamed(
  body: RequestBody,
  onTaken: (bytes: number) => void,
  failed: Failed,
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
        controller.error(failed(cause));
      }
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

function headersFor({ headers, body }: HttpRequest): Headers {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  if (body !== null) {
    if (!all.has("content-type")) all.set("content-type", body.contentType);
    // A body that is streamed would be sent in chunks, which many servers refuse.
    all.set("content-length", String(body.length));
  }
  return all;
}

/** Headers are bytes, and come as one character each; most that are not ASCII are UTF-8. */
function asWritten(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : value;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function ignore(): void {}
