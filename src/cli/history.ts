// `charla history`: the messages of a room of a server on this machine, also while the server runs; or of a room that
// this person has joined, from the log that their charla keeps of it.

import { join } from "node:path";

import { closest } from "../chat/closest.ts";
import { parseDuration } from "../chat/commands.ts";
import type { LogEntry } from "../chat/frames.ts";
import { foldName, spelledAmong } from "../chat/name-keys.ts";
import { type LocalLogQuery, readLocalLog } from "../client/local-log.ts";
import { CharlaError, usageError } from "../errors.ts";
import { dataFolder } from "../identity/folders.ts";
import { looksLikeInvitation } from "../identity/invitation-text.ts";
import { DEFAULT_ROOM, parseInvitation } from "../identity/invitation.ts";
import type { LogReader } from "../log/log.ts";
import { firstSince } from "../log/retention.ts";
import { select, selectFrom, type Selection } from "../log/selection.ts";
import { deleteFromStore, openSqliteReader } from "../log/sqlite-log.ts";
import { isSearchable } from "../log/text-matching.ts";
import { formatHostAndPort, parseHostAndPort } from "../net/address.ts";
import type { Io } from "../terminal/io.ts";
import { createPrinter, type Printer } from "../terminal/printer.ts";
import { transcriptLine } from "../terminal/view/message-text.ts";
import { printerOptions } from "./command-options.ts";
import { readWhere, refuseBroken } from "./invitation-input.ts";
import { type CommandLine, helpFor } from "./options.ts";

/** Messages shown without options: a few screens. */
const SHOWN = 100;
/** Rooms listed in the hint of NO_SUCH_ROOM. */
const ROOMS_NAMED = 10;

export async function history(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, values } = commandLine;
  // --data means the server of that folder, whatever is in the environment.
  const [written = values.has("data") ? DEFAULT_ROOM : undefined, extra] = words;
  if (extra !== undefined) {
    refuseBroken(words);
    throw usage(`history shows one room, not ${words.length}`, "quote several words to search for");
  }
  const selection = readSelection(commandLine);
  const deleteBefore = values.get("delete-before");
  const cut = deleteBefore === undefined ? null : readCut(deleteBefore);
  // With --json, stdout carries messages only; notices go to stderr.
  const printer = createPrinter(io, { ...printerOptions(commandLine), json: false });
  const folder = values.get("data") ?? dataFolder(io.env);
  const where = (await readWhere(written, commandLine, io)) ?? DEFAULT_ROOM;
  const joined = readJoinedRoom(where);
  if (joined !== null && cut !== null) {
    throw usage("--delete-before is for a room of a server on this machine");
  }
  if (joined !== null) {
    const conversations = readLocalLog(join(folder, "rooms"), joined);
    if (conversations === null) throw noLocalLog(joined.room);
    const showsAll = commandLine.flags.has("all");
    const entries = showsAll ? conversations.flat() : (conversations.at(-1) ?? []);
    const found = { room: joined.room, count: entries.length, wasSaid: true };
    const status = await print(
      [selectFrom(entries, selection)],
      found,
      selection,
      commandLine,
      printer,
    );
    if (conversations.length > 1) {
      const message = describeConversations(conversations, showsAll);
      await printer.event({ type: "notice", code: "EARLIER_CONVERSATIONS", message });
    }
    return status;
  }
  await using log = await openSqliteReader(folder);
  const rooms = await log.rooms();
  const names = rooms.map(({ name }) => name);
  const room = spelledAmong(rooms, where);
  const summary = rooms.find(({ name }) => name === room);
  // A server has no rooms until somebody talks: then the default room is empty, not missing.
  if (summary === undefined && (rooms.length > 0 || foldName(room) !== DEFAULT_ROOM)) {
    throw noSuchRoom(room, names);
  }
  if (cut !== null) {
    const count = await deleteFromStore(folder, room, await cut(log, room));
    const left = (summary?.entries ?? 0) - count;
    const what = count === 1 ? "1 message" : `${count === 0 ? "no" : count} messages`;
    const message = `deleted ${what} of ${room}; ${left} ${left === 1 ? "is" : "are"} left`;
    await printer.event({ type: "notice", code: "DELETED", message });
    return 0;
  }
  const found = { room, count: summary?.entries ?? 0, wasSaid: (await log.last(room)) > 0 };
  return await print(select(log, room, selection), found, selection, commandLine, printer);
}

/** What is shown of an entry. */
type ShownEntry = Pick<LogEntry, "sequence" | "time" | "name" | "author" | "text">;

/** @param found the room, how many messages of it are kept here, and whether there may have been more */
async function print(
  batches: AsyncIterable<readonly ShownEntry[]> | Iterable<readonly ShownEntry[]>,
  {
    room,
    count,
    wasSaid,
  }: { readonly room: string; readonly count: number; readonly wasSaid: boolean },
  selection: Selection,
  { flags }: CommandLine,
  printer: Printer,
): Promise<number> {
  const formatEntry = flags.has("json")
    ? (entry: ShownEntry) => messageEvent(room, entry)
    : (entry: ShownEntry) => transcriptLine(entry, flags.has("verbose"));
  let shown = 0;
  for await (const batch of batches) {
    if (batch.length > 0) await printer.print(batch.map(formatEntry).join("\n"));
    shown += batch.length;
  }
  if (shown === 0) {
    let message = `none of the ${count} messages in ${room} matches`;
    if (count === 0) {
      message = wasSaid
        ? `no messages of ${room} are kept here`
        : `nothing was said in ${room} yet`;
    }
    await printer.event({ type: "notice", code: "NOTHING_FOUND", message });
  }
  if (selection === LATEST && count > SHOWN) {
    const message = `the last ${SHOWN} of ${count} messages; --all shows all of them`;
    await printer.event({ type: "notice", code: "EARLIER_MESSAGES", message });
  }
  return 0;
}

/**
 * A room of another server: an invitation, or HOST[:PORT]/ROOM; null for one of the server on this machine.
 *
 * @throws {CharlaError} INVALID_INVITATION, INVALID_ADDRESS, PORT_OUT_OF_RANGE
 */
function readJoinedRoom(written: string): LocalLogQuery | null {
  if (looksLikeInvitation(written)) {
    const { key, room } = parseInvitation(written);
    return { room, serverKey: key };
  }
  const slash = written.lastIndexOf("/");
  if (slash === -1) return null;
  const server = written.slice(0, slash);
  const where = parseHostAndPort(server);
  const { port } = where;
  const named = formatHostAndPort(where).toLowerCase();
  // Without a port, any: an invitation is often to another than the usual one.
  const anyPort = named.slice(0, -String(port).length);
  const isServer = server.endsWith(`:${port}`)
    ? (joined: string) => joined.toLowerCase() === named
    : (joined: string) => joined.toLowerCase().startsWith(anyPort);
  const room = written.slice(slash + 1) || DEFAULT_ROOM;
  return { room: room.normalize("NFC"), isServer };
}

/** The last message of one conversation and the first of the next have nothing to do with each other. */
function describeConversations(conversations: readonly unknown[][], areShown: boolean): string {
  const { length } = conversations;
  if (areShown) return `there were ${length} conversations in that room, one after the other`;
  const count = conversations.slice(0, -1).flat().length;
  const messages = count === 1 ? "1 message" : `${count} messages`;
  const earlier = length === 2 ? "an earlier conversation" : `${length - 1} earlier conversations`;
  return `${messages} of ${earlier} in that room left out; --all shows them too`;
}

function noLocalLog(room: string): CharlaError {
  return new CharlaError(
    "STORE_MISSING",
    `no messages of ${room} at that server are kept here`,
    "charla keeps those that it has shown, unless it was started with --no-log",
  );
}

const LATEST: Selection = { last: SHOWN };

/** @throws {CharlaError} USAGE */
function readSelection({ flags, values }: CommandLine): Selection {
  const since = values.get("since");
  const words = values.get("search");
  const last = values.get("last");
  const isSelected = since !== undefined || words !== undefined || last !== undefined;
  if (values.has("delete-before") && (isSelected || flags.has("all"))) {
    throw usage("--delete-before deletes messages, and shows none", "leave the other options out");
  }
  if (last !== undefined && flags.has("all")) {
    throw usage("--last shows some messages, and --all shows all", "leave one of them out");
  }
  if (words !== undefined && !isSearchable(words)) {
    throw usage(`${JSON.stringify(words)} contains no word of two letters or more`);
  }
  if (!isSelected && !flags.has("all")) return LATEST;
  return {
    since: since === undefined ? undefined : readMoment(since),
    words,
    last: last === undefined ? undefined : readCount(last),
  };
}

/** What --delete-before names, as a function that finds the number of the first message that stays. */
function readCut(written: string): (log: LogReader, room: string) => Promise<number> {
  if (/^\d{1,15}$/.test(written)) return (log, room) => checkNumber(log, room, Number(written));
  const moment = readMoment(written);
  return (log, room) => firstSince(log, room, moment, Date.now());
}

/** A number far beyond the last message is rather a mistyped day, such as 20261122, and would delete everything. */
async function checkNumber(log: LogReader, room: string, number: number): Promise<number> {
  const last = await log.last(room);
  if (number <= last + 1) return number;
  throw usage(
    `${room} has no message ${number}: its last one is ${last}`,
    `write ${last + 1} to delete all of them, or a day such as 2026-11-22`,
  );
}

function readMoment(written: string): number {
  const moment = parseMoment(written, Date.now());
  if (moment !== null) return moment;
  throw usage(
    `${JSON.stringify(written)} is not a time`,
    "write 30m, 1h or 2d for so long ago, a day such as 2026-11-22, or a time such as 2026-11-22T10:00",
  );
}

function readCount(written: string): number {
  const count = /^\d+$/.test(written) ? Number(written) : 0;
  if (count > 0 && Number.isSafeInteger(count)) return count;
  throw usage(`--last takes a number of messages from 1, not ${JSON.stringify(written)}`);
}

/** A date, or a date and a time as in RFC 3339, also without seconds and offset: `charla history` prints such. */
const DATE =
  /^(\d{4}-\d{2}-(\d{2}))(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?))?$/;

/**
 * The moment that --since names: how long ago, a day, or a day and a time. Without an offset it is in this
 * machine's time zone.
 *
 * @returns ms since 1970; null for anything else
 */
export function parseMoment(written: string, now: number): number | null {
  const ago = parseDuration(written);
  if (ago !== null) return now - ago * 1_000;
  const [, date = "", day = "", time = "00:00"] = DATE.exec(written) ?? [];
  // Date takes the 30th of February for the 2nd of March.
  if (new Date(date).getUTCDate() !== Number(day)) return null;
  const moment = new Date(`${date}T${time}`).getTime();
  return Number.isNaN(moment) ? null : moment;
}

/** The fields of a `message` event, and the room. */
function messageEvent(room: string, { sequence, time, name, author, text }: ShownEntry): string {
  const event = { type: "message", room, sequence, time, from: name, fingerprint: author, text };
  return JSON.stringify(event);
}

function usage(message: string, hint = helpFor("history")): CharlaError {
  return usageError(message, hint);
}

function noSuchRoom(room: string, rooms: readonly string[]): CharlaError {
  const meant = closest(room, rooms);
  const named = rooms.slice(0, ROOMS_NAMED).join(", ");
  const more = rooms.length > ROOMS_NAMED ? ` and ${rooms.length - ROOMS_NAMED} more` : "";
  let hint = `the rooms here are ${named}${more}`;
  if (rooms.length === 0) hint = "there are no rooms here yet";
  else if (meant !== null) hint = `did you mean ${meant}?`;
  return new CharlaError("NO_SUCH_ROOM", `there is no room ${room}`, hint);
}
