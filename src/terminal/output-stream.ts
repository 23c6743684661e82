// An output stream of the program: written at the pace of its reader, and styled where it is a terminal
// and nobody has turned styles off (no-color.org). Knows nothing of what is written.

import type { Writable } from "node:stream";

import { CharlaError, systemCode } from "../errors.ts";
import type { Io, Output } from "./io.ts";
import { isDumb } from "./known-terminals.ts";

export const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

/** Puts text between the escape sequence (SGR, ECMA-48 s. 8.3.117) and its end, or leaves it plain. */
type Styling = (sgr: string, text: string) => string;

export const styled: Styling = (sgr, text) => `${sgr}${text}${PLAIN}`;
export const unstyled: Styling = (_sgr, text) => text;

/** Whether text on `stream` may be dim or coloured; if it may not, words must say the same. */
export function mayStyle({ env }: Pick<Io, "env">, stream: Output): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && !isDumb(env);
}

export function styleFor(io: Pick<Io, "env">, stream: Output): Styling {
  return mayStyle(io, stream) ? styled : unstyled;
}

/** Resolves once the chunk has been written out, so that a slow reader slows the program; with the error if it failed. */
export function writeTo(stream: Writable, chunk: string | Uint8Array): Promise<Error | null> {
  // The callback gets the error too; without a listener the stream would throw it as uncaught.
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  return new Promise((resolve) => {
    stream.write(chunk, (cause) => resolve(cause ?? null));
  });
}

/**
 * The same, for standard output.
 *
 * @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED
 */
export async function writeToStdout(stdout: Output, chunk: string | Uint8Array): Promise<void> {
  const cause = await writeTo(stdout, chunk);
  if (cause !== null) throw stdoutError(cause);
}

/** Why nothing more can be written to standard output. */
export function stdoutError(cause: Error): CharlaError {
  const isClosed = systemCode(cause) === "EPIPE";
  return new CharlaError(
    isClosed ? "STDOUT_CLOSED" : "STDOUT_FAILED",
    isClosed ? "stdout was closed" : `cannot write to stdout: ${cause.message}`,
    "write to a file, or to a program that reads everything",
    { cause },
  );
}

function ignore(): void {}
