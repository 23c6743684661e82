// Which names members and rooms may have: visible, in one spelling, and none that could pass for a line of charla's own
// (docs/protocol.md s. 18). By the properties of characters (the runtime's Unicode), not by lists of them. Pure; knows
// nothing of the names that others have.

import { skeleton } from "#confusables";

import { nameKeys } from "./name-keys.ts";

/** UTF-16 units of a name, in NFC: one that was shorter as it was written may be longer in NFC. */
export const MAX_NAME = 40;
/** UTF-16 units of a name as it is written: NFC makes at most four of these one. More are not even normalized. */
const MAX_WRITTEN = 4 * MAX_NAME;
/** UTF-16 units of a name in NFKC, by which it is compared: of 40 ligatures, it may make 720. */
const MAX_COMPATIBLE = 2 * MAX_NAME;

const LENGTH = `1 to ${MAX_NAME} characters`;

/**
 * Letters, numbers, symbols, punctuation and marks, and blanks between them. Not a mark first: it would be drawn on what
 * precedes the name.
 */
const NAME = /^(?![ \p{M}])[\p{L}\p{N}\p{S}\p{P}\p{M} ]+(?<! )$/u;
const ROOM_NAME = new RegExp(`^[\\p{L}\\p{N}_.-]{1,${MAX_NAME}}$`, "u");
/** The same for people. */
export const ROOM_NAME_RULE = `a room name has up to ${MAX_NAME} letters, digits, "_", "." and "-"`;
/**
 * What is not shown, or may not be (UAX #44); and the characters that are blank by definition, for which there is no
 * property: Braille without a dot, the place of an object, a note without a head, two blanks of hieroglyphs.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2800\ufffc\u{1d159}\u{13441}\u{13442}]/u;
/** Joins two pictures to one (UTS #51, ED-16); between letters it is invisible. */
const EMOJI_JOINER =
  /(?<=\p{Extended_Pictographic}\p{Emoji_Modifier}?)\u200D(?=\p{Extended_Pictographic})/gu;
/** More than two marks on a base letter, or four in scripts in which marks are vowels and consonants. */
const MANY_MARKS =
  /[\p{M}--[\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Tibetan}\p{Script=Tai_Tham}]]{3}|\p{M}{5}/v;
const MARK = /^\p{M}$/u;
/** Marks of all scripts, or of none. */
const COMMON_MARK = /^[\p{Script_Extensions=Inherited}\p{Script_Extensions=Common}]$/u;
/**
 * Scripts in everyday use that have marks (UAX #31, tables 5 and 7): a mark belongs on a letter of its own script. On
 * another it need not be drawn, as those that only join the letters of their script.
 */
const SCRIPTS_WITH_MARKS = [
  ..."Adlam Arabic Balinese Bamum Batak Bengali Bopomofo Chakma Cham Cyrillic Devanagari".split(
    " ",
  ),
  ..."Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hanifi_Rohingya Hebrew".split(" "),
  ..."Hiragana Javanese Kannada Katakana Kayah_Li Khmer Lao Latin Lepcha Limbu Malayalam".split(
    " ",
  ),
  ..."Mandaic Meetei_Mayek Miao Myanmar New_Tai_Lue Newa Nko Nyiakeng_Puachue_Hmong".split(" "),
  ..."Oriya Osage Saurashtra Sinhala Sundanese Syloti_Nagri Syriac Tai_Le Tai_Tham".split(" "),
  ..."Tai_Viet Tamil Telugu Thaana Thai Tibetan Tifinagh Wancho".split(" "),
];
/** Made for the first mark that is met: some milliseconds, of which a start has none to spare. */
let scriptPatterns: RegExp[] | null = null;
/** What looks like a colon (UTS #39), after which a reader expects what was said. */
const COLON =
  /[:\u02D0\u02F8\u0589\u05C3\u0703\u0704\u16EC\u1803\u1809\u205A\u2236\uA4FD\uA789\uFE30\uFF1A](?: |$)/u;
/** What looks like a comma (UTS #39), behind which a list of names goes on. */
const COMMA = /[,\u00B8\u060D\u066B\u201A\uA4F9\uFE10\uFE50\uFF0C](?: |$)/u;
/** What begins lines of charla's own, commands and mentions. */
const LINE_MARK = /^[*>#/@\p{Dash}]/u;
/**
 * As charla's own lines begin, or say who somebody is: a time; "ben left", "ben is away", "ben (owner)" and "ben
 * (SHA256:...)", "ben and 3 more". On a screen such a line has a mark that no name can have; in pipes and transcripts it
 * has none. For what a name looks like (UTS #39), where m is rn, and 0 and 1 are o and l.
 */
const TIME = /^[\dol]{2}:[\dol]{2}/iu;
const OWN_LINE =
  / (?:left|jo[il]ned|[il]s away|[il]s back)$| and [\dol]+ rnore$|[([{] ?(?:you|owner|operator|rnuted|away|sha256)(?![\p{L}\p{N}])/iu;
/** The words before a colon in charla's own lines, and what they call the owner, the server and the reader. */
export const RESERVED_NAMES: readonly string[] = [
  "charla",
  "delivered",
  "fingerprint",
  "hint",
  "in a browser",
  "invite with",
  "may not have been delivered",
  "no messages found with",
  "nobody is here yet; waiting",
  "not connected to the server yet; waiting",
  "not encrypted",
  "not sent",
  "not your turn yet; waiting",
  "open",
  "owner",
  "sent",
  "server",
  "the conversation is over",
  "the owner",
  "the server",
  "you",
];
const reserved = new Set(RESERVED_NAMES);

/** Why a member may not have this name, as what a name must be; null when they may. */
export function describeNameProblem(written: string): string | null {
  if (written === "" || written.length > MAX_WRITTEN) return LENGTH;
  const name = written.normalize("NFC");
  if (name.length > MAX_NAME) return LENGTH;
  const compatible = name.normalize("NFKC");
  if (compatible.length > MAX_COMPATIBLE) return "fewer ligatures";
  const drawn = name.replaceAll(EMOJI_JOINER, "");
  if (/^ | $/.test(name)) return "no blanks at either end";
  if (MARK.test(Array.from(name)[0] ?? "")) return "no accent at the beginning";
  if (!NAME.test(drawn) || INVISIBLE.test(drawn)) return "only characters that are drawn";
  if (MANY_MARKS.test(name.normalize("NFD"))) return "at most two accents on a letter";
  if (name.includes("  ")) return "one blank at a time";
  if (hasForeignMark(name)) return "no accents of other scripts";
  if (COMMA.test(name)) return "no comma before a blank or at the end";
  if (COLON.test(name)) return "no colon before a blank or at the end";
  if (LINE_MARK.test(compatible)) return 'none of * > - # @ and "/" at the beginning';
  if (reserved.has(compatible.toLowerCase())) return "no words of charla's own";
  // The keys are of the compatible characters, but ſ, for one, is then an s, and looks like an f.
  const shapes = [...nameKeys(name), skeleton(name).toLowerCase()];
  if (shapes.some((shape) => shape.startsWith("sha256:"))) {
    return 'no "SHA256:" at the beginning, as a fingerprint has';
  }
  if (shapes.some((shape) => TIME.test(shape))) return "no time of day at the beginning";
  return shapes.some((shape) => OWN_LINE.test(shape)) ? "no words of charla's own" : null;
}

function scriptsWithMarks(): RegExp[] {
  scriptPatterns ??= SCRIPTS_WITH_MARKS.map(
    (script) => new RegExp(`^\\p{Script_Extensions=${script}}$`, "u"),
  );
  return scriptPatterns;
}

function hasForeignMark(name: string): boolean {
  let base = "";
  for (const character of name) {
    if (!MARK.test(character)) base = character;
    else if (
      !COMMON_MARK.test(character) &&
      !scriptsWithMarks().some((script) => script.test(character) && script.test(base))
    ) {
      return true;
    }
  }
  return false;
}

/** Whether a member may have this name. */
export function isMemberName(written: string): boolean {
  return describeNameProblem(written) === null;
}

/** A name with a number, or something like it, behind it, cut to be a valid name as well: its member enters other rooms by it. */
export function withSuffix(name: string, suffix: number | string): string {
  const characters = Array.from(name);
  while (characters.length > 1 && !isMemberName(`${characters.join("")}-${suffix}`)) {
    characters.pop();
  }
  return `${characters.join("")}-${suffix}`;
}

/** Whether a room may have this name: what can stand in an address without being escaped. */
export function isRoomName(written: string): boolean {
  // 40 characters outside the BMP are 80 units.
  if (written.length > 2 * MAX_WRITTEN) return false;
  const name = written.normalize("NFC");
  return ROOM_NAME.test(name) && !INVISIBLE.test(name);
}
