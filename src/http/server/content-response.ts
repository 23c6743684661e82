// The response to GET and HEAD: a file, a folder's index.html or listing, or 404.

import { isPlainRequest } from "./conditions.ts";
import {
  type Context,
  emptyResponse,
  type Handler,
  type HttpResponse,
  type MaybePromise,
  textResponse,
} from "./exchange.ts";
import { createFileCache } from "./file-cache.ts";
import { fileResponse, pageResponse } from "./file-response.ts";
import { type ListingOptions, listingResponse } from "./listing/listing-response.ts";
import type { OpenedFile, OpenedFolder } from "./opened.ts";
import { formatPath } from "./target.ts";

interface ContentOptions {
  /** Null for no listings: a folder without an index.html is not found. */
  readonly listing: ListingOptions | null;
  /** A path that is not found and has no extension gets /index.html: a page of a single-page application. */
  readonly spa: boolean;
}

const INDEX = "index.html";
const NOT_FOUND = "404.html";

export function contentHandler({ listing, spa }: ContentOptions): Handler {
  const cache = createFileCache();

  return (context) => {
    const { target, folder } = context;
    const cached = target.search === "" ? cache.get(folder, target.written) : null;
    if (cached !== null && isPlainRequest(context, cached.varies)) return cached.response;
    using found = folder.find(target.path);
    switch (found.kind) {
      case "file":
        return target.isFolder ? notFound(context) : cachedResponse(context, found, target.path);
      case "folder":
        return folderResponse(context, found);
      case "missing":
        return notFound(context);
      case "forbidden":
        return textResponse(403);
      case "busy":
        return textResponse(503);
    }
  };

  function cachedResponse(context: Context, given: OpenedFile, path: readonly string[]) {
    const { folder, target } = context;
    const file = given.move();
    return fileResponse(context, file, path, (response, size, varies) => {
      cache.store(folder, target.written, path, file, { response, size, varies });
    });
  }

  function folderResponse(context: Context, opened: OpenedFolder): MaybePromise<HttpResponse> {
    const { target, folder } = context;
    using index = folder.find([...target.path, INDEX]);
    const hasIndex = index.kind === "file";
    if (!target.isFolder) {
      if (!hasIndex && listing === null) return notFound(context);
      return emptyResponse(301, { location: formatPath(target.path, true) + target.search });
    }
    if (hasIndex) return cachedResponse(context, index, [...target.path, INDEX]);
    return listing === null ? notFound(context) : listingResponse(context, opened.move(), listing);
  }

  /** What a path without an extension means besides: its page, or one of an application; else there is a page for that. */
  function notFound(context: Context): MaybePromise<HttpResponse> {
    const { target, folder } = context;
    const name = target.path.at(-1) ?? "";
    if (name !== "" && !name.includes(".")) {
      if (!target.isFolder) {
        const path = [...target.path.slice(0, -1), `${name}.html`];
        using page = folder.find(path);
        if (page.kind === "file") return cachedResponse(context, page, path);
      }
      using application = spa ? folder.find([INDEX]) : null;
      if (application?.kind === "file") {
        return fileResponse(context, application.move(), [INDEX], null);
      }
    }
    using page = folder.find([NOT_FOUND]);
    return page.kind === "file" ? pageResponse(404, page.move()) : textResponse(404);
  }
}
