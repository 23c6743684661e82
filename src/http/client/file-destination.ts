// Where the body of a download goes: a file, by way of its part, or what has a path and is no regular file, such as /dev/null
// and a named pipe.

import { closeSync, lstatSync, open, type Stats, statSync, write } from "node:fs";
import { isatty } from "node:tty";
import { promisify } from "node:util";

import { failWriting, type FileDestination } from "./destination.ts";
import { openPartFile, type PartFileOptions, writeAll } from "./part-file.ts";

/** @throws {CharlaError} FILE_NOT_WRITABLE */
export function openFileDestination(options: PartFileOptions): FileDestination {
  const found = statOf(options);
  const isFile = found === null || found.isFile() || found.isDirectory() || found.isSymbolicLink();
  return isFile ? openPartFile(options) : openDevice(options, found);
}

/** Null where nothing is. */
function statOf({ file, followsLink }: PartFileOptions): Stats | null {
  try {
    return (followsLink ? statSync : lstatSync)(file);
  } catch {
    return null;
  }
}

/** Written as it is, and left in place. */
function openDevice({ file, name, checksum }: PartFileOptions, found: Stats): FileDestination {
  let descriptor: number | null = null;
  let length = 0;
  /** A pipe and a terminal may wait for their reader; a device such as /dev/null never does. */
  let waits = true;

  function close(): void {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  }

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
      try {
        descriptor ??= await promisify(open)(file, "w");
        waits = !found.isCharacterDevice() || isatty(descriptor);
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    async write(bytes) {
      if (descriptor === null) throw new Error("write() before begin()");
      checksum?.update(bytes);
      length += bytes.length;
      try {
        if (!waits) return writeAll(descriptor, bytes);
        for (let at = 0; at < bytes.length;) {
          // oxlint-disable-next-line no-await-in-loop -- one part after the other
          at += await writeSome(descriptor, bytes.subarray(at));
        }
      } catch (cause) {
        failWriting(cause, name);
      }
    },
    async finish() {
      close();
      checksum?.check();
    },
    remove: async () => close(),
    [Symbol.dispose]: close,
  };
}

function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  return new Promise((done, fail) => {
    write(descriptor, bytes, (cause, written) => (cause === null ? done(written) : fail(cause)));
  });
}
