// One timer for any number of things: a heap of when each wants to be woken. Putting off a time costs
// nothing, as most are put off with every packet: an entry that comes too early is asked again.

interface Entry<Item> {
  readonly at: number;
  readonly item: Item;
}

export interface Timers<Item> {
  /** The earliest first: a binary heap. */
  readonly heap: Entry<Item>[];
  /** The entry of each item that counts; others are left over. */
  readonly scheduled: Map<Item, number>;
}

export function createTimers<Item>(): Timers<Item> {
  return { heap: [], scheduled: new Map() };
}

/** The item is to be woken at `at` at the latest, ms; it may be woken earlier. */
export function wakeBy<Item>(timers: Timers<Item>, item: Item, at: number): void {
  const { heap, scheduled } = timers;
  if (at >= (scheduled.get(item) ?? Number.POSITIVE_INFINITY)) return;
  scheduled.set(item, at);
  heap.push({ at, item });
  rise(heap, heap.length - 1);
}

/** The item is not to be woken any more. */
export function cancel<Item>({ scheduled }: Timers<Item>, item: Item): void {
  scheduled.delete(item);
}

/** When `takeDue` is to be asked, ms; Infinity while nothing is scheduled. */
export function earliest<Item>(timers: Timers<Item>): number {
  dropLeftOver(timers);
  return timers.heap[0]?.at ?? Number.POSITIVE_INFINITY;
}

/** The items whose time has come; each has to be scheduled anew. */
export function takeDue<Item>(timers: Timers<Item>, now: number): Item[] {
  const due: Item[] = [];
  while (earliest(timers) <= now) {
    const entry = pop(timers.heap);
    if (entry === undefined) break;
    timers.scheduled.delete(entry.item);
    due.push(entry.item);
  }
  return due;
}

function dropLeftOver<Item>({ heap, scheduled }: Timers<Item>): void {
  let first = heap[0];
  while (first !== undefined && scheduled.get(first.item) !== first.at) {
    pop(heap);
    first = heap[0];
  }
}

function pop<Item>(heap: Entry<Item>[]): Entry<Item> | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last !== undefined && heap.length > 0) {
    heap[0] = last;
    sink(heap);
  }
  return first;
}

function rise<Item>(heap: Entry<Item>[], from: number): void {
  let index = from;
  while (index > 0) {
    const parent = (index - 1) >>> 1;
    if (!swapIfEarlier(heap, index, parent)) return;
    index = parent;
  }
}

function sink<Item>(heap: Entry<Item>[]): void {
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const earlier = timeAt(heap, right) < timeAt(heap, left) ? right : left;
    if (!swapIfEarlier(heap, earlier, index)) return;
    index = earlier;
  }
}

/** Exchanges the entries when the one at `index` is earlier than the one at `other`; whether it did. */
function swapIfEarlier<Item>(heap: Entry<Item>[], index: number, other: number): boolean {
  const [one, two] = [heap[index], heap[other]];
  if (one === undefined || two === undefined || one.at >= two.at) return false;
  heap[index] = two;
  heap[other] = one;
  return true;
}

function timeAt<Item>(heap: readonly Entry<Item>[], index: number): number {
  return heap[index]?.at ?? Number.POSITIVE_INFINITY;
}
