// Linux's openat2 (since 5.6): opens what a path means beneath a folder, and the kernel itself refuses a
// way that leads out of it, by ".." or by a link, however fast the links are changed. An edge to the runtime.

import { dlopen, read } from "bun:ffi";

export interface BeneathOpener {
  /** A descriptor to read from; or why there is none, as one of the numbers of errno.h, negative. */
  open(folder: number, path: string): number;
}

/** Of asm-generic/errno-base.h and errno.h. */
export const ERRNO = {
  ENOENT: 2,
  EACCES: 13,
  EXDEV: 18,
  ENOTDIR: 20,
  ENFILE: 23,
  EMFILE: 24,
  ENAMETOOLONG: 36,
} as const;

/** The same on every architecture of Linux. */
const OPENAT2 = 437;
/** O_RDONLY | O_NONBLOCK, so that a FIFO does not hold us up, | O_CLOEXEC (asm-generic/fcntl.h). */
const FLAGS = 0o4000n | 0o2000000n;
/** RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS (linux/openat2.h). */
const RESOLVE = 0x08n | 0x02n;
/** struct open_how: flags, mode, resolve, of 64 bits each. */
const HOW = BigUint64Array.of(FLAGS, 0n, RESOLVE);
/** PATH_MAX, with the NUL. */
const MAX_PATH_BYTES = 4_096;

/** The C libraries of Linux by their file names: GNU's, and musl's. */
const LIBRARIES = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];

/** Null where the system is another, or does not let a program call it, as some containers. */
export function beneathOpener(): BeneathOpener | null {
  if (process.platform !== "linux") return null;
  const library = openLibrary();
  if (library === null) return null;
  const { syscall, __errno_location: errnoLocation } = library;
  const bytes = new Uint8Array(MAX_PATH_BYTES);
  const encoder = new TextEncoder();
  return {
    open(folder, path) {
      const encoded = encoder.encodeInto(path, bytes);
      if (encoded.read < path.length || encoded.written === MAX_PATH_BYTES) {
        return -ERRNO.ENAMETOOLONG;
      }
      bytes[encoded.written] = 0;
      const descriptor = syscall(OPENAT2, folder, bytes, HOW, HOW.byteLength);
      if (descriptor !== -1) return descriptor;
      const location = errnoLocation();
      return location === null ? -ERRNO.EXDEV : -read.i32(location);
    },
  };
}

function openLibrary() {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        syscall: { args: ["i64", "i32", "ptr", "ptr", "u64"], returns: "i32" },
        __errno_location: { args: [], returns: "ptr" },
      });
      return symbols;
    } catch {
      continue;
    }
  }
  return null;
}
