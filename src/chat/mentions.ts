// Whether a text mentions a person by name: as a whole word, in upper or lower case; not within a link, an address or a
// longer name. Looks for many names at once, in a time that does not grow with how many there are. Pure.

/**
 * Where a name may begin: a word, with the marks on its last letter, or one other character. A text that has a name at
 * such a place is divided there as the name itself.
 */
const BEGINNINGS = /[\p{L}\p{N}_]+\p{M}*|\S/gu;
const BEFORE = /(?<![\p{L}\p{N}_]|[\p{L}\p{N}][-.@])/uy;
const AFTER = /(?![\p{L}\p{N}\p{M}_]|[-.@][\p{L}\p{N}])/uy;

/** A class, for its names change while others are looked for. */
export class NameIndex<Person> {
  readonly #people = new Map<string, Set<Person>>();
  /** By how they begin, how many names that begin so have which length. */
  readonly #lengths = new Map<string, Map<number, number>>();

  /** Several people may have the same name. */
  add(name: string, person: Person): void {
    const folded = fold(name);
    const people = this.#people.get(folded) ?? new Set();
    people.add(person);
    this.#people.set(folded, people);
    if (people.size === 1) this.#count(folded, 1);
  }

  delete(name: string, person: Person): void {
    const folded = fold(name);
    const people = this.#people.get(folded);
    if (people?.delete(person) !== true || people.size > 0) return;
    this.#people.delete(folded);
    this.#count(folded, -1);
  }

  #count(folded: string, change: 1 | -1): void {
    const [first] = folded.match(BEGINNINGS) ?? [];
    if (first === undefined) return;
    const lengths = this.#lengths.get(first) ?? new Map<number, number>();
    const count = (lengths.get(folded.length) ?? 0) + change;
    if (count > 0) lengths.set(folded.length, count);
    else lengths.delete(folded.length);
    if (lengths.size > 0) this.#lengths.set(first, lengths);
    else this.#lengths.delete(first);
  }

  /** Those whose names the text mentions. */
  find(text: string): Set<Person> {
    const found = new Set<Person>();
    if (this.#lengths.size === 0) return found;
    const folded = fold(withoutLinks(text));
    for (const { 0: first, index } of folded.matchAll(BEGINNINGS)) {
      for (const length of this.#lengths.get(first)?.keys() ?? []) {
        const named = this.#people.get(folded.slice(index, index + length));
        if (named === undefined || !isWhole(folded, index, index + length)) continue;
        for (const person of named) found.add(person);
      }
    }
    return found;
  }
}

/** The same for one name. */
export function mentionsName(text: string, name: string): boolean {
  const folded = fold(withoutLinks(text));
  const wanted = fold(name);
  if (wanted === "") return false;
  return Array.from(folded.matchAll(BEGINNINGS)).some(
    ({ index }) =>
      folded.startsWith(wanted, index) && isWhole(folded, index, index + wanted.length),
  );
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
