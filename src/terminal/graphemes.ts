// Text as people count it: in user-perceived characters (graphemes, UAX #29). Offsets are in UTF-16 units. Pure.

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Most texts: each character is a grapheme by itself. */
const ASCII = /^[\n -~]*$/;

/** Characters of which no two make one grapheme: of ASCII, Latin, Greek, Cyrillic, Hebrew, Arabic, Japanese, Chinese and Korean. */
const SINGLE = String.raw`\n -~\u00a0-\u00a8\u00aa-\u00ac\u00af-\u02ff\u0370-\u0482\u048a-\u052f\u05d0-\u05ea\u0620-\u064a\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a0-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60`;
/** Those beside other characters are left out: they may belong to them. */
const SINGLE_RUN = new RegExp(`(?<![^${SINGLE}])[${SINGLE}]{2,}(?![^${SINGLE}])`, "g");

/** What the platform takes about a microsecond a character for is done for the few that need it. */
export function splitGraphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  const graphemes: string[] = [];
  let done = 0;
  for (const { index, 0: run } of text.matchAll(SINGLE_RUN)) {
    addSegments(text.slice(done, index));
    for (const character of run) graphemes.push(character);
    done = index + run.length;
  }
  addSegments(text.slice(done));
  return graphemes;

  function addSegments(part: string): void {
    if (part === "") return;
    for (const { segment } of segmenter.segment(part)) graphemes.push(segment);
  }
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
