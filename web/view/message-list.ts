// The list of messages as far as it is on the screen: of 10,000 rows, those that are seen and a screenful on either side are
// elements. Keeps what is read where it is, and at the end what is new in sight.

import { create, setAttribute, setText } from "./dom.ts";
import { presenceLine } from "./items.ts";
import {
  continues,
  createRow,
  type RowContext,
  type RowItem,
  type RowLook,
  startsDay,
} from "./row.ts";
import type { State } from "./state.ts";

export interface MessageList {
  readonly element: HTMLElement;
  render(state: State, now: number): void;
  scrollToEnd(): void;
  /** So that a message is seen, and stands out for a moment. */
  scrollTo(id: number): void;
  /** By so many screens. */
  scrollBy(screens: number): void;
}

export interface MessageListOptions extends Omit<RowContext, "now"> {
  /** Whether the end is in sight. */
  readonly onEnd: (isAtEnd: boolean) => void;
  /** The beginning is near. */
  readonly onBeginning: () => void;
}

interface Row {
  readonly item: RowItem;
  readonly look: string;
  readonly element: HTMLLIElement;
}

/** This close to the end counts as there, px: a fraction of a row. */
const END = 24;
/** Rows are kept on either side of what is seen, in screens, and made again when less than half of that is left. */
const BESIDE = 1;
/** Until a row has been measured: of its first line, and of each other, px. */
const FIRST_LINE = 30;
const OTHER_LINE = 24;
const CHARACTER = 8;
/** The id of the line about who came and went while it may still change: no item has it. */
const LIVE_LINE = 0;

export function createMessageList(options: MessageListOptions): MessageList {
  const { words } = options;
  const top = create("p", { class: "top" });
  const list = create("ol", { role: "list" });
  const element = create(
    "section",
    { class: "messages", tabindex: "0", role: "region", "aria-label": words.messages },
    top,
    list,
  );
  let state: State | null = null;
  let now = 0;
  let items: readonly RowItem[] = [];
  const rows = new Map<number, Row>();
  const ids = new WeakMap<Element, number>();
  /** By id, px. */
  const heights = new Map<number, number>();
  /** Of each item, px. */
  let sizes = new Float64Array(0);
  /** Of which these are the sizes. */
  let sizedItems: readonly RowItem[] | null = null;
  /** Where each row begins, and behind the last one where it ends, px. */
  let offsets = new Float64Array(1);
  let from = 0;
  let to = 0;
  let isAtEnd = true;
  let width = 0;

  element.addEventListener("scroll", onScroll, { passive: true });
  new ResizeObserver(() => {
    if (element.clientWidth !== width) {
      width = element.clientWidth;
      forgetAllHeights();
    }
    layOut();
  }).observe(element);

  function onScroll(): void {
    noteEnd();
    const { scrollTop, clientHeight } = element;
    const spare = (BESIDE * clientHeight) / 2;
    const start = offsets[from] ?? 0;
    const end = offsets[to] ?? 0;
    const seen = scrollTop - list.offsetTop;
    const isShort =
      (from > 0 && seen - start < spare) ||
      (to < items.length && end - (seen + clientHeight) < spare);
    if (isShort) layOut();
    askForEarlier();
  }

  function noteEnd(): void {
    const { scrollTop, clientHeight, scrollHeight } = element;
    const isNear = scrollHeight - scrollTop - clientHeight <= END;
    if (isNear === isAtEnd) return;
    isAtEnd = isNear;
    options.onEnd(isAtEnd);
  }

  function goToEnd(): void {
    if (isAtEnd) return;
    isAtEnd = true;
    options.onEnd(true);
  }

  function askForEarlier(): void {
    const isNear = element.scrollTop < 2 * element.clientHeight;
    if (isNear && state?.earlier === "more") options.onBeginning();
  }

  function estimate(item: RowItem): number {
    const text = "text" in item ? item.text : "";
    const perLine = Math.max(20, (width * 0.7) / CHARACTER);
    let lines = 0;
    for (const line of text.split("\n")) lines += Math.ceil((line.length + 1) / perLine);
    return FIRST_LINE + Math.max(0, lines - 1) * OTHER_LINE;
  }

  /** After the items have changed, or the width of the page. */
  function takeSizes(): void {
    sizes = Float64Array.from(items, (item) => {
      const height = heights.get(item.id) ?? estimate(item);
      heights.set(item.id, height);
      return height;
    });
    offsets = new Float64Array(items.length + 1);
    addUp(0);
  }

  function addUp(start: number): void {
    let end = offsets[start] ?? 0;
    for (let index = start; index < sizes.length; index += 1) {
      end += sizes[index] ?? 0;
      offsets[index + 1] = end;
    }
  }

  /** The row at so many px. */
  function rowAt(position: number): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((offsets[middle + 1] ?? Infinity) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param anchor what is read stays where it is, whatever becomes of the rows above */
  function layOut(anchor = findAnchor()): void {
    if (state === null || element.clientHeight === 0) return;
    if (sizedItems !== items) {
      takeSizes();
      sizedItems = items;
    }
    const height = element.clientHeight;
    const total = offsets[items.length] ?? 0;
    let seen = element.scrollTop - list.offsetTop;
    if (isAtEnd) seen = total - height;
    else if (anchor !== null) {
      const index = items.findIndex(({ id }) => id === anchor.id);
      if (index !== -1) seen = (offsets[index] ?? 0) - anchor.top;
    }
    from = rowAt(seen - BESIDE * height);
    to = Math.min(items.length, rowAt(seen + height + BESIDE * height) + 1);
    showRows(state);
    measureRows();
    list.style.paddingTop = `${offsets[from] ?? 0}px`;
    list.style.paddingBottom = `${(offsets[items.length] ?? 0) - (offsets[to] ?? 0)}px`;
    if (isAtEnd) element.scrollTop = element.scrollHeight;
    else if (anchor !== null) restoreAnchor(anchor);
  }

  interface Anchor {
    readonly id: number;
    /** From the top of the screen, px. */
    readonly top: number;
  }

  /** The first row that is seen, wherever it is among the items by now. */
  function findAnchor(): Anchor | null {
    if (isAtEnd) return null;
    const screen = element.getBoundingClientRect();
    for (const row of list.children) {
      const id = ids.get(row);
      const box = row.getBoundingClientRect();
      if (id !== undefined && box.bottom > screen.top) return { id, top: box.top - screen.top };
    }
    return null;
  }

  function restoreAnchor({ id, top: wanted }: Anchor): void {
    const row = rows.get(id);
    if (row === undefined) return;
    const is = row.element.getBoundingClientRect().top - element.getBoundingClientRect().top;
    if (Math.abs(is - wanted) >= 1) element.scrollTop += is - wanted;
  }

  function showRows(shown: State): void {
    const wanted = new Set<number>();
    let place = list.firstElementChild;
    for (let index = from; index < to; index += 1) {
      const item = items[index];
      if (item === undefined) break;
      wanted.add(item.id);
      const rowLook = lookAt(shown, index, item);
      const look = JSON.stringify(rowLook);
      const old = rows.get(item.id);
      let row = old;
      if (row === undefined || row.item !== item || row.look !== look) {
        row = { item, look, element: createRow(item, rowLook, { ...options, now }) };
        rows.set(item.id, row);
        ids.set(row.element, item.id);
        if (old !== undefined) {
          if (old.element === place) place = row.element;
          old.element.replaceWith(row.element);
        }
      }
      if (row.element === place) place = place.nextElementSibling;
      else list.insertBefore(row.element, place);
    }
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      // Focus on what goes would be lost.
      if (row.element.contains(document.activeElement)) element.focus({ preventScroll: true });
      row.element.remove();
      rows.delete(id);
    }
  }

  function lookAt(shown: State, index: number, item: RowItem): RowLook {
    const above = items[index - 1];
    const isFirstNew = beginsNew(index, shown.unread.from);
    const isNewDay = startsDay(item, above);
    return {
      startsDay: isNewDay,
      isFirstNew,
      continues: !isNewDay && !isFirstNew && continues(item, above),
      hue: "fingerprint" in item ? (shown.hues.get(item.fingerprint) ?? 0) : 0,
      isConnected: item.type === "pending" && shown.connection.type === "ok",
    };
  }

  function beginsNew(index: number, start: number | null): boolean {
    const item = items[index];
    if (start === null || item?.type !== "message" || item.id < start) return false;
    let above = index - 1;
    while (above >= 0 && items[above]?.type !== "message") above -= 1;
    // Above the first that is here there may be more.
    return above < 0 ? item.id === start : (items[above]?.id ?? 0) < start;
  }

  /** Those that are not as high as was thought move all that are below. */
  function measureRows(): void {
    for (let index = from; index < to; index += 1) {
      const id = items[index]?.id ?? LIVE_LINE;
      const height = rows.get(id)?.element.getBoundingClientRect().height;
      if (height === undefined || height === sizes[index]) continue;
      sizes[index] = height;
      heights.set(id, height);
    }
    addUp(from);
  }

  function forgetAllHeights(): void {
    heights.clear();
    sizedItems = null;
  }

  /** Heights of items that are gone are of no use; they are looked through when there are far more than items. */
  function forgetHeights(): void {
    if (heights.size < 2 * items.length + 1_000) return;
    const known = new Set(items.map(({ id }) => id));
    for (const id of heights.keys()) if (!known.has(id)) heights.delete(id);
  }

  return {
    element,
    render(next, time) {
      const before = state;
      let anchor = findAnchor();
      state = next;
      now = time;
      if (before?.room.room !== next.room.room) {
        forgetAllHeights();
        anchor = null;
        goToEnd();
      }
      if (
        before?.items !== next.items ||
        before.pending !== next.pending ||
        before.presence !== next.presence
      ) {
        const live = presenceLine(next.presence, LIVE_LINE);
        items = [...next.items, ...(live === null ? [] : [live]), ...next.pending];
        // Of their own words people want to see that they are there.
        if ((before?.pending.length ?? 0) < next.pending.length) {
          anchor = null;
          goToEnd();
        }
        forgetHeights();
      }
      const said = {
        unknown: "",
        coming: "",
        loading: words.earlierLoading,
        more: "",
        none: next.room.here.size > 1 || next.items.length > 0 ? words.beginning : words.nobodyElse,
      }[next.earlier];
      setText(top, said);
      setAttribute(element, "aria-busy", next.earlier === "loading" ? "true" : undefined);
      layOut(anchor);
      askForEarlier();
    },
    scrollToEnd() {
      goToEnd();
      layOut(null);
    },
    scrollTo(id) {
      const index = items.findIndex((item) => item.id === id);
      if (index === -1) return;
      isAtEnd = false;
      options.onEnd(false);
      element.scrollTop = list.offsetTop + (offsets[index] ?? 0) - element.clientHeight / 3;
      layOut(null);
      const row = rows.get(id)?.element;
      row?.scrollIntoView({ block: "center" });
      row?.classList.add("sought");
    },
    scrollBy(screens) {
      element.scrollBy({ top: screens * element.clientHeight * 0.9 });
    },
  };
}
