// Linux's openat2 (since 5.6): opens what a path means beneath a folder, and the kernel itself refuses a
// way that leads out of it, by ".." or by a link, however fast the links are changed. An edge to the runtime.

import { dlopen } from "bun:ffi";

export interface BeneathOpener {
  /** A descriptor to read from, or -1, and why not is not said. */
  open(folder: number, path: string): number;
}

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
  const call = systemCall();
  if (call === null) return null;
  const bytes = new Uint8Array(MAX_PATH_BYTES);
  const encoder = new TextEncoder();
  return {
    open(folder, path) {
      const { read, written } = encoder.encodeInto(path, bytes);
      if (read < path.length || written === MAX_PATH_BYTES) return -1;
      bytes[written] = 0;
      return call(OPENAT2, folder, bytes, HOW, HOW.byteLength);
    },
  };
}

function systemCall() {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        syscall: { args: ["i64", "i32", "ptr", "ptr", "u64"], returns: "i32" },
      });
      return symbols.syscall;
    } catch {
      continue;
    }
  }
  return null;
}
