// `charla history [ROOM]`: what was said in a room of a server on this machine, also while that runs.

import { closest } from "../chat/closest.ts";
import type { LogEntry } from "../chat/frames.ts";
import { CharlaError } from "../errors.ts";
import { dataFolder, homeFolder } from "../identity/folders.ts";
import { DEFAULT_ROOM } from "../identity/invitation.ts";
import { select, type Selection } from "../log/selection.ts";
import { openSqliteReader } from "../log/sqlite-log.ts";
import { splitWords } from "../log/text-matching.ts";
import type { Io } from "../terminal/io.ts";
import { createPrinter, type Printer } from "../terminal/printer.ts";
import { transcriptLine } from "../terminal/view/message-text.ts";
import { parseMoment } from "./moment.ts";
import { type CommandLine, helpFor } from "./options.ts";
import { presentation } from "./presentation.ts";

/** Messages for who asks for nothing else: some screens. */
const SHOWN = 100;
/** Rooms that are named to who asks for one that there is not. */
const ROOMS_NAMED = 10;

/** @returns the exit status */
export async function history(commandLine: CommandLine, io: Io): Promise<number> {
  const { words, flags, values } = commandLine;
  const [room = DEFAULT_ROOM, extra] = words;
  if (extra !== undefined) {
    throw usage(
      `history is of one room, not of ${words.length}`,
      "several words to search for go in quotes",
    );
  }
  const selection = selectionOf(commandLine);
  // The objects of --json are the messages; what there is to say besides is for people.
  const printer = createPrinter(io, { ...presentation(commandLine), json: false });
  const folder = values.get("data") ?? dataFolder(io.env, homeFolder());
  await using log = await openSqliteReader(folder);
  const rooms = await log.rooms();
  const summary = rooms.find(({ name }) => name === room);
  // Until somebody talks a server has no rooms, and then it is right to look for the first one.
  if (summary === undefined && (rooms.length > 0 || room !== DEFAULT_ROOM)) {
    const names = rooms.map(({ name }) => name);
    throw noSuchRoom(room, names);
  }
  const entries = summary?.entries ?? 0;
  const lineOf = flags.has("json")
    ? (entry: LogEntry) => eventOf(room, entry)
    : (entry: LogEntry) => transcriptLine(entry, flags.has("verbose"));
  let shown = 0;
  try {
    for await (const batch of select(log, room, selection)) {
      await printer.print(batch.map(lineOf).join("\n"));
      shown += batch.length;
    }
  } catch (error) {
    // Who reads has seen enough, as `head` has: that is no failure here, where nothing is lost by it.
    if (error instanceof CharlaError && error.code === "STDOUT_CLOSED") return 0;
    throw error;
  }
  if (shown === 0) await tell(printer, "NOTHING_FOUND", nothingFound(room, entries));
  if (selection === LATEST && entries > SHOWN) {
    const message = `the last ${SHOWN} of ${entries} messages; --all shows all of them`;
    await tell(printer, "EARLIER_MESSAGES", message);
  }
  return 0;
}

const LATEST: Selection = { last: SHOWN };

/** @throws {CharlaError} USAGE */
function selectionOf({ flags, values }: CommandLine): Selection {
  const since = values.get("since");
  const words = values.get("search");
  const last = values.get("last");
  if (last !== undefined && flags.has("all")) {
    throw usage("--last says how many messages, and --all that it is all", "leave one of them out");
  }
  if (words !== undefined && splitWords(words).length === 0) {
    throw usage(`there is no word in ${JSON.stringify(words)} to search for`);
  }
  if (since === undefined && words === undefined && last === undefined && !flags.has("all")) {
    return LATEST;
  }
  return {
    since: since === undefined ? undefined : momentOf(since),
    words,
    last: last === undefined ? undefined : countOf(last),
  };
}

function momentOf(written: string): number {
  const moment = parseMoment(written, Date.now());
  if (moment !== null) return moment;
  throw usage(
    `${JSON.stringify(written)} is no time to begin at`,
    "such as 30m, 1h or 2d ago, or a day, 2026-11-22, or a time on it, 2026-11-22T10:00",
  );
}

function countOf(written: string): number {
  const count = /^\d+$/.test(written) ? Number(written) : 0;
  if (count > 0 && Number.isSafeInteger(count)) return count;
  throw usage(`--last is a number of messages from 1, and not ${JSON.stringify(written)}`);
}

/** As the `message` event of a conversation, and of which room. */
function eventOf(room: string, { sequence, time, name, author, text }: LogEntry): string {
  const event = { type: "message", room, sequence, time, from: name, fingerprint: author, text };
  return JSON.stringify(event);
}

function nothingFound(room: string, entries: number): string {
  if (entries === 0) return `nothing was said in ${room} yet`;
  return `none of the ${entries} messages of ${room} is what was asked for`;
}

function tell(printer: Printer, code: string, message: string): Promise<void> {
  return printer.event({ type: "notice", code, message });
}

function usage(message: string, hint = helpFor("history")): CharlaError {
  return new CharlaError("USAGE", message, hint);
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
