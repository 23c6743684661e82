import { expect, test } from "bun:test";

import { splitGraphemes } from "../../src/terminal/graphemes.ts";
import { seeded } from "../harness/random.ts";

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** From each script that is split without the platform, and what changes the letter before it. */
const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x20, 0x7e],
  [0xa0, 0x2ff],
  [0x300, 0x36f],
  [0x370, 0x52f],
  [0x5d0, 0x5ea],
  [0x600, 0x65f],
  [0x900, 0x97f],
  [0x1100, 0x11ff],
  [0x200c, 0x205e],
  [0x3000, 0x30ff],
  [0x4e00, 0x4e20],
  [0xac00, 0xac40],
  [0xfe00, 0xfe0f],
  [0xff01, 0xff9f],
  [0x1f1e6, 0x1f1ff],
  [0x1f3fb, 0x1f64f],
];

test("text of many scripts is split where the platform splits it", () => {
  const random = seeded(1);
  for (let round = 0; round < 3_000; round += 1) {
    const scripts = Array.from({ length: 1 + random(3) }, () => RANGES[random(RANGES.length)]);
    const text = Array.from({ length: 1 + random(30) }, () => {
      const [first = 0x61, last = 0x7a] = scripts[random(scripts.length)] ?? [];
      return String.fromCodePoint(first + random(last - first + 1));
    }).join("");
    const expected = Array.from(segmenter.segment(text), ({ segment }) => segment);
    expect(splitGraphemes(text)).toEqual(expected);
  }
});
