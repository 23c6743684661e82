// One timer for any number of items: those due in the same quarter of a millisecond share a slot, and a heap
// of slots says which comes next. A room wakes its members together; a heap of single members would cost an
// eighth of a server's work. Rescheduling to a later time costs nothing, and happens with every packet: an
// item that is taken too early is scheduled again.

/** Slots in a millisecond: the runtime's timers are no more exact than that. */
const SLOTS_PER_MS = 4;

export interface Timers<Item> {
  /** When each slot that has items is due, ms, the earliest first: a binary heap. */
  readonly heap: number[];
  readonly slots: Map<number, Item[]>;
  /** The slot of each scheduled item; its entries in other slots are stale. */
  readonly scheduled: Map<Item, number>;
}

export function createTimers<Item>(): Timers<Item> {
  return { heap: [], slots: new Map(), scheduled: new Map() };
}

/** The item will be taken at `at`, ms, less than a slot later, or earlier. */
export function scheduleBy<Item>(timers: Timers<Item>, item: Item, at: number): void {
  const { heap, slots, scheduled } = timers;
  const slot = Math.ceil(at * SLOTS_PER_MS) / SLOTS_PER_MS;
  if (slot >= (scheduled.get(item) ?? Number.POSITIVE_INFINITY)) return;
  scheduled.set(item, slot);
  const items = slots.get(slot);
  if (items !== undefined) {
    items.push(item);
    return;
  }
  slots.set(slot, [item]);
  heap.push(slot);
  siftUp(heap, heap.length - 1);
}

export function cancelTimer<Item>({ scheduled }: Timers<Item>, item: Item): void {
  scheduled.delete(item);
}

/** When to call `takeDueItems`, ms; Infinity while nothing is scheduled. */
export function nextDueAt<Item>({ heap, slots, scheduled }: Timers<Item>): number {
  for (;;) {
    const [slot] = heap;
    if (slot === undefined) return Number.POSITIVE_INFINITY;
    if (slots.get(slot)?.some((item) => scheduled.get(item) === slot) === true) return slot;
    slots.delete(slot);
    removeFirst(heap);
  }
}

/** The items that are due; each has to be scheduled again. */
export function takeDueItems<Item>({ heap, slots, scheduled }: Timers<Item>, now: number): Item[] {
  const due: Item[] = [];
  for (let [slot] = heap; slot !== undefined && slot <= now; [slot] = heap) {
    for (const item of slots.get(slot) ?? []) {
      if (scheduled.get(item) !== slot) continue;
      scheduled.delete(item);
      due.push(item);
    }
    slots.delete(slot);
    removeFirst(heap);
  }
  return due;
}

function removeFirst(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  siftDown(heap);
}

function siftUp(heap: number[], from: number): void {
  let index = from;
  while (index > 0) {
    const parent = (index - 1) >>> 1;
    if (!swapIfEarlier(heap, index, parent)) return;
    index = parent;
  }
}

function siftDown(heap: number[]): void {
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const earlier = timeAt(heap, right) < timeAt(heap, left) ? right : left;
    if (!swapIfEarlier(heap, earlier, index)) return;
    index = earlier;
  }
}

/** Swaps the times if the one at `index` is earlier than the one at `other`; returns whether it did. */
function swapIfEarlier(heap: number[], index: number, other: number): boolean {
  const [one, two] = [heap[index], heap[other]];
  if (one === undefined || two === undefined || one >= two) return false;
  heap[index] = two;
  heap[other] = one;
  return true;
}

function timeAt(heap: readonly number[], index: number): number {
  return heap[index] ?? Number.POSITIVE_INFINITY;
}
