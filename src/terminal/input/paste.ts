// A bracketed paste (xterm ctlseqs, mode 2004) while it comes: its text as it was pasted, up to the sequence that ends it.
// Knows no time.

import { keyOfCsi } from "./keys.ts";

/**
 * Bytes of UTF-8 that are kept of one paste; what follows is dropped, up to the end of the paste. No message may be nearly
 * as long, so what is kept is refused as a whole, and in words.
 */
export const MAX_PASTE = 1024 * 1024;

const CTRL_C = "\x03";
const ESC = "\x1b";
const CSI = "\x9b";
const ESC_CSI = "\x1b[";
/** Longer sequences are text. */
const MAX_SEQUENCE = 32;

export const PASTE_START = "200";
export const PASTE_END = "201";

export interface Paste {
  /** Takes the next character. */
  push(character: string): "more" | "end" | "interrupt";
  /** All of it so far; newlines are "\n". */
  text(): string;
}

export function createPaste(): Paste {
  let text = "";
  let bytes = 0;
  /** "ESC", or "CSI" and parameters, so far: it may become the end. */
  let held = "";

  function append(added: string): void {
    bytes += Buffer.byteLength(added);
    if (bytes <= MAX_PASTE) text += added;
  }

  function pushPlain(character: string): "more" | "interrupt" {
    if (character === CTRL_C) return "interrupt";
    if (character === ESC || character === CSI) held = character;
    else append(character);
    return "more";
  }

  function pushHeld(character: string): "more" | "end" | "interrupt" {
    const sequence = held + character;
    const isParameter = held !== ESC && character >= "0" && character <= "?";
    if (sequence === ESC_CSI || (isParameter && sequence.length <= MAX_SEQUENCE)) {
      held = sequence;
      return "more";
    }
    const before = held;
    held = "";
    if (before === ESC || character < "@" || character > "~") {
      append(before);
      return pushPlain(character);
    }
    const parameters = before.slice(before.startsWith(ESC) ? ESC_CSI.length : CSI.length);
    if (character === "~" && parameters === PASTE_END) return "end";
    // The end of an earlier paste was lost.
    if (character === "~" && parameters === PASTE_START) return "more";
    const key = keyOfCsi(parameters, character, false);
    if (key?.name === "c" && key.ctrl) return "interrupt";
    append(sequence);
    return "more";
  }

  return {
    push: (character) => (held === "" ? pushPlain(character) : pushHeld(character)),
    text: () => (text + held).replaceAll(/\r\n?/g, "\n"),
  };
}
