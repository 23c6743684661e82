// One timer for any number of things: what is due in the same quarter of a millisecond is kept together, and a heap
// says which quarter comes next. A room wakes its members together, and a heap of the members costs an eighth of all
// that a server does. Putting off a time costs nothing, as most are put off with every packet: an entry that
// comes too early is asked again.

/** In a millisecond: a timer of the runtime is not more exact than one. */
const SLOTS_PER_MS = 4;

export interface Timers<Item> {
  /** When each slot with something in it is due, ms, the earliest first: a binary heap. */
  readonly heap: number[];
  readonly slots: Map<number, Item[]>;
  /** The slot of each item that counts; others are left over. */
  readonly scheduled: Map<Item, number>;
}

export function createTimers<Item>(): Timers<Item> {
  return { heap: [], slots: new Map(), scheduled: new Map() };
}

/** The item is to be woken at `at`, ms, or less than a slot later; it may be woken earlier. */
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
  rise(heap, heap.length - 1);
}

/** The item is not to be woken any more. */
export function cancelTimer<Item>({ scheduled }: Timers<Item>, item: Item): void {
  scheduled.delete(item);
}

/** When `takeDue` is to be asked, ms; Infinity while nothing is scheduled. */
export function nextDueAt<Item>({ heap, slots, scheduled }: Timers<Item>): number {
  for (;;) {
    const [slot] = heap;
    if (slot === undefined) return Number.POSITIVE_INFINITY;
    if (slots.get(slot)?.some((item) => scheduled.get(item) === slot) === true) return slot;
    slots.delete(slot);
    pop(heap);
  }
}

/** The items whose time has come; each has to be scheduled anew. */
export function takeDueItems<Item>({ heap, slots, scheduled }: Timers<Item>, now: number): Item[] {
  const due: Item[] = [];
  for (let [slot] = heap; slot !== undefined && slot <= now; [slot] = heap) {
    for (const item of slots.get(slot) ?? []) {
      if (scheduled.get(item) !== slot) continue;
      scheduled.delete(item);
      due.push(item);
    }
    slots.delete(slot);
    pop(heap);
  }
  return due;
}

function pop(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

function rise(heap: number[], from: number): void {
  let index = from;
  while (index > 0) {
    const parent = (index - 1) >>> 1;
    if (!swapIfEarlier(heap, index, parent)) return;
    index = parent;
  }
}

function sink(heap: number[]): void {
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = left + 1;
    const earlier = timeAt(heap, right) < timeAt(heap, left) ? right : left;
    if (!swapIfEarlier(heap, earlier, index)) return;
    index = earlier;
  }
}

/** Exchanges the times when the one at `index` is earlier than the one at `other`; whether it did. */
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
