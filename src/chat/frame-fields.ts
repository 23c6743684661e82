// Fields that frames have in common (docs/protocol.md s. 18), each in the one form that is valid, and the JSON that they are in.

import * as v from "valibot";

import { MAX_TEXT } from "./conversation.ts";

export const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** ms since 1970: at most what a date can hold (ECMA-262 s. 21.4.1.1). */
export const time = v.pipe(count, v.maxValue(8.64e15));

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Undefined when it is not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}
