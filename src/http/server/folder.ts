// The folder that is shared: what a path in it means, opened. Nothing outside of it is ever opened, unless
// links are to be followed; what was opened stays what it is, though its name become another's meanwhile.

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, relative, sep } from "node:path";

import { systemCode } from "../../errors.ts";
import { ERRNO, type Identity, type LinuxCalls, linuxCalls, type PathText } from "./linux-calls.ts";

export interface FolderOptions {
  /** An absolute path. */
  readonly path: string;
  /** Names that begin with a dot are there too. */
  readonly dotfiles: boolean;
  /** Links may lead out of the folder. */
  readonly followSymlinks: boolean;
}

/** Something that was opened, until its descriptor is closed. */
export interface Opened {
  readonly descriptor: number;
  /** Leads to the very thing that was opened, where the system has such paths (Linux), else to its name. */
  readonly path: string;
  /** Milliseconds since 1970, with fractions: some microseconds' worth. */
  readonly modified: number;
}

export interface OpenedFile extends Opened {
  readonly kind: "file";
  readonly size: number;
  readonly inode: number;
}

export interface OpenedFolder extends Opened {
  readonly kind: "folder";
}

export type Found =
  | OpenedFile
  | OpenedFolder
  | { readonly kind: "missing" }
  /** It is there, and this user may not read it. */
  | { readonly kind: "forbidden" }
  /** The system has no descriptor left for it. */
  | { readonly kind: "busy" };

export interface Folder extends Disposable {
  /** What is found opened, the caller closes. @param path names as target.ts reads them */
  find(path: readonly string[]): Found;
  /** What a path means now, told from what it may mean later; null where the system does not say. */
  identify(path: PathText): Identity | null;
  isStill(path: PathText, identity: Identity): boolean;
}

/** The folder's own path is looked at again so often (ms): a build may put another in its place. */
const LOOK_AGAIN = 1_000;

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const MISSING = { kind: "missing" } as const;
const FORBIDDEN = { kind: "forbidden" } as const;
const BUSY = { kind: "busy" } as const;
type NotOpened = typeof MISSING | typeof FORBIDDEN | typeof BUSY;

interface Root {
  readonly descriptor: number;
  /** Without links. */
  readonly path: string;
  readonly inode: number;
  readonly device: number;
}

/**
 * @param calls null where there is none; then a path is resolved first, and what was opened compared
 * @throws a system error where it is no folder, or may not be read
 */
export function openFolder(
  { path: folderPath, dotfiles, followSymlinks }: FolderOptions,
  calls: LinuxCalls | null = linuxCalls(),
): Folder {
  let root = openRoot(folderPath);
  let looked = performance.now();

  function currentRoot(): Root {
    const now = performance.now();
    if (now - looked < LOOK_AGAIN) return root;
    looked = now;
    try {
      const { ino, dev } = statSync(folderPath);
      if (ino === root.inode && dev === root.device) return root;
      const before = root;
      root = openRoot(folderPath);
      closeSync(before.descriptor);
    } catch {
      // It is not there just now: what was opened is empty, or still what was shared.
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
      return REASONS.get(-opened) ?? openResolved(from, path);
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Where the kernel did not open it: there is an absolute link on the way, which may lead back in. */
  function openResolved(from: Root, path: string): number {
    const real = realpathSync(join(from.path, path));
    if (real !== from.path && !real.startsWith(withSeparator(from.path))) throw new LeadsOut();
    const opened = calls?.openBeneath(from.descriptor, relative(from.path, real) || ".") ?? -1;
    if (opened >= 0) return opened;
    const descriptor = openSync(real, READ | constants.O_NOFOLLOW);
    if (isStillThere(descriptor, real)) return descriptor;
    closeSync(descriptor);
    throw new LeadsOut();
  }

  return {
    find(names) {
      if (!dotfiles && names.some((name) => name.startsWith("."))) return MISSING;
      const descriptor = open(names);
      if (typeof descriptor !== "number") return descriptor;
      const stats = fstatSync(descriptor);
      const path =
        process.platform === "linux" ? `/proc/self/fd/${descriptor}` : join(root.path, ...names);
      const { mtimeMs: modified, size, ino: inode } = stats;
      if (stats.isFile()) return { kind: "file", descriptor, path, modified, size, inode };
      if (stats.isDirectory()) return { kind: "folder", descriptor, path, modified };
      closeSync(descriptor);
      return MISSING;
    },
    identify: (path) => calls?.identify(currentRoot().descriptor, path) ?? null,
    isStill: (path, identity) => calls?.isStill(currentRoot().descriptor, path, identity) ?? false,
    [Symbol.dispose]() {
      closeSync(root.descriptor);
    },
  };
}

class LeadsOut extends Error {}

function openRoot(path: string): Root {
  const real = realpathSync(path);
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_DIRECTORY);
  const { ino: inode, dev: device } = fstatSync(descriptor);
  return { descriptor, path: real, inode, device };
}

/** What was opened by a path without links is what the path means, and there are none in it now either. */
function isStillThere(descriptor: number, real: string): boolean {
  return isSame(fstatSync(descriptor), lstatSync(real)) && realpathSync(real) === real;
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

const REASONS = new Map<number, NotOpened>([
  [ERRNO.ENOENT, MISSING],
  [ERRNO.ENOTDIR, MISSING],
  [ERRNO.ENAMETOOLONG, MISSING],
  [ERRNO.EACCES, FORBIDDEN],
  [ERRNO.ENFILE, BUSY],
  [ERRNO.EMFILE, BUSY],
]);

function reasonOf(error: unknown): NotOpened {
  const code = systemCode(error);
  if (code === "EACCES" || code === "EPERM") return FORBIDDEN;
  return code === "EMFILE" || code === "ENFILE" ? BUSY : MISSING;
}
