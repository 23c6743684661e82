// What a terminal sends, decoded in virtual time, and written so that tests can compare it.

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import type { InputEvent, Key } from "../../../src/terminal/input/input-event.ts";

/** Bytes of a string: a character up to U+00FF is one byte, so that any bytes can be written. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A string of the UTF-8 bytes of `text`, for `bytesOf`. */
export function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A key as "ctrl+meta+shift+name"; with its text, if it types any that isn't its name. */
export function chord({ name, text, ctrl, meta, shift }: Key): string {
  const modifiers = [ctrl && "ctrl+", meta && "meta+", shift && "shift+"].filter(Boolean).join("");
  return `${modifiers}${name}${text === "" || text === name ? "" : `=${text}`}`;
}

function written(event: InputEvent): string {
  switch (event.type) {
    case "key":
      return chord(event.key);
    case "paste":
      return `paste ${JSON.stringify(event.text)}`;
    case "focus":
      return event.focused ? "focus" : "blur";
    case "answer":
      return `answer ${JSON.stringify(event.answer)}`;
  }
}

/** What becomes of these reads: a string is read at once, a number is a silence of so many ms. */
export function decoded(reads: readonly (string | number)[], cursors = 0): string[] {
  const decoder = createInputDecoder();
  decoder.expectCursor(cursors);
  const events: InputEvent[] = [];
  let now = 1_000;
  for (const read of reads) {
    if (typeof read === "string") {
      events.push(...decoder.decode(bytesOf(read), now));
      continue;
    }
    const until = now + read;
    while (decoder.deadline !== null && decoder.deadline <= until) {
      now = decoder.deadline;
      events.push(...decoder.expire(now));
    }
    now = until;
  }
  return events.map(written);
}

/** Longer than any wait, in ms. */
export const LONG = 1_000;

/** The text that was typed, and nothing else. */
export function typedText(events: readonly InputEvent[]): string {
  return events.map((event) => (event.type === "key" ? event.key.text : "")).join("");
}
