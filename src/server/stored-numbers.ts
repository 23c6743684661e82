// Up to which number everything is stored that a member has said in a session (docs/protocol.md s. 18.5). Once something was
// refused there is no such number any more. Knows no channel.

/** A message that is being stored. */
export interface Saying {
  readonly number: number;
  /** Its place in the log; null until it is stored. */
  sequence: number | null;
}

export interface StoredNumbers {
  /** In the order in which they were said, from the first one on that is not stored; null once one was refused. */
  waiting: Saying[] | null;
  /** The largest number before these; null for none. */
  last: Saying | null;
}

export function createStoredNumbers(): StoredNumbers {
  return { waiting: [], last: null };
}

export function startSaying({ waiting }: StoredNumbers, number: number): Saying {
  const saying = { number, sequence: null };
  waiting?.push(saying);
  return saying;
}

/** A message is stored. Returns the last one up to which all are; null while that is not known. */
export function sayingStored(
  numbers: StoredNumbers,
  saying: Saying,
  sequence: number,
): Saying | null {
  const { waiting } = numbers;
  saying.sequence = sequence;
  if (waiting === null || waiting[0] !== saying) return null;
  let next: Saying | undefined = saying;
  while (next !== undefined && next.sequence !== null) {
    waiting.shift();
    // One that is sent again was said before.
    if (next.number > (numbers.last?.number ?? -1)) numbers.last = next;
    [next] = waiting;
  }
  return numbers.last;
}

/** Something was not stored, and must not be taken for that. */
export function sayingRefused(numbers: StoredNumbers): void {
  numbers.waiting = null;
}
