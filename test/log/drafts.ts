// Drafts and entries for tests.

import type { Draft } from "../../src/chat/frames.ts";

/** Ann's message of that number, with other fields where they are given. */
export function draft(number: number, fields: Partial<Draft> = {}): Draft {
  const text = `message ${number}`;
  return { author: "key of Ann", name: "Ann", device: "laptop", number, text, ...fields };
}

/** The log entry of such a draft. */
export function entry(sequence: number, fields: Partial<Draft> = {}, time = 1_000) {
  return { sequence, time, ...draft(fields.number ?? sequence, fields) };
}

export function texts(entries: readonly { readonly text: string }[]): string[] {
  return entries.map(({ text }) => text);
}
