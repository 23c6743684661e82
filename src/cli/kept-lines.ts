// The lines that a person has typed in conversations, kept for the next start, as a shell does: in files of JSON strings,
// which only they can read. Several programs add lines at once without locks: each line is one write, and a full file
// is followed by one of the next number.

import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { CharlaError } from "../errors.ts";
import { appendLine, readSmallFile, tryWriting } from "../identity/atomic-file.ts";
import { dataFolder } from "../identity/folders.ts";
import { type KeptLines, MAX_LINES } from "../terminal/editor/line-history.ts";
import type { Io } from "../terminal/io.ts";
import type { CommandLine } from "./options.ts";

/** Bytes after which a file is full; the last two are kept. */
const FULL = 512 * 1024;
/** Bytes of the longest line that is kept. */
const MAX_LINE_BYTES = 64 * 1024;
/** A longer file is not what was written here. */
const MAX_FILE_BYTES = FULL + 8 * MAX_LINE_BYTES;
/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;

/**
 * The lines of earlier conversations; undefined where none are kept: with an option against it, or without somebody who
 * types.
 *
 * @param onFailure called once, when they can't be read or kept
 */
export function keptLines(
  { flags }: CommandLine,
  io: Pick<Io, "stdin" | "env">,
  onFailure: (error: CharlaError) => void,
): KeptLines | undefined {
  const options = ["no-line-history", "no-log", "ephemeral", "json"];
  if (io.stdin.isTTY !== true || options.some((name) => flags.has(name))) return undefined;
  try {
    return openKeptLines(join(dataFolder(io.env), "typed-lines"), onFailure);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    onFailure(error);
    return undefined;
  }
}

/** The same, in that folder. */
export function openKeptLines(folder: string, onFailure: (error: CharlaError) => void): KeptLines {
  let failed = false;

  function orNotice<T>(act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      onFailure(error);
      failed = true;
      return otherwise;
    }
  }

  return {
    lines: orNotice(() => readLines(folder), []),
    keep(line) {
      // What can't be kept once is not kept later: one notice is enough.
      if (!failed) orNotice(() => addLine(folder, line), undefined);
    },
  };
}

/** @throws {CharlaError} FILE_NOT_READABLE */
function readLines(folder: string): readonly string[] {
  const lines = fileNumbers(folder)
    .slice(-2)
    .flatMap((number) => readFile(pathOf(folder, number)));
  return lines.slice(-MAX_LINES);
}

function readFile(path: string): readonly string[] {
  const file = readSmallFile(path, MAX_FILE_BYTES);
  if (file === null) return [];
  if (typeof file === "string") throw notKept(path, file);
  if ((file.mode & OTHERS) !== 0) tryWriting(path, () => chmodSync(path, 0o600));
  const written = file.text.split("\n").filter((line) => line !== "");
  const lines = written.flatMap(parseLine);
  // One that was cut off by a full disk is left out.
  if (lines.length === 0 && written.length > 0)
    throw notKept(path, "holds no lines that were typed");
  return lines;
}

function parseLine(written: string): readonly string[] {
  try {
    const line: unknown = JSON.parse(written);
    return typeof line === "string" && line !== "" ? [line] : [];
  } catch {
    return [];
  }
}

/** @throws {CharlaError} FOLDER_NOT_WRITABLE */
function addLine(folder: string, line: string): void {
  const written = JSON.stringify(line);
  if (Buffer.byteLength(written) > MAX_LINE_BYTES) return;
  const numbers = fileNumbers(folder);
  const last = numbers.at(-1) ?? 1;
  if (sizeOf(pathOf(folder, last)) <= FULL) return appendLine(pathOf(folder, last), written);
  appendLine(pathOf(folder, last + 1), written);
  for (const old of numbers.filter((number) => number < last)) {
    const path = pathOf(folder, old);
    tryWriting(path, () => rmSync(path, { force: true }));
  }
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${number}.jsonl`);
}

function fileNumbers(folder: string): readonly number[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => /^(\d{1,9})\.jsonl$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((one, other) => one - other);
  } catch {
    // It is made with the first line, or making it says why it cannot be.
    return [];
  }
}

function sizeOf(path: string): number {
  return tryWriting(path, () => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

function notKept(path: string, what: string): CharlaError {
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} ${what}; lines that you type are not kept`,
    "move it away: charla begins a new one",
  );
}
