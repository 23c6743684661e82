// A file on its way: FILE.part until it is whole, then FILE. Beside it FILE.part.json says of what it is a part,
// so that another run can go on. Whoever sees FILE sees all of it.

import { constants, type Stats, writeSync } from "node:fs";
import {
  type FileHandle,
  lstat,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname } from "node:path";

import { CharlaError } from "../../errors.ts";
import type { Digest } from "./digest.ts";
import { describeWriteError, notWritable } from "./file-errors.ts";
import type { Continuation } from "./range.ts";
import type { Destination } from "./transfer.ts";

export interface PartFile extends Destination, AsyncDisposable {
  /** Bytes that are in it. */
  readonly length: number;
  /** Where they are until it is whole. */
  readonly path: string;
  /** Bytes of a part that a former run has left, and that cannot be gone on with. */
  readonly unusable: number;
  /** It is whole: checks it, and gives it its name. @throws {CharlaError} CHECKSUM_WRONG, and as it is written */
  finish(): Promise<void>;
  /** Leaves nothing of it. */
  remove(): Promise<void>;
}

export interface PartFileOptions {
  /** The name that it gets. */
  readonly file: string;
  /** Whether a link of that name leads to what is meant, or is replaced: a URL names no place elsewhere. */
  readonly followsLink: boolean;
  /** What it is of; another URL's part is not gone on with. */
  readonly url: string;
  readonly resume: boolean;
  readonly digest: Digest | null;
}

/** Bytes of FILE.part.json that are read. */
const MAX_NOTE = 65_536;

/** @throws {CharlaError} FILE_NOT_WRITABLE */
export async function openPartFile(options: PartFileOptions): Promise<PartFile> {
  const { url, digest } = options;
  const { file, before } = await target(options);
  const path = `${file}.part`;
  const note = `${path}.json`;
  let continuation = options.resume ? await readContinuation(path, note, url) : null;
  const unusable = options.resume && continuation === null ? await lengthOf(path) : 0;
  let handle: FileHandle | null = null;
  let length = continuation?.from ?? 0;
  /** Bytes that the digest has seen. */
  let digested = 0;

  const writing = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw describeWriteError(cause, options.file);
    }
  };

  async function close(): Promise<void> {
    const closing = handle;
    handle = null;
    await closing?.close();
  }

  async function openAt(from: number): Promise<FileHandle> {
    if (from === 0) {
      // A part of something else, or of somebody else's: what is begun here is a new file.
      await rm(path, { force: true });
      await rm(note, { force: true });
      return open(path, "wx", before === null ? 0o666 : before.mode & 0o777);
    }
    const opened = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
    await opened.truncate(from);
    return opened;
  }

  /** What a former run has fetched belongs to the checksum as well. */
  async function digestTo(from: number): Promise<void> {
    if (digest === null || digested === from) return;
    digest.restart();
    digested = 0;
    if (from === 0) return;
    const reader = await open(path, "r");
    for await (const chunk of reader.createReadStream({ end: from - 1 })) {
      if (chunk instanceof Uint8Array) digest.update(chunk);
    }
    digested = from;
  }

  async function remove(): Promise<void> {
    await close();
    await rm(path, { force: true });
    await rm(note, { force: true });
  }

  return {
    get length() {
      return length;
    },
    path,
    unusable,
    // Nothing is no part.
    continuation: () => (length === 0 ? null : continuation),
    canBeginAgain: () => true,
    async begin(_head, from, validator) {
      await writing(async () => {
        await close();
        handle = await openAt(from);
        await digestTo(from);
        length = from;
        continuation = validator === null ? null : { from, validator };
        if (validator === null) await rm(note, { force: true });
        else await writeNote(note, { url, validator });
      });
    },
    async write(bytes) {
      const writer = handle;
      if (writer === null) throw new Error("write() before begin()");
      try {
        writeAll(writer, bytes);
      } catch (cause) {
        throw describeWriteError(cause, options.file);
      }
      digest?.update(bytes);
      length += bytes.length;
      digested += bytes.length;
      if (continuation !== null) continuation = { ...continuation, from: length };
    },
    async finish() {
      try {
        digest?.check();
      } catch (error) {
        await remove();
        throw error;
      }
      await writing(async () => {
        await checkOwn(handle, path, length);
        await close();
        await rename(path, file);
        await rm(note, { force: true });
      });
    },
    remove,
    [Symbol.asyncDispose]: close,
  };
}

/** Where the name leads, and what is there. @throws {CharlaError} FILE_NOT_WRITABLE */
async function target(
  options: PartFileOptions,
): Promise<{ readonly file: string; readonly before: Stats | null }> {
  const { file: written, followsLink } = options;
  try {
    const found = await (followsLink ? stat : lstat)(written);
    if (found.isSymbolicLink()) return { file: written, before: null };
    if (found.isDirectory()) throw notWritable(written, "it is a folder");
    // A link stays one: what it leads to is replaced.
    return { file: await realpath(written), before: found };
  } catch (cause) {
    if (cause instanceof CharlaError) throw cause;
    const folder = await stat(dirname(written)).catch((its: unknown) => {
      throw describeWriteError(its, written);
    });
    if (!folder.isDirectory()) throw notWritable(written, "what should be its folder is a file");
    return { file: written, before: null };
  }
}

async function lengthOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() === true ? found.size : 0;
}

/** What a former run has left; null when there is nothing that can be relied on. */
async function readContinuation(
  path: string,
  note: string,
  url: string,
): Promise<Continuation | null> {
  try {
    const part = await lstat(path);
    const about = await lstat(note);
    if (!part.isFile() || part.size === 0 || !about.isFile() || about.size > MAX_NOTE) return null;
    const said: unknown = JSON.parse(await readFile(note, "utf8"));
    if (typeof said !== "object" || said === null) return null;
    if (!("url" in said) || said.url !== url) return null;
    if (!("validator" in said) || typeof said.validator !== "string") return null;
    // It goes into a header as it is.
    if (!/^[\x20-\x7e]+$/.test(said.validator)) return null;
    return { from: part.size, validator: said.validator };
  } catch {
    return null;
  }
}

async function writeNote(note: string, said: { url: string; validator: string }): Promise<void> {
  await rm(note, { force: true });
  // The URL may hold a secret.
  const handle = await open(note, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(said)}\n`);
  } finally {
    await handle.close();
  }
}

/**
 * At once, and not by a thread that would have to be waited for: for what comes as fast as the disk takes it, that
 * costs half of all time.
 */
function writeAll({ fd }: FileHandle, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from);
}

/** Another run may have put its own part in place of this one. */
async function checkOwn(handle: FileHandle | null, path: string, length: number): Promise<void> {
  const own = await handle?.stat();
  const there = await stat(path);
  if (
    own === undefined ||
    own.ino !== there.ino ||
    own.dev !== there.dev ||
    there.size !== length
  ) {
    throw notWritable(path, "another program has changed it meanwhile");
  }
}
