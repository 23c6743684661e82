// Lists of fragments of a stream: in order, none empty, and with a gap between one and the next. A peer decides
// how many there are, so each operation finds its place by binary search. Knows neither bytes nor packets.

/** A part of the stream: `length` bytes from `offset`. */
export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

/** Of all sessions without fragments, for an empty list takes 64 bytes. To be replaced before one is added. */
export const NO_FRAGMENTS: Fragment[] = [];

/** Adds a fragment, and joins it with those that it overlaps or touches. */
export function addFragment(fragments: Fragment[], { offset, length }: Fragment): void {
  if (length === 0) return;
  let start = offset;
  let end = offset + length;
  const first = findEndingFrom(fragments, offset);
  let next = first;
  for (; next < fragments.length; next += 1) {
    const fragment = fragments[next];
    if (fragment === undefined || fragment.offset > end) break;
    start = Math.min(start, fragment.offset);
    end = Math.max(end, fragment.offset + fragment.length);
  }
  const joined = { offset: start, length: end - start };
  if (next === first + 1) fragments[first] = joined;
  else fragments.splice(first, next - first, joined);
}

/** Removes what of the fragments is inside of `removed`. */
export function removeFragment(fragments: Fragment[], removed: Fragment): void {
  if (fragments.length === 0 || removed.length === 0) return;
  const end = removed.offset + removed.length;
  const first = findEndingFrom(fragments, removed.offset + 1);
  const left: Fragment[] = [];
  let next = first;
  for (; next < fragments.length; next += 1) {
    const fragment = fragments[next];
    if (fragment === undefined || fragment.offset >= end) break;
    left.push(...cutOut(fragment, removed.offset, end));
  }
  if (next > first) fragments.splice(first, next - first, ...left);
}

/** The parts of `whole` that are in none of the fragments. */
export function findMissing(fragments: readonly Fragment[], whole: Fragment): Fragment[] {
  const missing: Fragment[] = [];
  const end = whole.offset + whole.length;
  let at = whole.offset;
  for (let next = findEndingFrom(fragments, at + 1); at < end; next += 1) {
    const fragment = fragments[next];
    const until = Math.min(fragment?.offset ?? end, end);
    if (until > at) missing.push({ offset: at, length: until - at });
    at = fragment === undefined ? end : fragment.offset + fragment.length;
  }
  return missing;
}

/** What is left of a fragment outside of `from` to `end`. */
function cutOut({ offset, length }: Fragment, from: number, end: number): Fragment[] {
  const left: Fragment[] = [];
  if (offset < from) left.push({ offset, length: from - offset });
  if (offset + length > end) left.push({ offset: end, length: offset + length - end });
  return left;
}

/** The index of the first fragment that ends at `end` or later. */
function findEndingFrom(fragments: readonly Fragment[], end: number): number {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const fragment = fragments[middle];
    if (fragment !== undefined && fragment.offset + fragment.length < end) low = middle + 1;
    else high = middle;
  }
  return low;
}
