// `charla serve` without its command line: the middleware and the handler that serve a folder, put together.

import { basename } from "node:path";

import { allowCrossOrigin, rejectRebinding, requireCredentials } from "./access-control.ts";
import { archiveMiddleware, ARCHIVES } from "./archive/archive-response.ts";
import { drainRefused } from "./bodies.ts";
import { contentHandler } from "./content-response.ts";
import { openFolder } from "./folder.ts";
import { UPLOAD_FORM } from "./listing-page.ts";
import { compose, emptyResponse, type Middleware, textResponse } from "./middleware.ts";
import type { RequestEntry } from "./request-log.ts";
import { type HttpServer, openHttpServer } from "./server.ts";
import type { TlsIdentity } from "./tls/certificate.ts";
import { uploadMiddleware } from "./upload/upload-response.ts";

export interface FileServerOptions {
  /** An absolute path. */
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly port: number;
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
  /** Null for HTTP without TLS. */
  readonly tls: TlsIdentity | null;
  /** The addresses can be reached from this machine only. */
  readonly isLoopbackOnly: boolean;
  /** Null for no log. */
  readonly log: ((entry: RequestEntry) => void) | null;
  readonly idleSeconds?: number;
}

const READ_METHODS = ["GET", "HEAD", "OPTIONS"];
const WRITE_METHODS = ["PUT", "POST"];

/** @throws a system error: the folder does not exist or is not one, or the port is in use */
export function openFileServer(options: FileServerOptions): HttpServer {
  const { dotfiles, followSymlinks, spa, upload, credentials, isLoopbackOnly } = options;
  const isOpenToAnyPage = options.crossOrigin || credentials !== null;
  const middleware: Middleware[] = [
    ...(options.tls === null ? [] : [drainRefused]),
    ...(options.crossOrigin ? [allowCrossOrigin] : []),
    ...(isLoopbackOnly && !isOpenToAnyPage ? [rejectRebinding] : []),
    ...(credentials === null ? [] : [requireCredentials(credentials)]),
    allowMethods(upload === null ? READ_METHODS : [...READ_METHODS, ...WRITE_METHODS]),
    ...(upload === null ? [] : [uploadMiddleware({ ...upload, dotfiles, isLoopbackOnly })]),
    ...(options.listing ? [archiveMiddleware(basename(options.folder) || "files", dotfiles)] : []),
  ];
  const form = upload === null ? null : UPLOAD_FORM;
  const listing = options.listing ? { dotfiles, archives: ARCHIVES, form } : null;
  const handler = compose(middleware, contentHandler({ listing, spa }));
  const folder = openFolder({ path: options.folder, dotfiles, followSymlinks });
  try {
    const server = openHttpServer({ ...options, folder, handler });
    return {
      ...server,
      async close(grace) {
        await server.close(grace);
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
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
