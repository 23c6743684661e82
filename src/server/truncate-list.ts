// A list in a frame, cut to what fits one message of the wire.

import { MAX_MESSAGE } from "../protocol/session/outgoing-messages.ts";

/** Bytes of a list in a frame; the rest is a type, a name or two and some numbers. */
const MAX_LIST = MAX_MESSAGE - 2_048;

/** The first of the items, as many as fit one message, each as `describe` gives it. */
export function truncateList<Item, Described>(
  items: Iterable<Item>,
  describe: (item: Item) => Described,
): Described[] {
  const list: Described[] = [];
  let length = 0;
  for (const item of items) {
    const described = describe(item);
    // With the comma behind it.
    length += Buffer.byteLength(JSON.stringify(described)) + 1;
    if (length > MAX_LIST) break;
    list.push(described);
  }
  return list;
}
