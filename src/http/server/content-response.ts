// The response to GET and HEAD: a file, a folder's index.html or listing, or 404.

import { closeSync } from "node:fs";

import { MAX_PENDING_SHARED, MAX_READ_AT_ONCE, MAX_SHARED } from "./bodies.ts";
import { isPlainRequest } from "./conditions.ts";
import { createFileCache } from "./file-cache.ts";
import { fileResponse } from "./file-response.ts";
import type { OpenedFile, OpenedFolder } from "./folder.ts";
import { type ListingOptions, listingResponse } from "./listing-response.ts";
import { type Context, emptyResponse, type Handler, textResponse } from "./middleware.ts";
import { formatPath } from "./target.ts";

export interface ContentOptions {
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
