// `charla serve`, without its command line: puts together what answers requests for a shared folder.

import { basename } from "node:path";

import { ARCHIVES, archiveStep } from "./archive/archive-answer.ts";
import { authorizationStep } from "./authorization.ts";
import { contentAnswerer } from "./content-answer.ts";
import { crossOriginFinish, preflightStep } from "./cross-origin.ts";
import { ownNameStep } from "./dns-rebinding.ts";
import { refusedBodyFinish } from "./drain-body.ts";
import { openFolder } from "./folder.ts";
import { methodStep, READING } from "./methods.ts";
import { answererOf, type Finish, type Step } from "./middleware.ts";
import type { RequestEntry } from "./request-log.ts";
import { type HttpServer, openHttpServer } from "./server.ts";
import type { TlsIdentity } from "./tls/certificate.ts";
import { uploadStep, WRITING } from "./upload/upload-answer.ts";
import { UPLOAD_FORM } from "./upload/upload-form.ts";

export interface FileServerOptions {
  /** An absolute path. */
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly dotfiles: boolean;
  readonly followSymlinks: boolean;
  readonly listing: boolean;
  readonly spa: boolean;
  /** Pages of other origins may read what is shared. */
  readonly crossOrigin: boolean;
  /** USER:PASSWORD; null where everybody may come. */
  readonly credentials: string | null;
  /** Null where no files are taken. */
  readonly upload: { readonly overwrite: boolean; readonly limit: number } | null;
  /** Null for HTTP without TLS. */
  readonly tls: TlsIdentity | null;
  /** Nobody but this machine reaches the addresses. */
  readonly isLoopbackOnly: boolean;
  /** Null where nobody wants to know. */
  readonly log: ((entry: RequestEntry) => void) | null;
  readonly idleSeconds?: number;
}

/** @throws a system error: the folder is none, or the port is in use */
export function openFileServer(options: FileServerOptions): HttpServer {
  const { dotfiles, followSymlinks, listing, spa, upload, credentials, isLoopbackOnly } = options;
  const isOpenToAnyPage = options.crossOrigin || credentials !== null;
  const steps: Step[] = [
    ...(isLoopbackOnly && !isOpenToAnyPage ? [ownNameStep] : []),
    ...(options.crossOrigin ? [preflightStep] : []),
    ...(credentials === null ? [] : [authorizationStep(credentials)]),
    methodStep(upload === null ? READING : [...READING, ...WRITING]),
    ...(upload === null ? [] : [uploadStep({ ...upload, dotfiles, isLoopbackOnly })]),
    ...(listing ? [archiveStep(basename(options.folder) || "files", dotfiles)] : []),
  ];
  const finishes: Finish[] = [
    ...(options.crossOrigin ? [crossOriginFinish] : []),
    ...(options.tls === null ? [] : [refusedBodyFinish]),
  ];
  const form = upload === null ? null : UPLOAD_FORM;
  const folder = openFolder({ path: options.folder, dotfiles, followSymlinks });
  const answer = answererOf(
    steps,
    contentAnswerer({ listing: listing ? { dotfiles, archives: ARCHIVES, form } : null, spa }),
    finishes,
  );
  try {
    const server = openHttpServer({ ...options, folder, answer });
    return {
      ...server,
      async close(patience) {
        await server.close(patience);
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
