// One line that holds a secret: typed on a terminal, which does not show it, or the first of a stream, whose rest is
// left for others. Knows no secret's form.

import type { Readable } from "node:stream";

import { usageError } from "../errors.ts";
import { createInputDecoder } from "./input/input-decoder.ts";
import type { InputEvent } from "./input/input-event.ts";
import { Interruption, type Io, type TerminalInput } from "./io.ts";
import { holdTerminal } from "./tty.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Takes the first line from a stream of bytes, without its end; null if the stream ends before it begins.
 *
 * @throws {CharlaError} USAGE: it is longer than `maxBytes`
 * @throws what the stream failed with
 */
export async function takeFirstLine(stream: Readable, maxBytes: number): Promise<string | null> {
  let line = Buffer.alloc(0);
  for (;;) {
    const chunk = await nextChunk(stream);
    if (chunk === null) break;
    const end = chunk.indexOf(NEWLINE);
    line = Buffer.concat([line, end === -1 ? chunk : chunk.subarray(0, end)]);
    if (line.byteLength > maxBytes) {
      throw usageError(
        `the first line is longer than ${maxBytes.toLocaleString("en")} bytes`,
        "it should hold the invitation, and nothing else",
      );
    }
    if (end === -1) continue;
    if (end + 1 < chunk.byteLength) stream.unshift(chunk.subarray(end + 1));
    return line.toString();
  }
  return line.byteLength === 0 ? null : line.toString();
}

export interface UnseenOptions {
  /** Whether the line goes on below, in the row that follows: copied from a narrow window, it is in several. */
  readonly isCutOff?: (line: string, next: string) => boolean;
  /** In ms, and never goes back. */
  readonly clock?: () => number;
}

/** After a row that is cut off: Enter alone ends it. */
const REST_QUESTION = "the rest of it, if it goes on: ";

/**
 * Asks for a line on a terminal, and does not show what is typed. Null at the end of the input (Ctrl-D at the beginning).
 *
 * @throws {Interruption} Ctrl-C
 */
export async function askUnseen(
  input: TerminalInput,
  io: Pick<Io, "stdout" | "stderr">,
  question: string,
  { isCutOff = () => false, clock = () => performance.now() }: UnseenOptions = {},
): Promise<string | null> {
  const output = [io.stderr, io.stdout].find(({ isTTY }) => isTTY) ?? io.stderr;
  const decoder = createInputDecoder();
  let line = "";
  /** How much of it there was when the rest of it was asked for. */
  let cutOffAt = -1;
  let lastByte: number | undefined;
  // After `kill -STOP` and `fg` too nothing that is typed is shown.
  using terminal = holdTerminal(
    input,
    output,
    {
      released: () => output.write("\n"),
      returned: () => output.write(cutOffAt === -1 ? question : REST_QUESTION),
      hungUp() {},
    },
    [],
  );
  // From now on what is typed is not shown, however soon it comes.
  output.write(question);

  /** @param next what follows the end of a row */
  function endRow(next: string): "more" | "enter" {
    if (line.length === cutOffAt || !isCutOff(line, next)) return "enter";
    line = line.trimEnd();
    if (next.trim() !== "") return "more";
    cutOffAt = line.length;
    output.write(`\n${REST_QUESTION}`);
    return "more";
  }

  /** Whether the line is complete. */
  function take(event: InputEvent, next: string): "more" | "enter" | "end" {
    if (event.type === "paste") {
      const rows = event.text.split("\n");
      for (const [index, row] of rows.entries()) {
        line += printable(row);
        const following = rows[index + 1];
        if (following !== undefined && endRow(following) === "enter") return "enter";
      }
      return "more";
    }
    if (event.type !== "key") return "more";
    const { name, text, ctrl } = event.key;
    if (name === "return") return endRow(next);
    if (name === "backspace") line = line.replace(/.$/su, "");
    else if (!ctrl) line += text;
    else if (name === "c") throw new Interruption("SIGINT");
    else if (name === "d") return "end";
    else if (name === "u") line = "";
    else if (name === "z") terminal.suspend();
    return "more";
  }

  try {
    for (;;) {
      const chunk = await nextChunk(input);
      if (chunk === null) return null;
      const now = clock();
      const late = decoder.expire(now);
      for (let at = -1; at < chunk.length; at += 1) {
        const isSecondOfEnd = lastByte === RETURN && chunk[at] === NEWLINE;
        if (at !== -1) lastByte = chunk[at];
        if (isSecondOfEnd) continue;
        // One by one, because what follows the line is left for others.
        const events = at === -1 ? late : decoder.decode(chunk.subarray(at, at + 1), now);
        for (const event of events) {
          const taken = take(event, chunk.subarray(at + 1).toString());
          if (taken === "end") return line === "" ? null : line;
          if (taken !== "enter") continue;
          if (at + 1 < chunk.length) input.unshift(chunk.subarray(at + 1));
          return line;
        }
      }
    }
  } finally {
    output.write("\n");
  }
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "");
}

/** Null at the end of the stream. */
async function nextChunk(stream: Readable): Promise<Buffer | null> {
  for (;;) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) return chunk;
    if (stream.errored !== null) throw stream.errored;
    if (stream.readableEnded || stream.destroyed) return null;
    await readableOrEnded(stream);
  }
}

function readableOrEnded(stream: Readable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ["readable", "end", "error", "close"];
  for (const event of events) stream.once(event, resolve);
  return promise.finally(() => {
    for (const event of events) stream.off(event, resolve);
  });
}
