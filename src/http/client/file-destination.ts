// Where `-o` leads: to a file that gets its name when it is whole, or to something that is no file, as /dev/null
// or a named pipe, and is written to as it is.

import { type FileHandle, lstat, open, stat } from "node:fs/promises";

import { describeWriteError } from "./file-errors.ts";
import { openPartFile, type PartFile, type PartFileOptions } from "./part-file.ts";

export type FileDestination = PartFile;

/** @throws {CharlaError} FILE_NOT_WRITABLE */
export async function openFileDestination(options: PartFileOptions): Promise<FileDestination> {
  const look = options.followsLink ? stat : lstat;
  const found = await look(options.file).catch(() => null);
  const isFile = found === null || found.isFile() || found.isDirectory() || found.isSymbolicLink();
  return isFile ? openPartFile(options) : openDevice(options);
}

function openDevice({ file, digest }: PartFileOptions): FileDestination {
  let handle: FileHandle | null = null;
  let length = 0;

  async function close(): Promise<void> {
    const closing = handle;
    handle = null;
    await closing?.close();
  }

  return {
    get length() {
      return length;
    },
    path: file,
    unusable: 0,
    continuation: () => null,
    // What has been written to it cannot be taken back.
    canBeginAgain: () => length === 0,
    async begin() {
      handle ??= await open(file, "w").catch((cause: unknown) => {
        throw describeWriteError(cause, file);
      });
    },
    async write(bytes) {
      digest?.update(bytes);
      length += bytes.length;
      await handle?.writeFile(bytes).catch((cause: unknown) => {
        throw describeWriteError(cause, file);
      });
    },
    async finish() {
      await close();
      digest?.check();
    },
    remove: close,
    [Symbol.asyncDispose]: close,
  };
}
