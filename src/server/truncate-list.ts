// Lists that fit one message of the wire: a room may have more members, and its log longer entries, than
// one message can hold.

import { MAX_MESSAGE } from "../protocol/session/outgoing-messages.ts";

/** For the list; the rest of the frame is a type, a name or two and some numbers. */
const MAX_LIST = MAX_MESSAGE - 2_048;

/** The first of them, as many as fit, each as it is described. */
export function firstThatFit<Item, Described>(
  items: Iterable<Item>,
  describe: (item: Item) => Described,
): Described[] {
  const fitting: Described[] = [];
  let length = 0;
  for (const item of items) {
    const described = describe(item);
    length += lengthOf(described);
    if (length > MAX_LIST) break;
    fitting.push(described);
  }
  return fitting;
}

/** The last of them, as many as fit. */
export function lastThatFit<Item>(items: readonly Item[]): Item[] {
  return firstThatFit(items.toReversed(), (item) => item).toReversed();
}

/** Bytes in a list, with the comma behind it. */
function lengthOf(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(item)) + 1;
}
