// A folder and everything below it as one file, made while it is sent: /folder/?archive=zip.

import { closeSync } from "node:fs";

import { attachment } from "../../header-fields.ts";
import { noBody, streamBody } from "../bodies.ts";
import { type ArchiveEntry, walkFolder } from "../folder-entries.ts";
import type { Middleware } from "../middleware.ts";
import { tar } from "./tar.ts";
import { zip } from "./zip.ts";

interface Format {
  /** Pulled, so that nothing is read before the client takes it. */
  readonly write: (entries: AsyncIterable<ArchiveEntry>) => AsyncGenerator<Uint8Array, void, void>;
  readonly type: string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  zip: { write: zip, type: "application/zip" },
  tar: { write: tar, type: "application/x-tar" },
};
export const ARCHIVES = Object.keys(FORMATS);

/** @param name of the archive of the whole shared folder, and of the folder that it unpacks to */
export function archiveMiddleware(name: string, dotfiles: boolean): Middleware {
  return (next) => (request, context) => {
    const { target, folder } = context;
    if (target.search === "") return next(request, context);
    const requested = target.query.get("archive") ?? "";
    if (!target.isFolder || !Object.hasOwn(FORMATS, requested)) return next(request, context);
    const format = FORMATS[requested];
    const found = folder.find(target.path);
    if ("descriptor" in found) closeSync(found.descriptor);
    if (format === undefined || found.kind !== "folder") return next(request, context);

    const root = target.path.at(-1) ?? name;
    const entries = walkFolder({ folder, path: target.path, root, dotfiles });
    const isHead = request.method === "HEAD";
    return new Response(isHead ? noBody() : streamBody(format.write(entries)), {
      headers: {
        "content-type": format.type,
        "content-disposition": attachment(`${root}.${requested}`),
        "x-content-type-options": "nosniff",
        "accept-ranges": "none",
        "cache-control": "no-cache",
      },
    });
  };
}
