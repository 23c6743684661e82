// The words of a text, as they are searched for: the one notion of a word that every log has, so that each
// finds the same. Knows nothing of how they are indexed.

/** Words of a search that count: more of them would cost more than they narrow down. */
export const MAX_SEARCH_WORDS = 16;
/** Characters of a searched word that count: below what FTS5 keeps of one (32,768 bytes), above any real one. */
const MAX_WORD = 64;

/** U+0300 to U+036F, the accents of Latin, Greek and Cyrillic. Those of other scripts may be vowels. */
const ACCENTS = /[\u0300-\u036f]/g;

const PLAIN = /^[\t\n\r -~]*$/;

/** A run of letters and digits; in a script that leaves no spaces between words, and of emoji, each one. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Extended_Pictographic}]|[[\p{L}\p{N}\p{M}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]]+/gv;

/** In small letters without accents, compatible characters alike (Unicode NFKD), in the order of the text. */
export function wordsOf(text: string): string[] {
  return text.normalize("NFKD").toLowerCase().replace(ACCENTS, "").match(WORD) ?? [];
}

/** What a search looks for: each is to begin a word of the text. */
export function searchedWords(search: string): string[] {
  const words = wordsOf(search).map((word) => word.slice(0, MAX_WORD));
  return [...new Set(words)].slice(0, MAX_SEARCH_WORDS);
}

/** The slow and readable way to find, which an index is held to. */
export function hasWords(text: string, searched: readonly string[]): boolean {
  const words = wordsOf(text);
  return searched.every((beginning) => words.some((word) => word.startsWith(beginning)));
}

/** The words of a text for FTS5's tokenizer `ascii`, which finds those of plain ASCII as we do, in less time. */
export function indexedWords(text: string): string {
  return PLAIN.test(text) ? text : wordsOf(text).join(" ");
}
