// A folder as one file, made while it is sent: /folder/?archive=zip.

import { closeSync } from "node:fs";

import { attachment } from "../disposition.ts";
import type { Step } from "../middleware.ts";
import { noBody, streamBody } from "../stream-body.ts";
import type { ArchiveWriter } from "./archive-entry.ts";
import { folderEntries } from "./folder-entries.ts";
import { tar } from "./tar.ts";
import { zip } from "./zip.ts";

interface Format {
  readonly write: ArchiveWriter;
  readonly type: string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  zip: { write: zip, type: "application/zip" },
  tar: { write: tar, type: "application/x-tar" },
};
export const ARCHIVES = Object.keys(FORMATS);

/** @param name what the archive of the whole folder is called, and unpacks to */
export function archiveStep(name: string, dotfiles: boolean): Step {
  return (request, context) => {
    const { target, folder } = context;
    if (target.search === "") return null;
    const asked = target.query.get("archive") ?? "";
    if (!target.isFolder || !Object.hasOwn(FORMATS, asked)) return null;
    const format = FORMATS[asked];
    const found = folder.find(target.path);
    if ("descriptor" in found) closeSync(found.descriptor);
    if (format === undefined || found.kind !== "folder") return null;

    const root = target.path.at(-1) ?? name;
    const entries = folderEntries({ folder, path: target.path, root, dotfiles });
    const isHead = request.method === "HEAD";
    return new Response(isHead ? noBody() : streamBody(format.write(entries)), {
      headers: {
        "content-type": format.type,
        "content-disposition": attachment(`${root}.${asked}`),
        "x-content-type-options": "nosniff",
        "accept-ranges": "none",
        "cache-control": "no-cache",
      },
    });
  };
}
