// What a running server leaves in the data folder: its invitation and its process, for this person's other programs on this
// machine, and a file with the invitation for other people. All of them are gone when it ends, unless it is killed.

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { NoticeText } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { readSmallFile, removeUnchangedFile, replaceFile } from "../identity/atomic-file.ts";
import { dataFolder } from "../identity/folders.ts";
import { formatInvitation, parseInvitation } from "../identity/invitation.ts";
import { writeLocalInvitation } from "../identity/local-invitation.ts";
import { parseHostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import {
  findServers,
  isRunning,
  recordServer,
  type RunningServer,
  thisServer,
} from "./running-server.ts";

const INVITATION_FOR_OTHERS = "invitation-for-others";
/** Enough for the longest host and room. */
const MAX_INVITATION_BYTES = 4_096;

export interface ServerFilesOptions {
  /** For people elsewhere. */
  readonly invitation: string;
  /** The one address at which the server listens, if it does so at one. */
  readonly bind: string | undefined;
  /** Where it listens, for people. */
  readonly address: string;
  /** The folder of its messages, if it stores any. */
  readonly data: string | undefined;
  /** The file for the invitation that is passed on to other people. */
  readonly invitationFile: "none" | "default" | { readonly path: string };
  readonly io: Pick<Io, "env" | "cwd">;
}

export interface ServerFiles extends Disposable {
  /** Why this person's other programs will not find the server; null if they will. */
  readonly notFound: CharlaError | null;
  /** Where the invitation for other people is, or why it is nowhere; null if no file was asked for. */
  readonly forOthers: NoticeText | null;
}

export function writeServerFiles(options: ServerFilesOptions): ServerFiles {
  const { io, data } = options;
  const files = new DisposableStack();
  const notFound = attempt(() => {
    const folder = dataFolder(io.env);
    const { port } = parseHostAndPort(options.address);
    const way = { kind: "direct", host: options.bind ?? "localhost", port } as const;
    const local = { ...parseInvitation(options.invitation), ways: [way] };
    const own = thisServer({
      address: options.address,
      data: data ?? null,
      invitation: formatInvitation(local),
    });
    // This one, too, may have been recorded before: with an invitation that was renewed.
    const earlier = findServers(folder).filter(
      (server) => server.pid !== own.pid && isRunning(server),
    );
    files.defer(() => recordAgain(folder, earlier));
    files.use(recordServer(folder, own, earlier));
    files.use(writeLocalInvitation(folder, local));
    if (data !== undefined && data !== folder) files.use(recordServer(data, own, []));
  });
  const forOthers = shareInvitation(options, files);
  return { notFound, forOthers, [Symbol.dispose]: () => files.dispose() };
}

/** Records the newest that still runs of the servers that were started before one that has ended. */
function recordAgain(folder: string, earlier: readonly RunningServer[]): void {
  attempt(() => {
    const [newest, ...others] = earlier.filter((server) => isRunning(server));
    // A server that was started later has recorded itself, and those before it.
    if (newest === undefined || findServers(folder).length > 0) return;
    recordServer(folder, newest, others);
    writeLocalInvitation(folder, parseInvitation(newest.invitation));
  });
}

function shareInvitation(
  { invitation, invitationFile, data, io }: ServerFilesOptions,
  files: DisposableStack,
): NoticeText | null {
  if (invitationFile === "none") return null;
  let path = "";
  const error = attempt(() => {
    path =
      invitationFile === "default"
        ? join(data ?? dataFolder(io.env), INVITATION_FOR_OTHERS)
        : resolve(io.cwd, invitationFile.path);
    if (invitationFile !== "default") checkNamedFile(path);
    const text = `${invitation}\n`;
    replaceFile(path, text);
    files.defer(() => removeUnchangedFile(path, text, MAX_INVITATION_BYTES));
  });
  if (error === null)
    return { code: "INVITATION_WRITTEN", message: `the invitation is in ${path}` };
  const message = `${error.message}; so the invitation is nowhere to be read`;
  return { code: error.code, message, hint: "name a file for it with --invitation-file FILE" };
}

/** A mistyped name must cost nobody a file, nor leave folders behind. @throws {CharlaError} FOLDER_NOT_WRITABLE */
function checkNamedFile(path: string): void {
  const refuse = (why: string) => {
    throw new CharlaError("FOLDER_NOT_WRITABLE", `cannot write ${path}: ${why}`, "");
  };
  if (!existsSync(dirname(path))) refuse("its folder does not exist");
  const file = readSmallFile(path, MAX_INVITATION_BYTES);
  if (file === null) return;
  const text = typeof file === "string" ? file : file.text.trim();
  // An empty file, as mktemp creates, holds nothing that could be lost.
  if (text !== "" && !isInvitation(text)) refuse("it exists, and does not hold an invitation");
}

function isInvitation(text: string): boolean {
  try {
    parseInvitation(text);
    return true;
  } catch {
    return false;
  }
}

function attempt(write: () => void): CharlaError | null {
  try {
    write();
    return null;
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}
