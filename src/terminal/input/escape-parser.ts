// Escape sequences out of the characters of a terminal: a state machine after Paul Williams' parser for DEC's VT500, and
// ECMA-48 s. 5.4 and 5.6. It is made for what a terminal sends: ESC before a character is Alt, and a sequence may be cut
// off. ESC and "_" begin an APC and are Alt-_ too: what follows tells. Knows no keys.

import { senderOfString, type StringKind } from "./answers.ts";

export type Sequence =
  /** A character that belongs to no sequence; a control character too. */
  | { readonly type: "character"; readonly code: number; readonly meta: boolean }
  /** All between "CSI" and the final character, such as "1;5". */
  | {
      readonly type: "csi";
      readonly body: string;
      readonly final: string;
      readonly meta: boolean;
      /** ESC came so long before that it was a key: if this is none, it was typed. */
      readonly isLate: boolean;
    }
  | {
      readonly type: "ss3";
      readonly body: string;
      readonly final: string;
      readonly meta: boolean;
    }
  /** A whole DCS, OSC, APC, PM or SOS. */
  | { readonly type: "string"; readonly kind: StringKind; readonly text: string };

type State =
  | "ground"
  | "escape"
  | "late"
  | "csi"
  | "ss3"
  | "mouse"
  /** It may have been typed. */
  | "undecided-string"
  | "string"
  | "string-escape";

/** What a character begins after ESC; its C1 control is 0x40 higher (ECMA-48 s. 5.3). */
const INTRODUCERS: ReadonlyMap<number, StringKind | "csi" | "ss3"> = new Map([
  [0x4f, "ss3"],
  [0x50, "dcs"],
  [0x58, "sos"],
  [0x5b, "csi"],
  [0x5d, "osc"],
  [0x5e, "pm"],
  [0x5f, "apc"],
]);
const FROM_C1 = 0x40;

const BEL = 0x07;
const ESC = 0x1b;
const ST = 0x9c;
/** Ctrl-C, CAN and SUB end an unfinished string, and count. */
const CANCELS: ReadonlySet<number> = new Set([0x03, 0x18, 0x1a]);

/** X10 mouse: a button, a column and a row follow `CSI M`, each at least 0x20. */
const MOUSE_BYTES = 3;

/** Characters of a sequence that are kept; a longer one is read to its end, and dropped. */
const MAX_BODY = 256;
/** The same for strings. The longest that matters is the version of a terminal. */
const MAX_STRING = 4_096;

/** How long after ESC another character still belongs to it, in ms. */
const ESCAPE_WAIT = 50;
/** How long after that the rest of a key or of an answer may still begin on a slow line, in ms. */
const LATE_WAIT = 450;
/** How long a sequence may stand still before it is dropped, in ms. */
const SEQUENCE_WAIT = 500;

export interface EscapeParser {
  push(code: number): void;
  /** In place of a character: a byte of a mouse report. False if it can be none. */
  pushMouseByte(byte: number): boolean;
  /** Whether the next bytes are no characters, but a mouse report. */
  readonly isInMouse: boolean;
  /** For how many ms to wait for the rest of a sequence; null outside of one. */
  readonly wait: number | null;
  /** The rest has not come: a lone ESC is a key, everything longer is dropped. */
  expire(): void;
}

export function createEscapeParser(take: (sequence: Sequence) => void): EscapeParser {
  let state: State = "ground";
  /** ESC came twice: what follows has Alt. */
  let meta = false;
  /** ESC, or Alt with the introducer of a string, was a key already. */
  let isLate = false;
  /** The character after ESC that began the sequence; null for a C1 control. */
  let introducer: number | null = null;
  let kind: StringKind = "osc";
  let body = "";
  let isOverlong = false;
  let mouseBytes = 0;

  function begin(code: number, escaped: boolean): boolean {
    const begun = INTRODUCERS.get(code);
    if (begun === undefined) return false;
    introducer = escaped ? code : null;
    if (!escaped) meta = false;
    body = "";
    isOverlong = false;
    isLate = false;
    if (begun === "csi" || begun === "ss3") state = begun;
    else {
      kind = begun;
      // Nobody types a C1 control.
      const sender = escaped ? senderOfString(kind, "") : "terminal";
      if (sender === "person") return false;
      state = sender === "terminal" ? "string" : "undecided-string";
    }
    return true;
  }

  function append(code: number, limit: number): void {
    if (body.length < limit) body += String.fromCodePoint(code);
    else isOverlong = true;
  }

  /** The sequence was none. */
  function cancel(code: number): void {
    state = "ground";
    if (isLate) typeLate();
    push(code);
  }

  /** What came so late was typed. */
  function typeLate(): void {
    isLate = false;
    typeText(String.fromCodePoint(introducer ?? 0) + body);
  }

  function typeText(text: string): void {
    for (const character of text) {
      take({ type: "character", code: character.charCodeAt(0), meta: false });
    }
  }

  function pushLate(code: number): void {
    state = "ground";
    // Other sequences are answers, which come at once, or keys of modes that are off; "O" begins words.
    if (code !== 0x5b) return pushGround(code);
    begin(code, true);
    isLate = true;
  }

  function finish(sequence: Sequence): void {
    state = "ground";
    if (!isOverlong) take(sequence);
  }

  function pushGround(code: number): void {
    if (code === ESC) {
      state = "escape";
      meta = false;
    } else if (code < 0x80 || code > 0x9f) take({ type: "character", code, meta: false });
    else begin(code - FROM_C1, false);
  }

  function pushEscape(code: number): void {
    if (code === ESC) {
      if (meta) take({ type: "character", code, meta: false });
      meta = true;
    } else if (!begin(code, true)) {
      state = "ground";
      if (code >= 0x80 && code <= 0x9f) pushGround(code);
      else take({ type: "character", code, meta: true });
    }
  }

  function pushCsi(code: number): void {
    // The Linux console and PuTTY have keys with two brackets: `CSI [ A`.
    if (code === 0x5b && body === "") return append(code, MAX_BODY);
    if (code === 0x4d && body === "" && !isLate) {
      state = "mouse";
      mouseBytes = 0;
    } else if (code === 0x24 && /^\d+$/.test(body)) {
      // `CSI 7 $` is Shift-Home of rxvt, although "$" ends no sequence; DECRPM has two parameters.
      finish({ type: "csi", body, final: "$", meta, isLate });
    } else if (code >= 0x20 && code <= 0x3f) append(code, MAX_BODY);
    else if (code >= 0x40 && code <= 0x7e) {
      finish({ type: "csi", body, final: String.fromCodePoint(code), meta, isLate });
    } else cancel(code);
  }

  function pushSs3(code: number): void {
    if (code >= 0x30 && code <= 0x3f) append(code, MAX_BODY);
    else if (code === 0x09 || code === 0x20 || (code >= 0x40 && code <= 0x7e)) {
      finish({ type: "ss3", body, final: String.fromCodePoint(code), meta });
    } else cancel(code);
  }

  function pushUndecidedString(code: number): void {
    const longer = body + String.fromCodePoint(code);
    const sender = senderOfString(kind, longer);
    if (sender === "person") {
      typeString();
      return push(code);
    }
    body = longer;
    if (sender === "undecided") return;
    state = "string";
    isLate = false;
  }

  /** What looked like the beginning of a string was Alt with the introducer, and text. */
  function typeString(): void {
    state = "ground";
    if (!isLate) takeIntroducer();
    isLate = false;
    typeText(body);
  }

  function pushString(code: number): void {
    if (CANCELS.has(code)) return cancel(code);
    if (code === ESC) state = "string-escape";
    else if (code === ST || (code === BEL && kind === "osc")) {
      finish({ type: "string", kind, text: body });
    } else append(code, MAX_STRING);
  }

  function pushStringEscape(code: number): void {
    if (code === 0x5c) return finish({ type: "string", kind, text: body });
    // Another sequence has begun: the string was cut off.
    state = "escape";
    meta = false;
    pushEscape(code);
  }

  /** What looked like the beginning of a sequence was Alt and a character. */
  function takeIntroducer(): void {
    if (introducer !== null) take({ type: "character", code: introducer, meta: true });
  }

  function push(code: number): void {
    PUSH[state](code);
  }

  const PUSH: Readonly<Record<State, (code: number) => void>> = {
    ground: pushGround,
    escape: pushEscape,
    late: pushLate,
    csi: pushCsi,
    ss3: pushSs3,
    mouse: cancel,
    "undecided-string": pushUndecidedString,
    string: pushString,
    "string-escape": pushStringEscape,
  };

  return {
    push,
    pushMouseByte(byte) {
      if (byte < 0x20) {
        state = "ground";
        return false;
      }
      mouseBytes += 1;
      if (mouseBytes === MOUSE_BYTES) state = "ground";
      return true;
    },
    get isInMouse() {
      return state === "mouse";
    },
    get wait() {
      if (state === "ground") return null;
      if (state === "escape") return ESCAPE_WAIT;
      if (state === "undecided-string" && body === "") return isLate ? LATE_WAIT : ESCAPE_WAIT;
      return state === "late" ? LATE_WAIT : SEQUENCE_WAIT;
    },
    expire() {
      const ended = state;
      state = "ground";
      if (ended === "escape") {
        state = "late";
        take({ type: "character", code: ESC, meta });
      } else if (ended === "undecided-string") {
        const isAlone = body === "" && !isLate;
        typeString();
        if (!isAlone) return;
        state = ended;
        isLate = true;
      } else if (ended === "late") return;
      else if (isLate) typeLate();
      else if ((ended === "csi" || ended === "ss3") && body === "") takeIntroducer();
    },
  };
}
