// The invitations of a server: the standing one, for everybody and all rooms, which can be renewed, and limited ones, for
// one room and for so many people or so long. People who came by one may come back with it as long as it is remembered,
// even when it admits nobody new. Pure but for the guests that are added: the time is an argument; knows no files and
// no sockets.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import type { AcceptedKey } from "../protocol/handshake/responder-handshake.ts";

/** Invitations that still let somebody new in: the secret of each of them is tried in every handshake. */
export const MAX_INVITATIONS = 64;
/** Others, with which guests come back; past that, the guests of the oldest need a new one. */
export const MAX_SPENT = 192;
/** People that one invitation lets in: each is remembered. */
export const MAX_GUESTS = 1_000;

/** Standing invitations that were replaced; past that, the guests of the oldest need a new one. */
export const MAX_REPLACED = 64;
/** Guests of one standing invitation that are remembered, 64 bytes each: those who came last. */
export const MAX_STANDING_GUESTS = 10_000;
/** The same of all of them together. */
export const MAX_ALL_STANDING_GUESTS = 20_000;

/** The invitation by which a client came. */
export interface UsedInvitation {
  /** "standing", "open", "authorized", "own" (the owner in this program), or the number of a limited one. */
  readonly id: string;
  /** The one room that it is for; null if it is for all. */
  readonly room: string | null;
}

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
  /** Fingerprints of the people that it has let in, who may come back when it was replaced. The last to come are last. */
  readonly guests: Set<string>;
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
  /** Fingerprints of the people that it has let in. */
  readonly guests: Set<string>;
  readonly key: AcceptedKey;
}

/** An invitation as its owner sees it. */
export interface IssuedInvitation extends UsedInvitation {
  /** How many people it still lets in; null for any number. */
  readonly left: number | null;
  /** Until when, ms since 1970; null for no end. */
  readonly until: number | null;
  /** Fingerprints. */
  readonly guests: ReadonlySet<string>;
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

export function withKey(invitation: Omit<LimitedInvitation, "key">): LimitedInvitation {
  const { number, secret } = invitation;
  return { ...invitation, key: { psk: secretToPsk(secret), id: String(number) } };
}

export function standingInvitation(
  secret: Uint8Array,
  guests: Iterable<string> = [],
): StandingInvitation {
  return { secret, guests: new Set(guests), key: { psk: secretToPsk(secret), id: "standing" } };
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

/** Returns whether it is a guest that was not known. */
export function admitByStanding({ guests }: StandingInvitation, guest: string): boolean {
  const isNew = !guests.delete(guest);
  guests.add(guest);
  const [oldest] = guests;
  if (guests.size > MAX_STANDING_GUESTS && oldest !== undefined) guests.delete(oldest);
  return isNew;
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
): Invitations {
  if (uses > MAX_GUESTS) {
    throw new CharlaError(
      "REFUSED",
      `an invitation lets in at most ${MAX_GUESTS} people`,
      "make several, or one without an end",
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
  return { standing, limited: [...kept, added], next: number + 1 };
}

/** The keys that this guest may have beside the standing one: those that admit anyone new, and those that admitted them. */
export function acceptedKeys(
  { standing, limited }: Invitations,
  guest: string,
  now: number,
): AcceptedKey[] {
  const open = limited.filter((each) => each.guests.has(guest) || isOpen(each, now));
  const replaced = standing.slice(0, -1).filter(({ guests }) => guests.has(guest));
  return [...open, ...replaced].map(({ key }) => key);
}

/** Lets in somebody who has the key, if it still may: "new" has taken one of its uses, "known" has come back. */
export function admitGuest(
  { limited }: Invitations,
  key: AcceptedKey,
  guest: string,
  now: number,
): "new" | "known" | "refused" {
  const invitation = limited.find((each) => each.key === key);
  if (invitation === undefined) return "refused";
  if (invitation.guests.has(guest)) return "known";
  if (!isOpen(invitation, now)) return "refused";
  invitation.guests.add(guest);
  return "new";
}

export function noSuchInvitation(number: number): CharlaError {
  return new CharlaError(
    "NO_SUCH_INVITATION",
    `there is no invitation ${number} that lets anybody new in`,
    "/invites lists those that do; /invite --renew replaces the standing one",
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
