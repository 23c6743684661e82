// A folder and everything below it as one file, made while it is sent: /folder/?archive=zip.

import { attachment } from "../../header-fields.ts";
import type { Middleware } from "../exchange.ts";
import { tar } from "./tar.ts";
import { walkFolder } from "./walk.ts";
import { zip } from "./zip.ts";

/** `write` is pulled, so that nothing is read before the client takes it. */
const FORMATS = new Map([
  ["zip", { write: zip, type: "application/zip" }],
  ["tar", { write: tar, type: "application/x-tar" }],
]);

/** What `?archive=` takes. */
export const ARCHIVE_FORMATS: readonly string[] = [...FORMATS.keys()];

/** @param name of the archive of the whole shared folder, and of the folder that it unpacks to */
export function archiveMiddleware(name: string, dotfiles: boolean): Middleware {
  return (context, next) => {
    const { target, folder, method } = context;
    if (target.search === "" || (method !== "GET" && method !== "HEAD")) return next(context);
    const requested = target.query.get("archive") ?? "";
    const format = FORMATS.get(requested);
    if (!target.isFolder || format === undefined) return next(context);
    using found = folder.find(target.path);
    if (found.kind !== "folder") return next(context);

    const root = target.path.at(-1) ?? name;
    return {
      status: 200,
      headers: {
        "content-type": format.type,
        "content-disposition": attachment(`${root}.${requested}`),
        "x-content-type-options": "nosniff",
        "accept-ranges": "none",
        "cache-control": "no-cache",
      },
      body: {
        kind: "stream",
        chunks: () => format.write(walkFolder({ folder, path: target.path, root, dotfiles })),
      },
    };
  };
}
