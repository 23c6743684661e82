// Every packet once: which packet numbers have arrived (RFC 9000 s. 12.3), as a window of bits that
// moves up with the largest. What lies below the window counts as arrived. Knows nothing of
// acknowledgments: what has been told to the peer may be forgotten there, but never here.

const BITS_PER_WORD = 32;
/** At most 512 bytes a session. A power of two: the word of a number is found without a division. */
const WORDS = 128;
const ALL_BITS = -1;

/**
 * Numbers below the largest that are told apart, one word less than there is: the word at the top
 * is only partly used. A packet that comes this late was declared lost and sent anew long ago, even
 * at 1 Gbit/s, where it is 40 ms (RFC 9002 s. 6.1).
 */
export const REPLAY_WINDOW = BITS_PER_WORD * (WORDS - 1);

/** Numbers that have arrived in order leave no bits behind: most sessions need no more words. */
const FEWEST_WORDS = 2;

export interface ReplayWindow {
  /** A ring: a power of two of them, at most WORDS. */
  words: Int32Array;
  /** All numbers in words before this one have arrived, or are too old to tell. */
  firstWord: number;
  /** The largest number that has arrived, -1 before the first. */
  largest: number;
}

export function createReplayWindow(): ReplayWindow {
  return { words: new Int32Array(FEWEST_WORDS), firstWord: 0, largest: -1 };
}

/** Whether this number has arrived before, or is too old to tell. */
export function hasArrived({ words, firstWord, largest }: ReplayWindow, number: number): boolean {
  if (number > largest) return false;
  const word = wordOf(number);
  if (number <= largest - REPLAY_WINDOW || word < firstWord) return true;
  return ((words[word & (words.length - 1)] ?? 0) & bitOf(number)) !== 0;
}

/** Notes that a number has arrived; false when it has before. Only authentic numbers come here. */
export function arrive(window: ReplayWindow, number: number): boolean {
  if (hasArrived(window, number)) return false;
  if (number > window.largest) moveUp(window, number);
  const { words } = window;
  const place = wordOf(number) & (words.length - 1);
  words[place] = (words[place] ?? 0) | bitOf(number);
  return true;
}

/** Makes room for a larger number, and clears the words that hold bits of numbers too old to tell. */
function moveUp(window: ReplayWindow, largest: number): void {
  const last = wordOf(largest);
  passWhole(window);
  // Far ahead: nothing that is told apart now is told apart then.
  const first = Math.max(window.firstWord, last - WORDS + 1);
  for (let word = window.firstWord; word < Math.min(first, window.firstWord + WORDS); word++) {
    window.words[word & (window.words.length - 1)] = 0;
  }
  window.firstWord = first;
  if (last - first >= window.words.length) grow(window, last - first + 1);
  window.largest = largest;
}

/** Goes past words in which every number has arrived. */
function passWhole(window: ReplayWindow): void {
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

/** Not by shifting, which is right below 2^31 only. */
function wordOf(number: number): number {
  return Math.floor(number / BITS_PER_WORD);
}

function bitOf(number: number): number {
  return 1 << (number & (BITS_PER_WORD - 1));
}
