// One line that holds a secret: typed on a terminal, which does not show it, or the first of a stream, whose rest is
// left for others. Knows no secret's form.

import type { Readable } from "node:stream";

import { usageError } from "../errors.ts";
import { Interruption, type Io, type TerminalInput } from "./io.ts";

const NEWLINE = 0x0a;

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
        `the first line is longer than ${maxBytes} bytes`,
        "it should hold the invitation, and nothing else",
      );
    }
    if (end === -1) continue;
    if (end + 1 < chunk.byteLength) stream.unshift(chunk.subarray(end + 1));
    return line.toString();
  }
  return line.byteLength === 0 ? null : line.toString();
}

/**
 * Asks for a line on a terminal, and does not show what is typed. Null at the end of the input (Ctrl-D at the beginning).
 *
 * @throws {Interruption} Ctrl-C
 */
export async function askUnseen(
  input: TerminalInput,
  io: Pick<Io, "stdout" | "stderr">,
  question: string,
): Promise<string | null> {
  const output = [io.stderr, io.stdout].find(({ isTTY }) => isTTY) ?? io.stderr;
  output.write(question);
  input.setRawMode(true);
  try {
    const decoder = new TextDecoder();
    let line = "";
    for (;;) {
      const chunk = await nextChunk(input);
      if (chunk === null) return null;
      const keys = Array.from(decoder.decode(chunk, { stream: true }));
      for (const [index, key] of keys.entries()) {
        if (key === CTRL_C) throw new Interruption("SIGINT");
        if (key === CTRL_D) return line === "" ? null : line;
        if (key === "\r" || key === "\n") {
          const rest = keys.slice(index + 1).join("");
          if (rest !== "") input.unshift(Buffer.from(rest));
          return line;
        }
        if (key === CTRL_U) line = "";
        else if (ERASE.has(key)) line = line.replace(/.$/su, "");
        else if (key >= " ") line += key;
      }
    }
  } finally {
    input.setRawMode(false);
    output.write("\n");
  }
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_U = "\x15";
const ERASE: ReadonlySet<string> = new Set(["\b", "\x7f"]);

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
