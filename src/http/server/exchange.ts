// What a handler is given and what it returns, through middleware; and the responses that any of them may give, errors as a
// line of text and empty ones. Knows neither sockets nor what is served.

import { Buffer } from "node:buffer";

import type { Coding } from "../header-fields.ts";
import type { Folder } from "./folder.ts";
import type { OpenedFile } from "./opened.ts";
import type { Target } from "./target.ts";
import type { Fields } from "./wire/request-head.ts";

/** A request, and what is known of it. */
export interface Context {
  readonly method: string;
  readonly target: Target;
  readonly fields: Fields;
  /** By which name the server was called, with the port; null in HTTP/1.0 without one. */
  readonly host: string | null;
  /** By which name a trusted proxy before it was called. */
  readonly forwardedHost: string | null;
  /** Null without a body. It is sent by a client that waits for that (100 Continue) when it is first read. */
  readonly body: RequestBody | null;
  /** The client's address; null if it has disconnected already. */
  readonly client: string | null;
  readonly folder: Folder;
}

/** @throws {AbortedBody} while it is read */
export type RequestBody = AsyncIterable<Uint8Array>;

/** The body of a request did not come whole: its client has disconnected, or has sent what is malformed. */
export class AbortedBody extends Error {}

export interface HttpResponse {
  readonly status: number;
  /** By name in lower case; the carrier adds those of the connection, Date and Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ResponseBody | null;
  /** The user who was let in. */
  readonly user?: string;
}

/** To HEAD it is not sent: only its length is. */
export type ResponseBody =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A part of a file, which is closed once it is sent. `end` is exclusive. */
  | {
      readonly kind: "file";
      readonly file: OpenedFile;
      readonly start: number;
      readonly end: number;
    }
  /** Made while it is sent. Nothing is open before the first chunk is asked for. */
  | { readonly kind: "stream"; chunks(): AsyncGenerator<Uint8Array, void, void> }
  /** A whole file, compressed while it is sent, and closed then. */
  | { readonly kind: "compressed"; readonly file: OpenedFile; readonly coding: Coding };

export type MaybePromise<T> = T | Promise<T>;

export type Handler = (context: Context) => MaybePromise<HttpResponse>;

/** Responds itself, or passes the request on and may change the response. */
export type Middleware = (context: Context, next: Handler) => MaybePromise<HttpResponse>;

/** The first middleware is the outermost. */
export function compose(middleware: readonly Middleware[], handler: Handler): Handler {
  return middleware.reduceRight<Handler>((next, each) => (context) => each(context, next), handler);
}

/** Applies `change` to a response, at once if it is there: most are, and a promise would cost a turn of the event loop. */
export function mapResponse(
  response: MaybePromise<HttpResponse>,
  change: (response: HttpResponse) => HttpResponse,
): MaybePromise<HttpResponse> {
  return response instanceof Promise ? response.then(change) : change(response);
}

const TEXTS = {
  400: "malformed request",
  401: "user and password required",
  403: "access denied",
  404: "not found",
  405: "method not allowed",
  408: "the request took too long",
  409: "a file of this name already exists",
  412: "precondition failed",
  413: "too large",
  414: "the target is too long",
  415: "unsupported content type",
  416: "range not satisfiable",
  417: "unknown expectation",
  421: "not a name of this server",
  431: "the headers are too long",
  500: "internal error",
  501: "unknown method",
  502: "on another server",
  503: "too many open files",
  505: "unknown version of HTTP",
  507: "disk full",
} as const;
export type TextStatus = keyof typeof TEXTS;

export function textResponse(
  status: TextStatus,
  headers: Readonly<Record<string, string>> = {},
  reason: string = TEXTS[status],
): HttpResponse {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: bytesBody(`${status}: ${reason}\n`),
  };
}

export function refusal(status: TextStatus, reason: string): HttpResponse {
  return textResponse(status, {}, reason);
}

export function emptyResponse(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status, headers, body: null };
}

export function bytesBody(content: Uint8Array | string): ResponseBody {
  return {
    kind: "bytes",
    bytes: typeof content === "string" ? Buffer.from(content) : content,
  };
}

/** Closes what a body that is not sent holds. */
export function discard(body: ResponseBody | null): void {
  if (body?.kind === "file" || body?.kind === "compressed") body.file[Symbol.dispose]();
}
