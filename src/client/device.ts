// A device: what one of a person's programs keeps of one room, in memory or on the disk. That is its id, the messages
// that it has said and the server has not stored, and how far it has shown the log. Knows no server and no screen.
//
// On the disk it is a journal of small JSON lines, written before anything is done that depends on it, so that a program
// that was killed goes on where it was. A message is with the system before `say` returns, and so is sent after any kill;
// the server knows it by its number. That an entry was shown is written after its reader had it: a program that is killed
// between the two shows that one entry again, rather than never. Only a power cut, not a kill, can lose the last lines:
// flushing each to the disk would take longer than everything else about saying it. Then entries are shown again, or
// messages sent again; and no number is given twice, as each start leaves out more of them than can have been lost.

import { createHash, randomBytes } from "node:crypto";
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
import { encodeBase64url } from "../identity/key-text.ts";
import { takeSlot } from "./device-slot.ts";

/** Bytes of a device's id: enough for no two to be the same. */
const ID_BYTES = 16;
/** Written since the journal was compacted, bytes, before it is compacted again. */
const MAX_GROWTH = 1024 * 1024;
/** Numbers left out at each start: more than anyone says in the half minute until the system writes to the disk. */
const NUMBER_GAP = 1_000_000;
/** A longer file is no journal of ours: 1,000 messages that wait, of 10,000 characters, with JSON's escapes. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
/** Bytes at the end of another window's journal in which the last entry that it has shown is looked for. */
const TAIL_BYTES = 64 * 1024;

export interface Unstored {
  /** The device's own number for the message. */
  readonly number: number;
  readonly text: string;
  /** The log of the conversation it was said in; undefined while none was entered: then that of the next one. */
  readonly log?: string | undefined;
  /** Where it was not sent, since the server has another log, the person was shown its text. */
  readonly isNamed?: true | undefined;
}

export interface Device {
  /** 16 random bytes in base64url: with a number, the mark of a message. */
  readonly id: string;
  /** What is not stored yet, oldest first. */
  readonly unstored: readonly Unstored[];
  /** The newest entry that was shown, and of which log; null before the first. */
  readonly cursor: Cursor | null;
  /**
   * Keeps a message until the server has stored it.
   *
   * @param log the log that was entered; undefined before the first
   * @throws {CharlaError} FOLDER_NOT_WRITABLE
   */
  say(text: string, log?: string): Unstored;
  /** What was said before a log was entered belongs to this one. */
  entered(log: string): void;
  /** A message is stored, or will never be. */
  settled(number: number): void;
  /** The text of a message that waits for another log was shown. */
  named(number: number): void;
  /** Everything up to this entry was shown. */
  shown(cursor: Cursor): void;
}

/** A place in a log. */
export interface Cursor {
  readonly log: string;
  readonly sequence: number;
}

export interface DeviceFileOptions {
  readonly folder: string;
  /** The server's public key. */
  readonly serverKey: Uint8Array;
  readonly room: string;
  /** HOST:PORT of the server: what was said before it let this device in is not sent to another place. */
  readonly where?: string;
  /**
   * A person reads what this program shows: what they have read in another window since this device was used last counts
   * as shown. By default it does not, and every program is shown everything.
   */
  readonly isWindow?: boolean;
  /**
   * Called once when the journal cannot be written any more: the next run of the program shows entries again, and sends
   * messages again.
   */
  onFailure?(error: CharlaError): void;
}

export interface DeviceFile extends Device, Disposable {
  /** In a window that comes back to the room: what the person has read in another one meanwhile counts as shown. */
  catchUp(): void;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const journalLine = v.pipe(
  v.string(),
  v.parseJson(),
  v.union([
    v.object({ id: v.pipe(v.string(), v.regex(/^[\w-]{22}$/)), next: count }),
    v.object({
      said: v.object({
        number: count,
        text: v.string(),
        log: v.optional(v.string()),
        /** Where the device was to enter, while there is no log. */
        where: v.optional(v.string()),
        isNamed: v.optional(v.literal(true)),
      }),
    }),
    v.object({ entered: v.object({ log: v.string(), where: v.optional(v.string()) }) }),
    v.object({ settled: count }),
    v.object({ named: count }),
    v.object({
      shown: v.object({ log: v.string(), sequence: count }),
      /** A person has read it. */
      read: v.optional(v.literal(true)),
    }),
  ]),
);
type Line = v.InferOutput<typeof journalLine>;

interface Said extends Unstored {
  readonly where?: string | undefined;
}

interface State {
  id: string;
  next: number;
  cursor: Cursor | null;
  /** Whether a person has read up to the cursor. */
  isRead: boolean;
  readonly unstored: Said[];
}

/** A device that is gone when the program ends. */
export function memoryDevice(id = newId()): Device {
  return createDevice({ ...newState(), id }, {}, { write() {}, close() {} });
}

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
    const state = known === null ? newState() : { ...known, next: known.next + NUMBER_GAP };
    const catchUp = () => {
      if (options.isWindow === true) skipWhatWasRead(state, folder, path);
    };
    catchUp();
    const journal = createJournal(path, state, () => slot[Symbol.dispose]());
    return createDevice(state, options, journal, catchUp);
  } catch (error) {
    slot[Symbol.dispose]();
    throw error;
  }
}

interface Journal {
  /** When it returns the system has the line: a kill does not lose it. */
  write(line: Line): void;
  close(): void;
}

function createDevice(
  state: State,
  options: Pick<DeviceFileOptions, "where" | "isWindow" | "onFailure">,
  journal: Journal,
  catchUp = () => {},
): DeviceFile {
  const { where, isWindow = false } = options;
  let failed = false;
  let isOpen = true;

  /** A failure is not worth ending a conversation for. */
  function note(line: Line): void {
    if (!isOpen) return;
    apply(state, line);
    try {
      journal.write(line);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      if (!failed) options.onFailure?.(error);
      failed = true;
    }
  }

  return {
    id: state.id,
    get unstored() {
      return state.unstored
        .filter((said) => said.log !== undefined || isSaidTo(said, where))
        .map(({ number, text, log, isNamed }) => ({ number, text, log, isNamed }));
    },
    get cursor() {
      return state.cursor;
    },
    say(text, log) {
      const said = { number: state.next, text, log };
      const line = { said: log === undefined ? { ...said, where } : said };
      journal.write(line);
      apply(state, line);
      return said;
    },
    entered(log) {
      const isNews = state.unstored.some((said) => said.log === undefined && isSaidTo(said, where));
      if (isNews) note({ entered: { log, where } });
    },
    settled: (number) => note({ settled: number }),
    named: (number) => note({ named: number }),
    shown: (shown) => note(isWindow ? { shown, read: true } : { shown }),
    catchUp,
    [Symbol.dispose]() {
      if (isOpen) journal.close();
      isOpen = false;
    },
  };
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

function newId(): string {
  return encodeBase64url(randomBytes(ID_BYTES));
}

function newState(): State {
  return { id: newId(), next: 0, cursor: null, isRead: false, unstored: [] };
}

function apply(state: State, line: Line): void {
  if ("id" in line) {
    state.id = line.id;
    state.next = line.next;
  } else if ("said" in line) {
    state.unstored.push(line.said);
    state.next = Math.max(state.next, line.said.number + 1);
  } else if ("settled" in line) {
    const index = state.unstored.findIndex(({ number }) => number === line.settled);
    if (index !== -1) state.unstored.splice(index, 1);
  } else if ("named" in line) {
    const index = state.unstored.findIndex(({ number }) => number === line.named);
    const said = state.unstored[index];
    if (said !== undefined) state.unstored[index] = { ...said, isNamed: true };
  } else if ("entered" in line) {
    const { log, where } = line.entered;
    for (const [index, said] of state.unstored.entries()) {
      if (said.log !== undefined || !isSaidTo(said, where)) continue;
      state.unstored[index] = { number: said.number, text: said.text, log };
    }
  } else {
    state.cursor = line.shown;
    state.isRead = line.read === true;
  }
}

/** Moves the cursor to what a person has read in another window. At the first visit there is none to move. */
function skipWhatWasRead(state: State, folder: string, ownPath: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!/^device-\d+\.jsonl$/.test(name) || path === ownPath || state.cursor === null) continue;
    const read = lastRead(path);
    if (read?.log !== state.cursor.log || read.sequence <= state.cursor.sequence) continue;
    state.cursor = read;
    state.isRead = true;
  }
}

/** Null where none is found near the end: that window may have shown nothing for long. */
function lastRead(path: string): Cursor | null {
  const tail = readTail(path);
  for (const text of tail.split("\n").toReversed()) {
    const { success, output: line } = v.safeParse(journalLine, text);
    if (success && "shown" in line && line.read === true) return line.shown;
  }
  return null;
}

/** Empty where it can't be read: its own program says why. */
function readTail(path: string): string {
  try {
    const descriptor = openSync(path, "r");
    try {
      const start = Math.max(0, fstatSync(descriptor).size - TAIL_BYTES);
      const bytes = Buffer.alloc(TAIL_BYTES);
      return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, TAIL_BYTES, start));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

/** Said without a place, it is for any. */
function isSaidTo(said: Said, where: string | undefined): boolean {
  return said.where === undefined || said.where === where;
}

/** Null where there is none. */
function readJournal(path: string): State | null {
  const file = readSmallFile(path, MAX_JOURNAL_BYTES);
  if (file === null) return null;
  if (typeof file === "string") throw damaged(path, `it ${file}`);
  // A program that was killed, or a full disk, may have cut the last line: nothing depends on it.
  const lines = file.text.split("\n").slice(0, -1);
  const state = newState();
  for (const [index, text] of lines.entries()) {
    const { success, output: line } = v.safeParse(journalLine, text);
    if (!success || "id" in line !== (index === 0)) throw damaged(path, `line ${index + 1}`);
    apply(state, line);
  }
  return lines.length === 0 ? null : state;
}

/** Begins the journal anew with what still counts of it. */
function createJournal(path: string, state: State, onClosed: () => void): Journal {
  let file = compact();

  function compact() {
    const { id, next, cursor, isRead, unstored } = state;
    const lines: Line[] = [{ id, next }];
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

function format(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function damaged(path: string, what: string): CharlaError {
  return new CharlaError(
    "FILE_NOT_READABLE",
    `${path} is damaged: ${what}`,
    `move it away with mv ${JSON.stringify(path)} ${JSON.stringify(`${path}.damaged`)}; what waited in it is in there`,
  );
}
