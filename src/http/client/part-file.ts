// A download into a file: FILE.part until it is complete, then FILE, so that FILE is never seen incomplete. FILE.part.json
// says which URL and version the part is of, so that a later run can resume it.
//
// Its calls are synchronous: waiting for a thread pool would take half of the time of a download at the disk's speed, and as
// long as the rest of a short one.

import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";

import { headerValue, parseHttpDate } from "../header-fields.ts";
import { type Checksum, failWriting, type FileDestination, notWritable } from "./destination.ts";
import type { ResumePoint } from "./resume.ts";
import { renameToNew, resolveTarget } from "./target-file.ts";

export interface PartFileOptions {
  /** The final path. */
  readonly file: string;
  /** The path as the user wrote it, for messages. */
  readonly name: string;
  /** Whether a symbolic link of that name is followed, or replaced because the name comes from a URL. */
  readonly followsLink: boolean;
  /** A part of another URL is not resumed. */
  readonly url: string;
  readonly resume: boolean;
  readonly checksum: Checksum | null;
  /** Whether a file of that name is left alone: the new one gets a number behind its name, as in wget. */
  readonly neverReplaces: boolean;
  /** Whether it gets the time that the server gives. */
  readonly keepsTime: boolean;
}

/** Bytes of FILE.part.json that are read. */
const MAX_NOTE = 65_536;

/** @throws {CharlaError} FILE_NOT_WRITABLE */
export function openPartFile(options: PartFileOptions): FileDestination {
  const { url, checksum, name } = options;
  const { file, existing } = resolveTarget(options);
  const path = `${file}.part`;
  const note = `${path}.json`;
  let resumePoint = options.resume ? readResumePoint(path, note, url) : null;
  const unusable = options.resume && resumePoint === null ? fileSize(path) : 0;
  let part: OpenFile | null = null;
  let length = resumePoint?.from ?? 0;
  /** Bytes that the checksum has seen. */
  let checked = 0;
  /** Seconds since 1970, by the server; null if it says nothing. */
  let modified: number | null = null;
  let savedAs = name;

  function close(): void {
    part?.[Symbol.dispose]();
    part = null;
  }

  function openAt(from: number): OpenFile {
    if (from === 0) {
      // What is there may be of another file, or another user's: never write into it.
      remove();
      return openFile(path, "wx", existing === null ? 0o666 : existing.mode & 0o777);
    }
    const opened = openFile(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
    ftruncateSync(opened.descriptor, from);
    return opened;
  }

  /** The checksum covers what an earlier run has fetched, too. */
  async function checkTo(from: number): Promise<void> {
    if (checksum === null || checked === from) return;
    checksum.restart();
    checked = 0;
    if (from === 0) return;
    for await (const chunk of createReadStream(path, { end: from - 1 })) {
      if (chunk instanceof Uint8Array) checksum.update(chunk);
    }
    checked = from;
  }

  function remove(): void {
    close();
    rmSync(path, { force: true });
    rmSync(note, { force: true });
  }

  /** After a failure, which says more than one to remove the part. */
  function tryRemoving(): void {
    try {
      remove();
    } catch {
      // It stays.
    }
  }

  return {
    get length() {
      return length;
    },
    path: `${name}.part`,
    get savedAs() {
      return savedAs;
    },
    unusable,
    resumePoint: () => (length === 0 ? null : resumePoint),
    canRestart: () => true,
    async begin({ headers }, from, validator) {
      const time = parseHttpDate(headerValue(headers, "last-modified"));
      modified = time === null ? null : time / 1_000;
      try {
        close();
        part = openAt(from);
        await checkTo(from);
        length = from;
        resumePoint = validator === null ? null : { from, validator };
        rmSync(note, { force: true });
        // 0600, because the URL may contain a secret.
        if (validator !== null) writeNew(note, { url, validator });
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    async write(bytes) {
      if (part === null) throw new Error("write() before begin()");
      try {
        writeAll(part.descriptor, bytes);
      } catch (cause) {
        failWriting(cause, name);
      }
      checksum?.update(bytes);
      length += bytes.length;
      checked += bytes.length;
      if (resumePoint !== null) resumePoint = { ...resumePoint, from: length };
    },
    async finish() {
      try {
        checksum?.check();
      } catch (error) {
        tryRemoving();
        throw error;
      }
      try {
        if (part === null || !isWhole(part.descriptor, path, length)) {
          throw notWritable(name, "another program has changed it");
        }
        if (options.keepsTime && modified !== null) {
          futimesSync(part.descriptor, modified, modified);
        }
        close();
        if (options.neverReplaces) savedAs += renameToNew(path, file);
        else renameSync(path, file);
        rmSync(note, { force: true });
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    remove: async () => tryRemoving(),
    [Symbol.dispose]: close,
  };
}

interface OpenFile extends Disposable {
  readonly descriptor: number;
}

function openFile(path: string, flags: string | number, mode?: number): OpenFile {
  const descriptor = openSync(path, flags, mode);
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

/** Whether a path still means the open file, and nobody else has written to it: another run may have put its own there. */
function isWhole(descriptor: number, path: string, length: number): boolean {
  const own = fstatSync(descriptor);
  const current = statSync(path);
  return own.ino === current.ino && own.dev === current.dev && current.size === length;
}

function fileSize(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : 0;
}

/** What an earlier run has left; null if there is nothing that can be relied on. */
function readResumePoint(path: string, note: string, url: string): ResumePoint | null {
  try {
    const part = lstatSync(path);
    const about = lstatSync(note);
    if (!part.isFile() || part.size === 0 || !about.isFile() || about.size > MAX_NOTE) return null;
    const read: unknown = JSON.parse(readFileSync(note, "utf8"));
    if (typeof read !== "object" || read === null) return null;
    if (!("url" in read) || read.url !== url) return null;
    if (!("validator" in read) || typeof read.validator !== "string") return null;
    // It is sent in a header as it is.
    if (!/^[\x20-\x7e]+$/.test(read.validator)) return null;
    return { from: part.size, validator: read.validator };
  } catch {
    return null;
  }
}

function writeNew(path: string, note: { readonly url: string; readonly validator: string }): void {
  writeFileSync(path, `${JSON.stringify(note)}\n`, { flag: "wx", mode: 0o600 });
}
