// A device: what one of a person's programs keeps of one room. That is its id, the messages that it has said and the server
// has not stored, and how far it has shown the log. A state, the lines that change it, and what a conversation sees of it:
// device-file.ts keeps the lines on the disk, and web/storage in a browser. Knows no server, no disk and no screen.

import * as v from "valibot";

import { randomBytes } from "#crypto";

import { CharlaError } from "../errors.ts";
import { encodeBase64url } from "../identity/key-text.ts";

/** Bytes of a device's id: enough for no two to be the same. */
const ID_BYTES = 16;
/** Numbers left out at each start: more than anyone says in the half minute until the system writes to the disk. */
export const NUMBER_GAP = 1_000_000;

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

interface Said extends Unstored {
  /** Where the device was to enter, while there is no log. */
  readonly where?: string | undefined;
}

export interface DeviceState {
  id: string;
  next: number;
  cursor: Cursor | null;
  /** Whether a person has read up to the cursor. */
  isRead: boolean;
  readonly unstored: Said[];
}

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What is kept of a device besides its messages, at its beginning: the next of its numbers. */
export const deviceBeginning = v.object({
  id: v.pipe(v.string(), v.regex(/^[\w-]{22}$/)),
  next: count,
});
export const cursorRecord = v.object({ log: v.string(), sequence: count });
export const unstoredRecord = v.object({
  number: count,
  text: v.string(),
  log: v.optional(v.string()),
  isNamed: v.optional(v.literal(true)),
});

/** A change of the state: applied one after the other, they make it. */
export type DeviceLine =
  | v.InferOutput<typeof deviceBeginning>
  | { readonly said: Said }
  | { readonly entered: { readonly log: string; readonly where?: string | undefined } }
  /** The number of a message. */
  | { readonly settled: number }
  | { readonly named: number }
  /** `read` where a person has read it. */
  | { readonly shown: Cursor; readonly read?: true | undefined };

/** A device that is gone when the program ends. */
export function memoryDevice(id = newId()): Device {
  return createDevice({ ...newDeviceState(), id }, {}, { write() {}, close() {} });
}

/** Where the lines of a device are kept. */
export interface Journal {
  /** @throws {CharlaError} when it can't be kept */
  write(line: DeviceLine): void;
  close(): void;
}

export interface DeviceOptions {
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

export function createDevice(
  state: DeviceState,
  options: DeviceOptions,
  journal: Journal,
): Device & Disposable {
  const { where, isWindow = false } = options;
  let failed = false;
  let isOpen = true;

  /** A failure is not worth ending a conversation for. */
  function note(line: DeviceLine): void {
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
    [Symbol.dispose]() {
      if (isOpen) journal.close();
      isOpen = false;
    },
  };
}

function newId(): string {
  return encodeBase64url(randomBytes(ID_BYTES));
}

export function newDeviceState(): DeviceState {
  return { id: newId(), next: 0, cursor: null, isRead: false, unstored: [] };
}

export function apply(state: DeviceState, line: DeviceLine): void {
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

/** Said without a place, it is for any. */
function isSaidTo(said: Said, where: string | undefined): boolean {
  return said.where === undefined || said.where === where;
}
