// Whether a text mentions a person by name: as a whole word, in upper or lower case; not within a link, an address or a
// longer name. Looks for many names at once, in a time that does not grow with how many there are. Pure.

/**
 * Where a name may begin: a word, with the marks on its last letter, or one other character. A text that has a name at
 * such a place is divided there as the name itself.
 */
const BEGINNINGS = /[\p{L}\p{N}_]+\p{M}*|\S/gu;
const BEFORE = /(?<![\p{L}\p{N}_]|[\p{L}\p{N}][-.@])/uy;
const AFTER = /(?![\p{L}\p{N}\p{M}_]|[-.@][\p{L}\p{N}])/uy;

export interface NameIndex<Person> {
  /** Those whose names the text mentions. */
  find(text: string): Set<Person>;
}

/** @param people each with a name; several may have the same */
export function indexNames<Person>(
  people: Iterable<readonly [name: string, person: Person]>,
): NameIndex<Person> {
  const byName = new Map<string, Person[]>();
  /** By how they begin, the lengths of the names that begin so: two that have both in common are the same here. */
  const lengths = new Map<string, Set<number>>();
  for (const [name, person] of people) {
    const folded = fold(name);
    const [first] = folded.match(BEGINNINGS) ?? [];
    if (first === undefined) continue;
    byName.set(folded, [...(byName.get(folded) ?? []), person]);
    lengths.set(first, (lengths.get(first) ?? new Set()).add(folded.length));
  }

  return {
    find(text) {
      const found = new Set<Person>();
      const folded = fold(withoutLinks(text));
      for (const { 0: first, index } of folded.matchAll(BEGINNINGS)) {
        for (const length of lengths.get(first) ?? []) {
          const named = byName.get(folded.slice(index, index + length));
          if (named === undefined || !isWhole(folded, index, index + length)) continue;
          for (const person of named) found.add(person);
        }
      }
      return found;
    },
  };
}

export function mentionsName(text: string, name: string): boolean {
  return indexNames([[name, true]]).find(text).size > 0;
}

function isWhole(text: string, start: number, end: number): boolean {
  BEFORE.lastIndex = start;
  AFTER.lastIndex = end;
  return BEFORE.test(text) && AFTER.test(text);
}

/** One spelling for all that differ in case alone: a letter such as the final sigma has more than two forms. */
function fold(text: string): string {
  return text.normalize("NFC").toLowerCase().toUpperCase().toLowerCase();
}

function withoutLinks(text: string): string {
  if (!text.includes("://")) return text;
  const words = text.split(/\s/);
  return words.map((word) => (word.includes("://") ? "," : word)).join(" ");
}
