// Who came and who left, in one line that holds the net change: somebody who comes and goes at once, as `charla send` does,
// is never in it. Somebody who leaves with a reason or a goodbye has a line of their own instead. People are told apart by their keys, for
// they may come back under another name. Pure; times are ms since 1970.

import { listNames } from "./event-text.ts";
import type { People } from "./room.ts";

export interface Presence {
  /** Who has come, by key: shown if they stay, unless they have spoken meanwhile, which shows it too. */
  readonly arriving: ReadonlyMap<string, Arrival>;
  readonly joined: People;
  /** By the names that they had. */
  readonly left: People;
  /** When the first of those in the line came or left. */
  readonly since: number;
}

interface Arrival {
  readonly name: string;
  readonly since: number;
  readonly hasSpoken: boolean;
}

export const NO_PRESENCE: Presence = {
  arriving: new Map(),
  joined: new Map(),
  left: new Map(),
  since: 0,
};

/** How long somebody has to stay until it is shown that they joined, ms. */
const ANNOUNCE_AFTER = 3_000;

/** How long the line changes, ms: it has the time of the first change, which holds for those that soon follow. */
const CHANGES_FOR = 300_000;

/** People who have come and not stayed long enough yet: of more, nothing is shown. */
const MAX_ARRIVING = 1_000;

/** People in one line: with more, it is printed, and another begins. */
const MAX_CHANGED = 100;

export function personJoined(presence: Presence, key: string, name: string, now: number): Presence {
  // Back again: nothing has changed.
  if (presence.left.has(key)) return { ...presence, left: without(presence.left, key) };
  const { arriving, joined } = presence;
  if (joined.has(key) || arriving.size >= MAX_ARRIVING) return presence;
  const arrival = { name, since: now, hasSpoken: false };
  return { ...presence, arriving: new Map(arriving).set(key, arrival) };
}

export function personSpoke(presence: Presence, key: string): Presence {
  const arrival = presence.arriving.get(key);
  if (arrival === undefined || arrival.hasSpoken) return presence;
  const arriving = new Map(presence.arriving).set(key, { ...arrival, hasSpoken: true });
  return { ...presence, arriving };
}

/** Without a reason or a goodbye. */
export function personLeft(presence: Presence, key: string, name: string, now: number): Presence {
  const { arriving, joined, left } = presence;
  if (arriving.has(key)) return withoutArrival(presence, key);
  if (joined.has(key)) return { ...presence, joined: without(joined, key) };
  return begun({ ...presence, left: new Map(left).set(key, name) }, presence, now);
}

/** Somebody who has come is gone before that was shown. */
export function withoutArrival(presence: Presence, key: string): Presence {
  return { ...presence, arriving: without(presence.arriving, key) };
}

/** Somebody who has just come will be shown under the new name; null if that is not who has another name. */
export function arrivalRenamed(
  presence: Presence,
  key: string,
  from: string,
  to: string,
): Presence | null {
  const arrival = presence.arriving.get(key);
  if (arrival?.name !== from) return null;
  return { ...presence, arriving: new Map(presence.arriving).set(key, { ...arrival, name: to }) };
}

/** Those who have stayed long enough are in the line; the same object if nothing changed. */
export function announceArrivals(presence: Presence, now: number): Presence {
  const isRecent = ({ since }: Arrival) => since + ANNOUNCE_AFTER > now;
  const arriving = new Map([...presence.arriving].filter(([, arrival]) => isRecent(arrival)));
  if (arriving.size === presence.arriving.size) return presence;
  const came = [...presence.arriving]
    .filter(([, arrival]) => !isRecent(arrival) && !arrival.hasSpoken)
    .map(([key, { name }]) => [key, name] as const);
  const next = { ...presence, arriving, joined: new Map([...presence.joined, ...came]) };
  return begun(next, presence, now);
}

/** Those who have come and not spoken are in the line now: something is printed below it that was said or done after they came. */
export function announceAll(presence: Presence): Presence {
  const came = [...presence.arriving].filter(([, { hasSpoken }]) => !hasSpoken);
  const [first] = came;
  if (first === undefined) return presence;
  const [, { since }] = first;
  const arriving = new Map([...presence.arriving].filter(([, { hasSpoken }]) => hasSpoken));
  const names = came.map(([key, { name }]) => [key, name] as const);
  return begun(
    { ...presence, arriving, joined: new Map([...presence.joined, ...names]) },
    presence,
    since,
  );
}

/** When the next of those who came has stayed long enough; null if nobody has come. */
export function nextAnnouncement({ arriving }: Presence): number | null {
  const [first] = arriving.values();
  return first === undefined ? null : first.since + ANNOUNCE_AFTER;
}

/** When the line is to be printed, so that another begins; null if there is none. */
export function presenceEnd(presence: Presence): number | null {
  return isNothing(presence) ? null : presence.since + CHANGES_FOR;
}

/** After the line was printed: those who have just come are still to be shown. */
export function presencePrinted({ arriving }: Presence): Presence {
  return { ...NO_PRESENCE, arriving };
}

/** Whether the line has as many people as it may have. */
export function isPresenceFull({ joined, left }: Presence): boolean {
  return joined.size + left.size >= MAX_CHANGED;
}

/** `ben, eva joined; tom left`; null if nothing has changed. */
export function presenceText({ joined, left }: Presence): string | null {
  if (isNothing({ joined, left })) return null;
  const parts = [
    ...(joined.size === 0 ? [] : [`${listNames([...joined.values()])} joined`]),
    ...(left.size === 0 ? [] : [`${listNames([...left.values()])} left`]),
  ];
  return parts.join("; ");
}

function begun(next: Presence, before: Presence, now: number): Presence {
  return isNothing(before) ? { ...next, since: now } : next;
}

function isNothing({ joined, left }: Pick<Presence, "joined" | "left">): boolean {
  return joined.size === 0 && left.size === 0;
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): Map<string, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
