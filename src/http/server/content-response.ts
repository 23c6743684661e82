// The response to GET and HEAD: a file, a folder's index.html or listing (a page, or JSON for clients that prefer it), or
// 404.

import { closeSync } from "node:fs";

import { acceptedCodings, parseQualityValues } from "../header-fields.ts";
import { MAX_PENDING_SHARED, MAX_READ_AT_ONCE, MAX_SHARED } from "./bodies.ts";
import { compress, MIN_COMPRESSED, QUICKEST } from "./compression.ts";
import { isPlainRequest } from "./conditions.ts";
import { createFileCache } from "./file-cache.ts";
import { fileResponse } from "./file-response.ts";
import { type Entries, listEntries, parseOrder, sortEntries } from "./folder-entries.ts";
import type { OpenedFile, OpenedFolder } from "./folder.ts";
import { type ListingPage, listingPage, PAGE_POLICY } from "./listing-page.ts";
import { type Context, emptyResponse, type Handler, textResponse } from "./middleware.ts";
import { formatPath } from "./target.ts";

interface ListingOptions extends Pick<ListingPage, "archives" | "form"> {
  readonly dotfiles: boolean;
}

interface ContentOptions {
  /** Null for no listings: a folder without an index.html is not found. */
  readonly listing: ListingOptions | null;
  /** A path that is not found and has no extension gets /index.html: a page of a single-page application. */
  readonly spa: boolean;
}

const INDEX = "index.html";

export function contentHandler({ listing, spa }: ContentOptions): Handler {
  const cache = createFileCache();

  return (request, context) => {
    const { target, folder } = context;
    const cached = target.search === "" ? cache.get(folder, target.written) : null;
    if (
      cached !== null &&
      fitsInMemory(context, cached.size) &&
      isPlainRequest(request, cached.varies)
    ) {
      context.length = cached.size;
      return new Response(cached.body, cached);
    }
    const found = folder.find(target.path);
    switch (found.kind) {
      case "file":
        if (!target.isFolder) return cachedResponse(request, context, found, target.path);
        closeSync(found.descriptor);
        return notFound(request, context);
      case "folder":
        return folderResponse(request, context, found);
      case "missing":
        return notFound(request, context);
      case "forbidden":
        return textResponse(request, context, 403);
      case "busy":
        return textResponse(request, context, 503);
    }
  };

  function cachedResponse(
    request: Request,
    context: Context,
    file: OpenedFile,
    path: readonly string[],
  ) {
    const { folder, target } = context;
    return fileResponse(request, context, file, path, {
      wants: (size) => fitsInMemory(context, size) && cache.isRequestedAgain(target.written),
      store(body, size, headers) {
        const varies = headers["vary"] !== undefined;
        const content = { body, size, headers: new Headers(headers), varies };
        cache.store(folder, target.written, path, file, content);
      },
    });
  }

  function folderResponse(request: Request, context: Context, opened: OpenedFolder) {
    const { target, folder } = context;
    const index = folder.find([...target.path, INDEX]);
    const hasIndex = index.kind === "file";
    if (hasIndex && target.isFolder) {
      closeSync(opened.descriptor);
      return cachedResponse(request, context, index, [...target.path, INDEX]);
    }
    if ("descriptor" in index) closeSync(index.descriptor);
    if (target.isFolder && listing !== null) {
      return listingResponse(request, context, opened, listing);
    }
    closeSync(opened.descriptor);
    if (target.isFolder || (!hasIndex && listing === null)) return notFound(request, context);
    return emptyResponse(context, 301, {
      location: formatPath(target.path, true) + target.search,
    });
  }

  function notFound(request: Request, context: Context): Response | Promise<Response> {
    const name = context.target.path.at(-1) ?? "";
    if (!spa || name.includes(".")) return textResponse(request, context, 404);
    const page = context.folder.find([INDEX]);
    if (page.kind === "file") return fileResponse(request, context, page, [INDEX]);
    if ("descriptor" in page) closeSync(page.descriptor);
    return textResponse(request, context, 404);
  }
}

/** Whether a response may keep so many bytes in memory until they are sent. */
function fitsInMemory(context: Context, size: number): boolean {
  if (size <= MAX_READ_AT_ONCE) return true;
  return size <= MAX_SHARED && context.pendingRequests() <= MAX_PENDING_SHARED;
}

/** Closes the folder. */
async function listingResponse(
  request: Request,
  context: Context,
  opened: OpenedFolder,
  { dotfiles, archives, form }: ListingOptions,
): Promise<Response> {
  const { target, folder } = context;
  const listed = await listEntries(folder, opened, target.path, dotfiles).finally(() => {
    closeSync(opened.descriptor);
  });
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
