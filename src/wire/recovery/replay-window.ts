// Every packet once: which packet numbers have arrived (RFC 9000 s. 12.3), as a window of bits that
// moves up with the largest. What lies below the window counts as arrived. Knows nothing of
// acknowledgments: what has been told to the peer may be forgotten there, but never here.

const BITS_PER_WORD = 32;
/** 512 bytes a session. A power of two: the word of a number is found without a division. */
const WORDS = 128;

/**
 * Numbers below the largest that are told apart, one word less than there is: the word at the top
 * is only partly used. A packet that comes this late was declared lost and sent anew long ago, even
 * at 1 Gbit/s, where it is 40 ms (RFC 9002 s. 6.1).
 */
export const REPLAY_WINDOW = BITS_PER_WORD * (WORDS - 1);

export interface ReplayWindow {
  readonly words: Int32Array;
  /** The largest number that has arrived, -1 before the first. */
  largest: number;
}

export function createReplayWindow(): ReplayWindow {
  return { words: new Int32Array(WORDS), largest: -1 };
}

/** Whether this number has arrived before, or is too old to tell. */
export function hasArrived(window: ReplayWindow, number: number): boolean {
  if (number > window.largest) return false;
  if (number <= window.largest - REPLAY_WINDOW) return true;
  return ((window.words[wordOf(number)] ?? 0) & bitOf(number)) !== 0;
}

/** Notes that a number has arrived; false when it has before. Only authentic numbers come here. */
export function arrive(window: ReplayWindow, number: number): boolean {
  if (hasArrived(window, number)) return false;
  if (number > window.largest) moveUp(window, number);
  const word = wordOf(number);
  window.words[word] = (window.words[word] ?? 0) | bitOf(number);
  return true;
}

/** Clears the words that the window enters: they hold bits of numbers it has left. */
function moveUp(window: ReplayWindow, largest: number): void {
  const last = Math.floor(largest / BITS_PER_WORD);
  const entered = Math.min(last - Math.floor(window.largest / BITS_PER_WORD), WORDS);
  for (let back = 0; back < entered; back++) window.words[(last - back) & (WORDS - 1)] = 0;
  window.largest = largest;
}

/** Right for numbers above 2^32 too: `&` keeps the low bits of any safe integer. */
function wordOf(number: number): number {
  return Math.floor(number / BITS_PER_WORD) & (WORDS - 1);
}

function bitOf(number: number): number {
  return 1 << (number & (BITS_PER_WORD - 1));
}
