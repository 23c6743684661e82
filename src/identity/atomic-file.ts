// Small files that several programs of one person read and write at the same time: a file is read up to a bound,
// written completely or not at all, or gets a line added. Knows nothing of what is in them.

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

import { CharlaError, describeCause, systemCode } from "../errors.ts";
import { readUpTo } from "../read-up-to.ts";
import { syncFolderSync } from "../sync-folder.ts";

/** Only the owner may read and write it. */
const FILE_MODE = 0o600;
/** The mode that the XDG Base Directory Specification gives a folder that it makes. */
const FOLDER_MODE = 0o700;
const NEWLINE = 0x0a;

export interface SmallFile {
  readonly text: string;
  /** The user it belongs to. */
  readonly owner: number;
  /** Its permission bits. */
  readonly mode: number;
}

/**
 * Reads a file of at most `maxBytes`. Returns null where there is none, and of something else what it is.
 *
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function readSmallFile(path: string, maxBytes: number): SmallFile | string | null {
  try {
    // Opening a named pipe in its place would block until somebody writes to it.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) return "is not a file";
      const bytes = readUpTo(descriptor, maxBytes + 1);
      if (bytes.byteLength > maxBytes)
        return `is longer than ${maxBytes.toLocaleString("en")} bytes`;
      const text = new TextDecoder().decode(bytes);
      return { text, owner: status.uid, mode: status.mode & 0o777 };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    // A folder that is missing, or is a file, is reported when something is written.
    if (["ENOENT", "ENOTDIR"].includes(systemCode(cause))) return null;
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} cannot be read: ${describeCause(cause)}`,
      `check its owner and mode with ls -l ${JSON.stringify(path)}, and make it readable for you`,
      { cause },
    );
  }
}

/**
 * Creates a file, and its folder where that is missing. Others see it complete or not at all, and of several
 * programs that create it at once one succeeds. Returns false, and changes nothing, where it exists already.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function createFile(path: string, text: string): boolean {
  return writeComplete(path, text, (complete) => {
    try {
      // Unlike rename(2), link(2) does not replace a file that another program has created meanwhile.
      linkSync(complete, path);
      syncFolderSync(dirname(path));
      return true;
    } catch (cause) {
      if (systemCode(cause) === "EEXIST") return false;
      throw cause;
    }
  });
}

/**
 * Writes a file in place of the one that was there, if any; creates its folder where that is missing. Others see
 * the old one or the new one, each complete.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function replaceFile(path: string, text: string): void {
  writeComplete(path, text, (complete) => {
    renameSync(complete, path);
    syncFolderSync(dirname(path));
  });
}

/** Removes a file if it still holds `text`, at most `maxBytes` long. That it can't be removed is no error. */
export function removeUnchangedFile(path: string, text: string, maxBytes: number): void {
  try {
    const file = readSmallFile(path, maxBytes);
    if (file !== null && typeof file === "object" && file.text === text) rmSync(path);
  } catch {
    // It stays, and is out of date.
  }
}

/**
 * Adds a line to a file; creates the file and its folder where they are missing. Lines that several programs add
 * at once are not mixed.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function appendLine(path: string, line: string): void {
  inFolder(path, () => {
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT, FILE_MODE);
    try {
      // An editor or a full disk may have left the last line without its newline.
      const start = endsInNewline(descriptor) ? "" : "\n";
      // One write: with O_APPEND each goes behind the one before (POSIX write()).
      const bytes = Buffer.from(`${start}${line}\n`);
      if (writeSync(descriptor, bytes) < bytes.byteLength) throw new Error("the disk is full");
    } finally {
      closeSync(descriptor);
    }
  });
}

function endsInNewline(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === NEWLINE);
}

/** Writes a complete file beside `path`; `move` puts it there. */
function writeComplete<T>(path: string, text: string, move: (complete: string) => T): T {
  return inFolder(path, () => {
    const temporary = mkdtempSync(`${path}-`);
    try {
      const complete = join(temporary, "complete");
      // Flushed before it gets its name, so that a power cut leaves no empty file behind.
      writeFileSync(complete, text, { mode: FILE_MODE, flush: true });
      return move(complete);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
}

function inFolder<T>(path: string, write: () => T): T {
  return tryWriting(path, () => {
    const made = mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    if (made !== undefined) syncFolderSync(dirname(made));
    return write();
  });
}

/** @throws {CharlaError} FOLDER_NOT_WRITABLE */
export function tryWriting<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new CharlaError(
      "FOLDER_NOT_WRITABLE",
      `cannot write to ${dirname(path)}: ${describeCause(cause)}`,
      "make it a writable folder, or set XDG_CONFIG_HOME and XDG_DATA_HOME to other folders",
      { cause },
    );
  }
}
