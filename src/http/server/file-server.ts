// `charla serve` without its command line: the middleware and the handler that serve a folder, put together, with the
// middleware that has no file of its own: methods, and a folder as an archive.

import { closeSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";

import { attachment } from "../header-fields.ts";
import { allowCrossOrigin, requireCredentials } from "./access-control.ts";
import { tar } from "./archive/tar.ts";
import { zip } from "./archive/zip.ts";
import { drainRefused, noBody, streamBody } from "./bodies.ts";
import { contentHandler } from "./content-response.ts";
import { walkFolder } from "./folder-entries.ts";
import { type FolderSystem, openFolder } from "./folder.ts";
import { UPLOAD_FORM } from "./listing-page.ts";
import { compose, emptyResponse, type Middleware, textResponse } from "./middleware.ts";
import { ownHosts, rejectForeignHosts } from "./own-hosts.ts";
import { type HttpServer, type HttpServerOptions, openHttpServer } from "./server.ts";
import { uploadMiddleware } from "./upload/upload-response.ts";

export interface FileServerOptions extends Omit<HttpServerOptions, "folder" | "handler"> {
  /** An absolute path. */
  readonly folder: string;
  readonly dotfiles: boolean;
  readonly followSymlinks: boolean;
  readonly listing: boolean;
  readonly spa: boolean;
  /** Pages of other origins may read. */
  readonly crossOrigin: boolean;
  /** USER:PASSWORD; null for no password. */
  readonly credentials: string | null;
  /** Null for no uploads. `limit` in bytes of a file. */
  readonly upload: { readonly overwrite: boolean; readonly limit: number } | null;
  /** The names by which it may be called besides those that no other site can own; null for any name. */
  readonly hosts: readonly string[] | null;
  /** By default what this system has. */
  readonly system?: FolderSystem;
}

/** @throws a system error: the folder does not exist or is not one, or the port is in use */
export function openFileServer(options: FileServerOptions): HttpServer {
  const { dotfiles, followSymlinks, spa, upload, credentials, hosts } = options;
  const middleware: Middleware[] = [
    ...(options.tls === null ? [] : [drainRefused]),
    ...(hosts === null ? [] : [rejectForeignHosts(ownHosts(hosts, hostname()))]),
    ...(options.crossOrigin ? [allowCrossOrigin] : []),
    ...(credentials === null ? [] : [requireCredentials(credentials)]),
    allowMethods(["GET", "HEAD", "OPTIONS", ...(upload === null ? [] : ["PUT", "POST"])]),
    ...(upload === null ? [] : [uploadMiddleware({ ...upload, dotfiles })]),
    ...(options.listing ? [archiveMiddleware(basename(options.folder) || "files", dotfiles)] : []),
  ];
  const form = upload === null ? null : UPLOAD_FORM;
  const listing = options.listing ? { dotfiles, archives: [...FORMATS.keys()], form } : null;
  const handler = compose(middleware, contentHandler({ listing, spa }));
  using resources = new DisposableStack();
  const folder = resources.use(
    openFolder({ path: options.folder, dotfiles, followSymlinks }, options.system),
  );
  const server = openHttpServer({ ...options, folder, handler });
  const opened = resources.move();
  return {
    ...server,
    async close(grace) {
      await server.close(grace);
      opened.dispose();
    },
  };
}

/** Refuses all other methods, and responds to OPTIONS. */
function allowMethods(methods: readonly string[]): Middleware {
  const allow = { allow: methods.join(", ") };
  return (next) => (request, context) => {
    const { method } = request;
    if (method === "GET" || method === "HEAD") return next(request, context);
    if (method === "OPTIONS") return emptyResponse(context, 204, allow);
    if (methods.includes(method)) return next(request, context);
    return textResponse(request, context, 405, allow);
  };
}

/** `write` is pulled, so that nothing is read before the client takes it. */
const FORMATS = new Map([
  ["zip", { write: zip, type: "application/zip" }],
  ["tar", { write: tar, type: "application/x-tar" }],
]);

/**
 * A folder and everything below it as one file, made while it is sent: /folder/?archive=zip.
 *
 * @param name of the archive of the whole shared folder, and of the folder that it unpacks to
 */
function archiveMiddleware(name: string, dotfiles: boolean): Middleware {
  return (next) => (request, context) => {
    const { target, folder } = context;
    if (target.search === "") return next(request, context);
    const requested = target.query.get("archive") ?? "";
    const format = FORMATS.get(requested);
    if (!target.isFolder || format === undefined) return next(request, context);
    const found = folder.find(target.path);
    if ("descriptor" in found) closeSync(found.descriptor);
    if (found.kind !== "folder") return next(request, context);

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
