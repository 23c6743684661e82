// Invitations that have an end: for one room, for so many people or so long. A person who was let in by one may
// come back with it as long as it is remembered, for their network may go away, or the server. Pure but for
// the guests that are added: the time is an argument; knows no files and no sockets.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import type { AcceptedKey } from "../protocol/handshake/responder-handshake.ts";

/** Invitations that still let somebody new in: the secret of each of them is tried in every handshake. */
export const MAX_INVITATIONS = 64;
/** Others, with which guests come back; past that, the guests of the oldest need a new one. */
export const MAX_SPENT = 192;
/** People that one invitation lets in: each is remembered. */
export const MAX_GUESTS = 1_000;

/** The invitation by which a client came. */
export interface UsedInvitation {
  /** "standing", "open", "authorized", "own" (the owner in this program), or the number of a limited one. */
  readonly id: string;
  /** The one room that it is for; null if it is for all. */
  readonly room: string | null;
}

export interface Invitations {
  /** Oldest first. */
  readonly limited: readonly LimitedInvitation[];
  /** The number of the next one: a number is never used again. */
  readonly next: number;
}

export const NO_INVITATIONS: Invitations = { limited: [], next: 1 };

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

/**
 * The invitations with a new one at the end, without those that are spent and have no guests.
 *
 * @param now ms since 1970
 * @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS
 */
export function addInvitation(
  { limited, next: number }: Invitations,
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
  return { limited: [...kept, added], next: number + 1 };
}

/** The keys that this guest may have: those that let in anyone new, and those that have let them in. */
export function acceptedKeys({ limited }: Invitations, guest: string, now: number): AcceptedKey[] {
  return limited
    .filter((each) => each.guests.has(guest) || isOpen(each, now))
    .map(({ key }) => key);
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

function isOpen({ uses, until, guests }: LimitedInvitation, now: number): boolean {
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
