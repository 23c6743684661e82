// Files that hold a secret of one person's: refused where somebody else can have read them, as ssh does with a
// key that is no secret any more. Knows nothing of what is in them.

import { CharlaError, type ErrorCode } from "../errors.ts";
import { readKeptFile } from "./atomic-file.ts";

/** Permission bits of anyone but the owner. */
const OTHERS = 0o077;

export interface PrivateFile {
  readonly path: string;
  readonly maxBytes: number;
  /** The user that this program runs as; undefined on a system that has no users and modes. */
  readonly user: number | undefined;
  /** What it is, for a person: "the identity key". */
  readonly what: string;
  /** The variable that names the folder around its own. */
  readonly variable: "XDG_CONFIG_HOME" | "XDG_DATA_HOME";
  readonly exposed: ErrorCode;
  /** What follows when it is removed, for a hint. */
  readonly removed: string;
  /** The error for a file that is not what it should be. */
  damaged(how: string): CharlaError;
}

/**
 * Its text; null where there is none.
 *
 * @throws {CharlaError} the codes `exposed` and that of `damaged`, FILE_NOT_READABLE
 */
export function readPrivateFile(file: PrivateFile): string | null {
  const { path, maxBytes, user } = file;
  const kept = readKeptFile(path, maxBytes);
  if (kept === null) return null;
  if (kept === "not a file") throw file.damaged("is not a file");
  if (kept === "too long") throw file.damaged(`is longer than ${maxBytes} bytes`);
  if (user !== undefined) refuseExposed(file, kept, user);
  return kept.text;
}

function refuseExposed(
  { path, what, variable, exposed, removed }: PrivateFile,
  { owner, mode }: { readonly owner: number; readonly mode: number },
  user: number,
): void {
  if (owner !== user) {
    throw new CharlaError(
      exposed,
      `${what} ${path} belongs to another user (number ${owner})`,
      `run charla as that user, or let ${variable} name a folder of your own`,
    );
  }
  if ((mode & OTHERS) === 0) return;
  throw new CharlaError(
    exposed,
    `${what} ${path} is open to other users (mode ${mode.toString(8)})`,
    `chmod 600 ${JSON.stringify(path)}; if somebody may have read it, remove it instead, and ${removed}`,
  );
}
