// How a request gets its response: through middleware to a handler; and the responses that any of them may give, errors as
// a line of text and empty ones. Knows neither sockets nor what the middleware does.

import { closeSync } from "node:fs";

import type { Folder } from "./folder.ts";
import type { Target } from "./target.ts";

/** What is known of a request besides the request itself. */
export interface Context {
  readonly target: Target;
  readonly folder: Folder;
  /** The client's address; null if it has disconnected already. */
  readonly client: string | null;
  /** Descriptors opened for a body that is read later; closed once the response is being sent. */
  readonly opened: number[];
  /** The authenticated user. */
  user: string | null;
  /** Bytes of the body; null while unknown. */
  length: number | null;
  /** How many requests, with this one, are not completely answered yet. */
  pendingRequests(): number;
}

export type MaybePromise<T> = T | Promise<T>;

export type Handler = (request: Request, context: Context) => MaybePromise<Response>;

/** Wraps a handler: responds itself, or changes the response. */
export type Middleware = (next: Handler) => Handler;

/** The first middleware is the outermost. */
export function compose(middleware: readonly Middleware[], handler: Handler): Handler {
  return middleware.reduceRight((next, wrap) => wrap(next), handler);
}

/** Applies `change` to a response, at once if it is there: most are, and a promise would cost a turn of the event loop. */
export function mapResponse(
  response: MaybePromise<Response>,
  change: (response: Response) => MaybePromise<Response>,
): MaybePromise<Response> {
  return response instanceof Promise ? response.then(change) : change(response);
}

/** In the next turn of the event loop the runtime has opened the file that it sends. */
export function closeWhenSent({ opened }: Context): void {
  if (opened.length === 0) return;
  setImmediate(() => {
    for (const descriptor of opened) closeSync(descriptor);
  });
}

const TEXTS = {
  400: "malformed request",
  401: "user and password required",
  403: "access denied",
  404: "not found",
  405: "method not allowed",
  409: "a file of this name already exists",
  412: "precondition failed",
  413: "too large",
  415: "unsupported content type",
  416: "range not satisfiable",
  421: "not a name of this server",
  500: "internal error",
  503: "too many open files",
  507: "disk full",
} as const;
export type TextStatus = keyof typeof TEXTS;

export function textResponse(
  request: Request,
  context: Context,
  status: TextStatus,
  headers: Readonly<Record<string, string>> = {},
  reason: string = TEXTS[status],
): Response {
  const text = `${status}: ${reason}\n`;
  context.length = request.method === "HEAD" ? 0 : text.length;
  return new Response(request.method === "HEAD" ? null : text, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

export function emptyResponse(
  context: Context,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  context.length = 0;
  return new Response(null, { status, headers });
}
