// `charla serve` without its command line: the middleware and the handler that serve a folder, put together.

import { hostname } from "node:os";
import { basename } from "node:path";

import { allowCrossOrigin, rejectForeignPages, requireCredentials } from "./access-control.ts";
import { ARCHIVE_FORMATS, archiveMiddleware } from "./archive/archive-response.ts";
import { contentHandler } from "./content-response.ts";
import { compose, emptyResponse, type Middleware, textResponse } from "./exchange.ts";
import { type Folder, type FolderSystem, openFolder, thisSystem } from "./folder.ts";
import { thumbnailMiddleware } from "./listing/thumbnails.ts";
import { keepEntry } from "./manage/changes.ts";
import { WEBDAV_METHODS, webdavMiddleware } from "./manage/webdav.ts";
import { ownHosts, rejectForeignHosts } from "./own-hosts.ts";
import { type HttpServer, type HttpServerOptions, openHttpServer } from "./server.ts";
import type { OnConflict } from "./upload/new-file.ts";
import { resumableMiddleware, resumableOptions } from "./upload/resumable.ts";
import { uploadMiddleware } from "./upload/upload-response.ts";

export interface FileServerOptions extends Omit<
  HttpServerOptions,
  "folder" | "handler" | "sendFile"
> {
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
  readonly upload: { readonly onConflict: OnConflict; readonly limit: number } | null;
  /** What is in the folder may be moved and deleted, and folders made; only with uploads. */
  readonly manage: boolean;
  /** The names by which it may be called besides those that no other site can own; null for any name. */
  readonly hosts: readonly string[] | null;
  /** By default what this system has. */
  readonly system?: FolderSystem;
}

/** @throws a system error: the folder does not exist or is not one, or the port is in use */
export async function openFileServer(options: FileServerOptions): Promise<HttpServer> {
  const { dotfiles, followSymlinks, spa, upload, manage, credentials, hosts } = options;
  const name = basename(options.folder) || "files";
  const system = options.system ?? thisSystem();
  const keep = manage
    ? (folder: Folder, path: readonly string[]) => keepEntry(folder, path, Date.now()) === "done"
    : null;
  const uploading = upload === null ? null : { ...upload, dotfiles, keep };
  const allow = [
    "GET",
    "HEAD",
    "OPTIONS",
    ...(upload === null ? [] : ["PUT", "POST"]),
    ...(manage ? WEBDAV_METHODS : []),
  ].join(", ");
  const described = {
    allow,
    ...(upload === null ? {} : resumableOptions(upload.limit)),
    ...(manage ? { dav: "1", "ms-author-via": "DAV" } : {}),
  };
  const middleware: Middleware[] = [
    ...(hosts === null ? [] : [rejectForeignHosts(ownHosts(hosts, hostname()))]),
    ...(options.crossOrigin ? [allowCrossOrigin] : []),
    ...(credentials === null ? [] : [requireCredentials(credentials)]),
    describeMethods(described),
    ...(uploading === null
      ? []
      : [rejectForeignPages, resumableMiddleware(uploading), uploadMiddleware(uploading)]),
    ...(manage ? [webdavMiddleware({ name, dotfiles })] : []),
    refuseMethods(allow),
    ...(options.listing ? [archiveMiddleware(name, dotfiles), thumbnailMiddleware()] : []),
  ];
  const listing = options.listing
    ? {
        name,
        dotfiles,
        archives: ARCHIVE_FORMATS,
        isUploadable: upload !== null,
        isManaged: manage,
      }
    : null;
  const handler = compose(middleware, contentHandler({ listing, spa }));
  using resources = new DisposableStack();
  const folder = resources.use(
    openFolder({ path: options.folder, dotfiles, followSymlinks }, system),
  );
  const sendFile = system.calls?.sendFile ?? null;
  const server = await openHttpServer({ ...options, folder, handler, sendFile });
  const opened = resources.move();
  return {
    ...server,
    async close(grace) {
      await server.close(grace);
      opened.dispose();
    },
  };
}

/** Methods of HTTP and WebDAV: what else there may be is not known here (RFC 9110 s. 15.6.2). */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  (
    "GET HEAD POST PUT DELETE OPTIONS TRACE PATCH " +
    "PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK"
  ).split(" "),
);

/** Responds to OPTIONS. */
function describeMethods(headers: Readonly<Record<string, string>>): Middleware {
  const response = emptyResponse(204, headers);
  return (context, next) => (context.method === "OPTIONS" ? response : next(context));
}

/** Refuses what nobody else has answered and is not reading. */
function refuseMethods(allow: string): Middleware {
  return (context, next) => {
    const { method } = context;
    if (method === "GET" || method === "HEAD") return next(context);
    return textResponse(KNOWN_METHODS.has(method) ? 405 : 501, { allow });
  };
}
