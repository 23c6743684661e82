// Invitations that have an end: for one room, for so many people or so long. Who was let in by one may come
// back with it for as long as it is remembered, for their network may go away, or the server. A state machine:
// the time is an argument; knows no files and no sockets.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import type { AcceptedKey } from "../protocol/handshake/admission.ts";

/** Invitations that still let somebody new in: whoever joins may have the secret of any of them. */
export const MAX_INVITATIONS = 64;
/** Others, with which guests come back; past that those of the oldest need a new one. */
export const MAX_SPENT = 192;
/** People that one invitation lets in: each is remembered. */
export const MAX_GUESTS = 1_000;

export interface LimitedInvitation {
  /** 16 bytes. */
  readonly secret: Uint8Array;
  readonly room: string;
  /** How many people it lets in. */
  readonly uses: number;
  /** Until when it lets new ones in, ms since 1970; null for as long as there are uses. */
  readonly until: number | null;
  /** Fingerprints of whom it has let in. */
  readonly guests: Set<string>;
  readonly key: AcceptedKey;
}

export interface Invitations {
  /** Oldest first. */
  all: readonly LimitedInvitation[];
}

export interface Wanted {
  /** 16 bytes, random ones. */
  readonly secret: Uint8Array;
  readonly room: string;
  /** 0 for as many as one invitation can let in. */
  readonly uses: number;
  /** 0 for as long as there are uses. */
  readonly seconds: number;
}

export function limitedInvitation(its: Omit<LimitedInvitation, "key">): LimitedInvitation {
  return { ...its, key: { psk: secretToPsk(its.secret), admitsTo: its.room } };
}

/** @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS */
export function addInvitation(
  invitations: Invitations,
  { secret, room, uses, seconds }: Wanted,
  now: number,
): LimitedInvitation {
  if (uses > MAX_GUESTS) {
    throw new CharlaError(
      "REFUSED",
      `an invitation lets in at most ${MAX_GUESTS} people`,
      "make several, or one without an end",
    );
  }
  forgetSpent(invitations, now);
  const { all } = invitations;
  if (all.filter((each) => isOpen(each, now)).length >= MAX_INVITATIONS) {
    throw new CharlaError(
      "TOO_MANY_INVITATIONS",
      `there are ${MAX_INVITATIONS} invitations that nobody has used up`,
      "wait until one of them ends, or give the same one to several",
    );
  }
  const until = seconds === 0 ? null : Math.min(now + seconds * 1_000, Number.MAX_SAFE_INTEGER);
  const its = {
    secret,
    room,
    uses: uses === 0 ? MAX_GUESTS : uses,
    until,
    guests: new Set<string>(),
  };
  const made = limitedInvitation(its);
  invitations.all = [...all, made];
  return made;
}

/** What this guest may have been given: what lets in anyone new, and what has let them in. */
export function keysOf({ all }: Invitations, guest: string, now: number): AcceptedKey[] {
  return all.filter((each) => each.guests.has(guest) || isOpen(each, now)).map(({ key }) => key);
}

/** Somebody who has the key comes in, or comes back: "new" has taken one of its uses. */
export function admitGuest(
  { all }: Invitations,
  key: AcceptedKey,
  guest: string,
  now: number,
): "new" | "known" | "refused" {
  const invitation = all.find((each) => each.key === key);
  if (invitation === undefined) return "refused";
  if (invitation.guests.has(guest)) return "known";
  if (!isOpen(invitation, now)) return "refused";
  invitation.guests.add(guest);
  return "new";
}

function isOpen({ uses, until, guests }: LimitedInvitation, now: number): boolean {
  return guests.size < uses && (until === null || now < until);
}

function forgetSpent(invitations: Invitations, now: number): void {
  const useful = invitations.all.filter((each) => isOpen(each, now) || each.guests.size > 0);
  const spent = useful.filter((each) => !isOpen(each, now));
  const tooOld = new Set(spent.slice(0, Math.max(0, spent.length - MAX_SPENT)));
  invitations.all = useful.filter((each) => !tooOld.has(each));
}
