// Input that is not typed on a terminal: bytes in, whole lines of bounded length out, each sent in order. Knows
// neither where the bytes come from nor what becomes of errors.

import { type Conversation, MAX_TEXT } from "../chat/conversation.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";

/** Bytes of one line: a UDP datagram carries no more (65,535 - 20 - 8), nor a message of a room, so a longer line is refused. */
const MAX_LINE_BYTES = 65_507;

/** How long `stop` waits for a line that may have come and is not read yet, ms: reading a file or a full pipe takes no more. */
const STOP_TIMEOUT = 500;

/** Messages sent before the first is delivered: enough for the round trip of a long path. */
export const MAX_IN_FLIGHT = 256;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line, or what is wrong with it; `number` counts from 1. */
export type InputLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly error: CharlaError };

/**
 * Splits a stream of bytes into lines at "\n" or "\r\n"; the last line needs neither. A line that can't be
 * a message is reported as an error in its place, and the next line follows.
 *
 * @param isRoom whether they are for a room, whose messages are shorter: the error of a long line names that limit
 */
export async function* inputLines(
  bytes: AsyncIterable<Uint8Array>,
  isRoom = false,
): AsyncGenerator<InputLine> {
  let number = 1;
  let pieces: Uint8Array[] = [];
  let length = 0;

  function take(piece: Uint8Array): void {
    length += piece.byteLength;
    // Past the bound (and room for a "\r") only the length matters.
    if (length <= MAX_LINE_BYTES + 1) pieces.push(piece);
    else pieces = [];
  }
  function finish(newline: "\n" | ""): InputLine {
    const line = readLine({ number, pieces, length, newline, isRoom });
    number += 1;
    pieces = [];
    length = 0;
    return line;
  }

  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      yield finish("\n");
      start = end + 1;
    }
    if (start < chunk.byteLength) take(chunk.subarray(start));
  }
  if (length > 0) yield finish("");
}

/** Lines on their way. */
export interface SendingLines {
  /** True once all have been sent; false if the conversation was over, or `stop` was called, before. */
  readonly done: Promise<boolean>;
  /** The lines that were read and are not known to be sent, by their numbers, in order. */
  unsent(): ReadonlyMap<number, string>;
  /** The lines that were refused or can't be messages, and were reported as such. */
  readonly refused: ReadonlySet<number>;
  /** Sends nothing more; resolves with the number of the next line, or with null if none has come yet. */
  stop(): Promise<number | null>;
}

/**
 * Sends each line, in order. `onError` gets what is wrong with a line, and why one couldn't be sent.
 *
 * @param inFlight how many may be sent before the first of them is done: 1 waits for each
 */
export function sendLines(
  lines: AsyncIterable<InputLine> | Iterable<InputLine>,
  conversation: Pick<Conversation, "say">,
  inFlight: number,
  onError: (error: unknown) => void | Promise<void>,
): SendingLines {
  const unsent = new Map<number, string>();
  const refused = new Set<number>();
  let stopped = false;
  /** The number of the first line that is not sent; null where the input ended before. */
  const next = Promise.withResolvers<number | null>();

  async function run(): Promise<boolean> {
    // For each line not known to be done, oldest first.
    const sent: Promise<void>[] = [];
    for await (const line of lines) {
      if (stopped) {
        next.resolve(line.number);
        break;
      }
      if ("error" in line) {
        refused.add(line.number);
        await onError(line.error);
        continue;
      }
      unsent.set(line.number, line.text);
      const sending = send(line.number, line.text);
      // What `onError` throws is awaited below, in its turn.
      sending.catch(() => {});
      sent.push(sending);
      if (sent.length >= inFlight) await sent.shift();
    }
    next.resolve(null);
    await Promise.all(sent);
    return !stopped;
  }

  async function send(number: number, text: string): Promise<void> {
    try {
      await conversation.say(text);
      unsent.delete(number);
    } catch (error) {
      if (error instanceof CharlaError && error.code === "CONVERSATION_OVER") stopped = true;
      const named = nameLine(error, number);
      if (named !== error) refused.add(number);
      await onError(named);
    }
  }

  return {
    done: run().finally(() => next.resolve(null)),
    unsent: () => unsent,
    refused,
    async stop() {
      stopped = true;
      const timeout = Promise.withResolvers<null>();
      const timer = setTimeout(() => timeout.resolve(null), STOP_TIMEOUT);
      return Promise.race([next.promise, timeout.promise]).finally(() => clearTimeout(timer));
    },
  };
}

/** @param line number of the first line that wasn't sent */
export function inputNotSent(line: number): CharlaError {
  const message = `the input was not sent from line ${line} on`;
  return new CharlaError("INPUT_NOT_SENT", message, "send it again from there");
}

/** Other errors are those of the whole conversation. */
function nameLine(error: unknown, number: number): unknown {
  if (!(error instanceof CharlaError) || !OF_ONE_LINE.has(error.code)) return error;
  const { code, message, hint, cause } = error;
  return new CharlaError(code, `line ${number} was not sent: ${message}`, hint, { cause });
}

const OF_ONE_LINE: ReadonlySet<ErrorCode> = new Set([
  "MESSAGE_TOO_LONG",
  "OTHER_CONVERSATION",
  "REFUSED",
  "TOO_MANY_WAITING",
]);

interface LineBytes {
  readonly number: number;
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
  readonly newline: "\n" | "";
  readonly isRoom: boolean;
}

function readLine({ number, pieces, length, newline, isRoom }: LineBytes): InputLine {
  const all = Buffer.concat(pieces);
  const crlf = newline === "\n" && all.at(-1) === CARRIAGE_RETURN;
  const bytes = crlf ? all.subarray(0, -1) : all;
  if (length > MAX_LINE_BYTES + 1 || bytes.byteLength > MAX_LINE_BYTES) {
    const most = isRoom
      ? `${MAX_TEXT.toLocaleString("en")} characters`
      : MAX_LINE_BYTES.toLocaleString("en");
    const error = new CharlaError(
      "MESSAGE_TOO_LONG",
      `line ${number} of the input is ${length.toLocaleString("en")} bytes long; a message can have at most ${most}`,
      "split it into several lines",
    );
    return { number, error };
  }
  try {
    return { number, text: decoder.decode(bytes) };
  } catch (cause) {
    const error = new CharlaError(
      "NOT_UTF8",
      `line ${number} of the input is not UTF-8 text`,
      "convert it first, for instance: iconv -f latin1 -t utf-8",
      { cause },
    );
    return { number, error };
  }
}
