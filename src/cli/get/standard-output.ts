// A body on stdout: byte for byte into a pipe or a file, and on a terminal as text that is safe to look at, JSON
// indented. Never more of it in memory than is on its way; but JSON, which is laid out as a whole, up to a bound.

import { CharlaError, systemCode } from "../../errors.ts";
import type { Head } from "../../http/client/exchange.ts";
import { headerOf } from "../../http/client/request.ts";
import type { Destination } from "../../http/client/transfer.ts";
import type { Io, Output } from "../../terminal/io.ts";
import { mayStyle, writeTo } from "../../terminal/output-stream.ts";
import { visibleText } from "../../terminal/visible-text.ts";
import { headText } from "./head-text.ts";
import { indentedJson } from "./json-text.ts";

/** Bytes of JSON that are laid out for a terminal; longer than anybody reads there. */
const MAX_LAID_OUT = 8 * 1_024 * 1_024;

/** What is none, though it may begin as text does. Of application/octet-stream nobody knows, but by looking. */
const BINARY = /^(?:image|audio|video|font)\/(?!svg)|^application\/(?:zip|gzip|pdf|zstd)/i;

export interface StandardOutput extends Destination {
  /** All of it is there. */
  finish(): Promise<void>;
}

export interface StandardOutputOptions {
  /** The headers before the body. */
  readonly heads: boolean;
  /** On a terminal as well byte for byte, whatever that does to it. */
  readonly raw: boolean;
}

export function createStandardOutput(
  io: Io,
  { heads, raw }: StandardOutputOptions,
): StandardOutput {
  const body = raw || !io.stdout.isTTY ? createPlain(io.stdout) : createLegible(io);
  let shown = 0;
  let validator: string | null = null;
  return {
    continuation: () => (validator === null || shown === 0 ? null : { from: shown, validator }),
    canBeginAgain: () => shown === 0,
    async begin(head, from, its) {
      validator = its;
      if (from > 0) return;
      if (heads) await writeOut(io.stdout, `${headText(head)}\n\n`);
      body.begin(head);
    },
    async write(bytes) {
      shown += bytes.length;
      await body.write(bytes);
    },
    finish: () => body.finish(),
  };
}

interface Body {
  begin(head: Head): void;
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

function createPlain(stdout: Output): Body {
  return {
    begin() {},
    write: (bytes) => writeOut(stdout, bytes),
    async finish() {},
  };
}

type Charset = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

function createLegible(io: Io): Body {
  let charset: Charset = "utf-8";
  let decoder = new TextDecoder();
  let pieces: string[] | null = null;
  let length = 0;
  let isFirst = true;
  let isBinary = false;
  /** What the last piece ended with: a line that goes on, or a return whose newline is still to come. */
  let end = "\n";
  let held = "";

  async function show(text: string, isLast: boolean): Promise<void> {
    const whole = held + text;
    held = !isLast && whole.endsWith("\r") ? "\r" : "";
    const now = held === "" ? whole : whole.slice(0, -1);
    if (now === "") return;
    end = now.slice(-1);
    await writeOut(io.stdout, visibleText(now));
  }

  async function take(text: string): Promise<void> {
    if (pieces === null) return show(text, false);
    pieces.push(text);
    length += text.length;
    if (length <= MAX_LAID_OUT) return;
    const all = pieces.join("");
    pieces = null;
    await show(all, false);
  }

  return {
    begin({ headers }) {
      const type = headerOf(headers, "content-type") ?? "";
      isBinary = BINARY.test(type);
      charset = charsetOf(type);
      decoder = new TextDecoder(charset);
      pieces = /^[^;]+[/+]json\b/i.test(type) ? [] : null;
    },
    async write(bytes) {
      if (isFirst && (isBinary || !isText(bytes, charset))) throw binaryToTerminal();
      isFirst = false;
      await take(decoder.decode(bytes, { stream: true }));
    },
    async finish() {
      await take(decoder.decode());
      const text = pieces?.join("") ?? "";
      pieces = null;
      const json = text === "" ? null : indentedJson(text, mayStyle(io, io.stdout));
      if (json !== null) return writeOut(io.stdout, `${json}\n`);
      await show(text, true);
      // The shell's prompt begins a line.
      if (end !== "\n") await writeOut(io.stdout, "\n");
    },
  };
}

/** As in the Encoding Standard, s. 4.2: what says latin1 is windows-1252. */
function charsetOf(type: string): Charset {
  const written = /;\s*charset="?([\w.:-]+)/i.exec(type)?.[1]?.toLowerCase() ?? "";
  if (/^(?:us-ascii|iso-?8859-1|latin1|windows-1252)$/.test(written)) return "windows-1252";
  if (written === "utf-16" || written === "utf-16le") return "utf-16le";
  return written === "utf-16be" ? "utf-16be" : "utf-8";
}

/** Text holds no NUL, and is what its charset makes of it; its last character may be cut. */
function isText(bytes: Uint8Array, charset: Charset): boolean {
  if (!charset.startsWith("utf-16") && bytes.includes(0)) return false;
  try {
    new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function binaryToTerminal(): CharlaError {
  return new CharlaError(
    "BINARY_TO_TERMINAL",
    "this is no text, and would upset the terminal",
    "-O or -o FILE keeps it; -o - shows it all the same",
  );
}

/** Resolves when stdout takes more. @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED */
async function writeOut(stdout: Output, chunk: string | Uint8Array): Promise<void> {
  const failure = await writeTo(stdout, chunk);
  if (failure !== null) throw stdoutError(failure);
}

function stdoutError(cause: Error): CharlaError {
  const isClosed = systemCode(cause) === "EPIPE";
  return new CharlaError(
    isClosed ? "STDOUT_CLOSED" : "STDOUT_FAILED",
    isClosed ? "nobody reads stdout any more" : `stdout cannot be written: ${cause.message}`,
    "let stdout be a file, or a program that reads all of it",
    { cause },
  );
}
