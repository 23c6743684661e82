// A queue of what a test receives: `next` waits, so that no test needs to sleep.

export interface Inbox<T> {
  put(item: T): void;
  /** Removes and returns the oldest item, as soon as there is one. */
  next(): Promise<T>;
}

export function createInbox<T>(): Inbox<T> {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put(item) {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    next() {
      const [item] = items.splice(0, 1);
      return item === undefined
        ? new Promise((resolve) => takers.push(resolve))
        : Promise.resolve(item);
    },
  };
}
