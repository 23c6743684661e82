// What was said in the moment before a page goes. IndexedDB undoes the transactions that it has not begun by then; localStorage has at
// once what is written. The next page moves it into the outbox (device.ts).

import * as v from "valibot";

import { type Unstored, unstoredRecord } from "../../src/client/device.ts";
import type { Place } from "./settings.ts";

const record = v.array(unstoredRecord);

function keyOf({ server, room }: Place): string {
  return JSON.stringify(["unstored", server, room]);
}

export function keepLastWords(place: Place, said: readonly Unstored[]): void {
  try {
    localStorage.setItem(keyOf(place), JSON.stringify(said));
  } catch {
    // The browser forbids it, or has no space left: then it has said so.
  }
}

export function loadLastWords(place: Place): readonly Unstored[] {
  try {
    const said: unknown = JSON.parse(localStorage.getItem(keyOf(place)) ?? "[]");
    return v.is(record, said) ? said : [];
  } catch {
    return [];
  }
}

export function forgetLastWords(place: Place): void {
  try {
    localStorage.removeItem(keyOf(place));
  } catch {
    // There are none.
  }
}
