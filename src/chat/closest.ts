// The known word that a mistyped or shortened one was probably meant to be. Pure.

/** With more slips than this the word was meant to be something else. */
const MAX_SLIPS = 2;

/** The known word that differs from `written` in the fewest letters, or of which it is the first half; else null. */
export function closest(written: string, known: readonly string[]): string | null {
  const slips = (word: string) => editDistance(written, word);
  // With more slips than half of its letters nothing of a short word would be left.
  const isNear = (word: string) =>
    word !== "" && slips(word) <= Math.min(MAX_SLIPS, word.length / 2);
  const isBegun = (word: string) =>
    written !== "" && word.startsWith(written) && written.length * 2 >= word.length;
  const near = known.filter((word) => isNear(word) || isBegun(word));
  return near.toSorted((one, other) => slips(one) - slips(other))[0] ?? null;
}

/** Letters to add, drop or change to make one word of the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(one).entries()) {
    const next = [i + 1];
    for (const [j, expected] of Array.from(other).entries()) {
      const change = (row[j] ?? 0) + (letter === expected ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
