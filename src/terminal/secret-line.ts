// One line that holds a secret: typed on a terminal, which does not show it, or the first of a stream, whose rest is
// left for others. Knows no secret's form.

import type { Readable } from "node:stream";

import { usageError } from "../errors.ts";
import { createInputDecoder } from "./input/input-decoder.ts";
import type { InputEvent } from "./input/input-event.ts";
import { Interruption, type Io, type TerminalInput } from "./io.ts";
import { holdTerminal } from "./tty.ts";

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
 * @param clock in ms, and never goes back
 * @throws {Interruption} Ctrl-C
 */
export async function askUnseen(
  input: TerminalInput,
  io: Pick<Io, "stdout" | "stderr">,
  question: string,
  clock: () => number = () => performance.now(),
): Promise<string | null> {
  const output = [io.stderr, io.stdout].find(({ isTTY }) => isTTY) ?? io.stderr;
  const decoder = createInputDecoder();
  let line = "";
  // After `kill -STOP` and `fg` too nothing that is typed is shown.
  using terminal = holdTerminal(
    input,
    output,
    { released: () => output.write("\n"), returned: () => output.write(question), hungUp() {} },
    [],
  );
  // From now on what is typed is not shown, however soon it comes.
  output.write(question);

  /** Whether the line is complete. */
  function take(event: InputEvent): "more" | "enter" | "end" {
    if (event.type === "paste") {
      const [pasted = "", ...others] = event.text.split("\n");
      line += printable(pasted);
      return others.length === 0 ? "more" : "enter";
    }
    if (event.type !== "key") return "more";
    const { name, text, ctrl } = event.key;
    if (name === "return") return "enter";
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
        // One by one, because what follows the line is left for others.
        const events = at === -1 ? late : decoder.decode(chunk.subarray(at, at + 1), now);
        for (const event of events) {
          const taken = take(event);
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
