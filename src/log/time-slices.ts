// Work on the event loop that yields to everything else: in slices of a few milliseconds, one piece of work after the
// other, however many are asked for at once. Knows nothing of what is done.

import { setImmediate } from "node:timers";

/** How long others wait for a slice at most, ms. */
const SLICE = 5;

/** One queue: `run` calls the function for each of the items, until it returns false. */
export function createTimeSlices(clock: () => number = () => performance.now()) {
  let last: Promise<void> = Promise.resolve();

  async function runNow<Item>(items: Iterable<Item>, each: (item: Item) => boolean): Promise<void> {
    let start = clock();
    for (const item of items) {
      if (!each(item)) return;
      if (clock() - start < SLICE) continue;
      await new Promise<void>((resolve) => void setImmediate(resolve));
      start = clock();
    }
  }

  return {
    async run<Item>(items: Iterable<Item>, each: (item: Item) => boolean): Promise<void> {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      await before;
      try {
        await runNow(items, each);
      } finally {
        resolve();
      }
    },
  };
}
