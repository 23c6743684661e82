// The response with the listing of a folder: a page, or JSON for clients that prefer it.

import { acceptedCodings, parseQualityValues } from "../../header-fields.ts";
import { compress, MIN_COMPRESSED, QUICKEST } from "../compression.ts";
import { bytesBody, type Context, type HttpResponse } from "../exchange.ts";
import type { OpenedFolder } from "../opened.ts";
import { type Entries, listEntries, parseView, type View } from "./entries.ts";
import { type ListingPage, listingPage, PAGE_POLICY } from "./page.ts";
import { readReadme } from "./readme.ts";

export interface ListingOptions extends Pick<
  ListingPage,
  "name" | "archives" | "isUploadable" | "isManaged"
> {
  readonly dotfiles: boolean;
}

/** Takes over the folder. */
export async function listingResponse(
  { target, folder, fields }: Context,
  given: OpenedFolder,
  options: ListingOptions,
): Promise<HttpResponse> {
  using opened = given;
  const { path } = target;
  const view = parseView(target.query);
  const entries = await listEntries(folder, opened, path, view, options.dotfiles);
  const isJson = prefersJson(fields.get("accept"));
  const content = Buffer.from(
    isJson
      ? jsonListing(path, entries, view)
      : listingPage({ ...options, path, entries, view, readme: readReadme(folder, path) }),
  );
  const [accepted] = acceptedCodings(fields.get("accept-encoding") ?? null, QUICKEST);
  const coding = content.length < MIN_COMPRESSED ? undefined : accepted;
  return {
    status: 200,
    headers: {
      "content-type": isJson ? "application/json" : "text/html; charset=utf-8",
      ...(coding === undefined ? {} : { "content-encoding": coding }),
      "content-security-policy": PAGE_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cache-control": "no-cache",
      vary: "Accept, Accept-Encoding",
    },
    body: bytesBody(coding === undefined ? content : await compress(content, coding)),
  };
}

function jsonListing(
  path: readonly string[],
  { entries, total, page, pages, leftOut }: Entries,
  view: View,
): string {
  const next = new URLSearchParams({ sort: view.sort, order: view.descending ? "desc" : "asc" });
  if (view.filter !== "") next.set("q", view.filter);
  next.set("page", String(page + 1));
  return JSON.stringify({
    path: `/${path.map((name) => `${name}/`).join("")}`,
    entries: entries.map(({ name, kind, size, modified }) => ({
      name,
      kind,
      size,
      modified: new Date(modified).toISOString(),
    })),
    total,
    page,
    pages,
    leftOut,
    next: page < pages ? `?${next.toString()}` : null,
  });
}

/** Whether JSON is named, with at least the weight of a page (RFC 9110 s. 12.5.1). */
function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const weights = parseQualityValues(accept);
  const json = weights.get("application/json") ?? 0;
  return json > 0 && json >= (weights.get("text/html") ?? 0);
}
