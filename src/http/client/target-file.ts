// The file that a path means, and how a complete one gets its name: links are followed or replaced, and what must not be
// replaced stays.

import {
  existsSync,
  linkSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

import { CharlaError, systemCode } from "../../errors.ts";
import { failWriting, notWritable } from "./destination.ts";

export interface Target {
  readonly file: string;
  /** As the user wrote it, for messages. */
  readonly name: string;
  /** Whether a symbolic link of that name is followed, or replaced because the name comes from a URL. */
  readonly followsLink: boolean;
}

/** Links that are followed one after the other, as Linux does (path_resolution(7)). */
const MAX_LINKS = 40;

/** The file that a name means, and what is there now. @throws {CharlaError} FILE_NOT_WRITABLE */
export function resolveTarget(
  { file, name, followsLink }: Target,
  links = 0,
): { readonly file: string; readonly existing: Stats | null } {
  try {
    const found = (followsLink ? statSync : lstatSync)(file);
    if (found.isSymbolicLink()) return { file, existing: null };
    if (found.isDirectory()) throw notWritable(name, "it is a folder");
    // A link stays in place: the file that it points to is replaced.
    return { file: realpathSync(file), existing: found };
  } catch (cause) {
    if (cause instanceof CharlaError) throw cause;
    if (systemCode(cause) === "ELOOP" || links > MAX_LINKS) failWriting(cause, name);
    const target = followsLink ? linkTarget(file) : null;
    // A link to a file that does not exist yet stays in place, too.
    if (target !== null) return resolveTarget({ file: target, name, followsLink }, links + 1);
    if (!folderOf(file, name).isDirectory()) throw notWritable(name, "its folder is a file");
    return { file, existing: null };
  }
}

/** What a symbolic link points to; null if it is none. */
function linkTarget(file: string): string | null {
  try {
    const target = readlinkSync(file);
    return resolve(realpathSync(dirname(file)), target);
  } catch {
    return null;
  }
}

function folderOf(file: string, name: string): Stats {
  try {
    return statSync(dirname(file));
  } catch (cause) {
    return failWriting(cause, name);
  }
}

/** Numbers that are tried; as many files of one name nobody wants. */
const MAX_NUMBER = 9_999;

/** What says that a file system has no second names for a file. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "EOPNOTSUPP", "ENOTSUP"]);

/**
 * Gives a file a name that no other has.
 *
 * @returns what stands behind the name, such as `.1`
 */
export function renameToNew(path: string, file: string): string {
  for (let number = 0; number <= MAX_NUMBER; number += 1) {
    const end = number === 0 ? "" : `.${number}`;
    if (tryRename(path, file + end)) return end;
  }
  throw Object.assign(new Error("all names are taken"), { code: "EEXIST" });
}

/** Whether nothing else had the name. */
function tryRename(path: string, file: string): boolean {
  try {
    // Unlike a renamed one, a linked file never takes the place of another.
    linkSync(path, file);
    rmSync(path);
    return true;
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "EEXIST" || (NO_LINKS.has(code) && existsSync(file))) return false;
    if (!NO_LINKS.has(code)) throw cause;
    renameSync(path, file);
    return true;
  }
}
