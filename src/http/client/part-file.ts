// A download into a file: FILE.part until it is complete, then FILE, so that FILE is never seen incomplete. FILE.part.json
// says which URL and version the part is of, so that a later run can resume it. Also what has a path and is no regular
// file: /dev/null, a named pipe.

import { constants, type Stats, writeSync } from "node:fs";
import {
  type FileHandle,
  link,
  lstat,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { CharlaError, systemCode } from "../../errors.ts";
import { headerValue, parseHttpDate } from "../header-fields.ts";
import { type Checksum, failWriting, type FileDestination, notWritable } from "./destination.ts";
import type { ResumePoint } from "./resume.ts";

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
export async function openFileDestination(options: PartFileOptions): Promise<FileDestination> {
  const found = await (options.followsLink ? stat : lstat)(options.file).catch(() => null);
  const isFile = found === null || found.isFile() || found.isDirectory() || found.isSymbolicLink();
  return isFile ? openPartFile(options) : openDevice(options);
}

/** Something that has a path but is not a regular file: written as it is, and left in place. */
function openDevice({ file, name, checksum }: PartFileOptions): FileDestination {
  let handle: FileHandle | null = null;
  let length = 0;
  const close = async () => handle?.close();

  return {
    get length() {
      return length;
    },
    path: name,
    savedAs: name,
    unusable: 0,
    resumePoint: () => null,
    // What was written to a device cannot be taken back.
    canRestart: () => length === 0,
    async begin() {
      handle ??= await open(file, "w").catch((cause: unknown) => failWriting(cause, name));
    },
    async write(bytes) {
      checksum?.update(bytes);
      length += bytes.length;
      await handle?.writeFile(bytes).catch((cause: unknown) => failWriting(cause, name));
    },
    async finish() {
      await close();
      checksum?.check();
    },
    remove: close,
    [Symbol.asyncDispose]: close,
  };
}

/** @throws {CharlaError} FILE_NOT_WRITABLE */
export async function openPartFile(options: PartFileOptions): Promise<FileDestination> {
  const { url, checksum, name } = options;
  const { file, existing } = await resolveTarget(options);
  const path = `${file}.part`;
  const note = `${path}.json`;
  let resumePoint = options.resume ? await readResumePoint(path, note, url) : null;
  const unusable = options.resume && resumePoint === null ? await fileSize(path) : 0;
  let handle: FileHandle | null = null;
  let length = resumePoint?.from ?? 0;
  /** Bytes that the checksum has seen. */
  let checksumed = 0;
  /** ms since 1970, by the server; null if it says nothing. */
  let modified: number | null = null;
  let savedAs = name;
  const close = async () => handle?.close();

  async function openAt(from: number): Promise<FileHandle> {
    if (from === 0) {
      // What is there may be of another file, or another user's: never write into it.
      await remove();
      return open(path, "wx", existing === null ? 0o666 : existing.mode & 0o777);
    }
    const opened = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
    await opened.truncate(from);
    return opened;
  }

  /** The checksum covers what an earlier run has fetched, too. */
  async function checksumTo(from: number): Promise<void> {
    if (checksum === null || checksumed === from) return;
    checksum.restart();
    checksumed = 0;
    if (from === 0) return;
    const reader = await open(path, "r");
    for await (const chunk of reader.createReadStream({ end: from - 1 })) {
      if (chunk instanceof Uint8Array) checksum.update(chunk);
    }
    checksumed = from;
  }

  async function remove(): Promise<void> {
    await close();
    await rm(path, { force: true });
    await rm(note, { force: true });
  }

  /** After a failure, which says more than one to remove the part. */
  async function tryRemoving(): Promise<void> {
    await remove().catch(() => {});
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
      modified = parseHttpDate(headerValue(headers, "last-modified"));
      try {
        await close();
        handle = await openAt(from);
        await checksumTo(from);
        length = from;
        resumePoint = validator === null ? null : { from, validator };
        if (validator === null) await rm(note, { force: true });
        else await writeNote(note, { url, validator });
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    async write(bytes) {
      if (handle === null) throw new Error("write() before begin()");
      try {
        // Synchronously: waiting for a thread pool would take half of the time of a download at the disk's speed.
        for (let at = 0; at < bytes.length;) at += writeSync(handle.fd, bytes, at);
      } catch (cause) {
        failWriting(cause, name);
      }
      checksum?.update(bytes);
      length += bytes.length;
      checksumed += bytes.length;
      if (resumePoint !== null) resumePoint = { ...resumePoint, from: length };
    },
    async finish() {
      try {
        checksum?.check();
      } catch (error) {
        await tryRemoving();
        throw error;
      }
      try {
        // Another run may have replaced the part with its own.
        const own = await handle?.stat();
        const current = await stat(path);
        if (own?.ino !== current.ino || own.dev !== current.dev || current.size !== length) {
          throw notWritable(name, "another program has changed it");
        }
        if (options.keepsTime && modified !== null) {
          await handle?.utimes(new Date(), new Date(modified));
        }
        await close();
        if (options.neverReplaces) savedAs += await renameToNew(path, file);
        else await rename(path, file);
        await rm(note, { force: true });
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    remove: tryRemoving,
    [Symbol.asyncDispose]: close,
  };
}

/** Numbers that are tried; as many files of one name nobody wants. */
const MAX_NUMBER = 9_999;

/**
 * Gives a file a name that no other has.
 *
 * @returns what stands behind the name, such as `.1`
 */
async function renameToNew(path: string, file: string): Promise<string> {
  for (let number = 0; number <= MAX_NUMBER; number += 1) {
    const end = number === 0 ? "" : `.${number}`;
    try {
      // Unlike a renamed one, a linked file never takes the place of another.
      // oxlint-disable-next-line no-await-in-loop -- the first that is free
      await link(path, file + end);
    } catch (cause) {
      if (systemCode(cause) === "EEXIST") continue;
      throw cause;
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    await rm(path);
    return end;
  }
  throw Object.assign(new Error("all names are taken"), { code: "EEXIST" });
}

/** Links that are followed one after the other, as Linux does (path_resolution(7)). */
const MAX_LINKS = 40;

/** The file that a name means, and what is there now. @throws {CharlaError} FILE_NOT_WRITABLE */
async function resolveTarget(
  { file, name, followsLink }: Pick<PartFileOptions, "file" | "name" | "followsLink">,
  links = 0,
): Promise<{ readonly file: string; readonly existing: Stats | null }> {
  try {
    const found = await (followsLink ? stat : lstat)(file);
    if (found.isSymbolicLink()) return { file, existing: null };
    if (found.isDirectory()) throw notWritable(name, "it is a folder");
    // A link stays in place: the file that it points to is replaced.
    return { file: await realpath(file), existing: found };
  } catch (cause) {
    if (cause instanceof CharlaError) throw cause;
    if (systemCode(cause) === "ELOOP" || links > MAX_LINKS) failWriting(cause, name);
    const target = followsLink ? await readlink(file).catch(() => null) : null;
    // A link to a file that does not exist yet stays in place, too.
    if (target !== null) {
      const beside = await realpath(dirname(file)).catch(() => dirname(file));
      return resolveTarget({ file: resolve(beside, target), name, followsLink }, links + 1);
    }
    const folder = await stat(dirname(file)).catch((cause: unknown) => failWriting(cause, name));
    if (!folder.isDirectory()) throw notWritable(name, "its folder is a file");
    return { file, existing: null };
  }
}

async function fileSize(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true ? found.size : 0;
}

/** What an earlier run has left; null if there is nothing that can be relied on. */
async function readResumePoint(
  path: string,
  note: string,
  url: string,
): Promise<ResumePoint | null> {
  try {
    const part = await lstat(path);
    const about = await lstat(note);
    if (!part.isFile() || part.size === 0 || !about.isFile() || about.size > MAX_NOTE) return null;
    const read: unknown = JSON.parse(await readFile(note, "utf8"));
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

async function writeNote(path: string, note: { url: string; validator: string }): Promise<void> {
  await rm(path, { force: true });
  // 0600, because the URL may contain a secret.
  await using handle = await open(path, "wx", 0o600);
  await handle.writeFile(`${JSON.stringify(note)}\n`);
}
