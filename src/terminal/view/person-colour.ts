// A colour for each person, the same every time and on every terminal. Pure.

/**
 * Of xterm's 256 colours, around the wheel: each with a contrast of 3.4 or more to black and to white
 * (WCAG 2.2, "contrast ratio"), so that none is hard to read on a dark screen or on a light one.
 */
const COLOURS = [160, 166, 130, 100, 64, 28, 30, 32, 62, 98, 134, 163] as const;

/** The escape sequence (SGR 38;5) that begins it. Two people may share one. */
export function personColour(fingerprint: string): string {
  return `\x1b[38;5;${COLOURS[hash(fingerprint) % COLOURS.length] ?? COLOURS[0]}m`;
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return sum >>> 0;
}
