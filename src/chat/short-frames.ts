// The two frames that come all the time, as arrays of their values (docs/protocol.md s. 18.4): a message of ten characters takes
// 38 bytes, and 203 as an object with the names of its fields. Its author is a number, which a frame has introduced before.

import * as v from "valibot";

import { count, parseJson, text, time } from "./frame-fields.ts";
import type { LogEntry, ServerFrame } from "./frames.ts";
import type { MemberFrame } from "./member-frames.ts";

/** Authors that have a number at a time: more than talk at a time, and a bit of an integer for each. */
export const MAX_AUTHORS = 32;

/** A program of a person, under the name that they had: what the messages of one have in common. */
export type Author = Pick<LogEntry, "author" | "name" | "device">;

type Say = Extract<MemberFrame, { type: "say" }>;
type Message = Extract<ServerFrame, { type: "message" }>;

/** Number and text. */
const say = v.tuple([count, text]);
/** From now on the number stands for that author. */
export const authorFrame = v.object({
  type: v.literal("author"),
  index: v.pipe(count, v.maxValue(MAX_AUTHORS - 1)),
  author: v.string(),
  name: v.string(),
  device: v.string(),
});
/** The number of its author, sequence, time, number and text. */
const message = v.tuple([count, count, time, count, text]);

/** Number and sequence. */
const stored = v.tuple([count, count]);

export function encodeSay({ number, text: said }: Say): Uint8Array {
  return encode([number, said]);
}

/** Introduces an author, before the first message with this number. */
export function encodeAuthor(index: number, { author: key, name, device }: Author): Uint8Array {
  return encode({ type: "author", index, author: key, name, device });
}

/** @param index the number of its author */
export function encodeMessage(index: number, entry: LogEntry): Uint8Array {
  const { sequence, time: at, number, text: said } = entry;
  return encode([index, sequence, at, number, said]);
}

function encode(
  value: readonly (number | string)[] | v.InferOutput<typeof authorFrame>,
): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A note, beside the frames: all that was said up to this number is stored, the last of it with this sequence. */
export function encodeStored(number: number, sequence: number): Uint8Array {
  return encode([number, sequence]);
}

/** The number; null when it is no such note. */
export function readStored(note: Uint8Array): number | null {
  return read(stored, parseJson(note))?.[0] ?? null;
}

/** Null when it is none. */
export function readSay(values: readonly unknown[]): Say | null {
  const fields = read(say, values);
  if (fields === null) return null;
  const [number, said] = fields;
  return { type: "say", number, text: said };
}

/** Null when it is none, or nobody has been introduced with the number of its author. */
export function readMessage(
  values: readonly unknown[],
  authors: ReadonlyMap<number, Author>,
): Message | null {
  const fields = read(message, values);
  if (fields === null) return null;
  const [index, sequence, at, number, said] = fields;
  const known = authors.get(index);
  if (known === undefined) return null;
  return { type: "message", sequence, time: at, ...known, number, text: said };
}

/** Null unless these are its items, and no others. */
function read<Frame extends v.GenericSchema & { readonly items: readonly unknown[] }>(
  frame: Frame,
  values: unknown,
): v.InferOutput<Frame> | null {
  const isWhole = Array.isArray(values) && values.length === frame.items.length;
  const result = v.safeParse(frame, values);
  return isWhole && result.success ? result.output : null;
}
