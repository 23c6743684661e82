// A body on stdout: byte for byte into a pipe or a file; on a terminal as text with control characters made visible, and
// JSON indented. Streamed, except that JSON is collected to be indented, up to a limit.

import { CharlaError } from "../../errors.ts";
import type { Destination } from "../../http/client/destination.ts";
import type { ResponseHead } from "../../http/client/exchange.ts";
import { headerValue } from "../../http/header-fields.ts";
import type { Io, Output } from "../../terminal/io.ts";
import { mayStyle, writeToStdout } from "../../terminal/output-stream.ts";
import { visibleText } from "../../terminal/visible-text.ts";
import { headText, indentedJson } from "./display.ts";

/** Bytes of JSON that are indented for a terminal; nobody reads more there. */
const MAX_INDENTED = 8 * 1_024 * 1_024;

/** Types that are never text. application/octet-stream may be: its first bytes decide. */
const BINARY = /^(?:image|audio|video|font)\/(?!svg)|^application\/(?:zip|gzip|pdf|zstd)/i;

export interface StandardOutput extends Destination {
  /** The body is complete. */
  finish(): Promise<void>;
}

export interface StandardOutputOptions {
  readonly includeHeaders: boolean;
  /** Byte for byte even on a terminal. */
  readonly raw: boolean;
}

export function createStandardOutput(
  io: Io,
  { includeHeaders, raw }: StandardOutputOptions,
): StandardOutput {
  /** Looked up when there is a body for it, for the stream takes time to load. */
  let body: Body | null = null;
  let length = 0;
  let validator: string | null = null;
  return {
    resumePoint: () => (validator === null || length === 0 ? null : { from: length, validator }),
    canRestart: () => length === 0,
    async begin(head, from, newValidator) {
      validator = newValidator;
      if (from > 0) return;
      const isText = !raw && io.stdout.isTTY === true;
      body ??= isText ? createText(io) : createPlain(io.stdout);
      if (includeHeaders)
        await writeToStdout(io.stdout, isText ? `${headText(head)}\n\n` : rawHead(head));
      body.begin(head);
    },
    async write(bytes) {
      length += bytes.length;
      await body?.write(bytes);
    },
    finish: async () => body?.finish(),
  };
}

/** Byte for byte, with the empty line at its end. */
function rawHead({ raw }: ResponseHead): Buffer {
  return Buffer.from(raw + (raw.endsWith("\r\n") ? "\r\n" : "\n"), "latin1");
}

interface Body {
  begin(head: ResponseHead): void;
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
}

function createPlain(stdout: Output): Body {
  return {
    begin() {},
    write: (bytes) => writeToStdout(stdout, bytes),
    async finish() {},
  };
}

type Charset = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

function createText(io: Io): Body {
  let charset: Charset = "utf-8";
  let decoder = new TextDecoder();
  let pieces: string[] | null = null;
  let length = 0;
  let isFirst = true;
  let isBinary = false;
  /** The last character printed, and a carriage return kept back until its newline may follow. */
  let end = "\n";
  let pending = "";

  async function show(text: string, isLast: boolean): Promise<void> {
    const whole = pending + text;
    pending = !isLast && whole.endsWith("\r") ? "\r" : "";
    const now = pending === "" ? whole : whole.slice(0, -1);
    if (now === "") return;
    end = now.slice(-1);
    await writeToStdout(io.stdout, visibleText(now));
  }

  async function take(text: string): Promise<void> {
    if (pieces === null) return show(text, false);
    pieces.push(text);
    length += text.length;
    if (length <= MAX_INDENTED) return;
    const all = pieces.join("");
    pieces = null;
    await show(all, false);
  }

  return {
    begin({ headers }) {
      const type = headerValue(headers, "content-type") ?? "";
      isBinary = BINARY.test(type);
      charset = readCharset(type);
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
      if (json !== null) return writeToStdout(io.stdout, `${json}\n`);
      await show(text, true);
      // The shell's prompt starts on a line of its own.
      if (end !== "\n") await writeToStdout(io.stdout, "\n");
    },
  };
}

/** latin1 means windows-1252 (Encoding Standard s. 4.2). */
function readCharset(type: string): Charset {
  const written = /;\s*charset="?([\w.:-]+)/i.exec(type)?.[1]?.toLowerCase() ?? "";
  if (/^(?:us-ascii|iso-?8859-1|latin1|windows-1252)$/.test(written)) return "windows-1252";
  if (written === "utf-16" || written === "utf-16le") return "utf-16le";
  return written === "utf-16be" ? "utf-16be" : "utf-8";
}

/** Text is valid in its charset, apart from a last character that is cut, and has no NUL. */
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
    "the body is binary and could garble the terminal",
    "save it with -O or -o FILE; -o - prints it anyway",
  );
}
