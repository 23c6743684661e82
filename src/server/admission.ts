// Who may join a server: everybody with its own invitation, the people on the list of authorized keys, and
// the guests of invitations that have an end. Connects these with the handshake, which lets somebody as far as a session,
// and with entering a room, which makes them a guest.

import { CharlaError } from "../errors.ts";
import { SECRET_BYTES, secretToPsk } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import type { AcceptedKey } from "../protocol/handshake/responder-handshake.ts";
import type { IsAuthorized } from "./authorized-keys.ts";
import type { InvitationStore } from "./invitations-file.ts";
import {
  acceptedKeys,
  addInvitation,
  admitGuest,
  closeInvitations,
  describeInvitation,
  enterAsGuest,
  enterByStanding,
  type Invitations,
  isOpen,
  type IssuedInvitation,
  type LimitedInvitation,
  mayEnter,
  mayHaveUsed,
  type NewInvitation,
  noSuchInvitation,
  type StandingInvitation,
  UNLIMITED,
  type UsedInvitation,
  withStanding,
} from "./invitations.ts";

/** How long a new guest of the standing invitation may wait to be stored, ms. */
const SAVE_AFTER = 5_000;

interface AdmissionOptions {
  /** Of the server's invitation, 16 bytes; null if nobody needs one. */
  readonly secret: Uint8Array | null;
  readonly store: InvitationStore;
  readonly authorized: IsAuthorized | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  /** So many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** A new guest could not be stored; the next change stores it as well. */
  onNotStored(error: CharlaError): void;
  /** The standing invitation has another secret; `by` is the fingerprint of the person who has renewed it, or banned somebody. */
  onRenewed(by: string | undefined, cause: "renew" | "ban"): void;
}

export function createAdmission(options: AdmissionOptions) {
  const { store, authorized, now } = options;
  let { secret } = options;
  let invitations = secret === null ? store.stored : withStanding(store.stored, secret);
  /** Of everybody who comes to an open server. */
  const openKey: AcceptedKey = { psk: secretToPsk(null), id: "open" };
  /** Of people without an invitation, if one is needed. */
  const authorizedKey: AcceptedKey = { psk: secretToPsk(null), id: "authorized" };
  let saving: NodeJS.Immediate | null = null;
  let savingLater: NodeJS.Timeout | null = null;

  /** Stores now what was to be stored soon. */
  function flush(): void {
    if (saving === null && savingLater === null) return;
    if (saving !== null) clearImmediate(saving);
    if (savingLater !== null) clearTimeout(savingLater);
    saving = null;
    savingLater = null;
    try {
      store.save(invitations);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      options.onNotStored(error);
    }
  }

  /** The standing invitation; null on an open server. */
  function current(): StandingInvitation | null {
    return secret === null ? null : (invitations.standing.at(-1) ?? null);
  }

  function save(changed: Invitations): void {
    store.save(changed);
    invitations = changed;
  }

  /** @throws {CharlaError} REFUSED, FOLDER_NOT_WRITABLE */
  function renew(by?: string, cause: "renew" | "ban" = "renew"): void {
    if (secret === null) {
      throw new CharlaError(
        "REFUSED",
        "anyone may join: a new invitation would keep nobody out",
        "open the conversation without --open",
      );
    }
    const replacement = new Uint8Array(options.random(SECRET_BYTES));
    const renewed = withStanding(invitations, replacement);
    // First the people who may come back: if the program ends in between, the secret is still the one that they have.
    store.save(renewed);
    store.saveSecret(replacement);
    secret = replacement;
    invitations = renewed;
    options.onRenewed(by, cause);
  }

  function findStanding(key: string): StandingInvitation | undefined {
    return invitations.standing.find((each) => each.key.id === key);
  }

  function findLimited(key: string): LimitedInvitation | undefined {
    return invitations.limited.find((each) => each.key.id === key);
  }

  /** Whether somebody who came with this key may enter: it still lets new people in, or has let them in before. */
  function mayEnterWith(key: string, guest: string): boolean {
    const standing = findStanding(key);
    if (standing !== undefined) return standing === current() || standing.guests.has(guest);
    const limited = findLimited(key);
    return limited !== undefined && mayEnter(limited, guest, now());
  }

  return {
    /** Of the standing invitation, 16 bytes; null on an open server. */
    get secret(): Uint8Array | null {
      return secret;
    },
    /** The invitation whose key has that id; null if it is not remembered any more. */
    find(key: string): UsedInvitation | null {
      if (UNLIMITED.has(key)) return { id: key, room: null };
      if (findStanding(key) !== undefined) return { id: "standing", room: null, key };
      const invitation = findLimited(key);
      return invitation === undefined ? null : { id: key, room: invitation.room, key };
    },
    *keysFor(claimedKey: Uint8Array) {
      yield current()?.key ?? openKey;
      yield* acceptedKeys(invitations, fingerprint(claimedKey), now());
      if (secret !== null && authorized !== undefined) yield authorizedKey;
    },
    admit(key: AcceptedKey, peerKey: Uint8Array): boolean {
      const guest = fingerprint(peerKey);
      if (key === openKey) return true;
      if (key === authorizedKey) return authorized?.(guest) === true;
      const limited = findLimited(key.id);
      return limited === undefined
        ? mayEnterWith(key.id, guest)
        : admitGuest(limited, guest, now());
    },
    /** Whether somebody who came by it may enter a room now: it may have been closed since their handshake. */
    mayEnter({ key }: UsedInvitation, guest: string): boolean {
      return key === undefined || mayEnterWith(key, guest);
    },
    /** Somebody has entered a room by it: from now on they are a guest of the invitation, and may come back. */
    enter({ key }: UsedInvitation, guest: string): void {
      if (key === undefined || !mayEnterWith(key, guest)) return;
      const standing = findStanding(key);
      if (standing !== undefined) {
        // The list matters only once the invitation was renewed: it is not worth a write for each guest.
        if (enterByStanding(standing, guest)) savingLater ??= setTimeout(flush, SAVE_AFTER).unref();
        return;
      }
      const limited = findLimited(key);
      // Many may come in one turn: they are stored together.
      if (limited !== undefined && enterAsGuest(limited, guest)) saving ??= setImmediate(flush);
    },
    /** @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS, FOLDER_NOT_WRITABLE */
    invite(invitation: NewInvitation): IssuedInvitation {
      if (secret === null) {
        throw new CharlaError(
          "REFUSED",
          "anyone may join: an invitation that ends would keep nobody out",
          "open the conversation without --open",
        );
      }
      const { invitations: changed, added } = addInvitation(invitations, invitation, now());
      save(changed);
      return describeInvitation(added, now());
    },
    renew,
    /**
     * Lets nobody new in by a limited invitation.
     *
     * @throws {CharlaError} NO_SUCH_INVITATION, FOLDER_NOT_WRITABLE
     */
    revoke(number: number): void {
      const known = invitations.limited.find((each) => each.number === number);
      if (known === undefined || !isOpen(known, now())) {
        throw noSuchInvitation(number);
      }
      save(closeInvitations(invitations, new Set([number]), now()));
    },
    /**
     * Closes the invitations by which somebody came; the standing one is renewed, also when it has had so many guests that
     * they may have been forgotten. Others who came by them may come back.
     *
     * @returns the ids of those that are closed now
     * @throws {CharlaError} FOLDER_NOT_WRITABLE
     */
    closeAllOf(guest: string, by?: string): string[] {
      const numbers = invitations.limited
        .filter((each) => each.guests.has(guest) && isOpen(each, now()))
        .map(({ number }) => number);
      if (numbers.length > 0) save(closeInvitations(invitations, new Set(numbers), now()));
      const standing = current();
      const hasStanding = standing !== null && mayHaveUsed(standing, guest);
      if (hasStanding) renew(by, "ban");
      return [...(hasStanding ? ["standing"] : []), ...numbers.map(String)];
    },
    /** Those that let somebody new in, or have let somebody in who may come back; the standing ones as one. */
    list(): IssuedInvitation[] {
      const all = new Set(invitations.standing.flatMap(({ guests }) => [...guests]));
      const limited = invitations.limited.map((each) => describeInvitation(each, now()));
      // Those that are closed last: they may not all fit an answer.
      limited.sort((one, other) => Number(one.left === 0) - Number(other.left === 0));
      return secret === null
        ? limited
        : [{ id: "standing", room: null, left: null, until: null, guests: all }, ...limited];
    },
    flush,
  };
}
