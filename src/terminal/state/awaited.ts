// Who was here when the connection was lost and may be back soon. After a restart of the server all members enter again, and
// what happened meanwhile was not reported: only the difference is shown. Pure; times are ms since 1970.

import { MAX_HERE, type People } from "./room.ts";

export interface Awaited {
  /** Those who were here, and are not known to be here again. */
  readonly people: People;
  readonly phase:
    | { readonly type: "lost" }
    /** The connection is back, and so may they be until then; `isCounted` once the server has said who is here. */
    | { readonly type: "back"; readonly until: number; readonly isCounted: boolean }
    /** They have had their time: the server is being asked who is here, so that the others are said to have left. */
    | { readonly type: "asked" };
}

/**
 * How long others have to come back, ms: their longest wait between two attempts to connect is 30 s, and a handshake
 * takes a few more on a bad path.
 */
const BACK_WITHIN = 35_000;

/** People who are compared: the server's list of more may be truncated (docs/protocol.md s. 18.2). */
const MAX_COMPARED = 200;

/** @param others who is here, without this person */
export function connectionLost(awaited: Awaited | null, others: People): Awaited {
  const people = new Map([...(awaited?.people ?? []), ...others].slice(-MAX_HERE));
  return { people, phase: { type: "lost" } };
}

/** @param others as far as is known */
export function connectionBack(awaited: Awaited | null, others: People, now: number): Awaited {
  const people = awaited?.people ?? others;
  return { people, phase: { type: "back", until: now + BACK_WITHIN, isCounted: false } };
}

/** Somebody is here again, or it was shown that they left. */
export function withoutPerson(awaited: Awaited, key: string): Awaited | null {
  if (!awaited.people.has(key)) return awaited;
  const people = new Map(awaited.people);
  people.delete(key);
  return untilAllBack({ ...awaited, people });
}

export interface Comparison {
  readonly awaited: Awaited | null;
  readonly came: People;
  readonly left: People;
  /** Who is back under another name. */
  readonly renamed: readonly {
    readonly key: string;
    readonly from: string;
    readonly to: string;
  }[];
}

const NO_CHANGES: Omit<Comparison, "awaited"> = { came: new Map(), left: new Map(), renamed: [] };

/**
 * Compares those who were here with those who are.
 *
 * @param known others who are here, as far as that was known before
 * @param here others who are here
 */
export function compare(awaited: Awaited, known: People, here: People): Comparison {
  const { people, phase } = awaited;
  if (phase.type === "lost") return { ...NO_CHANGES, awaited };
  if (Math.max(people.size, here.size) > MAX_COMPARED) return { ...NO_CHANGES, awaited: null };
  const gone = without(people, here);
  const came = without(without(here, people), known);
  const renamed = [...people].flatMap(([key, from]) => {
    const to = here.get(key) ?? from;
    return from === to ? [] : [{ key, from, to }];
  });
  if (phase.type === "asked") return { awaited: null, came, left: gone, renamed };
  const counted = { people: gone, phase: { ...phase, isCounted: true } };
  return { awaited: untilAllBack(counted), came, left: new Map(), renamed };
}

/** When the server is to be asked who is here, to say who is gone; null while nobody is awaited. */
export function askAt(awaited: Awaited | null): number | null {
  return awaited?.phase.type === "back" ? awaited.phase.until : null;
}

export function askingWhoIsGone(awaited: Awaited | null): Awaited | null {
  return awaited === null ? null : { ...awaited, phase: { type: "asked" } };
}

/** Null once nobody is awaited any more. */
function untilAllBack(awaited: Awaited): Awaited | null {
  const { people, phase } = awaited;
  return people.size === 0 && phase.type === "back" && phase.isCounted ? null : awaited;
}

function without(people: People, others: People): People {
  return new Map([...people].filter(([key]) => !others.has(key)));
}
