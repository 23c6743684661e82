// Notes: a few bytes that a program tells its peer beside the stream of messages, so that they don't wait for what is missing
// there (docs/protocol.md s. 11.1). Each replaces those before. Knows neither packets nor what a note means.

/** Bytes of a note. */
export const MAX_NOTE = 64;

export interface Notes {
  /** This end's newest; its number is 0 before the first. */
  number: number;
  bytes: Uint8Array;
  /** It is to be sent: it is new, or was lost. */
  due: boolean;
  isAcknowledged: boolean;
  /** The number of the peer's newest, and its bytes until the program above has taken them. */
  received: number;
  news: Uint8Array | null;
}

export function createNotes(): Notes {
  const bytes = new Uint8Array(0);
  return { number: 0, bytes, due: false, isAcknowledged: true, received: 0, news: null };
}

/** @param bytes at most MAX_NOTE, which must not change any more */
export function setNote(notes: Notes, bytes: Uint8Array): void {
  if (bytes.length > MAX_NOTE) throw new Error(`a note has at most ${MAX_NOTE} bytes`);
  notes.number += 1;
  notes.bytes = bytes;
  notes.due = true;
  notes.isAcknowledged = false;
}

/** @param number 0 for a packet without one, as in the next */
export function noteAcknowledged(notes: Notes, number: number): void {
  if (number !== notes.number) return;
  notes.isAcknowledged = true;
  notes.due = false;
}

export function noteLost(notes: Notes, number: number): void {
  if (number === notes.number && !notes.isAcknowledged) notes.due = true;
}

/** The peer's note came. One that is not newer was sent before, or a second time. */
export function receiveNote(notes: Notes, number: number, bytes: Uint8Array): void {
  if (number <= notes.received) return;
  notes.received = number;
  notes.news = bytes.slice();
}

/** The peer's newest note; null when it was taken before. */
export function takeNote(notes: Notes): Uint8Array | null {
  const { news } = notes;
  notes.news = null;
  return news;
}
