// Bytes of a terminal in, keys, pastes, reports of the focus and answers out. Has no timer: it says until when it waits for
// the rest of something, and its driver calls `expire` then.

import { answerOfCsi, answerOfString } from "./answers.ts";
import { createCharacterDecoder } from "./characters.ts";
import { createEscapeParser, type Sequence } from "./escape-parser.ts";
import type { InputEvent, Key, TerminalAnswer } from "./input-event.ts";
import { keyOfCharacter, keyOfCsi, keyOfSs3 } from "./keys.ts";
import { createPaste, type Paste, PASTE_END, PASTE_START } from "./paste.ts";

/** How long the rest of a character may take, in ms; what stands still for longer is Latin-1. */
const CHARACTER_WAIT = 100;
/** After so many ms of silence a paste is over, although its end has not come. */
const PASTE_WAIT = 500;

const INTERRUPT: Key = { name: "c", text: "", ctrl: true, meta: false, shift: false };

export interface InputDecoder {
  /** @param now in ms of a clock that never goes back */
  decode(bytes: Uint8Array, now: number): InputEvent[];
  /**
   * When `expire` is to be called, if nothing is decoded before; null if nothing is unfinished. Bytes that came before
   * the deadline and were not read yet are decoded first: a driver that was busy looks for them before it expires.
   */
  readonly deadline: number | null;
  /** Before the deadline it does nothing. */
  expire(now: number): InputEvent[];
  /** So many more answers to DSR 6 are to come, also late: without any, what looks like one is F3. */
  expectCursor(count: number): void;
}

export function createInputDecoder(): InputDecoder {
  let events: InputEvent[] = [];
  let paste: Paste | null = null;
  /** Ctrl-C was pressed during the paste: its rest is neither text nor keys. */
  let isPasteDropped = false;
  let expectedCursors = 0;
  let deadline: number | null = null;

  const parser = createEscapeParser(takeSequence);
  const characters = createCharacterDecoder((code) => {
    if (paste === null) parser.push(code);
    else pushPaste(paste, String.fromCodePoint(code));
  });

  function pushPaste(open: Paste, character: string): void {
    const pushed = open.push(character);
    if (pushed === "interrupt") {
      // What came so far is typed, so that Ctrl-C drops it: on an empty line it would leave.
      if (!isPasteDropped && open.text() !== "") events.push({ type: "paste", text: open.text() });
      isPasteDropped = true;
      takeKey(INTERRUPT);
    } else if (pushed === "end") endPaste(open);
  }

  function endPaste(ended: Paste): void {
    if (!isPasteDropped) events.push({ type: "paste", text: ended.text() });
    isPasteDropped = false;
    paste = null;
  }

  function takeSequence(sequence: Sequence): void {
    switch (sequence.type) {
      case "character":
        return takeKey(keyOfCharacter(sequence.code, sequence.meta));
      case "csi":
        if (sequence.isLate) return takeLate(sequence.body, sequence.final);
        return takeCsi(sequence.body, sequence.final, sequence.meta);
      case "ss3":
        return takeKey(keyOfSs3(sequence.body, sequence.final, sequence.meta));
      case "string":
        return takeAnswer(answerOfString(sequence.kind, sequence.text));
    }
  }

  /** The rest of a key, if it is one: otherwise it was typed after Escape. */
  function takeLate(body: string, final: string): void {
    // Otherwise the lines of a paste would be entered one by one.
    if (final === "~" && body === PASTE_START) return takeCsi(body, final, false);
    const key = keyOfCsi(body, final, false);
    if (key !== null) return takeKey(key);
    for (const character of `[${body}${final}`) {
      takeKey(keyOfCharacter(character.charCodeAt(0), false));
    }
  }

  function takeCsi(body: string, final: string, meta: boolean): void {
    if (body === "" && (final === "I" || final === "O")) {
      events.push({ type: "focus", focused: final === "I" });
    } else if (final === "~" && body === PASTE_START) paste = createPaste();
    else if (final === "~" && body === PASTE_END) return;
    else {
      const answer = answerOfCsi(body, final, expectedCursors > 0);
      if (answer === undefined) takeKey(keyOfCsi(body, final, meta));
      else takeAnswer(answer);
    }
  }

  function takeAnswer(answer: TerminalAnswer | null): void {
    if (answer === null) return;
    if (answer.type === "cursor") expectedCursors -= 1;
    events.push({ type: "answer", answer });
  }

  function takeKey(key: Key | null): void {
    if (key !== null) events.push({ type: "key", key });
  }

  function wait(): number | null {
    if (paste !== null) return PASTE_WAIT;
    return characters.isUnfinished ? (parser.wait ?? CHARACTER_WAIT) : parser.wait;
  }

  function take(now: number): InputEvent[] {
    const forNext = wait();
    deadline = forNext === null ? null : now + forNext;
    const taken = events;
    events = [];
    return taken;
  }

  return {
    decode(bytes, now) {
      if (bytes.length === 0) return [];
      for (const byte of bytes) {
        if (!parser.isInMouse || !parser.pushMouseByte(byte)) characters.push(byte);
      }
      return take(now);
    },
    get deadline() {
      return deadline;
    },
    expire(now) {
      if (deadline === null || now < deadline) return [];
      characters.flush();
      if (paste === null) parser.expire();
      else endPaste(paste);
      return take(now);
    },
    expectCursor(count) {
      expectedCursors += count;
    },
  };
}
