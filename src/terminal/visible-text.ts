// Text from a peer made safe for a terminal: control characters and escape sequences are shown rather
// than interpreted, and right-to-left text cannot reorder what stands beside it. Pure.

/**
 * C0, DEL and C1 (ECMA-48 s. 5), the line and paragraph separators, the marks that reorder text without a trace (Unicode
 * UAX #9 s. 2, "Trojan Source"), and what is not drawn at all: zero-width characters, tags, selectors (UAX #44,
 * Default_Ignorable_Code_Point) and annotations. Tab and newline are left to the caller.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]/v;

/** Scripts that choose between forms of letters with joiners (Unicode 17, ch. 9, 12, 13 and 23.2). */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Adlam}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/v;
/** Scripts without spaces between words, which mark where a line may end. */
const UNSPACED = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/v;

/** Where a script or an emoji needs such a character: behind what it changes, and one only. */
const NEEDED = [
  String.raw`\p{RGI_Emoji_Tag_Sequence}`,
  String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`,
  String.raw`(?<=${JOINING.source})[\u200c\u200d]`,
  String.raw`(?<=${UNSPACED.source})\u200b`,
  // Variation selectors (UTS #51, UTS #37, StandardizedVariants.txt).
  String.raw`(?<=[\p{Emoji}\p{Extended_Pictographic}])[\ufe0e\ufe0f]`,
  String.raw`(?<=[\p{Script=Han}\p{Script=Myanmar}\p{Script=Phags_Pa}\p{Sm}\u3001\u3002\uff01-\uff1f])[\ufe00-\ufe0d]`,
  String.raw`(?<=\p{Script=Han})[\u{e0100}-\u{e01ef}]`,
  String.raw`(?<=\p{Script=Mongolian})[\u180b-\u180f]`,
  // The grapheme joiner, between marks; fillers of a syllable of Hangul.
  String.raw`(?<=\p{M})\u034f(?=\p{M})`,
  String.raw`(?<=[\u1100-\u115e])\u1160|\u115f(?=[\u1161-\u11a7])`,
].join("|");
const NEEDED_OR_HIDDEN = new RegExp(`(${NEEDED})|${HIDDEN.source}`, "gv");

/** Most texts. */
const PLAIN = /^[\t\n -~]*$/;

/**
 * Letters written from right to left, which would take what follows them along (UAX #9): the blocks that are meant for them,
 * with the letters that are still to come (DerivedBidiClass.txt, the defaults of R and AL).
 */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The text with every character that could move the cursor, change the screen or hide text replaced by
 * a visible name: `^[` for escape, `\u{9b}` for a C1 control, `\u{200b}` for a space of no width. Tabs, newlines, the
 * joiners and selectors that a script or an emoji needs, and everything else stay: harmless text comes back as it is.
 */
export function visibleText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(NEEDED_OR_HIDDEN, (found, needed?: string) => needed ?? characterName(found));
}

/** The same, on one line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll("\n", "^J");
}

/**
 * The text, between FSI and PDI (UAX #9 s. 2) where it could reorder what stands beside it. Its own
 * direction marks must already have been made visible.
 */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/** A name that a peer chose, safe to stand in one of our own lines. */
export function visibleName(name: string): string {
  return isolated(visibleLabel(name));
}

/** The same without isolation, to be cut. A tab has no place in a column. */
export function visibleLabel(name: string): string {
  return visibleLine(name).replaceAll("\t", "^I");
}

function characterName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Caret notation: ^@ is 0, ^[ is escape, ^? is 127.
  if (code <= 0x1f || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return `\\u{${code.toString(16)}}`;
}
