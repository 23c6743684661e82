// Which words of a text a search finds. Every log uses this, so that all of them find the same. Knows nothing of indexes.

/** Further words of a search are ignored: they would cost more than they narrow it down. */
export const MAX_SEARCH_WORDS = 16;
/** Characters of a search word: fewer than FTS5 keeps of one (32,768 bytes), more than any real one has. */
const MAX_WORD = 64;

/** U+0300 to U+036F, the accents of Latin, Greek and Cyrillic. Those of other scripts may be vowels. */
const ACCENTS = /[\u0300-\u036f]/g;

/** A word of one letter or digit: too short to search for. Han, emoji and the like are whole words. */
const SHORT =
  /^[[\p{L}\p{N}\p{M}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]]$/v;

const PLAIN = /^[\t\n\r -~]*$/;

/** A run of letters and digits; of emoji, and in a script without spaces between words, each character by itself. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Extended_Pictographic}]|[[\p{L}\p{N}\p{M}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]]+/gv;

/** In lower case without accents, compatible characters alike (Unicode NFKD), in the order of the text. */
function splitWords(text: string): string[] {
  return text.normalize("NFKD").toLowerCase().replace(ACCENTS, "").match(WORD) ?? [];
}

/**
 * What a search looks for: each is the beginning of a word of the text. Words of one letter are left out: they are in
 * nearly every text, and to find them costs more than they narrow a search down.
 */
export function searchPrefixes(search: string): string[] {
  const prefixes = splitWords(search)
    .filter((word) => !SHORT.test(word))
    .map((word) => word.slice(0, MAX_WORD));
  return [...new Set(prefixes)].slice(0, MAX_SEARCH_WORDS);
}

/** Whether there is a word in it that is long enough to search for. */
export function isSearchable(search: string): boolean {
  return searchPrefixes(search).length > 0;
}

/** Whether a search finds a text: the slow and readable way, which tests hold the index to. */
export function hasPrefixes(text: string, prefixes: readonly string[]): boolean {
  const words = splitWords(text);
  return prefixes.every((prefix) => words.some((word) => word.startsWith(prefix)));
}

/** The words of a text for FTS5's tokenizer `ascii`, which splits plain ASCII as we do, in less time. */
export function indexedText(text: string): string {
  return PLAIN.test(text) ? text : splitWords(text).join(" ");
}
