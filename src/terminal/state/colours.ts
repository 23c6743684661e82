// Which colour a person has: one of twelve hues, chosen by their key and apart from those of the others who are there.
// Knows no terminal; output/theme.ts has the colours. Pure.

import { fnv1a } from "../fnv1a.ts";

/** Around the wheel: red, orange, yellow, lime, green, teal, cyan, azure, blue, violet, magenta, rose. */
export const HUES = 12;
/** Neighbours on the wheel look alike. */
const APART = 2;

/**
 * The hue of somebody new: the one that their key prefers if it is free, and no neighbour of a hue in use; or else,
 * of those that the fewest people have, the one farthest from all in use.
 *
 * @param present the hues of the others
 */
export function chooseHue(fingerprint: string, present: readonly number[]): number {
  const uses = Array.from({ length: HUES }, () => 0);
  for (const hue of present) uses[hue % HUES] = (uses[hue % HUES] ?? 0) + 1;
  const fewest = Math.min(...uses);
  // When all hues are in use, those that fewer people have are as good as free.
  const inUse = [...uses.keys()].filter((hue) => (uses[hue] ?? 0) > fewest);
  const gap = (hue: number) => Math.min(HUES, ...inUse.map((other) => distance(hue, other)));

  const preferred = fnv1a(fingerprint) % HUES;
  const free = [...uses.keys()]
    .map((index) => (preferred + index) % HUES)
    .filter((hue) => uses[hue] === fewest);
  const widest = Math.max(...free.map(gap));
  const enough = Math.min(APART, widest);
  const isApart = free[0] === preferred && gap(preferred) >= enough;
  return isApart ? preferred : (free.find((hue) => gap(hue) === widest) ?? preferred);
}

/** The hue of each person, by fingerprint. */
export type Hues = ReadonlyMap<string, number>;

/** People whose hues are kept; those met first go first. */
const MAX_PEOPLE = 1_000;

/**
 * With hues for these people too, for as long as the program runs: apart from those of the others among them.
 *
 * @param fingerprints of people who are together in a room
 */
export function withHues(known: Hues, fingerprints: readonly string[]): Hues {
  // Of more people nobody can tell the colours apart, and each is compared with all before.
  if (fingerprints.length > MAX_PEOPLE) return withHues(known, fingerprints.slice(-MAX_PEOPLE));
  const strangers = new Set(fingerprints.filter((fingerprint) => !known.has(fingerprint)));
  if (strangers.size === 0) return known;
  const present = fingerprints.flatMap((fingerprint) => known.get(fingerprint) ?? []);
  const added = Array.from(strangers, (fingerprint) => {
    const hue = chooseHue(fingerprint, present);
    present.push(hue);
    return [fingerprint, hue] as const;
  });
  return new Map([...known, ...added].slice(-MAX_PEOPLE));
}

/** With a hue for somebody else, apart from all that are known. */
export function withHue(known: Hues, fingerprint: string): Hues {
  return known.has(fingerprint) ? known : withHues(known, [...known.keys(), fingerprint]);
}

/** Steps from one hue to another, the shorter way around. */
function distance(one: number, other: number): number {
  const steps = Math.abs(one - other) % HUES;
  return Math.min(steps, HUES - steps);
}
