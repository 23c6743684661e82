// A member's own log of a room: what was shown of it, to be read again without the server (`charla history`). A file of
// JSON lines beside the device's journal. Several programs of the person write it, each entry perhaps more than once;
// reading drops the copies. It is history for people, not the room's log: what was said in their absence may be missing.

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import * as v from "valibot";

import type { LogEntry } from "../chat/frames.ts";
import { foldName } from "../chat/name-keys.ts";
import { CharlaError, describeCause, systemCode } from "../errors.ts";
import { tryWriting } from "../identity/atomic-file.ts";
import { readUpTo } from "../read-up-to.ts";
import { roomFolder } from "./device-file.ts";
import { firstLog } from "./room-client/entering.ts";

/** Bytes of one file; the one before it is kept, so that there are at most two for a room. */
const MAX_BYTES = 8 * 1024 * 1024;
const FILE = "history.jsonl";
const OLDER_FILE = "history-older.jsonl";
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export interface LocalLogOptions {
  /** The folder of all rooms. */
  readonly folder: string;
  /** Identifies the server. */
  readonly serverKey: Uint8Array;
  /** How the server is called, HOST:PORT. */
  readonly where: string;
  readonly room: string;
  readonly maxBytes?: number;
}

export interface LocalLog extends Disposable {
  /**
   * @param log the id of the server's log
   * @throws {CharlaError} FOLDER_NOT_WRITABLE
   */
  keep(log: string, entry: LogEntry): void;
}

/** The first line of each file: what it is a log of. */
const header = v.object({ room: v.string(), where: v.string() });
const line = v.object({
  log: v.string(),
  sequence: v.number(),
  time: v.number(),
  author: v.string(),
  name: v.string(),
  text: v.string(),
});

export type LocalEntry = v.InferOutput<typeof line>;

/**
 * Opens the log of a room for this program; creates it if it is missing.
 *
 * @throws {CharlaError} FOLDER_NOT_WRITABLE
 */
export function openLocalLog(options: LocalLogOptions): LocalLog {
  const { where, room, maxBytes = MAX_BYTES } = options;
  const path = join(roomFolder(options), FILE);
  let file = open();
  let isOpen = true;

  function open(): { readonly descriptor: number; size: number } {
    return tryWriting(path, () => {
      mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
      const descriptor = openSync(path, "a", FILE_MODE);
      try {
        const { size } = fstatSync(descriptor);
        // A program that was killed may have left half a line.
        const begin = size === 0 ? `${JSON.stringify({ room, where })}\n` : "\n";
        return { descriptor, size: size + writeSync(descriptor, begin) };
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
    });
  }

  return {
    keep(log, { sequence, time, author, name, text }) {
      if (!isOpen) return;
      if (file.size > maxBytes) {
        const full = file;
        tryWriting(path, () => {
          // Another program may have done so a moment before, and its file is still small.
          if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) {
            renameSync(path, join(dirname(path), OLDER_FILE));
          }
        });
        file = open();
        closeSync(full.descriptor);
      }
      const entry: LocalEntry = { log, sequence, time, author, name, text };
      const written = `${JSON.stringify(entry)}\n`;
      file.size += tryWriting(path, () => writeSync(file.descriptor, written));
    },
    [Symbol.dispose]() {
      if (isOpen) closeSync(file.descriptor);
      isOpen = false;
    },
  };
}

/** Which local logs to read: those of a server by its key, or by where it was joined (HOST:PORT), in any spelling of the room. */
export type LocalLogQuery =
  | { readonly room: string; readonly serverKey: Uint8Array }
  | { readonly room: string; readonly isServer: (where: string) => boolean };

/**
 * The conversations of a room, the one that was used last at the end, and the entries of each, once, oldest first; null where there
 * is no log of it. A server whose store was replaced has begun another conversation in the same room.
 *
 * @param folder the folder of all rooms
 * @throws {CharlaError} FILE_NOT_READABLE
 */
export function readLocalLog(folder: string, query: LocalLogQuery): LocalEntry[][] | null {
  const folders =
    "serverKey" in query
      ? spellings(folder, query.room).map((room) => roomFolder({ folder, ...query, room }))
      : listFolder(folder).map((name) => join(folder, name));
  const found = folders.flatMap((name) => readFiles(name, query));
  if (found.length === 0) return null;
  const conversations = Map.groupBy(found.flat(), ({ log }) => firstLog(log));
  return byLastEntry(
    Array.from(conversations.values(), (entries) => {
      // A copy of a log goes on with its conversation.
      const logs = Map.groupBy(entries, ({ log }) => log);
      return byLastEntry(Array.from(logs.values(), inOrder)).flat();
    }),
  );
}

function byLastEntry(lists: readonly LocalEntry[][]): LocalEntry[][] {
  return lists.toSorted((one, other) => (one.at(-1)?.time ?? 0) - (other.at(-1)?.time ?? 0));
}

/** Bytes of a file's first line: the longest room and host, escaped. */
const MAX_HEADER_BYTES = 2_048;
/** Rooms that are listed: more than anyone chooses from. */
const MAX_LISTED = 500;

/** The rooms of which there is an entry, and where each was joined; what can't be read is left out. */
export function listLocalLogs(folder: string): v.InferOutput<typeof header>[] {
  return listFolder(folder)
    .slice(0, MAX_LISTED)
    .flatMap((name) => {
      const { success, output } = v.safeParse(header, readHeader(join(folder, name, FILE)));
      return success ? [output] : [];
    });
}

function readHeader(path: string): unknown {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const start = new TextDecoder().decode(readUpTo(descriptor, MAX_HEADER_BYTES));
      const [first = "", ...others] = start.split("\n");
      // A log is opened before a server lets anybody in: an address that was mistyped has a header alone, and an empty
      // line for each further start.
      return others.every((other) => other === "") ? null : parseJson(first);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}

/** How a room was written when it was joined: in its name, capitals make no difference. */
function spellings(folder: string, room: string): string[] {
  const joined = listLocalLogs(folder).map((log) => log.room);
  return [...new Set([room, ...joined.filter((other) => isSameRoom(other, room))])];
}

function isSameRoom(one: string, other: string): boolean {
  return foldName(one) === foldName(other);
}

function inOrder(entries: readonly LocalEntry[]): LocalEntry[] {
  const once = new Map(entries.map((entry) => [entry.sequence, entry]));
  return Array.from(once.values()).toSorted((one, other) => one.sequence - other.sequence);
}

/** The entries in each file of one folder, the older file first, of those that are asked for. */
function readFiles(folder: string, query: LocalLogQuery): LocalEntry[][] {
  return [OLDER_FILE, FILE].flatMap((name) => {
    const [first = "", ...lines] = readText(join(folder, name)).split("\n");
    const { success, output } = v.safeParse(header, parseJson(first));
    if (!success || !isSameRoom(output.room, query.room)) return [];
    if ("isServer" in query && !query.isServer(output.where)) return [];
    return [lines.map(parseJson).filter((each) => v.is(line, each))];
  });
}

/** Null for an empty line, and for one that was cut by a kill. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} cannot be read: ${describeCause(cause)}`,
      "check its owner and mode",
      { cause },
    );
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
