// A shared folder and all below it, entry by entry: what its listings show, opened the way files are served.

import { closeSync, fstatSync, readdirSync } from "node:fs";

import { isShown } from "../entries.ts";
import { fileChunks } from "../file-chunks.ts";
import type { Folder } from "../folder.ts";
import type { ArchiveEntry } from "./archive-entry.ts";

export interface FolderEntriesOptions {
  readonly folder: Folder;
  /** Where in it to begin. */
  readonly path: readonly string[];
  /** What the entries' names begin with, without a slash: an archive unpacks into one folder. */
  readonly root: string;
  readonly dotfiles: boolean;
}

/** Deeper than any path the system takes (PATH_MAX), whose names have a letter and a slash. */
const MAX_DEPTH = 2_048;

/**
 * In the order of names. What may not be read is not in it, as it could not be fetched by itself either.
 *
 * @throws where the system has no descriptors left: an archive that lacks files without a word is none
 */
export async function* folderEntries(
  options: FolderEntriesOptions,
): AsyncGenerator<ArchiveEntry, void, void> {
  const { folder, path, root, dotfiles } = options;
  /** Folders that are in it: one to which several links lead, perhaps in a circle, is in it once. */
  const seen = new Set<string>();

  async function* entriesOf(
    names: readonly string[],
    prefix: string,
  ): AsyncGenerator<ArchiveEntry, void, void> {
    const found = folder.find(names);
    if (found.kind === "busy") throw new Error("no descriptor left for a file of the archive");
    if (!("descriptor" in found)) return;
    const { descriptor, modified } = found;
    try {
      if (found.kind === "file") {
        const { size } = found;
        const isExecutable = (fstatSync(descriptor).mode & 0o111) !== 0;
        const content = { size, chunks: fileChunks(descriptor, size) };
        yield { name: prefix, modified, isExecutable, content };
        return;
      }
      const { dev, ino } = fstatSync(descriptor);
      const identity = `${dev}:${ino}`;
      if (seen.has(identity) || names.length > MAX_DEPTH) return;
      seen.add(identity);
      yield { name: `${prefix}/`, modified, isExecutable: true, content: null };
      for (const name of readdirSync(found.path).toSorted()) {
        if (!isShown(name, dotfiles)) continue;
        yield* entriesOf([...names, name], `${prefix}/${name}`);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  yield* entriesOf(path, root);
}
