// Where to join, and ways to say it that other users of the machine cannot read: on stdin, in a file, or in the
// environment. One reader for every command that takes an invitation.

import { createReadStream } from "node:fs";
import { resolve } from "node:path";

import { CharlaError, describeCause, usageError } from "../errors.ts";
import { isInvitationAlone, looksLikeInvitation } from "../identity/invitation-text.ts";
import { isCutOff, parseInvitation } from "../identity/invitation.ts";
import { type Io, isTerminal } from "../terminal/io.ts";
import { askUnseen, takeFirstLine } from "../terminal/secret-line.ts";
import { INVITATION_VARIABLE } from "./io.ts";
import { type CommandLine, helpFor } from "./options.ts";

/** In place of an invitation: it is the first line of stdin. */
const STDIN = "-";
/** Bytes of the longest host, the longest room, percent-encoded, and more than enough for the rest. */
const MAX_BYTES = 4_096;

/**
 * Where to join: as written or, if that is `-`, what stdin says, of which the rest is left; else the invitation in
 * --invitation-file, or in the environment. Undefined if nothing says it.
 *
 * @param written HOST, HOST:PORT, an invitation or `-`, of the command line
 * @throws {CharlaError} USAGE, INVALID_INVITATION, FILE_NOT_READABLE
 * @throws {Interruption} Ctrl-C instead of an answer
 */
export async function readWhere(
  written: string | undefined,
  { command, values }: CommandLine,
  io: Pick<Io, "stdin" | "stdout" | "stderr" | "env" | "cwd">,
): Promise<string | undefined> {
  const path = values.get("invitation-file");
  if (path !== undefined && written !== undefined) {
    throw usageError(
      "--invitation-file says where to join, and so does the command line",
      "leave one of them out",
    );
  }
  if (path !== undefined && isInvitationAlone(path)) {
    throw usageError(
      "--invitation-file takes the name of a file, and this is an invitation",
      "leave --invitation-file out, and write the invitation alone",
    );
  }
  if (written === STDIN) return checked(await readStdin(command, io), "stdin");
  if (written !== undefined) return written;
  if (path !== undefined) return checked(await readFirstLine(resolve(io.cwd, path)), path);
  const inherited = io.env[INVITATION_VARIABLE] ?? "";
  return inherited === "" ? undefined : checked(inherited, INVITATION_VARIABLE);
}

/**
 * Refuses an invitation that was broken in two by a blank, such as a mail program's line break: the rest of it is the next word.
 *
 * @throws {CharlaError} INVALID_INVITATION
 */
export function refuseBroken([first = "", next = ""]: readonly string[]): void {
  if (next === "" || !looksLikeInvitation(first)) return;
  parseInvitation(first);
  // What comes before the secret is a whole invitation, to an open conversation.
  if (next.startsWith(".")) parseInvitation(`${first} ${next}`);
}

async function readStdin(
  command: CommandLine["command"],
  io: Pick<Io, "stdin" | "stdout" | "stderr">,
): Promise<string> {
  const line = isTerminal(io.stdin)
    ? await askUnseen(io.stdin, io, "invitation (it is not shown): ", { isCutOff })
    : await takeFirstLine(io.stdin, MAX_BYTES);
  if (line !== null) return line;
  throw usageError("stdin ended, and there was no invitation in it", helpFor(command));
}

/** Of a file, or of a pipe such as /dev/fd/3. */
async function readFirstLine(path: string): Promise<string> {
  const file = createReadStream(path);
  try {
    return (await takeFirstLine(file, MAX_BYTES)) ?? "";
  } catch (cause) {
    if (cause instanceof CharlaError) throw cause;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} cannot be read: ${describeCause(cause)}`,
      "name a file whose first line is an invitation",
      { cause },
    );
  } finally {
    file.destroy();
  }
}

/** An error in it says where it is from, and quotes nothing. */
function checked(text: string, source: string): string {
  try {
    parseInvitation(text);
    return text;
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    throw new CharlaError(error.code, `${source}: ${error.message}`, error.hint);
  }
}
