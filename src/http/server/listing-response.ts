// The listing of a folder as a response: a page, or JSON for clients that prefer it.

import { closeSync } from "node:fs";

import { acceptedCodings, parseQualityValues } from "../header-fields.ts";
import { compress, MIN_COMPRESSED, QUICKEST } from "./compression.ts";
import { type Entries, listEntries, parseOrder, sortEntries } from "./folder-entries.ts";
import type { OpenedFolder } from "./folder.ts";
import { listingPage, PAGE_POLICY, type UploadForm } from "./listing-page.ts";
import type { Context } from "./middleware.ts";

export interface ListingOptions {
  readonly dotfiles: boolean;
  /** The formats in which `?archive=` offers the whole folder. */
  readonly archives: readonly string[];
  /** Null if there are no uploads. */
  readonly form: UploadForm | null;
}

/** Closes the folder. */
export async function listingResponse(
  request: Request,
  context: Context,
  opened: OpenedFolder,
  { dotfiles, archives, form }: ListingOptions,
): Promise<Response> {
  const { target, folder } = context;
  let listed: Entries;
  try {
    listed = await listEntries(folder, opened, target.path, dotfiles);
  } finally {
    closeSync(opened.descriptor);
  }
  const order = parseOrder(target.query);
  const entries = { ...listed, entries: sortEntries(listed.entries, order) };
  const isJson = prefersJson(request.headers.get("accept"));
  const body = Buffer.from(
    isJson
      ? jsonListing(target.path, entries)
      : listingPage({ path: target.path, entries, order, archives, form }),
  );
  const [accepted] = acceptedCodings(request.headers.get("accept-encoding"), QUICKEST);
  const coding = body.length < MIN_COMPRESSED ? undefined : accepted;
  const sent = coding === undefined ? body : await compress(body, coding);
  const isHead = request.method === "HEAD";
  context.length = isHead ? 0 : sent.length;
  return new Response(isHead ? null : sent, {
    headers: {
      "content-type": isJson ? "application/json" : "text/html; charset=utf-8",
      "content-length": String(sent.length),
      ...(coding === undefined ? {} : { "content-encoding": coding }),
      "content-security-policy": `${PAGE_POLICY}; ${form?.policy ?? "form-action 'none'"}`,
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

/** Whether JSON is named, with at least the weight of a page (RFC 9110 s. 12.5.1). */
function prefersJson(accept: string | null): boolean {
  if (accept === null) return false;
  const weights = parseQualityValues(accept);
  const json = weights.get("application/json") ?? 0;
  return json > 0 && json >= (weights.get("text/html") ?? 0);
}
