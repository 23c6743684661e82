// A folder's listing as an answer: a page, or JSON for who asks for that.

import { createHash } from "node:crypto";
import { closeSync } from "node:fs";

import { acceptedCodings } from "./accepted-coding.ts";
import { MIN_PACKED, pack, QUICKEST } from "./compression.ts";
import { type Entries, entriesOf, readOrder, sorted } from "./entries.ts";
import type { OpenedFolder } from "./folder.ts";
import { listingPage } from "./listing-page.ts";
import { STYLE } from "./listing-style.ts";
import { type Markup, markup } from "./markup.ts";
import type { Context } from "./middleware.ts";

/** What a listing offers besides names. */
export interface ListingFeatures {
  readonly dotfiles: boolean;
  /** As what a folder can be had whole, by `?archive=`. */
  readonly archives: readonly string[];
  /** Put below the listing, with the directives of the page's policy that it needs; null for nothing. */
  readonly form: { readonly markup: Markup; readonly policy: string } | null;
}

const STYLE_DIGEST = createHash("sha256").update(STYLE).digest("base64");
/** The page loads nothing but what is in it, frames nothing, and is framed by nobody. */
const POLICY = `default-src 'none'; img-src data:; style-src 'sha256-${STYLE_DIGEST}'; base-uri 'none'; frame-ancestors 'none'`;
const NO_FORM = "; form-action 'none'";

export async function listingAnswer(
  request: Request,
  context: Context,
  opened: OpenedFolder,
  { dotfiles, archives, form }: ListingFeatures,
): Promise<Response> {
  const { target, folder } = context;
  let entries: Entries;
  try {
    entries = await entriesOf(folder, opened, target.path, dotfiles);
  } finally {
    closeSync(opened.descriptor);
  }
  const order = readOrder(target.query);
  const asJson = prefersJson(request.headers.get("accept"));
  const body = Buffer.from(
    asJson
      ? jsonListing(target.path, { ...entries, entries: sorted(entries.entries, order) })
      : listingPage({
          path: target.path,
          entries,
          order,
          archives,
          extra: form?.markup ?? markup``,
        }),
  );
  const accepted = acceptedCodings(request.headers.get("accept-encoding"), QUICKEST);
  const coding = body.length < MIN_PACKED ? undefined : accepted[0];
  const sent = coding === undefined ? body : await pack(body, coding);
  const isHead = request.method === "HEAD";
  context.length = isHead ? 0 : sent.length;
  return new Response(isHead ? null : sent, {
    headers: {
      "content-type": asJson ? "application/json" : "text/html; charset=utf-8",
      "content-length": String(sent.length),
      ...(coding === undefined ? {} : { "content-encoding": coding }),
      "content-security-policy": POLICY + (form === null ? NO_FORM : `; ${form.policy}`),
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cache-control": "no-cache",
      vary: "Accept, Accept-Encoding",
    },
  });
}

function jsonListing(path: readonly string[], { entries, more }: Entries): string {
  return JSON.stringify({
    path: `/${path.map((name) => `${name}/`).join("")}`,
    entries: entries.map(({ name, kind, size, modified }) => ({
      name,
      kind,
      size,
      modified: new Date(modified).toISOString(),
    })),
    more,
  });
}

/** Whether JSON is named, and at least as welcome as a page (RFC 9110 s. 12.5.1). */
export function prefersJson(accept: string | null): boolean {
  if (accept === null) return false;
  const weights = new Map<string, number>();
  for (const written of accept.split(",")) {
    const [type = "", ...parameters] = written
      .split(";")
      .map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    weights.set(type, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const json = weights.get("application/json") ?? 0;
  const page = weights.get("text/html") ?? 0;
  return json > 0 && json >= page;
}
