// Which key a character or an escape sequence is: as xterm, tmux, the Linux console, rxvt, PuTTY and the kitty keyboard
// protocol send them. What is no key is null.

import type { Key } from "./input-event.ts";

interface Modifiers {
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
}

const NO_MODIFIERS: Modifiers = { ctrl: false, meta: false, shift: false };

/** Final character of `CSI` and of `SS3` (xterm ctlseqs, "PC-Style Function Keys"). */
const FINALS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

/** Number before "~", "$", "^" and "@" (VT220; 7 and 8 are rxvt's and screen's). */
const NUMBERED: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

/** `CSI [` and a letter: the Linux console. */
const CONSOLE_FINALS: Readonly<Record<string, string>> = {
  A: "f1",
  B: "f2",
  C: "f3",
  D: "f4",
  E: "f5",
};

/** rxvt says Shift and Ctrl with a letter in lower case, and with the end of a number. */
const RXVT_ARROWS: Readonly<Record<string, string>> = { a: "up", b: "down", c: "right", d: "left" };
const RXVT_ENDS: Readonly<Record<string, Modifiers>> = {
  "~": NO_MODIFIERS,
  $: { ...NO_MODIFIERS, shift: true },
  "^": { ...NO_MODIFIERS, ctrl: true },
  "@": { ...NO_MODIFIERS, ctrl: true, shift: true },
};

/** The keypad in application mode: `SS3` and 0x40 after the character (VT100). */
const KEYPAD = /^[j-y]$/;

/** The kitty keyboard protocol's own numbers, of the keypad (its "Functional key definitions"). */
const KITTY_KEYPAD = 57_399;
const KITTY_KEYPAD_NAMES: readonly string[] = (
  "0 1 2 3 4 5 6 7 8 9 . / * - + return = , " +
  "left right up down pageup pagedown home end insert delete"
).split(" ");
/** Its other keys are in Unicode's private use area too; none of them means anything here. */
const isPrivateUse = (code: number) => code >= 0xe000 && code <= 0xf8ff;

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x08, "backspace"],
  [0x09, "tab"],
  [0x0a, "return"],
  [0x0d, "return"],
  [0x1b, "escape"],
  [0x20, "space"],
  [0x7f, "backspace"],
]);

/** What Ctrl makes of these on every terminal without the kitty protocol. */
const CTRL_NAMES: Readonly<Record<string, string>> = {
  h: "backspace",
  i: "tab",
  j: "return",
  m: "return",
  "[": "escape",
};

const isControl = (code: number) => code < 0x20 || (code >= 0x7f && code <= 0x9f);
const isScalarValue = (code: number) =>
  code >= 0 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff);

/** A character that came by itself, or after ESC. */
export function keyOfCharacter(code: number, meta: boolean): Key {
  const character = String.fromCodePoint(code);
  const name = NAMES.get(code);
  if (name !== undefined) {
    const text = code === 0x20 && !meta ? " " : "";
    return { name, text, ctrl: false, meta, shift: false };
  }
  if (code < 0x20) {
    // Ctrl-Space sends NUL; Ctrl and \ ] ^ _ send the rest.
    const letter = code === 0 ? "space" : String.fromCodePoint(code + 0x40).toLowerCase();
    return { name: letter, text: "", ctrl: true, meta, shift: false };
  }
  const lower = character.toLowerCase();
  const shift = lower !== character;
  return { name: lower, text: meta ? "" : character, ctrl: false, meta, shift };
}

/** `CSI`, what follows, and its last character. */
export function keyOfCsi(body: string, final: string, meta: boolean): Key | null {
  if (body.startsWith("[")) {
    const name =
      body === "[" ? CONSOLE_FINALS[final] : final === "~" ? NUMBERED[body.slice(1)] : "";
    return named(name, { ...NO_MODIFIERS, meta });
  }
  if (!/^[\d:;]*$/.test(body)) return null;
  const parameters = body.split(";");
  const [first = "", second = "", third = ""] = parameters;
  if (final === "u") return unicodeKey(first, second, third, meta);
  const end = RXVT_ENDS[final];
  if (end !== undefined) {
    if (final === "~" && first === "27") return unicodeKey(third, second, "", meta);
    return named(NUMBERED[first], pressed(second, end, meta));
  }
  if (parameters.length > 2) return null;
  // Older terminals leave out the "1;" before the modifiers.
  const modifiers = parameters.length === 1 && first !== "1" ? first : second;
  if (final === "Z")
    return named("tab", pressed(modifiers, { ...NO_MODIFIERS, shift: true }, meta));
  const arrow = body === "" ? RXVT_ARROWS[final] : undefined;
  if (arrow !== undefined) return named(arrow, { ...NO_MODIFIERS, meta, shift: true });
  return named(FINALS[final], pressed(modifiers, NO_MODIFIERS, meta));
}

/** `SS3`, perhaps the number of modifiers, and the last character. */
export function keyOfSs3(body: string, final: string, meta: boolean): Key | null {
  const modifiers = pressed(body.split(";").at(-1) ?? "", NO_MODIFIERS, meta);
  const arrow = RXVT_ARROWS[final];
  if (arrow !== undefined) return named(arrow, { ...NO_MODIFIERS, meta, ctrl: true });
  if (final === "M") return named("return", modifiers);
  if (final === "I") return named("tab", modifiers);
  if (final === " ") return keyOfCharacter(0x20, meta);
  if (final === "X") return keyOfCharacter(0x3d, meta);
  if (KEYPAD.test(final)) return keyOfCharacter(final.charCodeAt(0) - 0x40, meta);
  return named(FINALS[final], modifiers);
}

function named(name: string | undefined, modifiers: Modifiers | null): Key | null {
  if (name === undefined || name === "" || modifiers === null) return null;
  return { name, text: "", ...modifiers };
}

// One less than the number that is sent; 8 is Meta in xterm and Super in kitty, 16 and 32 are kitty's Hyper and Meta.
const SHIFT = 1;
const ALT = 2;
const CTRL = 4;
const META = 8;
const OTHERS = 16 | 32;
const CAPS_LOCK = 64;
const RELEASED = "3";

function sentModifiers(parameter: string): { bits: number; isRelease: boolean } {
  const [number = "", event] = parameter.split(":");
  return { bits: Math.max(0, Number(number) - 1), isRelease: event === RELEASED };
}

/** The modifiers of a named key; null if it was released. */
function pressed(parameter: string, start: Modifiers, meta: boolean): Modifiers | null {
  const { bits, isRelease } = sentModifiers(parameter);
  if (isRelease) return null;
  return {
    ctrl: start.ctrl || (bits & CTRL) !== 0,
    meta: start.meta || meta || (bits & (ALT | META)) !== 0,
    shift: start.shift || (bits & SHIFT) !== 0,
  };
}

/**
 * A key by its character (kitty keyboard protocol; `CSI 27` of xterm's modifyOtherKeys).
 *
 * @param keys the character; with Shift; on an English keyboard
 * @param associated the characters that it types
 */
function unicodeKey(keys: string, sent: string, associated: string, escaped: boolean): Key | null {
  const [code = Number.NaN, shifted = 0, english = 0] = keys.split(":").map(Number);
  const { bits, isRelease } = sentModifiers(sent);
  const isForOthers = (bits & (META | OTHERS)) !== 0;
  if (isRelease || isForOthers || !isScalarValue(code) || keys === "") return null;
  const modifiers = pressed(sent, NO_MODIFIERS, escaped) ?? NO_MODIFIERS;
  const { ctrl, meta, shift } = modifiers;
  const keypad = KITTY_KEYPAD_NAMES[code - KITTY_KEYPAD];
  if (keypad !== undefined) {
    if (keypad.length > 1) return { name: keypad, text: "", ...modifiers };
    return { name: keypad, text: ctrl || meta ? "" : keypad, ...modifiers };
  }
  if (isPrivateUse(code)) return null;
  // Text that comes from no key, such as an input method's.
  const text = textOf(associated);
  if (code === 0 && text !== "") return { name: "", text, ...modifiers };
  if (isControl(code) || code === 0x20) {
    const name = NAMES.get(code);
    if (name === undefined) return code < 0x20 ? keyOfCharacter(code, meta) : null;
    return { name, text: name === "space" && !ctrl && !meta ? " " : "", ...modifiers };
  }
  if (ctrl || meta) {
    // A Cyrillic letter is named by the key that it is on, so that Ctrl-C is Ctrl-C.
    const isForeign = code > 0x7f && isScalarValue(english) && english > 0x20 && english < 0x7f;
    // As without the protocol, Ctrl-Shift-minus is Ctrl-underscore.
    const symbol = shift && shifted > 0x20 && shifted < 0x7f ? shifted : code;
    const name = String.fromCodePoint(isForeign ? english : symbol).toLowerCase();
    const old = ctrl && !shift ? CTRL_NAMES[name] : undefined;
    if (old !== undefined) return { name: old, text: "", ctrl: false, meta, shift };
    // Both are 0x1f elsewhere.
    if (ctrl && name === "/") return { name: "_", text: "", ...modifiers };
    return { name, text: "", ...modifiers };
  }
  const name = String.fromCodePoint(code).toLowerCase();
  const isUpper = shift !== ((bits & CAPS_LOCK) !== 0);
  const upper = shifted !== 0 && isScalarValue(shifted) && !isControl(shifted) ? shifted : null;
  const typed =
    upper !== null && shift ? String.fromCodePoint(upper) : isUpper ? name.toUpperCase() : name;
  return { name, text: text || typed, ctrl, meta, shift };
}

function textOf(codes: string): string {
  return codes
    .split(":")
    .map(Number)
    .filter((code) => code !== 0 && isScalarValue(code) && !isControl(code))
    .map((code) => String.fromCodePoint(code))
    .join("");
}
