// A device on the disk: a journal of small JSON lines, written before anything is done that depends on it, so
// that a program that was killed goes on where it was. Knows no server and no screen.
//
// What is said is with the system before `say` returns, and so is said after any kill; the server knows it by its
// number. What was shown is written after its reader had it: a program that is killed between the two shows
// that one entry again, rather than never. Only a power cut, not a kill, can lose the last lines: flushing each to
// the disk would take longer than all the rest of saying it. Then what was shown or settled is shown, or said to the
// server, again; and no number is given twice, as each start leaves out more of them than can have been lost.

import { createHash } from "node:crypto";
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

import * as v from "valibot";

import { CharlaError } from "../errors.ts";
import { readSmallFile, replaceFile } from "../identity/atomic-file.ts";
import { type Slot, takeSlot } from "./device-slot.ts";
import { type Cursor, type Device, newDeviceId, type Unstored } from "./device.ts";

/** Written since the journal was compacted, bytes, before it is compacted again. */
const MAX_GROWTH = 1024 * 1024;
/** Numbers left out at each start: more than anyone says in the half minute until the system writes to the disk. */
const NUMBER_GAP = 1_000_000;
/** A longer journal is none of ours: 1,000 messages that wait, of 10,000 characters, with JSON's escapes. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;

export interface DeviceFileOptions {
  readonly folder: string;
  /** The server's public key. */
  readonly serverKey: Uint8Array;
  readonly room: string;
  /** What was shown or settled cannot be written any more, told once: after a restart it is shown again. */
  onFailure?(error: CharlaError): void;
}

export interface DeviceFile extends Device, Disposable {}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const line = v.union([
  v.object({ id: v.pipe(v.string(), v.regex(/^[\w-]{22}$/)), next: count }),
  v.object({ said: v.object({ number: count, text: v.string() }) }),
  v.object({ settled: count }),
  v.object({ shown: v.object({ log: v.string(), sequence: count }) }),
]);
type Line = v.InferOutput<typeof line>;

interface State {
  id: string;
  next: number;
  cursor: Cursor | null;
  readonly unstored: Unstored[];
}

/**
 * Opens what this program keeps of a room: of several programs at once each has its own.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE, FILE_NOT_READABLE
 */
export function openDeviceFile(options: DeviceFileOptions): DeviceFile {
  const folder = join(options.folder, nameOf(options));
  const slot = takeSlot(folder);
  const path = join(folder, `device-${slot.number}.jsonl`);
  try {
    const known = readJournal(path);
    const state = known === null ? newState() : { ...known, next: known.next + NUMBER_GAP };
    const journal = createJournal(path, state);
    return deviceOf(state, journal, slot, options.onFailure?.bind(options));
  } catch (error) {
    slot.release();
    throw error;
  }
}

function deviceOf(
  state: State,
  journal: Journal,
  slot: Slot,
  onFailure: ((error: CharlaError) => void) | undefined,
): DeviceFile {
  let failed = false;
  let open = true;

  /** Not worth ending a conversation for. */
  function note(its: Line): void {
    if (!open) return;
    apply(state, its);
    try {
      journal.write(its);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      if (!failed) onFailure?.(error);
      failed = true;
    }
  }

  return {
    id: state.id,
    unstored: state.unstored,
    get cursor() {
      return state.cursor;
    },
    say(text) {
      const said = { number: state.next, text };
      journal.write({ said });
      apply(state, { said });
      return said;
    },
    settled: (number) => note({ settled: number }),
    shown: (shown) => note({ shown }),
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      journal.close();
      slot.release();
    },
  };
}

/** The same for the same server and room, and a name for files whatever the room is called. */
function nameOf({ serverKey, room }: DeviceFileOptions): string {
  return createHash("sha256").update(serverKey).update(room).digest("hex").slice(0, 32);
}

function newState(): State {
  return { id: newDeviceId(), next: 0, cursor: null, unstored: [] };
}

function apply(state: State, its: Line): void {
  if ("id" in its) {
    state.id = its.id;
    state.next = its.next;
  } else if ("said" in its) {
    state.unstored.push(its.said);
    state.next = Math.max(state.next, its.said.number + 1);
  } else if ("settled" in its) {
    const index = state.unstored.findIndex(({ number }) => number === its.settled);
    if (index !== -1) state.unstored.splice(index, 1);
  } else state.cursor = its.shown;
}

/** Null where there is none. */
function readJournal(path: string): State | null {
  const file = readSmallFile(path, MAX_JOURNAL_BYTES);
  if (file === null) return null;
  if (typeof file === "string") throw damaged(path, `it is ${file}`);
  // A program that was killed, or a full disk, may have cut the last line: nobody relied on it.
  const lines = file.text.split("\n").slice(0, -1);
  const state = newState();
  for (const [index, text] of lines.entries()) {
    const its = parse(text);
    if (its === null || "id" in its !== (index === 0)) throw damaged(path, `line ${index + 1}`);
    apply(state, its);
  }
  return lines.length === 0 ? null : state;
}

function parse(text: string): Line | null {
  try {
    const result = v.safeParse(line, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

interface Journal {
  /** The system has it: a kill does not lose it. */
  write(its: Line): void;
  close(): void;
}

/** Begins the journal anew with what counts of it. */
function createJournal(path: string, state: State): Journal {
  let file = compact();

  function compact(): { readonly descriptor: number; readonly start: number; length: number } {
    const { id, next, cursor, unstored } = state;
    const lines: Line[] = [{ id, next }];
    if (cursor !== null) lines.push({ shown: cursor });
    for (const said of unstored) lines.push({ said });
    replaceFile(path, lines.map(format).join(""));
    return writing(path, () => {
      const descriptor = openSync(path, "a");
      const { size } = fstatSync(descriptor);
      return { descriptor, start: size, length: size };
    });
  }

  return {
    write(its) {
      if (file.length - file.start > MAX_GROWTH) {
        const { descriptor } = file;
        file = compact();
        closeSync(descriptor);
      }
      const bytes = Buffer.from(format(its));
      writing(path, () => {
        let written = 0;
        try {
          written = writeSync(file.descriptor, bytes);
          if (written < bytes.length) throw new Error("the disk is full");
          file.length += written;
        } catch (cause) {
          // Half a line would spoil the next one.
          ftruncateSync(file.descriptor, file.length);
          throw cause;
        }
      });
    },
    close: () => closeSync(file.descriptor),
  };
}

function format(its: Line): string {
  return `${JSON.stringify(its)}\n`;
}

function writing<Result>(path: string, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    throw new CharlaError(
      "FOLDER_NOT_WRITABLE",
      `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      "make room on the disk, or look whose folder it is",
      { cause },
    );
  }
}

function damaged(path: string, what: string): CharlaError {
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} is damaged: ${what}`,
    `move it away with mv ${JSON.stringify(path)} ${JSON.stringify(`${path}.damaged`)}; what waited in it is in there`,
  );
}
