// The known word that a mistyped or shortened one was probably meant to be. Pure.

/** With more slips than this the word was meant to be something else. */
const MAX_SLIPS = 2;

/**
 * The known word that differs from `written` in the fewest slips, or of which it is the first half; else null.
 *
 * @param maxSlips fewer where what is written may as well be no slip at all, but a name
 */
export function closest(
  written: string,
  known: readonly string[],
  maxSlips = MAX_SLIPS,
): string | null {
  const slips = (word: string) => editDistance(written, word);
  // With more slips than half of its letters nothing of a short word would be left.
  const isNear = (word: string) =>
    word !== "" && slips(word) <= Math.min(maxSlips, word.length / 2);
  const isBegun = (word: string) =>
    written !== "" && word.startsWith(written) && written.length * 2 >= word.length;
  const near = known.filter((word) => isNear(word) || isBegun(word));
  return near.toSorted((one, other) => slips(one) - slips(other))[0] ?? null;
}

/** Letters to add, drop, change or exchange with the next to make one word of the other (Damerau). */
function editDistance(one: string, other: string): number {
  const [letters, expected] = [Array.from(one), Array.from(other)];
  let before: number[] = [];
  let row = Array.from({ length: expected.length + 1 }, (_, index) => index);
  for (const [i, letter] of letters.entries()) {
    const next = [i + 1];
    for (const [j, wanted] of expected.entries()) {
      const change = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      const isExchanged = i > 0 && j > 0 && letter === expected[j - 1] && letters[i - 1] === wanted;
      const exchange = isExchanged ? (before[j - 1] ?? 0) + 1 : change;
      next.push(Math.min(change, exchange, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[expected.length] ?? 0;
}
