// Sends what is appended to a room to its members. A batch is encoded once, and handed to each member that has
// everything before it. A member without room for more is taken out: it reads from the log, as fast as it reads
// what it is sent, and rejoins once it has caught up. Nobody waits for it. Knows channels and sequence numbers, not who
// the members are.

import { type Channel, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { encodeFrame, type LogEntry } from "../chat/frames.ts";
import { encodeAuthor, encodeMessage } from "../chat/short-frames.ts";
import { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { encodeMessages } from "../protocol/session/outgoing-messages.ts";
import {
  authorSpoke,
  createAuthorNumbers,
  findAuthor,
  type NumberedAuthor,
  replaceAuthor,
} from "./author-numbers.ts";

/** Entries that are read at once for a member that catches up: at first few, as it may not read even these; and at most. */
const FIRST_PAGE = 8;
const LONGEST_PAGE = 1_000;
/** Bytes of a page: where messages are long, it has fewer entries. */
const PAGE_BYTES = 256 * 1_024;

/** Frames, and the same as `encodeMessages` puts them together: in memory once, however many members have not acknowledged them. */
interface Frames {
  readonly frames: readonly Uint8Array[];
  readonly stream: Uint8Array;
}

/** Entries without a gap, encoded. */
interface EncodedBatch extends Frames {
  /** Sequence numbers of the first and the last entry. */
  readonly first: number;
  readonly last: number;
  /** Whom a member has to know by their numbers, and the bits of these. */
  readonly authors: readonly NumberedAuthor[];
  readonly bits: number;
  /** The same with frames before it for those who don't know some of them, by the missing bits. */
  readonly introduced: Map<number, Frames>;
}

/** An entry whose author has a number. */
interface NumberedEntry {
  readonly entry: LogEntry;
  readonly author: NumberedAuthor;
}

/** @param entries at least one, without a gap; no two authors have had the same number */
function encodeBatch(entries: readonly NumberedEntry[]): EncodedBatch {
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a batch of no entries");
  const authors = [...new Set(entries.map(({ author }) => author))];
  return {
    ...together(entries.map(({ author, entry }) => encodeMessage(author.index, entry))),
    first: first.entry.sequence,
    last: last.entry.sequence,
    authors,
    bits: authors.reduce((bits, { bit }) => bits | bit, 0),
    introduced: new Map(),
  };
}

function together(frames: readonly Uint8Array[]): Frames {
  return { frames, stream: encodeMessages(frames) };
}

/** What of a batch comes after `sequence`, which is in it. */
function batchAfter(batch: EncodedBatch, sequence: number): EncodedBatch {
  const rest = batch.frames.slice(sequence - batch.first + 1);
  return { ...batch, ...together(rest), first: sequence + 1, introduced: new Map() };
}

/** The batch for a member that does not know the authors with these bits. */
function introduce(batch: EncodedBatch, missing: number): Frames {
  const known = batch.introduced.get(missing);
  if (known !== undefined) return known;
  const unknown = batch.authors.filter(({ bit }) => (bit & missing) !== 0);
  const frames = together([
    ...unknown.map((author) => encodeAuthor(author.index, author)),
    ...batch.frames,
  ]);
  batch.introduced.set(missing, frames);
  return frames;
}

interface FanOutOptions {
  readonly log: Log;
  readonly room: string;
  /** How long a member may leave no room for what it is sent, ms. */
  readonly unreadFor: number;
}

export interface FanOut extends Disposable {
  /**
   * Sends a channel everything after the cursor, until the subscription is disposed of or the channel is over. When
   * the log fails, the channel is closed with the reason.
   *
   * @param cursor sequence number of the last entry that the member has
   * @param last the newest entry of the log, read after this fan-out was created
   */
  send(channel: Channel, cursor: number, last: number): Disposable;
}

interface Recipient {
  readonly channel: Channel;
  /** Sequence number of the last entry that it was sent. */
  cursor: number;
  /** The bits of the authors whose numbers it knows. */
  known: number;
  isOver: boolean;
}

export function createFanOut({ log, room, unreadFor }: FanOutOptions): FanOut {
  const recipients = new Set<Recipient>();
  /** Those that have everything up to `newest`. */
  const current = new Set<Recipient>();
  const numbers = createAuthorNumbers();
  /** The newest entry that is known to be in the log: every later one will be announced. */
  let newest = 0;

  const subscription = log.subscribe(room, (entries) => {
    newest = Math.max(newest, entries.at(-1)?.sequence ?? 0);
    if (current.size === 0) return;
    for (const batch of encodeNews(entries)) {
      for (const recipient of current) sendBatch(recipient, batch);
    }
  });

  /** Mostly one batch: another one begins where an author takes the number of one who is in it. */
  function* encodeNews(entries: readonly LogEntry[]): Generator<EncodedBatch> {
    let batch: NumberedEntry[] = [];
    for (const entry of entries) {
      let author = findAuthor(numbers, entry);
      if (author === null) {
        author = replaceAuthor(numbers, entry);
        const { bit } = author;
        if (batch.some((earlier) => earlier.author.bit === bit)) {
          yield encodeBatch(batch);
          batch = [];
        }
        for (const recipient of recipients) recipient.known &= ~bit;
      }
      authorSpoke(numbers, author);
      batch.push({ entry, author });
    }
    if (batch.length > 0) yield encodeBatch(batch);
  }

  /** Entries of the past, for one member: nobody loses their number for an author of those days. */
  function encodePage(recipient: Recipient, entries: readonly LogEntry[]): Frames {
    const frames: Uint8Array[] = [];
    for (const entry of entries) {
      const author = findAuthor(numbers, entry);
      if (author === null) {
        frames.push(encodeFrame({ type: "message", ...entry }));
        continue;
      }
      if ((recipient.known & author.bit) === 0) frames.push(encodeAuthor(author.index, author));
      recipient.known |= author.bit;
      frames.push(encodeMessage(author.index, entry));
    }
    return together(frames);
  }

  function sendBatch(recipient: Recipient, batch: EncodedBatch): void {
    const { channel, cursor } = recipient;
    // It has read further than the log has announced.
    if (batch.last <= cursor) return;
    let hasRoom: boolean | Promise<boolean> = true;
    // A store across a network may have lost an announcement: then the entries are read.
    if (batch.first <= cursor + 1) {
      const rest = batch.first > cursor ? batch : batchAfter(batch, cursor);
      const missing = rest.bits & ~recipient.known;
      recipient.known |= rest.bits;
      recipient.cursor = batch.last;
      const { frames, stream } = missing === 0 ? rest : introduce(rest, missing);
      hasRoom = sendInTime(channel, frames, unreadFor, stream);
      if (hasRoom === true) return;
    }
    current.delete(recipient);
    void catchUp(recipient, hasRoom);
  }

  /** Reads from the log until the recipient has caught up, and then lets it rejoin. */
  async function catchUp(recipient: Recipient, hasRoom: boolean | Promise<boolean>): Promise<void> {
    const { channel } = recipient;
    let page = FIRST_PAGE;
    try {
      while ((await hasRoom) && !recipient.isOver) {
        if (recipient.cursor >= newest) {
          // Nothing can be announced between that check and this: it is the same turn.
          current.add(recipient);
          return;
        }
        const entries = await log.read(room, recipient.cursor, page);
        if (recipient.isOver) return;
        if (entries.length === 0) {
          // They were deleted meanwhile.
          if ((await log.first(room)) > newest) {
            recipient.cursor = newest;
            continue;
          }
          // Somebody else, such as a person with sqlite3, has removed what the log had announced.
          throw new CharlaError(
            "STORE_DAMAGED",
            `entries of ${room} are missing from the store`,
            "restart the server; restore the store from a copy first, if there is one",
          );
        }
        const { frames, stream } = encodePage(recipient, entries);
        recipient.cursor = entries.at(-1)?.sequence ?? recipient.cursor;
        const fitting = Math.floor((PAGE_BYTES * entries.length) / stream.length);
        page = Math.max(1, Math.min(fitting, LONGEST_PAGE));
        hasRoom = sendInTime(channel, frames, unreadFor, stream);
      }
    } catch (error) {
      if (!recipient.isOver) abortWith(channel, error);
    }
  }

  return {
    send(channel, cursor, last) {
      newest = Math.max(newest, last);
      const recipient: Recipient = { channel, cursor, known: 0, isOver: false };
      recipients.add(recipient);
      void catchUp(recipient, true);
      return {
        [Symbol.dispose]() {
          recipient.isOver = true;
          recipients.delete(recipient);
          current.delete(recipient);
        },
      };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

/**
 * Sends messages; disconnects a member that has no room for them for `unreadFor` ms.
 *
 * @param stream the same messages put together by `encodeMessages`, when they are sent to many
 * @returns whether there is room for more, or a promise of it; false when the channel is over
 */
export function sendInTime(
  channel: Channel,
  messages: readonly Uint8Array[],
  unreadFor: number,
  stream?: Uint8Array,
): boolean | Promise<boolean> {
  const room = channel.sayAll(messages, stream);
  if (typeof room === "boolean") return room;
  const timeout = setTimeout(() => {
    channel.abort(ENDED_BY_PROGRAM, `you left your messages unread for ${unreadFor / 1_000} s`);
  }, unreadFor);
  return room.finally(() => clearTimeout(timeout));
}

/** Closes a channel because the log has failed; the member may come back when it works again. */
function abortWith(channel: Channel, error: unknown): void {
  if (!(error instanceof CharlaError)) throw error;
  channel.abort(ENDED_BY_PROGRAM, error.message);
}
