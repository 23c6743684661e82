// The small files that charla keeps for one person: read up to a bound, made whole or not at all, added
// to line by line, all of it while other programs do the same. Knows nothing of what is in them.

import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { CharlaError, systemCode } from "../errors.ts";

/** For the owner alone. */
const FILE_MODE = 0o600;
/** The mode that the XDG Base Directory Specification gives a folder that it makes. */
const FOLDER_MODE = 0o700;
const NEWLINE = 0x0a;

export interface KeptFile {
  readonly text: string;
  /** The user it belongs to. */
  readonly owner: number;
  /** Its permission bits. */
  readonly mode: number;
}

/**
 * Reads a file of at most `maxBytes`. Returns null where there is none.
 *
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function readKeptFile(
  path: string,
  maxBytes: number,
): KeptFile | "not a file" | "too long" | null {
  try {
    // Opening a pipe that somebody left in its place would wait for a writer for ever.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) return "not a file";
      const bytes = readUpTo(descriptor, maxBytes + 1);
      if (bytes.byteLength > maxBytes) return "too long";
      const text = new TextDecoder().decode(bytes);
      return { text, owner: status.uid, mode: status.mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    // Where even the folder is none, who wants to write will say so.
    if (["ENOENT", "ENOTDIR"].includes(systemCode(cause))) return null;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} cannot be read: ${why(cause)}`,
      `see whose it is with ls -l ${JSON.stringify(path)}, and make it a file that you may read`,
      { cause },
    );
  }
}

/**
 * Makes a file, and its folder where that is missing. Others find it complete or not at all, and of
 * several programs that make it at once one succeeds. Returns false where there was one: it stays.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function createKeptFile(path: string, text: string): boolean {
  return writingWhole(path, text, (complete) => {
    try {
      // Unlike a rename, a link does not replace what another program has put there meanwhile.
      linkSync(complete, path);
      return true;
    } catch (cause) {
      if (systemCode(cause) === "EEXIST") return false;
      throw cause;
    }
  });
}

/**
 * Makes a file, and its folder where that is missing, in place of the one that was there. Others find the
 * old one or the new one, each complete.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function replaceKeptFile(path: string, text: string): void {
  writingWhole(path, text, (complete) => renameSync(complete, path));
}

/** Removes a file as long as it still holds `text`, at most `maxBytes` long; that it cannot be is no error. */
export function removeKeptFile(path: string, text: string, maxBytes: number): void {
  try {
    const file = readKeptFile(path, maxBytes);
    if (file !== null && typeof file === "object" && file.text === text) rmSync(path);
  } catch {
    // It stays, and leads nowhere.
  }
}

/**
 * Adds a line to a file, which it makes, with its folder, where that is missing. Lines that several
 * programs add at once stay whole.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function appendToKeptFile(path: string, line: string): void {
  writing(path, () => {
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT, FILE_MODE);
    try {
      // Editors and full disks leave a last line without its newline.
      const start = endsInNewline(descriptor) ? "" : "\n";
      // In one piece: each write with O_APPEND lands behind the one before (POSIX write()).
      const bytes = Buffer.from(`${start}${line}\n`);
      if (writeSync(descriptor, bytes) < bytes.byteLength) throw new Error("the disk is full");
    } finally {
      closeSync(descriptor);
    }
  });
}

function readUpTo(descriptor: number, most: number): Uint8Array {
  const buffer = Buffer.alloc(most);
  let length = 0;
  let read: number;
  do {
    read = readSync(descriptor, buffer, length, most - length, null);
    length += read;
  } while (read > 0 && length < most);
  return buffer.subarray(0, length);
}

function endsInNewline(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === NEWLINE);
}

/** Writes a file beside its place, whole, for `place` to put it there. */
function writingWhole<T>(path: string, text: string, place: (complete: string) => T): T {
  return writing(path, () => {
    const temporary = mkdtempSync(`${path}-`);
    try {
      const complete = join(temporary, "complete");
      // On the disk before it has its name, so that a power cut leaves no empty file behind.
      writeFileSync(complete, text, { mode: FILE_MODE, flush: true });
      return place(complete);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}

/** Makes the file's folder, then writes; says a failure to a person. */
function writing<T>(path: string, write: () => T): T {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    return write();
  } catch (cause) {
    throw new CharlaError(
      "FOLDER_NOT_WRITABLE",
      `nothing can be kept in ${folder}: ${why(cause)}`,
      "make it a folder that you may write to, or let XDG_CONFIG_HOME and XDG_DATA_HOME name other places",
      { cause },
    );
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EPERM: "this user may not",
  ENOENT: "there is no such place",
  EEXIST: "there is a file in its place",
  ENOTDIR: "there is a file where a folder should be",
  EISDIR: "there is a folder where a file should be",
  ELOOP: "its links lead in a circle",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
};

function why(cause: unknown): string {
  return WHY[systemCode(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
}
