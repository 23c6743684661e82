// Three system calls of Linux that node:fs does not have. openat2 (since 5.6) opens a path beneath a folder: the kernel itself
// refuses a path that leads out, by ".." or by a link, however fast the links are changed. statx (since 4.11) says which
// file a path means at this moment, and when it changed, to the nanosecond. sendfile sends a file without its bytes coming
// into the process, and says how many were sent. An edge to the runtime.

import { dlopen, read } from "bun:ffi";

export interface LinuxCalls {
  /** A descriptor to read from; or a negative number of errno.h. */
  openBeneath(folder: number, path: string): number;
  /** Null if there is no such file. */
  identify(folder: number, path: PathText): Identity | null;
  /** What lstat says of an entry of a folder, in a third of its time; null if it is missing. */
  entryStatus(folder: number, name: string): EntryStatus | null;
  /** Whether identify() would give the same; allocates nothing. */
  isUnchanged(folder: number, path: PathText, identity: Identity): boolean;
  /**
   * Writes a part of a file to a socket, as much as it takes without waiting.
   *
   * @returns how many bytes; 0 at the end of the file; or a negative number of errno.h
   */
  readonly sendFile: (socket: number, file: number, start: number, count: number) => number;
}

export interface EntryStatus {
  /** "other": a link, or a special file. */
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  /** ms since 1970. */
  readonly modified: number;
  readonly inode: number;
}

/**
 * A path with a NUL at the end, as C needs it, encoded once for a call that is made often. It is passed as an array, and
 * not as a pointer, because the runtime may move the bytes of a small array after the call.
 */
export type PathText = Uint8Array;

/** Which file, in which state: every change of its content, permissions or links changes this, too. */
export type Identity = Uint32Array;

/** asm-generic/errno-base.h and errno.h */
export const ERRNO = {
  ENOENT: 2,
  EAGAIN: 11,
  EACCES: 13,
  EXDEV: 18,
  ENOTDIR: 20,
  ENFILE: 23,
  EMFILE: 24,
  ENAMETOOLONG: 36,
} as const;

/** The same on every architecture of Linux. */
const OPENAT2 = 437;
/** O_RDONLY | O_NONBLOCK, so that a FIFO does not block us, | O_CLOEXEC (asm-generic/fcntl.h). */
const FLAGS = 0o4000n | 0o2000000n;
/** RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS (linux/openat2.h). */
const RESOLVE = 0x08n | 0x02n;
/** struct open_how: flags, mode and resolve, 64 bits each. */
const HOW = BigUint64Array.of(FLAGS, 0n, RESOLVE);
/** PATH_MAX, which includes the NUL. */
const MAX_PATH_BYTES = 4_096;

/** Don't follow a link (linux/fcntl.h). */
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Everything that stat(2) returns (linux/stat.h). */
const STATX_BASIC_STATS = 0x7ff;
/** struct statx has 256 bytes. */
const STATX_WORDS = 64;
/** The 32-bit words that are compared: mode; inode; size; time of change, with nanoseconds; of modification; device. */
const COMPARED = [7, 8, 9, 10, 11, 24, 25, 26, 28, 29, 30, 34, 35] as const;

/** The type in a mode (asm-generic/stat.h). */
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;

/** File names of the C library: GNU's, and musl's. */
const LIBRARIES = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];

const encoder = new TextEncoder();

export function pathText(names: readonly string[]): PathText {
  return encoder.encode(`${names.join("/")}\0`);
}

/** Null on other systems, and where the system does not allow the calls, as in some containers. */
export function linuxCalls(): LinuxCalls | null {
  if (process.platform !== "linux") return null;
  const library = openLibrary();
  if (library === null) return null;
  const { syscall, statx, sendfile, __errno_location: errnoLocation } = library;
  const bytes = new Uint8Array(MAX_PATH_BYTES);
  const status = new Uint32Array(STATX_WORDS);
  const offset = new BigInt64Array(1);

  /** The number of errno.h, negative, after a call has failed. */
  function failure(unknown: number): number {
    const location = errnoLocation();
    return -(location === null ? unknown : read.i32(location));
  }

  /** Into `bytes`; false if it is too long. */
  function encode(path: string): boolean {
    const encoded = encoder.encodeInto(path, bytes);
    if (encoded.read < path.length || encoded.written === MAX_PATH_BYTES) return false;
    bytes[encoded.written] = 0;
    return true;
  }

  function readStatus(folder: number, path: PathText): boolean {
    return statx(folder, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, status) === 0;
  }

  return {
    openBeneath(folder, path) {
      if (!encode(path)) return -ERRNO.ENAMETOOLONG;
      const descriptor = syscall(OPENAT2, folder, bytes, HOW, HOW.byteLength);
      return descriptor === -1 ? failure(ERRNO.EXDEV) : descriptor;
    },
    entryStatus(folder, name) {
      if (!encode(name) || !readStatus(folder, bytes)) return null;
      const type = (status[7] ?? 0) & S_IFMT;
      return {
        kind: type === S_IFREG ? "file" : type === S_IFDIR ? "folder" : "other",
        size: (status[11] ?? 0) * 2 ** 32 + (status[10] ?? 0),
        modified:
          ((status[29] ?? 0) * 2 ** 32 + (status[28] ?? 0)) * 1_000 + (status[30] ?? 0) / 1_000_000,
        inode: inode(status),
      };
    },
    identify: (folder, path) => (readStatus(folder, path) ? Uint32Array.from(status) : null),
    isUnchanged(folder, path, identity) {
      if (!readStatus(folder, path)) return false;
      for (let at = 0; at < COMPARED.length; at++) {
        const word = COMPARED[at] ?? 0;
        if (status[word] !== identity[word]) return false;
      }
      return true;
    },
    sendFile(socket, file, start, count) {
      offset[0] = BigInt(start);
      const sent = sendfile(socket, file, offset, count);
      return sent === -1 ? failure(ERRNO.EAGAIN) : sent;
    },
  };
}

/** When the file was changed last (ctime), in ms since 1970. */
export function changeTime(identity: Identity): number {
  const [low = 0, high = 0, nanoseconds = 0] = identity.subarray(24, 27);
  return (high * 2 ** 32 + low) * 1_000 + nanoseconds / 1_000_000;
}

export function inode(identity: Identity): number {
  const [low = 0, high = 0] = identity.subarray(8, 10);
  return high * 2 ** 32 + low;
}

function openLibrary() {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        syscall: { args: ["i64", "i32", "ptr", "ptr", "u64"], returns: "i32" },
        statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
        // Counts are below 2^31.
        sendfile: { args: ["i32", "i32", "ptr", "u64"], returns: "i32" },
        __errno_location: { args: [], returns: "ptr" },
      });
      return symbols;
    } catch {
      continue;
    }
  }
  return null;
}
