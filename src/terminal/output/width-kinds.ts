// Which characters, and which groups of them (graphemes, UAX #29), take the same number of columns on every terminal of
// one make. Terminals differ by kind, not by character: one adds up the parts of an emoji, another knows no emoji after
// Unicode 14. Pure; knows no terminal.

import { displayWidth, isAmbiguous } from "../display-width.ts";

/** Of a single character. */
export type CharacterKind =
  | "narrow"
  | "wide"
  /** Wide characters of scripts beyond the first 65,536, such as Tangut. */
  | "wide-supplementary"
  | "hexagram"
  /** Wide since Unicode 16. */
  | "trigram"
  /** As wide as its neighbours, narrow or wide (UAX #11, "Ambiguous"). */
  | "ambiguous-letter"
  | "ambiguous-symbol"
  | "private"
  | "wide-mark"
  | "mark"
  | "spacing-mark"
  | "joiner"
  | "zero-width-space"
  | "soft-hyphen"
  | "format"
  /** Signs that stand before a number in Arabic. */
  | "prefix"
  | "selector"
  | "jamo"
  | "emoji"
  | "emoji-11"
  | "emoji-12"
  | "emoji-13"
  | "emoji-14"
  | "emoji-15"
  | "emoji-16"
  | "emoji-17"
  /** Emoji that are drawn as text unless a selector says otherwise. */
  | "text-emoji"
  /** Those of them that are wide all the same, but not for kitty. */
  | "wide-text-emoji"
  | "supplementary-text-emoji"
  | "skin-tone"
  | "regional";

/** Of several characters that make one. */
export type ClusterKind =
  | "emoji-sequence"
  | "flag"
  | "tagged-flag"
  | "keycap"
  | "emoji-style"
  | "text-style"
  | "skin-toned"
  | "syllable"
  | "voiced-kana"
  | "sara-am"
  | "joined-letters"
  | "conjunct"
  /** Anything else: a letter with marks, for example. */
  | "marked";

/** Emoji by the version of Unicode that brought them (emoji-data.txt); those not listed are older. */
const EMOJI_SINCE: readonly (readonly [CharacterKind, RegExp])[] = [
  [
    "emoji-11",
    /[\u{1f6f9}\u{1f94d}-\u{1f94f}\u{1f96c}-\u{1f970}\u{1f973}-\u{1f976}\u{1f97a}\u{1f97c}-\u{1f97f}\u{1f998}-\u{1f9a2}\u{1f9b0}-\u{1f9b9}\u{1f9c1}\u{1f9c2}\u{1f9e7}-\u{1f9ff}]/u,
  ],
  [
    "emoji-12",
    /[\u{1f6d5}\u{1f6fa}\u{1f7e0}-\u{1f7eb}\u{1f90d}-\u{1f90f}\u{1f93f}\u{1f971}\u{1f97b}\u{1f9a5}-\u{1f9aa}\u{1f9ae}\u{1f9af}\u{1f9ba}-\u{1f9bf}\u{1f9c3}-\u{1f9ca}\u{1f9cd}-\u{1f9cf}\u{1fa70}-\u{1fa73}\u{1fa78}-\u{1fa7a}\u{1fa80}-\u{1fa82}\u{1fa90}-\u{1fa95}]/u,
  ],
  [
    "emoji-13",
    /[\u{1f6d6}\u{1f6d7}\u{1f6fb}\u{1f6fc}\u{1f90c}\u{1f972}\u{1f977}\u{1f978}\u{1f9a3}\u{1f9a4}\u{1f9ab}-\u{1f9ad}\u{1f9cb}\u{1fa74}\u{1fa83}-\u{1fa86}\u{1fa96}-\u{1faa8}\u{1fab0}-\u{1fab6}\u{1fac0}-\u{1fac2}\u{1fad0}-\u{1fad6}]/u,
  ],
  [
    "emoji-14",
    /[\u{1f6dd}-\u{1f6df}\u{1f7f0}\u{1f979}\u{1f9cc}\u{1fa7b}\u{1fa7c}\u{1faa9}-\u{1faac}\u{1fab7}-\u{1faba}\u{1fac3}-\u{1fac5}\u{1fad7}-\u{1fad9}\u{1fae0}-\u{1fae7}\u{1faf0}-\u{1faf6}]/u,
  ],
  [
    "emoji-15",
    /[\u{1f6dc}\u{1fa75}-\u{1fa77}\u{1fa87}\u{1fa88}\u{1faad}-\u{1faaf}\u{1fabb}-\u{1fabd}\u{1fabf}\u{1face}\u{1facf}\u{1fada}\u{1fadb}\u{1fae8}\u{1faf7}\u{1faf8}]/u,
  ],
  ["emoji-16", /[\u{1fa89}\u{1fa8f}\u{1fabe}\u{1fac6}\u{1fadc}\u{1fadf}\u{1fae9}]/u],
  // And what is newer than this table.
  [
    "emoji-17",
    /[\u{1f6d8}\u{1fa7d}-\u{1fa7f}\u{1fa8a}-\u{1fa8e}\u{1fac7}-\u{1facd}\u{1faea}-\u{1faef}\u{1faf9}-\u{1faff}]/u,
  ],
];

export function characterKind(character: string): CharacterKind {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x7f) return "narrow";
  if (code === 0xad) return "soft-hyphen";
  if (code === 0x200b) return "zero-width-space";
  if (code === 0x200c || code === 0x200d) return "joiner";
  if (/[\u1160-\u11ff\ud7b0-\ud7ff]/u.test(character)) return "jamo";
  if (/\p{Variation_Selector}/u.test(character)) return "selector";
  if (/[\u302e\u302f\u{16ff0}\u{16ff1}]/u.test(character)) return "wide-mark";
  if (/\p{Mc}/u.test(character)) return "spacing-mark";
  if (/\p{M}/u.test(character)) return "mark";
  if (/\p{Default_Ignorable_Code_Point}/u.test(character)) return "format";
  if (/\p{Cf}/u.test(character)) return "prefix";
  if (/\p{Co}/u.test(character)) return "private";
  if (/\p{Regional_Indicator}/u.test(character)) return "regional";
  if (/\p{Emoji_Modifier}/u.test(character)) return "skin-tone";
  if (code >= 0x1f900 || (code >= 0x1f600 && code < 0x20000)) {
    const since = EMOJI_SINCE.find(([, characters]) => characters.test(character));
    if (since !== undefined) return since[0];
  }
  if (code >= 0x4dc0 && code <= 0x4dff) return "hexagram";
  if (/[\u2630-\u2637\u268a-\u268f\u{1d300}-\u{1d376}]/u.test(character)) return "trigram";
  if (/\p{Emoji_Presentation}/u.test(character)) return "emoji";
  if (displayWidth(character) === 2) {
    if (/\p{Emoji}/u.test(character)) {
      return code < 0x10000 ? "wide-text-emoji" : "supplementary-text-emoji";
    }
    if (code >= 0x1f000 && code < 0x20000) return "emoji";
    return code >= 0x10000 && code < 0x1f000 ? "wide-supplementary" : "wide";
  }
  if (isAmbiguous(character)) {
    return /\p{L}/u.test(character) ? "ambiguous-letter" : "ambiguous-symbol";
  }
  return /\p{Emoji}/u.test(character) ? "text-emoji" : "narrow";
}

/** Null for a single character. */
export function clusterKind(cluster: string): ClusterKind | null {
  if (cluster.length <= ((cluster.codePointAt(0) ?? 0) > 0xffff ? 2 : 1)) return null;
  if (/\p{Extended_Pictographic}.?\u200d/u.test(cluster)) return "emoji-sequence";
  if (/^\p{Regional_Indicator}{2}$/u.test(cluster)) return "flag";
  if (/[\u{e0020}-\u{e007f}]/u.test(cluster)) return "tagged-flag";
  if (/^[0-9#*]\ufe0f\u20e3$/u.test(cluster)) return "keycap";
  if (cluster.includes("\ufe0f")) return "emoji-style";
  if (cluster.includes("\ufe0e")) return "text-style";
  if (/\p{Emoji_Modifier}$/u.test(cluster)) return "skin-toned";
  if (/[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7ff]/u.test(cluster)) return "syllable";
  if (/[\uff9e\uff9f]/u.test(cluster)) return "voiced-kana";
  if (/[\u0e33\u0eb3]/u.test(cluster)) return "sara-am";
  if (cluster.includes("\u200d")) return "joined-letters";
  return /\P{M}.*\P{M}/u.test(cluster) ? "conjunct" : "marked";
}

/** Whether a character can make one with its neighbours, so that texts with it must be split into graphemes first. */
export function joinsNeighbours(character: string, kind: CharacterKind): boolean {
  switch (kind) {
    case "wide-mark":
    case "mark":
    case "spacing-mark":
    case "joiner":
    case "zero-width-space":
    case "soft-hyphen":
    case "format":
    case "prefix":
    case "selector":
    case "jamo":
    case "regional":
    case "skin-tone":
      return true;
    default:
      return /[\uff9e\uff9f\u0e33\u0eb3]/u.test(character);
  }
}
