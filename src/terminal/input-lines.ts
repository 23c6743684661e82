// Standard input that is not a terminal: bytes in, lines out, each whole and of bounded length. Knows
// nothing of what the lines are for.

import { CharlaError } from "../errors.ts";

/** Bytes of one line: a message may have 65,507, so a longer line can only be refused. */
const MAX_LINE_BYTES = 65_507;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line, or what is wrong with it; `number` counts from 1. */
export type InputLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly error: CharlaError };

/**
 * Cuts a stream of bytes into lines at "\n" or "\r\n"; a last line without either counts too. What
 * cannot be a message is reported in its place, and the next line goes on.
 */
export async function* inputLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<InputLine> {
  let number = 1;
  let pieces: Uint8Array[] = [];
  let length = 0;

  function take(piece: Uint8Array): void {
    length += piece.byteLength;
    // Past the bound (and room for a "\r") only the length is of interest.
    if (length <= MAX_LINE_BYTES + 1) pieces.push(piece);
    else pieces = [];
  }
  function finish(newline: "\n" | ""): InputLine {
    const line = readLine(number, pieces, length, newline);
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

function readLine(
  number: number,
  pieces: Uint8Array[],
  length: number,
  newline: "\n" | "",
): InputLine {
  const all = Buffer.concat(pieces);
  const crlf = newline === "\n" && all.at(-1) === CARRIAGE_RETURN;
  const bytes = crlf ? all.subarray(0, -1) : all;
  if (length > MAX_LINE_BYTES + 1 || bytes.byteLength > MAX_LINE_BYTES) {
    return { number, error: tooLong(number, length) };
  }
  try {
    return {
      number,
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch (cause) {
    return { number, error: notUtf8(number, cause) };
  }
}

function tooLong(number: number, length: number): CharlaError {
  return new CharlaError(
    "MESSAGE_TOO_LONG",
    `line ${number} of the input is ${length} bytes long; one message carries ${MAX_LINE_BYTES}`,
    "say it in several lines",
  );
}

function notUtf8(number: number, cause: unknown): CharlaError {
  return new CharlaError(
    "NOT_UTF8",
    `line ${number} of the input is not UTF-8 text`,
    "convert it first, for instance: iconv -f latin1 -t utf-8",
    { cause },
  );
}
