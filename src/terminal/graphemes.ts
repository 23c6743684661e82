// Text as people count it: in user-perceived characters (graphemes, UAX #29). Offsets are in UTF-16 units. Pure.

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Most texts: each character is a grapheme by itself. */
const ASCII = /^[\n -~]*$/;

export function splitGraphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The nearest boundary between two graphemes at or after `index`. */
export function boundaryFrom(text: string, index: number): number {
  if (isBetweenAscii(text, index)) return index;
  const at = segmenter.segment(text).containing(index);
  if (at === undefined || at.index === index) return index;
  return at.index + at.segment.length;
}

/** The nearest boundary between two graphemes at or before `index`. */
export function boundaryTo(text: string, index: number): number {
  if (isBetweenAscii(text, index)) return index;
  return segmenter.segment(text).containing(index)?.index ?? index;
}

/** No two of these characters make one grapheme; asking the platform takes longer, the longer the text is. */
function isBetweenAscii(text: string, index: number): boolean {
  return index === 0 || ASCII.test(text.slice(index - 1, index + 1));
}
