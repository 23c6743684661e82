// Answers of a line of text: errors, and what else has no content of its own.

import type { Context } from "./middleware.ts";

const TEXTS = {
  400: "this request is malformed",
  401: "a user and a password are wanted",
  403: "this may not be read",
  404: "there is nothing here",
  405: "this method is not for here",
  409: "there is something of this name already",
  412: "the condition does not hold",
  413: "this is too large",
  415: "content of this type is not taken",
  416: "there is no such range",
  421: "this name may be another site's: use localhost",
  431: "the header is too long",
  500: "the server failed at this",
  503: "the server has too many files open",
  507: "the disk is full",
} as const;
export type BriefStatus = keyof typeof TEXTS;

export function briefAnswer(
  request: Request,
  context: Context,
  status: BriefStatus,
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

export function emptyAnswer(
  context: Context,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  context.length = 0;
  return new Response(null, { status, headers });
}
