// Which answer of a terminal an escape sequence is (xterm ctlseqs). All others that only a terminal sends are null: they
// are known to be no keys.

import type { TerminalAnswer } from "./input-event.ts";

export type StringKind = "dcs" | "osc" | "apc" | "pm" | "sos";

/** `CSI`, what follows, and its last character; undefined if it may be a key. */
export function answerOfCsi(
  body: string,
  final: string,
  isCursorExpected: boolean,
): TerminalAnswer | null | undefined {
  const numbers = body
    .replace(/^[<-?]/, "")
    .split(/[;:]/)
    .map((number) => Number.parseInt(number, 10) || 0);
  const [first = 0, second = 0] = numbers;
  if (/^\??\d+;\d+(?:;\d+)?$/.test(body) && final === "R") {
    if (isCursorExpected) return { type: "cursor", row: first, column: second };
    // Otherwise it is F3 with a modifier.
    return /^1;\d{1,3}$/.test(body) ? undefined : null;
  }
  if (/^\?[\d;]*$/.test(body)) {
    if (final === "c") return { type: "attributes", attributes: numbers };
    if (final === "u") return { type: "keyboard" };
  }
  if (/^\?\d+;\d+\$$/.test(body) && final === "y") {
    return { type: "mode", mode: first, state: second };
  }
  // With a prefix or an intermediate character nothing is a key: DA2, SGR mouse reports and others.
  return /[^\d:;[]/.test(body) ? null : undefined;
}

/**
 * How the strings begin that terminals send: answers to DA3, DECRQSS, XTGETTCAP, DECRQCRA and XTVERSION, to questions about
 * colours, the clipboard and others with a number, and those of kitty's graphics. The title (`OSC l`) begins as words do, and
 * hardly anybody asks for it.
 */
const SENT: Readonly<Partial<Record<StringKind, RegExp>>> = {
  dcs: /^(?:[>!]\||\d{1,5}[!$+][a-z~])/,
  osc: /^\d{1,5};/,
  apc: /^G[A-Za-z]=/,
};
/** What is too short to say. */
const UNDECIDED: Readonly<Partial<Record<StringKind, RegExp>>> = {
  dcs: /^(?:>|\d{0,5}[!$+]?)$/,
  osc: /^\d{0,5}$/,
  apc: /^(?:G[A-Za-z]?)?$/,
};

/** Whether a terminal sends what begins so, or somebody has typed it after Alt and the introducer. */
export function senderOfString(
  kind: StringKind,
  beginning: string,
): "terminal" | "undecided" | "person" {
  if (UNDECIDED[kind]?.test(beginning) === true) return "undecided";
  return SENT[kind]?.test(beginning) === true ? "terminal" : "person";
}

/** A DCS or OSC. */
export function answerOfString(kind: StringKind, text: string): TerminalAnswer | null {
  if (kind === "dcs" && text.startsWith(">|")) return { type: "version", text: text.slice(2) };
  const specification = kind === "osc" ? /^11;(.*)$/s.exec(text)?.[1] : undefined;
  const parts = specification === undefined ? null : colourParts(specification);
  if (parts === null) return null;
  const [red, green, blue] = parts;
  return { type: "background", red, green, blue };
}

/** From 0 to 1 (XParseColor): "rgb:" with 1 to 4 digits a part, or "#" with equally many for each. */
function colourParts(specification: string): readonly [number, number, number] | null {
  const parts =
    /^rgba?:([\da-f/]+)$/i.exec(specification)?.[1]?.split("/") ?? thirds(specification);
  const [red = "", green = "", blue = "", alpha = "f"] = parts;
  if (parts.length > 4 || ![red, green, blue, alpha].every(isPart)) return null;
  return [fraction(red), fraction(green), fraction(blue)];
}

function thirds(specification: string): string[] {
  const digits = /^#(?:[\da-f]{3}){1,4}$/i.test(specification) ? specification.slice(1) : "";
  const length = digits.length / 3;
  return [0, 1, 2].map((part) => digits.slice(part * length, (part + 1) * length));
}

const isPart = (hex: string) => /^[\da-f]{1,4}$/i.test(hex);

function fraction(hex: string): number {
  return Number.parseInt(hex, 16) / (16 ** hex.length - 1);
}
