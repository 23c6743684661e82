// Replay protection: which packet numbers have arrived (RFC 9000 s. 12.3), as a window of bits that
// moves up with the largest. What is below the window counts as arrived. Knows nothing of
// acknowledgments: what was acknowledged may be forgotten there, but never here.

const BITS_PER_WORD = 32;
/** At most 512 bytes a session. A power of two: finding the word of a number needs no division. */
const WORDS = 128;
const ALL_BITS = -1;

/**
 * Numbers below the largest that are distinguished, one word less than there is, for the word at the top
 * is only partly used. A packet this late was declared lost and sent again long ago, even at 1 Gbit/s,
 * where this is 40 ms (RFC 9002 s. 6.1).
 */
export const REPLAY_WINDOW = BITS_PER_WORD * (WORDS - 1);

/** Numbers that arrive in order take no bits: most sessions need no more words. */
const FEWEST_WORDS = 2;

export interface ReplayWindow {
  /** A ring, whose length is a power of two, at most WORDS. */
  words: Int32Array;
  /** All numbers in words before this one have arrived, or are too old to distinguish. */
  firstWord: number;
  /** The largest number that has arrived, -1 before the first. */
  largest: number;
}

export function createReplayWindow(): ReplayWindow {
  return { words: new Int32Array(FEWEST_WORDS), firstWord: 0, largest: -1 };
}

/** Whether this number has arrived before, or is too old to distinguish. */
export function hasArrived({ words, firstWord, largest }: ReplayWindow, number: number): boolean {
  if (number > largest) return false;
  const word = wordIndex(number);
  if (number <= largest - REPLAY_WINDOW || word < firstWord) return true;
  return ((words[word & (words.length - 1)] ?? 0) & bitMask(number)) !== 0;
}

/** Records that a number has arrived; false when it had before. Only for authentic packets. */
export function recordArrival(window: ReplayWindow, number: number): boolean {
  if (hasArrived(window, number)) return false;
  if (number > window.largest) moveUp(window, number);
  const { words } = window;
  const place = wordIndex(number) & (words.length - 1);
  words[place] = (words[place] ?? 0) | bitMask(number);
  return true;
}

/** Moves the window up to a larger number, and clears the words of numbers that are now too old. */
function moveUp(window: ReplayWindow, largest: number): void {
  const last = wordIndex(largest);
  skipCompleteWords(window);
  // Far ahead: no number in the window now is in it then.
  const first = Math.max(window.firstWord, last - WORDS + 1);
  for (let word = window.firstWord; word < Math.min(first, window.firstWord + WORDS); word++) {
    window.words[word & (window.words.length - 1)] = 0;
  }
  window.firstWord = first;
  if (last - first >= window.words.length) grow(window, last - first + 1);
  window.largest = largest;
}

/** Skips words in which every number has arrived. */
function skipCompleteWords(window: ReplayWindow): void {
  const { words } = window;
  const mask = words.length - 1;
  while (words[window.firstWord & mask] === ALL_BITS) {
    words[window.firstWord & mask] = 0;
    window.firstWord += 1;
  }
}

function grow(window: ReplayWindow, needed: number): void {
  const { words, firstWord } = window;
  let length = words.length;
  while (length < needed) length *= 2;
  const grown = new Int32Array(length);
  for (let word = firstWord; word < firstWord + words.length; word++) {
    grown[word & (length - 1)] = words[word & (words.length - 1)] ?? 0;
  }
  window.words = grown;
}

/** Not by shifting, which is right only below 2^31. */
function wordIndex(number: number): number {
  return Math.floor(number / BITS_PER_WORD);
}

function bitMask(number: number): number {
  return 1 << (number & (BITS_PER_WORD - 1));
}
