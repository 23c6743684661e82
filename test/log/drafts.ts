// What tests say in rooms.

import type { Draft } from "../../src/chat/frames.ts";

/** Ann's message of that number; any part of it otherwise. */
export function draft(number: number, its: Partial<Draft> = {}): Draft {
  const text = `message ${number}`;
  return { author: "key of Ann", name: "Ann", device: "laptop", number, text, ...its };
}

/** The entry that such a draft becomes, at a time of the suite's clock. */
export function entry(sequence: number, its: Partial<Draft> = {}, time = 1_000) {
  return { sequence, time, ...draft(its.number ?? sequence, its) };
}

export function texts(entries: readonly { readonly text: string }[]): string[] {
  return entries.map(({ text }) => text);
}
