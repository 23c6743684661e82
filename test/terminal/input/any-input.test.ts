// Typed text among everything that a terminal may send by itself, split everywhere, and bytes of no meaning: made at
// random, from seeds.

import { describe, expect, test } from "bun:test";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import type { InputEvent } from "../../../src/terminal/input/input-event.ts";
import { FULL_SIZE } from "../../harness/full-size.ts";
import { seeded } from "../../harness/random.ts";
import { ANSWERS } from "./answers.ts";
import { bytesOf, LONG, typedText, utf8 } from "./decoding.ts";

const TEXTS = [
  "hello",
  "a",
  "é",
  "日本",
  "👍🏽",
  " ",
  "[A",
  "O",
  "200~",
  "~;:",
  "\\",
  "c",
  "^_",
  "ÿ",
];
const KEYS = [
  "\x1b[A",
  "\x1bOD",
  "\x1b[3~",
  "\x1b[1;5C",
  "\x1bb",
  "\x1b\x1b[B",
  "\x1b[[A",
  "\x1b[7$",
  "\x1b_",
  "\x1b]",
  "\x1bP",
  "\x1b^",
  "\x1bX",
  "\r",
  "\x7f",
];

/** Text and sequences of a terminal that says nothing else, and the text that was typed. */
function madeStream(seed: number): { sent: string; typed: string } {
  const random = seeded(seed);
  const pick = (from: readonly string[]) => from[random(from.length)] ?? "";
  let sent = "";
  let typed = "";
  for (let part = 0; part < 12; part += 1) {
    const kind = random(5);
    if (kind === 0) sent += pick(KEYS);
    else if (kind <= 2) sent += pick(ANSWERS);
    else {
      const text = pick(TEXTS);
      sent += utf8(text);
      typed += text;
    }
  }
  return { sent, typed };
}

function readAll(reads: readonly string[]): InputEvent[] {
  const decoder = createInputDecoder();
  const events = reads.flatMap((read) => decoder.decode(bytesOf(read), 0));
  return [...events, ...decoder.expire(LONG)];
}

describe("text between answers and keys", () => {
  const streams = Array.from({ length: 200 }, (_, seed) => madeStream(seed));

  test("is typed exactly, and no answer is", () => {
    for (const { sent, typed } of streams) expect(typedText(readAll([sent]))).toBe(typed);
  });

  test("gives the same events wherever it is split in two", () => {
    for (const { sent } of streams.slice(0, 60)) {
      const whole = readAll([sent]);
      for (let at = 1; at < sent.length; at += 1) {
        expect(readAll([sent.slice(0, at), sent.slice(at)])).toEqual(whole);
      }
    }
  });

  test("gives the same events byte by byte", () => {
    for (const { sent } of streams) expect(readAll(Array.from(sent))).toEqual(readAll([sent]));
  });
});

function readBytes(bytes: Uint8Array, size: number): InputEvent[] {
  const decoder = createInputDecoder();
  const events: InputEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...decoder.decode(bytes.subarray(at, at + size), 0));
  }
  return events;
}

describe("bytes at random", () => {
  const SEEDS = FULL_SIZE ? 500 : 100;
  /** Bytes that mean something, more often than others. */
  const LIKELY = bytesOf("\x1b\x1b\x1b\x1b[]OP_^X\\M<?$;:0127~uAR\x03\r\x07\x9b\x9d\xc3\xe6\x9c ");
  function noise(seed: number): Uint8Array {
    const random = seeded(seed);
    return Uint8Array.from({ length: 400 }, () =>
      random(3) === 0 ? random(256) : (LIKELY[random(LIKELY.length)] ?? 0),
    );
  }

  test("never throw, give the same events however they are split, and leave a keyboard that works", () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const bytes = noise(seed);
      const whole = readBytes(bytes, bytes.length);
      for (const size of [1, 2, 7]) expect(readBytes(bytes, size)).toEqual(whole);

      const decoder = createInputDecoder();
      decoder.decode(bytes, 0);
      for (let now = 0; decoder.deadline !== null; now += LONG) decoder.expire(now);
      expect(typedText(decoder.decode(bytesOf("ok"), LONG))).toBe("ok");
    }
  });

  test("type no control characters", () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      expect(typedText(readBytes(noise(seed), 400))).not.toMatch(/\p{Cc}/u);
    }
  });

  test("let Ctrl-C through at any time", () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const decoder = createInputDecoder();
      decoder.decode(noise(seed).subarray(0, seed), 0);
      const events = decoder.decode(bytesOf("\x03"), 0);
      expect(
        events.some((event) => event.type === "key" && event.key.ctrl && event.key.name === "c"),
      ).toBe(true);
    }
  });
});
