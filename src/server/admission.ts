// Who may join a server: everybody with its own invitation, the people on the list of authorized keys, and
// the guests of invitations that have an end. Connects these with the handshake.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import type { AcceptedKey } from "../protocol/handshake/responder-handshake.ts";
import type { IsAuthorized } from "./authorized-keys.ts";
import type { InvitationStore } from "./invitations-file.ts";
import {
  acceptedKeys,
  addInvitation,
  admitGuest,
  type NewInvitation,
  type UsedInvitation,
} from "./invitations.ts";

interface AdmissionOptions {
  /** Of the server's invitation, 16 bytes; null if nobody needs one. */
  readonly secret: Uint8Array | null;
  readonly store: InvitationStore;
  readonly authorized: IsAuthorized | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  /** A new guest could not be stored; the next change stores it as well. */
  onNotStored(error: CharlaError): void;
}

export function createAdmission(options: AdmissionOptions) {
  const { secret, store, authorized, now } = options;
  let invitations = store.stored;
  const ownKey: AcceptedKey = {
    psk: secretToPsk(secret),
    id: secret === null ? "open" : "standing",
  };
  /** Of people without an invitation, if one is needed. */
  const authorizedKey: AcceptedKey = { psk: secretToPsk(null), id: "authorized" };
  let saving: NodeJS.Immediate | null = null;

  /** Stores now what was to be stored soon. */
  function flush(): void {
    if (saving === null) return;
    clearImmediate(saving);
    saving = null;
    try {
      store.save(invitations);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      options.onNotStored(error);
    }
  }

  return {
    /** The invitation of that id; null if it is not remembered any more. */
    find(id: string): UsedInvitation | null {
      if (id === ownKey.id || id === authorizedKey.id) return { id, room: null };
      const invitation = invitations.limited.find(({ key }) => key.id === id);
      return invitation === undefined ? null : { id, room: invitation.room };
    },
    *keysFor(claimedKey: Uint8Array) {
      yield ownKey;
      yield* acceptedKeys(invitations, fingerprint(claimedKey), now());
      if (secret !== null && authorized !== undefined) yield authorizedKey;
    },
    admit(key: AcceptedKey, peerKey: Uint8Array): boolean {
      if (key === ownKey) return true;
      if (key === authorizedKey) return authorized?.(fingerprint(peerKey)) === true;
      const admitted = admitGuest(invitations, key, fingerprint(peerKey), now());
      // Many may come in one turn: they are stored together.
      if (admitted === "new") saving ??= setImmediate(flush);
      return admitted !== "refused";
    },
    /** @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS, FOLDER_NOT_WRITABLE */
    invite(invitation: NewInvitation): void {
      if (secret === null) {
        throw new CharlaError(
          "REFUSED",
          "anyone may join: an invitation that ends would keep nobody out",
          "open the conversation without --open",
        );
      }
      const added = addInvitation(invitations, invitation, now());
      store.save(added);
      invitations = added;
    },
    flush,
  };
}
