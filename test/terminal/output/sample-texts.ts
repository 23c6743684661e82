// Random texts of the kinds that terminals measure differently, repeatable by a seed. None has characters newer than Unicode
// 14, of which a C library may know nothing; emoji are of all versions.

import { seeded } from "../../harness/random.ts";

function charactersOf(pattern: RegExp, last = 0x1f_fff): readonly string[] {
  const found: string[] = [];
  for (let code = 0x21; code <= last; code += 1) {
    const character = String.fromCodePoint(code);
    if ((code < 0xd800 || code > 0xdfff) && pattern.test(character)) found.push(character);
  }
  return found;
}

function range(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    String.fromCodePoint(first + index),
  );
}

const EMOJI = charactersOf(/[\p{Emoji_Presentation}--\p{Regional_Indicator}--\p{Emoji_Modifier}]/v);
const TEXT_EMOJI = charactersOf(/[\p{Emoji}--\p{Emoji_Presentation}--[0-9#*]]/v);
const JOINABLE = EMOJI.filter((emoji) => emoji < "\u{1f650}");
const PERSONS = charactersOf(/\p{Emoji_Modifier_Base}/u);
const JOINABLE_PERSONS = PERSONS.filter((person) => person < "\u{1f650}");
const SKIN_TONES = range(0x1f3fb, 0x1f3ff);
const REGIONAL = range(0x1f1e6, 0x1f1ff);
const JOINED = "👨‍👩‍👧‍👦 👩‍❤️‍💋‍👨 🏴‍☠️ 🐈‍⬛ 🐻‍❄️ 👨🏿‍🦰 🧑‍🎄 🏋🏽‍♂️ 🕵🏻‍♀️ 😶‍🌫️ 🧑🏻‍🤝‍🧑🏿 👁️‍🗨️ 👩‍🦽‍➡️ 🏳️‍⚧️ 🤼‍♂️".split(" ");
const AMBIGUOUS = Array.from("…·“”‘’—–°±×÷§¶«»→←↑↓─│┌┐└┘█▀▄░▒▓■□▲△○●★☆αβγωЖяё");

/** Letters, and the marks that go with them; with a virama, two letters become one. */
const SCRIPTS: readonly {
  letters: readonly string[];
  marks: readonly string[];
  virama?: string;
}[] = [
  { letters: Array.from("abcxyzéñßæœ"), marks: Array.from("\u0301\u0308\u0323\u20d7") },
  { letters: range(0x0915, 0x0939), marks: range(0x093e, 0x094c), virama: "\u094d" },
  { letters: range(0x0995, 0x09a8), marks: range(0x09be, 0x09c4), virama: "\u09cd" },
  { letters: Array.from("கஙசஞடணதநபமயர"), marks: range(0x0bbe, 0x0bc2) },
  { letters: range(0x0d15, 0x0d28), marks: range(0x0d3e, 0x0d43), virama: "\u0d4d" },
  {
    letters: range(0x0e01, 0x0e2e),
    marks: Array.from("\u0e31\u0e34\u0e35\u0e38\u0e48\u0e49\u0e4c"),
  },
  { letters: range(0x0628, 0x063a), marks: range(0x064b, 0x0652) },
  { letters: range(0x05d0, 0x05ea), marks: range(0x05b0, 0x05b9) },
];

/** @param count how many; each is one grapheme or a few */
export function sampleTexts(count: number, seed: number): readonly string[] {
  const below = seeded(seed);
  const pick = (items: readonly string[]) => items[below(items.length)] ?? "";
  const maybe = (items: readonly string[]) => (below(2) === 0 ? "" : pick(items));
  // tmux 3.3a leaves out an emoji that it doesn't know, and takes what comes next for the rest of the sequence.
  const part = () =>
    pick([pick(JOINABLE), `${pick(TEXT_EMOJI)}\ufe0f`, pick(JOINABLE_PERSONS) + pick(SKIN_TONES)]);
  const script = () => SCRIPTS[below(SCRIPTS.length)] ?? { letters: [], marks: [] };
  const kinds: readonly (() => string)[] = [
    () => pick(range(0x21, 0x7e)),
    () => pick(EMOJI),
    () => pick(TEXT_EMOJI),
    () => `${pick(TEXT_EMOJI)}\ufe0f`,
    () => `${pick([...EMOJI, ...TEXT_EMOJI])}\ufe0e`,
    () => pick(PERSONS) + pick(SKIN_TONES),
    () => pick(REGIONAL),
    () => pick(REGIONAL) + pick(REGIONAL),
    () => pick(JOINED),
    () => Array.from({ length: 2 + below(2) }, part).join("\u200d"),
    () => `${pick(Array.from("0123456789#*"))}\ufe0f\u20e3`,
    () => "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
    () => pick(AMBIGUOUS),
    () => pick([...range(0xe0a0, 0xe0d4), ...range(0xf0001, 0xf0100)]),
    () => pick([...range(0x4e00, 0x4f00), ...range(0xac00, 0xad00), ...range(0x3041, 0x3096)]),
    () => pick(range(0xff66, 0xff9d)) + maybe(["\uff9e", "\uff9f"]),
    () => pick(range(0x1100, 0x1112)) + pick(range(0x1161, 0x1175)) + maybe(range(0x11a8, 0x11c2)),
    () => pick(["กำ", "น้ำ", "ຄຳ"]),
    () =>
      pick(["a\u00adb", "\u2068אב\u2069", "ก\u200bข", "ශ්\u200dර", "می\u200cخواهم", "क्\u200dष"]),
    () => {
      const { letters, marks } = script();
      return pick(letters) + maybe(marks);
    },
    () => {
      const { letters, marks, virama = "" } = script();
      return pick(letters) + virama + pick(letters) + maybe(marks);
    },
  ];
  return Array.from({ length: count }, () => kinds[below(kinds.length)]?.() ?? "");
}
