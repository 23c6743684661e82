// Everything below a folder, as an archive holds it: with the names that listings show.

import { readdirSync } from "node:fs";

import type { Folder } from "../folder.ts";
import { isShown } from "../listing/entries.ts";

export interface ArchiveEntry {
  /** Separated by slashes; a folder's ends in one. */
  readonly name: string;
  /** ms since 1970. */
  readonly modified: number;
  readonly isExecutable: boolean;
  /** Null for a folder. */
  readonly content: ArchiveContent | null;
}

export interface ArchiveContent {
  /** Bytes when it was opened. */
  readonly size: number;
  /** To be read to the end before the next entry. Throws if the file is cut in the meantime. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Unix permissions, after the bits for a file or a folder (stat.h). */
export function unixMode({ content, isExecutable }: ArchiveEntry): number {
  if (content === null) return 0o040755;
  return isExecutable ? 0o100755 : 0o100644;
}

export interface WalkOptions {
  readonly folder: Folder;
  /** Where to start in it. */
  readonly path: readonly string[];
  /** The first part of every name, without a slash: an archive unpacks into one folder. */
  readonly root: string;
  readonly dotfiles: boolean;
}

/** Levels of folders: more than a path can have (PATH_MAX), as each takes a character and a slash. */
const MAX_DEPTH = 2_048;

/**
 * Everything below a folder, ordered by name and opened as files are when they are served. What may not be read is left
 * out.
 *
 * @throws if the system has no descriptors left: files must not be missing from an archive silently
 */
export async function* walkFolder(options: WalkOptions): AsyncGenerator<ArchiveEntry, void, void> {
  const { folder, path, root, dotfiles } = options;
  /** Folders already visited: links may lead to one several times, even in a circle. */
  const visited = new Set<string>();

  async function* walk(
    names: readonly string[],
    entryName: string,
  ): AsyncGenerator<ArchiveEntry, void, void> {
    using found = folder.find(names);
    const { kind } = found;
    if (kind === "busy") throw new Error("no descriptor left for a file of the archive");
    if (kind !== "file" && kind !== "folder") return;
    const { modified } = found;
    if (found.kind === "file") {
      const content = { size: found.size, chunks: found.pieces() };
      yield { name: entryName, modified, isExecutable: found.isExecutable(), content };
      return;
    }
    const identity = found.identity();
    if (visited.has(identity) || names.length > MAX_DEPTH) return;
    visited.add(identity);
    yield { name: `${entryName}/`, modified, isExecutable: true, content: null };
    for (const name of readdirSync(found.path).toSorted()) {
      if (!isShown(name, dotfiles)) continue;
      yield* walk([...names, name], `${entryName}/${name}`);
    }
  }

  yield* walk(path, root);
}
