// What a peer sends, made safe to look at: control characters and escape sequences are shown, not
// obeyed. Pure.

// C0, DEL and C1 (ECMA-48 s. 5), the line and paragraph separators, and the marks that reorder text
// without a trace (Unicode UAX #9 s. 2, "Trojan Source"). Tab and newline are the caller's to place.
const HIDDEN =
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text with every character that could move the cursor, change the screen or hide text replaced by
 * a visible name: `^[` for escape, `\u{9b}` for a C1 control. Tabs and newlines stay, and so does all
 * else, so that what needs no care is the same byte for byte.
 */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(HIDDEN, nameOf);
}

/** The same, on one line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll("\n", "^J");
}

function nameOf(character: string): string {
  const code = character.charCodeAt(0);
  // Caret notation: ^@ is 0, ^[ is escape, ^? is 127.
  if (code <= 0x1f || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return `\\u{${code.toString(16)}}`;
}
