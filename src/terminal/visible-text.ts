// Text from a peer made safe for a terminal: control characters and escape sequences are shown rather
// than interpreted, and right-to-left text cannot reorder what stands beside it. Pure.

// C0, DEL and C1 (ECMA-48 s. 5), the line and paragraph separators, and the marks that reorder text
// without a trace (Unicode UAX #9 s. 2, "Trojan Source"). Tab and newline are left to the caller.
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Letters written from right to left, which would take what follows them along (UAX #9). */
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}]/u;

/**
 * The text with every character that could move the cursor, change the screen or hide text replaced by
 * a visible name: `^[` for escape, `\u{9b}` for a C1 control. Tabs, newlines and everything else stay,
 * so harmless text comes back byte for byte.
 */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(HIDDEN, characterName);
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
  return isolated(visibleLine(name));
}

function characterName(character: string): string {
  const code = character.charCodeAt(0);
  // Caret notation: ^@ is 0, ^[ is escape, ^? is 127.
  if (code <= 0x1f || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return `\\u{${code.toString(16)}}`;
}
