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
import { ERRNO, type Identity, type LinuxCalls, linuxCalls, type PathText } from "./linux-calls.ts";

export interface FolderOptions {
  /** An absolute path. */
  readonly path: string;
  /** Serve names that begin with a dot, too. */
  readonly dotfiles: boolean;
  /** Follow symbolic links out of the folder. */
  readonly followSymlinks: boolean;
}

/** The receiver closes the descriptor. */
export interface Opened {
  readonly descriptor: number;
  /** On Linux a path of the descriptor, which always means what was opened; elsewhere the path of its name. */
  readonly path: string;
  /** ms since 1970, with fractions, to some microseconds. */
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
  /** It exists, and this process may not read it. */
  | { readonly kind: "forbidden" }
  /** The system has no descriptors left. */
  | { readonly kind: "busy" };

export interface Folder extends Disposable {
  /** The caller closes the descriptor. @param path names, as target.ts parses them */
  find(path: readonly string[]): Found;
  /** Which file a path means now, and its state; null if it is missing or the system cannot tell. */
  identify(path: PathText): Identity | null;
  isUnchanged(path: PathText, identity: Identity): boolean;
}

/** ms between two checks whether the shared path means another folder by now, as after a build. */
const CHECK_EVERY = 1_000;

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const MISSING = { kind: "missing" } as const;
const FORBIDDEN = { kind: "forbidden" } as const;
const BUSY = { kind: "busy" } as const;
type NotOpened = typeof MISSING | typeof FORBIDDEN | typeof BUSY;

interface Root {
  readonly descriptor: number;
  /** Without symbolic links. */
  readonly path: string;
  readonly inode: number;
  readonly device: number;
}

/**
 * @param calls null on other systems: there a path is resolved first, and then what was opened is compared with it
 * @throws a system error if it is not a folder, or may not be read
 */
export function openFolder(
  { path: folderPath, dotfiles, followSymlinks }: FolderOptions,
  calls: LinuxCalls | null = linuxCalls(),
): Folder {
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
    const opened = calls?.openBeneath(from.descriptor, relative(from.path, real) || ".") ?? -1;
    if (opened >= 0) return opened;
    const descriptor = openSync(real, READ | constants.O_NOFOLLOW);
    if (isSameFile(descriptor, real)) return descriptor;
    closeSync(descriptor);
    return MISSING;
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
    isUnchanged: (path, identity) =>
      calls?.isUnchanged(currentRoot().descriptor, path, identity) ?? false,
    [Symbol.dispose]() {
      closeSync(root.descriptor);
    },
  };
}

function openRoot(path: string): Root {
  const real = realpathSync(path);
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_DIRECTORY);
  const { ino: inode, dev: device } = fstatSync(descriptor);
  return { descriptor, path: real, inode, device };
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
