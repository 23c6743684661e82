// A request as a carrier hands it over, what a carrier has, and the framing that any of them needs to know. Knows neither
// HTTP/1.1 nor HTTP/2.

import type { HttpResponse, MaybePromise, RequestBody } from "./exchange.ts";
import type { FindOrigin, Origin } from "./forwarded.ts";
import type { RequestEntry } from "./request-log.ts";
import type { SendFile } from "./sending.ts";
import type { Fields } from "./wire/request-head.ts";

export interface IncomingRequest {
  readonly method: string;
  /** A path with its query, as it was sent; "*" only with OPTIONS. */
  readonly target: string;
  readonly host: string | null;
  readonly fields: Fields;
  readonly body: RequestBody | null;
  readonly origin: Origin;
}

/** What every connection of a server has. */
export interface Carrier {
  /** Neither throws nor rejects. */
  respond(request: IncomingRequest): MaybePromise<HttpResponse>;
  readonly findOrigin: FindOrigin;
  /** Null for no log. */
  readonly log: ((entry: RequestEntry) => void) | null;
  readonly sendFile: SendFile | null;
  /** ms that nothing may happen on a connection. */
  readonly idleTime: number;
  /** ms that the head of a request may take, from the beginning of the connection or from its first byte. */
  readonly headTime: number;
}

export interface Connection {
  /** Answers pending requests, and accepts no more. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
  /** To be called every second. @param now ms (performance.now) */
  checkTime(now: number): void;
}

/** Responses that have no body, and say nothing of the length of one (RFC 9110 s. 8.6). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/** Bytes; null if that is not known before it is sent. */
export function bodyLength({ body }: HttpResponse): number | null {
  if (body === null) return 0;
  if (body.kind === "bytes") return body.bytes.length;
  return body.kind === "file" ? body.end - body.start : null;
}
