// The shared folder: finds and opens what a path in it means. Nothing outside of the folder is ever opened, unless symbolic
// links are to be followed; and what was opened is what is served, even if its name comes to mean something else.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, relative, sep } from "node:path";

import { systemCode } from "../../errors.ts";
import {
  type EntryStatus,
  ERRNO,
  type Identity,
  type LinuxCalls,
  linuxCalls,
  type PathText,
} from "./linux-calls.ts";
import { OpenedFile, OpenedFolder } from "./opened.ts";

export interface FolderOptions {
  /** An absolute path. */
  readonly path: string;
  /** Serve names that begin with a dot, too. */
  readonly dotfiles: boolean;
  /** Follow symbolic links out of the folder. */
  readonly followSymlinks: boolean;
}

/** What the system has for opening what was meant, and nothing else: an argument, so that tests can do without it. */
export interface FolderSystem {
  readonly calls: LinuxCalls | null;
  /** The folder with a path for each descriptor of this process, which means what was opened; null without one. */
  readonly descriptors: string | null;
  /** A flag of open(2) for a path of which no part may be a link; else the one for its last part; else 0. */
  readonly noLinks: number;
}

export type Found = OpenedFile | OpenedFolder | NotOpened;

export interface NotOpened extends Disposable {
  /** "forbidden": it exists, and this process may not read it; "busy": the system has no descriptors left. */
  readonly kind: "missing" | "forbidden" | "busy";
}

export interface Folder extends Disposable {
  /** @param path names, as target.ts parses them */
  find(path: readonly string[]): Found;
  /** The same for what may be hidden. */
  findHidden(path: readonly string[]): Found;
  /** Of an entry of a folder, without following it if it is a link; null if it is missing. */
  entryStatus(opened: OpenedFolder, name: string): EntryStatus | null;
  /** Which file a path means now, and its state; null if it is missing or the system cannot tell. */
  identify(path: PathText): Identity | null;
  isUnchanged(path: PathText, identity: Identity): boolean;
}

/** Files that are not complete yet begin with this; they are never found, whatever is shown of what is hidden. */
export const UNFINISHED = ".charla-upload-";

/** O_NOFOLLOW_ANY (macOS 11, sys/fcntl.h). */
const DARWIN_NO_LINKS = 0x20000000;
/** Linux's O_PATH (asm-generic/fcntl.h): to go through a folder, which need not be readable. */
const THROUGH = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** What this system has. */
export function thisSystem(): FolderSystem {
  return {
    calls: linuxCalls(),
    descriptors: process.platform === "linux" ? "/proc/self/fd" : null,
    noLinks: process.platform === "darwin" ? DARWIN_NO_LINKS : (constants.O_NOFOLLOW ?? 0),
  };
}

/** ms between two checks whether the shared path means another folder by now, as after a build. */
const CHECK_EVERY = 1_000;

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const notOpened = (kind: NotOpened["kind"]): NotOpened => ({ kind, [Symbol.dispose]() {} });
const MISSING = notOpened("missing");
const FORBIDDEN = notOpened("forbidden");
const BUSY = notOpened("busy");

interface Root {
  readonly descriptor: number;
  /** Without symbolic links. */
  readonly path: string;
  readonly inode: number;
  readonly device: number;
}

/**
 * Without openat2 a path is resolved first. Linux then opens it part by part, and macOS forbids links in it; elsewhere what
 * was opened is compared with what the path means afterwards.
 *
 * @throws a system error if it is not a folder, or may not be read
 */
export function openFolder(
  { path: folderPath, dotfiles, followSymlinks }: FolderOptions,
  system: FolderSystem = thisSystem(),
): Folder {
  const { calls, descriptors, noLinks } = system;
  let root = openRoot(folderPath);
  let checked = performance.now();

  function currentRoot(): Root {
    const now = performance.now();
    if (now - checked < CHECK_EVERY) return root;
    checked = now;
    try {
      const { ino, dev } = statSync(folderPath);
      if (ino === root.inode && dev === root.device) return root;
      const before = root;
      root = openRoot(folderPath);
      closeSync(before.descriptor);
    } catch {
      // The path is missing at the moment: the folder that was opened is still served.
    }
    return root;
  }

  function open(names: readonly string[]): number | NotOpened {
    const path = names.length === 0 ? "." : names.join("/");
    const from = currentRoot();
    try {
      if (followSymlinks) return openSync(join(from.path, path), READ);
      const opened = calls?.openBeneath(from.descriptor, path) ?? -ERRNO.EXDEV;
      if (opened >= 0) return opened;
      return BY_ERRNO.get(-opened) ?? openResolved(from, path);
    } catch (error) {
      return describe(error);
    }
  }

  /** For what the kernel did not open because of an absolute link, which may lead back into the folder. */
  function openResolved(from: Root, path: string): number | NotOpened {
    const real = realpathSync(join(from.path, path));
    if (real !== from.path && !real.startsWith(withSeparator(from.path))) return MISSING;
    const below = relative(from.path, real) || ".";
    const opened = calls?.openBeneath(from.descriptor, below) ?? -1;
    if (opened >= 0) return opened;
    if (descriptors !== null) return openByParts(descriptors, from.descriptor, below.split(sep));
    const descriptor = openSync(real, READ | noLinks);
    if (isSameFile(descriptor, real)) return descriptor;
    closeSync(descriptor);
    return MISSING;
  }

  return {
    find(names) {
      return names.some((name) => isHidden(name, dotfiles)) ? MISSING : this.findHidden(names);
    },
    findHidden(names) {
      const descriptor = open(names);
      if (typeof descriptor !== "number") return descriptor;
      const stats = fstatSync(descriptor);
      const { mtimeMs: modified, size, ino: inode } = stats;
      if (stats.isFile()) return new OpenedFile(descriptor, modified, inode, size);
      if (stats.isDirectory()) {
        const path =
          descriptors === null ? join(root.path, ...names) : `${descriptors}/${descriptor}`;
        return new OpenedFolder(descriptor, modified, inode, path);
      }
      closeSync(descriptor);
      return MISSING;
    },
    entryStatus: ({ descriptor, path }, name) =>
      calls === null ? lstatEntry(join(path, name)) : calls.entryStatus(descriptor, name),
    identify: (path) => calls?.identify(currentRoot().descriptor, path) ?? null,
    isUnchanged: (path, identity) =>
      calls?.isUnchanged(currentRoot().descriptor, path, identity) ?? false,
    [Symbol.dispose]() {
      closeSync(root.descriptor);
    },
  };
}

export function isHidden(name: string, dotfiles: boolean): boolean {
  return name.startsWith(".") && (!dotfiles || name.startsWith(UNFINISHED));
}

function lstatEntry(path: string): EntryStatus | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
  return { kind, size: stats.size, modified: stats.mtimeMs, inode: stats.ino };
}

function openRoot(path: string): Root {
  const real = realpathSync(path);
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_DIRECTORY);
  const { ino: inode, dev: device } = fstatSync(descriptor);
  return { descriptor, path: real, inode, device };
}

/** Opens a path from a folder, each part from the one before; none may be a link. */
function openByParts(descriptors: string, folder: number, names: readonly string[]): number {
  let from = folder;
  try {
    for (const name of names.slice(0, -1)) {
      const next = openSync(`${descriptors}/${from}/${name}`, THROUGH);
      if (from !== folder) closeSync(from);
      from = next;
    }
    return openSync(`${descriptors}/${from}/${names.at(-1) ?? ""}`, READ | constants.O_NOFOLLOW);
  } finally {
    if (from !== folder) closeSync(from);
  }
}

/** Whether a path without symbolic links still means what was opened, and still has no links in it. */
function isSameFile(descriptor: number, real: string): boolean {
  const opened = fstatSync(descriptor);
  const found = lstatSync(real);
  return opened.ino === found.ino && opened.dev === found.dev && realpathSync(real) === real;
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

const BY_ERRNO = new Map<number, NotOpened>([
  [ERRNO.ENOENT, MISSING],
  [ERRNO.ENOTDIR, MISSING],
  [ERRNO.ENAMETOOLONG, MISSING],
  [ERRNO.EACCES, FORBIDDEN],
  [ERRNO.ENFILE, BUSY],
  [ERRNO.EMFILE, BUSY],
]);

function describe(error: unknown): NotOpened {
  const code = systemCode(error);
  if (code === "EACCES" || code === "EPERM") return FORBIDDEN;
  return code === "EMFILE" || code === "ENFILE" ? BUSY : MISSING;
}
