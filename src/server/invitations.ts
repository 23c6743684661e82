// The invitations of a server: the standing one, for everybody and all rooms, which can be renewed, and limited ones, for
// one room and for so many people or so long. The guests of an invitation are the people who have entered a room with it:
// they may come back as long as it is remembered, even when it admits nobody new. A handshake alone makes no guest. Pure
// but for the guests that are added: the time is an argument; knows no files and no sockets.

import { MAX_GUESTS } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import type { AcceptedKey } from "../protocol/handshake/responder-handshake.ts";

/** Invitations that still let somebody new in: the secret of each of them is tried in every handshake. */
export const MAX_INVITATIONS = 64;
/** Others, with which guests come back; past that, the guests of the oldest need a new one. */
export const MAX_SPENT = 192;

/** Standing invitations that were replaced; past that, the guests of the oldest need a new one. */
export const MAX_REPLACED = 64;
/** Guests of one standing invitation that are remembered, 64 bytes each: those who came last. */
export const MAX_STANDING_GUESTS = 10_000;
/** The same of all of them together. */
export const MAX_ALL_STANDING_GUESTS = 20_000;
/** How long somebody who has done a handshake has a place among a limited invitation's uses without entering a room, ms. */
const ARRIVAL = 15_000;

/** The invitation by which a client came. */
export interface UsedInvitation {
  /** "standing", "open", "authorized", "own" (the owner in this program), or the number of a limited one. */
  readonly id: string;
  /** The one room that it is for; null if it is for all. */
  readonly room: string | null;
  /** The id of the key with which the client came; undefined where nothing is asked of it. */
  readonly key?: string;
}

/** Ids of the keys that need no invitation, and admit to all rooms. */
export const UNLIMITED: ReadonlySet<string> = new Set(["open", "authorized"]);

export interface Invitations {
  /** The current one last, before it those that it has replaced; empty on a server that anyone may join. */
  readonly standing: readonly StandingInvitation[];
  /** Oldest first. */
  readonly limited: readonly LimitedInvitation[];
  /** The number of the next one: a number is never used again. */
  readonly next: number;
}

export const NO_INVITATIONS: Invitations = { standing: [], limited: [], next: 1 };

export interface StandingInvitation {
  /** 16 bytes. */
  readonly secret: Uint8Array;
  /** Fingerprints of the people who have entered with it, and may come back when it was replaced; the last comes last. */
  readonly guests: Set<string>;
  /** Its id is derived from this secret: an earlier standing invitation has another. */
  readonly key: AcceptedKey;
}

export interface LimitedInvitation {
  readonly number: number;
  /** 16 bytes. */
  readonly secret: Uint8Array;
  readonly room: string;
  /** How many people it lets in. */
  readonly uses: number;
  /** Until when it lets new people in, ms since 1970; null as long as there are uses. */
  readonly until: number | null;
  /** Fingerprints of the people who have entered with it. */
  readonly guests: Set<string>;
  /** Others who have done a handshake, and when, ms since 1970: each has one of the uses for a while. The last are last. */
  readonly arriving: Map<string, number>;
  readonly key: AcceptedKey;
}

/** An invitation as its owner sees it. */
export interface IssuedInvitation extends Pick<UsedInvitation, "id" | "room"> {
  /** How many people it still lets in; null for any number. */
  readonly left: number | null;
  /** Until when, ms since 1970; null for no end. */
  readonly until: number | null;
  /** Fingerprints. */
  readonly guests: ReadonlySet<string>;
}

/** What it lets in now. */
export function describeInvitation(
  { number, room, uses, until, guests }: LimitedInvitation,
  now: number,
): IssuedInvitation {
  const left = isOpen({ uses, until, guests }, now) ? uses - guests.size : 0;
  return { id: String(number), room, left, until, guests };
}

export interface NewInvitation {
  /** 16 random bytes. */
  readonly secret: Uint8Array;
  readonly room: string;
  /** 0 for as many as one invitation can let in. */
  readonly uses: number;
  /** 0 for as long as there are uses. */
  readonly seconds: number;
}

export function withKey(
  invitation: Omit<LimitedInvitation, "key" | "arriving">,
): LimitedInvitation {
  const { number, secret } = invitation;
  const key = { psk: secretToPsk(secret), id: String(number) };
  return { ...invitation, arriving: new Map(), key };
}

export function standingInvitation(
  secret: Uint8Array,
  guests: Iterable<string> = [],
): StandingInvitation {
  const key = { psk: secretToPsk(secret), id: `standing ${fingerprint(secret)}` };
  return { secret, guests: new Set(guests), key };
}

/** The invitations when this secret is the one of the standing invitation; those that have let in nobody are forgotten. */
export function withStanding(invitations: Invitations, secret: Uint8Array): Invitations {
  const isCurrent = (each: StandingInvitation) => Buffer.compare(each.secret, secret) === 0;
  const current = invitations.standing.find(isCurrent) ?? standingInvitation(secret);
  const replaced = invitations.standing.filter((each) => !isCurrent(each) && each.guests.size > 0);
  let remembered = current.guests.size;
  const kept = replaced
    .slice(-MAX_REPLACED)
    .toReversed()
    .filter(({ guests }) => (remembered += guests.size) <= MAX_ALL_STANDING_GUESTS);
  return { ...invitations, standing: [...kept.toReversed(), current] };
}

/** Adds somebody who enters a room; returns whether it is a guest that was not known. */
export function enterByStanding({ guests }: StandingInvitation, guest: string): boolean {
  const isNew = !guests.delete(guest);
  guests.add(guest);
  const [oldest] = guests;
  if (guests.size > MAX_STANDING_GUESTS && oldest !== undefined) guests.delete(oldest);
  return isNew;
}

/** Whether this person has come by it, or may have: of more than MAX_STANDING_GUESTS some are forgotten. */
export function mayHaveUsed({ guests }: StandingInvitation, guest: string): boolean {
  return guests.has(guest) || guests.size >= MAX_STANDING_GUESTS;
}

/** The limited invitations of these numbers let in nobody new any more, as if their time had come. */
export function closeInvitations(
  invitations: Invitations,
  numbers: ReadonlySet<number>,
  now: number,
): Invitations {
  const limited = invitations.limited.map((each) => {
    return numbers.has(each.number) && isOpen(each, now) ? { ...each, until: now } : each;
  });
  return { ...invitations, limited: withoutSpent(limited, now) };
}

/**
 * The invitations with a new one at the end, without those that are spent and have no guests.
 *
 * @param now ms since 1970
 * @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS
 */
export function addInvitation(
  { standing, limited, next: number }: Invitations,
  { secret, room, uses, seconds }: NewInvitation,
  now: number,
): { readonly invitations: Invitations; readonly added: LimitedInvitation } {
  if (uses > MAX_GUESTS) {
    throw new CharlaError(
      "REFUSED",
      `an invitation lets in at most ${MAX_GUESTS} people`,
      "make several, or give away the standing one, which lets in everybody",
    );
  }
  const kept = withoutSpent(limited, now);
  if (kept.filter((each) => isOpen(each, now)).length >= MAX_INVITATIONS) {
    throw new CharlaError(
      "TOO_MANY_INVITATIONS",
      `there are ${MAX_INVITATIONS} invitations that are not used up`,
      "wait until one of them ends, or give the same one to several people",
    );
  }
  const until = seconds === 0 ? null : Math.min(now + seconds * 1_000, Number.MAX_SAFE_INTEGER);
  const guests = new Set<string>();
  const most = uses === 0 ? MAX_GUESTS : uses;
  const added = withKey({ number, secret, room, uses: most, until, guests });
  return { invitations: { standing, limited: [...kept, added], next: number + 1 }, added };
}

/** The keys that this guest may have beside the standing one: those that admit anyone new, and those that admitted them. */
export function acceptedKeys(
  { standing, limited }: Invitations,
  guest: string,
  now: number,
): AcceptedKey[] {
  const open = limited.filter((each) => mayEnter(each, guest, now));
  const replaced = standing.slice(0, -1).filter(({ guests }) => guests.has(guest));
  return [...open, ...replaced].map(({ key }) => key);
}

/** Whether somebody who has done a handshake with it is let in, who then has one of its uses for a while. */
export function admitGuest(invitation: LimitedInvitation, guest: string, now: number): boolean {
  if (!mayEnter(invitation, guest, now)) return false;
  const { guests, arriving } = invitation;
  if (guests.has(guest)) return true;
  arriving.delete(guest);
  arriving.set(guest, now);
  return true;
}

/** Adds somebody who enters the room and may; returns whether it is a guest that was not known, who takes a use. */
export function enterAsGuest({ guests, arriving }: LimitedInvitation, guest: string): boolean {
  arriving.delete(guest);
  if (guests.has(guest)) return false;
  guests.add(guest);
  return true;
}

/** Whether it admits this person: they have entered with it before, or it is open and has a use left. */
export function mayEnter(invitation: LimitedInvitation, guest: string, now: number): boolean {
  const { uses, guests, arriving } = invitation;
  if (guests.has(guest)) return true;
  if (!isOpen(invitation, now)) return false;
  for (const [waiting, since] of arriving) {
    // The clock may have been set back.
    if (now >= since && now < since + ARRIVAL) break;
    arriving.delete(waiting);
  }
  return arriving.has(guest) || guests.size + arriving.size < uses;
}

export function noSuchInvitation(number: number): CharlaError {
  return new CharlaError(
    "NO_SUCH_INVITATION",
    `there is no open invitation with the number ${number}`,
    "/invites lists the open ones; /invite --renew replaces the standing one",
  );
}

/** Whether it still lets somebody new in. */
export function isOpen(
  { uses, until, guests }: Pick<LimitedInvitation, "uses" | "until" | "guests">,
  now: number,
): boolean {
  return guests.size < uses && (until === null || now < until);
}

function withoutSpent(
  limited: readonly LimitedInvitation[],
  now: number,
): readonly LimitedInvitation[] {
  const useful = limited.filter((each) => isOpen(each, now) || each.guests.size > 0);
  const spent = useful.filter((each) => !isOpen(each, now));
  const tooOld = new Set(spent.slice(0, Math.max(0, spent.length - MAX_SPENT)));
  return useful.filter((each) => !tooOld.has(each));
}
