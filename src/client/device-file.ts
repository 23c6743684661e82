// A device on the disk (device.ts): a journal of small JSON lines in a file.
//
// A line is written before anything is done that depends on it, so that a program
// that was killed goes on where it was. A message is with the system before `say` returns, and so is sent after any kill;
// the server knows it by its number. That an entry was shown is written after its reader had it: a program that is killed
// between the two shows that one entry again, rather than never. Only a power cut, not a kill, can lose the last lines:
// flushing each to the disk would take longer than everything else about saying it. Then entries are shown again, or
// messages sent again; and no number is given twice, as each start leaves out more of them than can have been lost.

import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import * as v from "valibot";

import { CharlaError } from "../errors.ts";
import { readSmallFile, replaceFile, tryWriting } from "../identity/atomic-file.ts";
import { takeSlot } from "./device-slot.ts";
import {
  apply,
  count,
  createDevice,
  type Cursor,
  cursorRecord,
  type Device,
  deviceBeginning,
  type DeviceLine,
  type DeviceOptions,
  type DeviceState,
  type Journal,
  newDeviceState,
  NUMBER_GAP,
  unstoredRecord,
} from "./device.ts";

/** Written since the journal was compacted, bytes, before it is compacted again. */
const MAX_GROWTH = 1024 * 1024;
/** A longer file is no journal of ours: 1,000 messages that wait, of 10,000 characters, with JSON's escapes. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
/** Bytes at the end of another window's journal in which the last entry that it has shown is looked for. */
const TAIL_BYTES = 64 * 1024;

export interface DeviceFileOptions extends DeviceOptions {
  readonly folder: string;
  /** The server's public key. */
  readonly serverKey: Uint8Array;
  readonly room: string;
}

export interface DeviceFile extends Device, Disposable {
  /** In a window that comes back to the room: what the person has read in another one meanwhile counts as shown. */
  catchUp(): void;
}

const deviceLine: v.GenericSchema<unknown, DeviceLine> = v.union([
  deviceBeginning,
  v.object({ said: v.object({ ...unstoredRecord.entries, where: v.optional(v.string()) }) }),
  v.object({ entered: v.object({ log: v.string(), where: v.optional(v.string()) }) }),
  v.object({ settled: count }),
  v.object({ named: count }),
  v.object({ shown: cursorRecord, read: v.optional(v.literal(true)) }),
]);
const journalLine = v.pipe(v.string(), v.parseJson(), deviceLine);

/**
 * Opens the device of this program: of several programs at once each has its own.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE, FILE_NOT_READABLE
 */
export function openDeviceFile(options: DeviceFileOptions): DeviceFile {
  const folder = roomFolder(options);
  const slot = takeSlot(folder);
  try {
    const path = join(folder, `device-${slot.number}.jsonl`);
    const known = readJournal(path);
    const state = known === null ? newDeviceState() : { ...known, next: known.next + NUMBER_GAP };
    const catchUp = () => {
      if (options.isWindow === true) skipWhatWasRead(state, options);
    };
    catchUp();
    const journal = createJournal(path, state, () => slot[Symbol.dispose]());
    return Object.assign(createDevice(state, options, journal), { catchUp });
  } catch (error) {
    slot[Symbol.dispose]();
    throw error;
  }
}

/** Where a room is kept in the folder of all: a valid name whatever the room is called. */
export function roomFolder({
  folder,
  serverKey,
  room,
}: Pick<DeviceFileOptions, "folder" | "serverKey" | "room">): string {
  const name = createHash("sha256").update(serverKey).update(room).digest("hex").slice(0, 32);
  return join(folder, name);
}

/** Moves the cursor to what a person has read in another window; one that is new begins there. */
function skipWhatWasRead(state: DeviceState, options: DeviceFileOptions): void {
  const read = readInWindows(roomFolder(options));
  const log = state.cursor?.log ?? read.at(-1)?.log;
  if (log === undefined) return;
  const sequence = newestOf(read, log);
  if (sequence <= (state.cursor?.sequence ?? -1)) return;
  state.cursor = { log, sequence };
  state.isRead = true;
}

/** Up to which sequence number a person has read a room in any window; 0 where that is not known. */
export function lastRead(
  options: Pick<DeviceFileOptions, "folder" | "serverKey" | "room">,
  log: string,
): number {
  return newestOf(readInWindows(roomFolder(options)), log);
}

function newestOf(read: readonly Cursor[], log: string): number {
  return Math.max(0, ...read.map((cursor) => (cursor.log === log ? cursor.sequence : 0)));
}

/** Up to where each window has been read; that of the journal that was written last comes last. */
function readInWindows(folder: string): Cursor[] {
  return listFolder(folder)
    .filter((name) => /^device-\d+\.jsonl$/.test(name))
    .map((name) => lastReadIn(join(folder, name)))
    .filter((read) => read !== null)
    .toSorted((one, other) => one.writtenAt - other.writtenAt)
    .map(({ cursor }) => cursor);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No window has shown anything of the room, or its own program says why it can't be read.
    return [];
  }
}

/** Null where none is found near the end: that window may have shown nothing for long. */
function lastReadIn(path: string): { readonly cursor: Cursor; readonly writtenAt: number } | null {
  const { text: tail, writtenAt } = readTail(path);
  const lines = tail.split("\n").toReversed();
  // There may be hundreds of others behind it.
  for (const text of lines.filter((each) => each.includes('"read":true'))) {
    const { success, output: line } = v.safeParse(journalLine, text);
    if (success && "shown" in line && line.read === true) return { cursor: line.shown, writtenAt };
  }
  return null;
}

/** Empty where it can't be read: its own program says why. */
function readTail(path: string): { readonly text: string; readonly writtenAt: number } {
  try {
    const descriptor = openSync(path, "r");
    try {
      const { size, mtimeMs: writtenAt } = fstatSync(descriptor);
      const bytes = Buffer.alloc(TAIL_BYTES);
      const start = Math.max(0, size - TAIL_BYTES);
      const length = readSync(descriptor, bytes, 0, TAIL_BYTES, start);
      return { text: bytes.toString("utf8", 0, length), writtenAt };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return { text: "", writtenAt: 0 };
  }
}

/** Null where there is none. */
function readJournal(path: string): DeviceState | null {
  const file = readSmallFile(path, MAX_JOURNAL_BYTES);
  if (file === null) return null;
  if (typeof file === "string") throw damaged(path, `it ${file}`);
  // A program that was killed, or a full disk, may have cut the last line: nothing depends on it.
  const lines = file.text.split("\n").slice(0, -1);
  const state = newDeviceState();
  for (const [index, text] of lines.entries()) {
    const { success, output: line } = v.safeParse(journalLine, text);
    if (!success || "id" in line !== (index === 0)) throw damaged(path, `line ${index + 1}`);
    apply(state, line);
  }
  return lines.length === 0 ? null : state;
}

/** Begins the journal anew with what still counts of it. */
function createJournal(path: string, state: DeviceState, onClosed: () => void): Journal {
  let file = compact();

  function compact() {
    const { id, next, cursor, isRead, unstored } = state;
    const lines: DeviceLine[] = [{ id, next }];
    if (cursor !== null) lines.push(isRead ? { shown: cursor, read: true } : { shown: cursor });
    for (const said of unstored) lines.push({ said });
    replaceFile(path, lines.map(format).join(""));
    return tryWriting(path, () => {
      const descriptor = openSync(path, "a");
      const { size } = fstatSync(descriptor);
      return { descriptor, start: size, length: size };
    });
  }

  return {
    write(line) {
      if (file.length - file.start > MAX_GROWTH) {
        const { descriptor } = file;
        file = compact();
        closeSync(descriptor);
      }
      const bytes = Buffer.from(format(line));
      tryWriting(path, () => {
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
    close() {
      try {
        closeSync(file.descriptor);
      } finally {
        onClosed();
      }
    },
  };
}

function format(line: DeviceLine): string {
  return `${JSON.stringify(line)}\n`;
}

function damaged(path: string, what: string): CharlaError {
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} is damaged: ${what}`,
    `move it away with mv ${JSON.stringify(path)} ${JSON.stringify(`${path}.damaged`)}; what waited in it is in there`,
  );
}
