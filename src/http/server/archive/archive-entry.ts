// What goes into an archive, whichever its format.

export interface ArchiveEntry {
  /** Parted by slashes; a folder's ends in one. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly isExecutable: boolean;
  /** Null for a folder. */
  readonly content: ArchiveContent | null;
}

export interface ArchiveContent {
  /** Bytes when it was opened: no more than that comes, and less where the file was cut meanwhile. */
  readonly size: number;
  /** To be read to its end before the next entry is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export type Archive = AsyncGenerator<Uint8Array, void, void>;

/** A writer of one format; pulled, so that nothing is read before the client has room for it. */
export type ArchiveWriter = (entries: AsyncIterable<ArchiveEntry>) => Archive;

/** Unix permissions, with the bit for a file or a folder before them (stat.h). */
export function modeOf({ content, isExecutable }: ArchiveEntry): number {
  if (content === null) return 0o040755;
  return isExecutable ? 0o100755 : 0o100644;
}
