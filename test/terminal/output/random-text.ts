// Random text for terminals, repeatable by a seed.

import { displayWidth } from "../../../src/terminal/display-width.ts";
import type { Emulator } from "../../harness/emulators.ts";

/** Text on whose width all terminals agree. */
const NARROW = [
  ..."a b c d e f g h i j k l m n o p q r s t u v w x y z".split(" "),
  " ",
  "é",
  "ñ",
  "word ",
  "https://example.org/a/long/path ",
  "0123456789".repeat(3),
];

/** tmux 3.3a loses count of its rows when it joins some that had been broken before a wide letter. */
const WIDE = [...NARROW, "語", "日本"];

/** What terminals measure differently: only where they were asked. */
const EMOJI = ["👍🏽", "🎉"];

/** The same, of letters and marks in one cell, which xterm.js 6.0.0 puts in other places when it breaks rows. */
const JOINED = ["❤️", "🏳️‍🌈", "क्षि", "e\u0301", "👨‍👩‍👧"];

/** At least so many letters. */
export type RandomText = (length: number) => string;

export function createRandomText(
  random: (below: number) => number,
  emulator: Emulator,
  isMeasured: boolean,
): RandomText {
  const pieces =
    emulator.name === "tmux"
      ? NARROW
      : [
          ...WIDE,
          ...(isMeasured ? EMOJI : []),
          ...(isMeasured && emulator.narrowing === "cut" ? JOINED : []),
        ];
  return (length) => {
    let text = "";
    while (text.length < length) text += pieces[random(pieces.length)] ?? "";
    return text;
  };
}

/** Breaks text after so many columns, as an editor does: never within a letter. */
export function breakText(text: string, columns: number): string[] {
  const rows = [""];
  let used = 0;
  for (const letter of text) {
    const added = displayWidth(letter);
    if (used + added > columns) {
      rows.push("");
      used = 0;
    }
    rows[rows.length - 1] += letter;
    used += added;
  }
  return rows;
}
