// Who came and who left, in one line that holds the net change: somebody who comes and goes at once, as `charla send` does,
// is never in it. Somebody who leaves with a reason has a line of their own instead. Pure; times are ms since 1970.

import { listNames } from "./event-text.ts";

export interface Presence {
  /** Who has come: shown if they stay, unless they have spoken meanwhile, which shows it too. */
  readonly arriving: ReadonlyMap<string, Arrival>;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** When the first of those in the line came or left. */
  readonly since: number;
}

interface Arrival {
  readonly since: number;
  readonly hasSpoken: boolean;
}

export const NO_PRESENCE: Presence = {
  arriving: new Map(),
  joined: [],
  left: [],
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

export function personJoined(presence: Presence, name: string, now: number): Presence {
  // Back again: nothing has changed.
  if (presence.left.includes(name)) {
    return { ...presence, left: presence.left.filter((other) => other !== name) };
  }
  const { arriving, joined } = presence;
  if (joined.includes(name) || arriving.size >= MAX_ARRIVING) return presence;
  return { ...presence, arriving: new Map(arriving).set(name, { since: now, hasSpoken: false }) };
}

export function personSpoke(presence: Presence, name: string): Presence {
  const arrival = presence.arriving.get(name);
  if (arrival === undefined || arrival.hasSpoken) return presence;
  const arriving = new Map(presence.arriving).set(name, { ...arrival, hasSpoken: true });
  return { ...presence, arriving };
}

/** Without a reason. */
export function personLeft(presence: Presence, name: string, now: number): Presence {
  if (presence.arriving.has(name)) return withoutArrival(presence, name);
  if (presence.joined.includes(name)) {
    return { ...presence, joined: presence.joined.filter((other) => other !== name) };
  }
  return begun({ ...presence, left: [...presence.left, name] }, presence, now);
}

/** Somebody who has come is gone before that was shown. */
export function withoutArrival(presence: Presence, name: string): Presence {
  return { ...presence, arriving: without(presence.arriving, name) };
}

export function personRenamed(presence: Presence, from: string, to: string): Presence {
  const arrival = presence.arriving.get(from);
  return {
    ...presence,
    arriving:
      arrival === undefined
        ? presence.arriving
        : new Map(without(presence.arriving, from)).set(to, arrival),
    joined: presence.joined.map((name) => (name === from ? to : name)),
  };
}

/** Those who have stayed long enough are in the line; the same object if nothing changed. */
export function announceArrivals(presence: Presence, now: number): Presence {
  const isRecent = ({ since }: Arrival) => since + ANNOUNCE_AFTER > now;
  const arriving = new Map([...presence.arriving].filter(([, arrival]) => isRecent(arrival)));
  if (arriving.size === presence.arriving.size) return presence;
  const names = [...presence.arriving]
    .filter(([, arrival]) => !isRecent(arrival) && !arrival.hasSpoken)
    .map(([name]) => name);
  const next = { ...presence, arriving, joined: [...presence.joined, ...names] };
  return begun(next, presence, now);
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
  return joined.length + left.length >= MAX_CHANGED;
}

/** `ben, eva joined; tom left`; null if nothing has changed. */
export function presenceText({ joined, left }: Presence): string | null {
  if (isNothing({ joined, left })) return null;
  const parts = [
    ...(joined.length === 0 ? [] : [`${listNames(joined)} joined`]),
    ...(left.length === 0 ? [] : [`${listNames(left)} left`]),
  ];
  return parts.join("; ");
}

function begun(next: Presence, before: Presence, now: number): Presence {
  return isNothing(before) ? { ...next, since: now } : next;
}

function isNothing({ joined, left }: Pick<Presence, "joined" | "left">): boolean {
  return joined.length === 0 && left.length === 0;
}

function without<Value>(map: ReadonlyMap<string, Value>, name: string): Map<string, Value> {
  const rest = new Map(map);
  rest.delete(name);
  return rest;
}
