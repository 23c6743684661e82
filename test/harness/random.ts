// Random numbers that can be repeated: a seed gives the same ones on every machine.

/** Numbers from 0 up to `below`, after Tommy Ettinger's mulberry32. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** So many random ones of these, with repetitions. */
export function someOf<T>(random: (below: number) => number, items: readonly T[], count: number) {
  return Array.from({ length: count }, () => items[random(items.length)]).filter(
    (item): item is T => item !== undefined,
  );
}
