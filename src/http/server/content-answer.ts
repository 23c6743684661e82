// What is shared as an answer: a file, a folder's index.html or its listing, or that there is nothing.

import { closeSync } from "node:fs";

import { fileAnswer } from "./file-answer.ts";
import { MOST_FROM_MEMORY, READ_AT_ONCE, READ_FOR_SEVERAL } from "./file-body.ts";
import { keptFiles } from "./file-cache.ts";
import type { Found, OpenedFile, OpenedFolder } from "./folder.ts";
import { listingAnswer, type ListingFeatures } from "./listing-answer.ts";
import type { Answerer, Context } from "./middleware.ts";
import { isPlainRequest } from "./plain-request.ts";
import { pathOf } from "./target.ts";
import { briefAnswer, emptyAnswer } from "./text-response.ts";

export interface ContentOptions {
  /** Null for none: a folder without an index.html is as if it were not there. */
  readonly listing: ListingFeatures | null;
  /** What is not there, and has no extension, is a page of the program in /index.html. */
  readonly spa: boolean;
}

const INDEX = "index.html";

/** For GET and HEAD. */
export function contentAnswerer({ listing, spa }: ContentOptions): Answerer {
  const kept = keptFiles();

  return (request, context) => {
    const { target, folder } = context;
    const file = target.search === "" ? kept.recall(folder, target.written) : null;
    if (file !== null && mayHold(context, file.size) && isPlainRequest(request, file.varies)) {
      context.length = file.size;
      return new Response(file.body, file);
    }
    const found = folder.find(target.path);
    if (found.kind === "file") {
      if (!target.isFolder) return openedAnswer(request, context, found, target.path);
      closeSync(found.descriptor);
      return missing(request, context);
    }
    if (found.kind === "folder") return folderAnswer(request, context, found);
    return found.kind === "missing" ? missing(request, context) : failed(request, context, found);
  };

  function openedAnswer(
    request: Request,
    context: Context,
    file: OpenedFile,
    path: readonly string[],
  ) {
    const { folder, target } = context;
    return fileAnswer(request, context, file, path, {
      isWanted: (size) => mayHold(context, size) && kept.isAskedAgain(target.written),
      keep(body, size, headers) {
        const varies = headers["vary"] !== undefined;
        const content = { body, size, headers: new Headers(headers), varies };
        kept.keep(folder, target.written, path, file, content);
      },
    });
  }

  function folderAnswer(request: Request, context: Context, opened: OpenedFolder) {
    const { target, folder } = context;
    const index = folder.find([...target.path, INDEX]);
    const hasIndex = index.kind === "file";
    if (hasIndex && target.isFolder) {
      closeSync(opened.descriptor);
      return openedAnswer(request, context, index, [...target.path, INDEX]);
    }
    if ("descriptor" in index) closeSync(index.descriptor);
    if (target.isFolder && listing !== null) {
      return listingAnswer(request, context, opened, listing);
    }
    closeSync(opened.descriptor);
    if (target.isFolder || (!hasIndex && listing === null)) return missing(request, context);
    return emptyAnswer(context, 301, { location: pathOf(target.path, true) + target.search });
  }

  function missing(request: Request, context: Context): Response | Promise<Response> {
    const name = context.target.path.at(-1) ?? "";
    if (!spa || name.includes(".")) return briefAnswer(request, context, 404);
    const page = context.folder.find([INDEX]);
    if (page.kind === "file") return fileAnswer(request, context, page, [INDEX]);
    if ("descriptor" in page) closeSync(page.descriptor);
    return briefAnswer(request, context, 404);
  }
}

/** Whether an answer may have so much memory of its own until it is sent. */
function mayHold(context: Context, size: number): boolean {
  if (size <= READ_AT_ONCE) return true;
  return size <= READ_FOR_SEVERAL && context.underWay() <= MOST_FROM_MEMORY;
}

function failed(request: Request, context: Context, { kind }: Found): Response {
  return briefAnswer(request, context, kind === "busy" ? 503 : 403);
}
