// Addresses in a text that a terminal may open with a click: http, https, charla and mailto. Looks at each character
// a few times, whatever the text is. Pure.

import { MAX_LINK } from "../rows.ts";

export interface Link {
  /** Of the text, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
  /** Of visible ASCII alone, as OSC 8 requires. */
  readonly address: string;
}

const SCHEMES = ["http", "https", "charla", "mailto"] as const;
const LONGEST_SCHEME = 6;

/** What an address may hold: characters of RFC 3986, and letters that are yet to be percent-encoded (RFC 3987). */
const ADDRESS_CHARACTER = /^[\w.~:/?#[\]@!$&'()*+,;=%\p{L}\p{N}\p{M}-]$/u;
const FIRST_CHARACTER = /^[\p{L}\p{N}[]/u;
const WORD_CHARACTER = /[\p{L}\p{N}_]$/u;
/** What ends a sentence rather than an address. */
const TRAILING = new Set(".,:;!?'*_~");
const PAIRS: ReadonlyMap<string, string> = new Map([
  [")", "("],
  ["]", "["],
]);

/** The addresses in a text without control characters, from left to right. */
export function findLinks(text: string): readonly Link[] {
  const links: Link[] = [];
  let end = 0;
  for (let colon = text.indexOf(":"); colon !== -1; colon = text.indexOf(":", colon + 1)) {
    if (colon < end) continue;
    const start = addressStart(text, colon, end);
    if (start === null) continue;
    const to = withoutTrailing(text, start.rest, addressEnd(text, start.rest));
    // What is no address isn't looked at again.
    end = Math.max(to, colon);
    if (start.scheme === "mailto" && !/.@./u.test(text.slice(start.rest, to))) continue;
    const address = text
      .slice(start.from, to)
      .toWellFormed()
      .replaceAll(/[^!-~]+/g, encodeURIComponent);
    if (address.length <= MAX_LINK) links.push({ from: start.from, to, address });
  }
  return links;
}

/**
 * Where an address begins, and what follows its scheme.
 *
 * @param colon behind the scheme
 * @param after where the last address ended
 */
function addressStart(text: string, colon: number, after: number) {
  const before = text.slice(Math.max(after, colon - LONGEST_SCHEME), colon).toLowerCase();
  const scheme = SCHEMES.find((name) => before.endsWith(name));
  if (scheme === undefined) return null;
  const from = colon - scheme.length;
  if (WORD_CHARACTER.test(text.slice(Math.max(0, from - 2), from))) return null;
  if (scheme !== "mailto" && !text.startsWith("//", colon + 1)) return null;
  const rest = colon + (scheme === "mailto" ? 1 : 3);
  return FIRST_CHARACTER.test(text.slice(rest, rest + 2)) ? { scheme, from, rest } : null;
}

function addressEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const character = String.fromCodePoint(text.codePointAt(end) ?? 0);
    if (!ADDRESS_CHARACTER.test(character)) break;
    end += character.length;
  }
  return end;
}

/** Without punctuation at the end, nor brackets that were opened before the address. */
function withoutTrailing(text: string, start: number, end: number): number {
  const counts = new Map<string, number>();
  for (let index = start; index < end; index += 1) {
    const character = text.charAt(index);
    if ("()[]".includes(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  let to = end;
  while (to > start) {
    const last = text.charAt(to - 1);
    const opening = PAIRS.get(last);
    if (opening !== undefined) {
      const closed = counts.get(last) ?? 0;
      if (closed <= (counts.get(opening) ?? 0)) break;
      counts.set(last, closed - 1);
    } else if (last === "(" || last === "[") {
      counts.set(last, (counts.get(last) ?? 0) - 1);
    } else if (!TRAILING.has(last)) break;
    to -= 1;
  }
  return to;
}
