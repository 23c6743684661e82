// `charla serve`, without its command line: puts together what answers requests for a shared folder.

import { answererOf, type Finish, type Step } from "./answer.ts";
import { contentAnswerer } from "./content-answer.ts";
import { openFolder } from "./folder.ts";
import { methodStep, READING } from "./methods.ts";
import type { RequestEntry } from "./request-log.ts";
import { type HttpServer, openHttpServer } from "./server.ts";

export interface FileServerOptions {
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly dotfiles: boolean;
  readonly followSymlinks: boolean;
  readonly listing: boolean;
  readonly spa: boolean;
  readonly log: (entry: RequestEntry) => void;
  readonly idleSeconds?: number;
}

/** @throws a system error: the folder is none, or the port is in use */
export function openFileServer(options: FileServerOptions): HttpServer {
  const { dotfiles, followSymlinks, listing, spa } = options;
  const steps: Step[] = [methodStep(READING)];
  const finishes: Finish[] = [];
  const folder = openFolder({ path: options.folder, dotfiles, followSymlinks });
  const answer = answererOf(
    steps,
    contentAnswerer({ listing: listing ? { dotfiles, archives: [], form: null } : null, spa }),
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
