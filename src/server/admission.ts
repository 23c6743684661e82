// Who may join a server: everybody with its own invitation, those who are on the list of authorized keys, and
// the guests of invitations that have an end. Glue between these and the handshake.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import type { AcceptedKey, Admission } from "../protocol/handshake/admission.ts";
import type { IsAuthorized } from "./authorized-keys-file.ts";
import type { KeptInvitations } from "./invitations-file.ts";
import { addInvitation, admitGuest, type Invitations, keysOf, type Wanted } from "./invitations.ts";

export interface AdmissionOptions {
  /** What lets anyone in, 16 bytes; null where nothing is needed. */
  readonly secret: Uint8Array | null;
  readonly kept: KeptInvitations;
  readonly authorized: IsAuthorized | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  /** What has happened cannot be kept: it is tried again with what happens next. */
  onTrouble(error: CharlaError): void;
}

export interface ServerAdmission extends Admission {
  /** @throws {CharlaError} REFUSED, TOO_MANY_INVITATIONS, FOLDER_NOT_WRITABLE */
  invite(wanted: Wanted): void;
  /** Keeps at once what was to be kept soon. */
  settle(): void;
}

export function createAdmission(options: AdmissionOptions): ServerAdmission {
  const { secret, kept, authorized, now } = options;
  const invitations: Invitations = { all: kept.found };
  const everyone: AcceptedKey = { psk: secretToPsk(secret), admitsTo: null };
  /** Of those who come without an invitation, where one is needed. */
  const nobodys: AcceptedKey = { psk: secretToPsk(null), admitsTo: null };
  let keepSoon: NodeJS.Immediate | null = null;

  function settle(): void {
    if (keepSoon === null) return;
    clearImmediate(keepSoon);
    keepSoon = null;
    try {
      kept.keep(invitations.all);
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      options.onTrouble(error);
    }
  }

  return {
    *keysFor(claimedKey) {
      yield everyone;
      yield* keysOf(invitations, fingerprint(claimedKey), now());
      if (secret !== null && authorized !== undefined) yield nobodys;
    },
    admit(key, peerKey) {
      if (key === everyone) return true;
      if (key === nobodys) return authorized?.(fingerprint(peerKey)) === true;
      const admitted = admitGuest(invitations, key, fingerprint(peerKey), now());
      // Many may come at once: they are written down together.
      if (admitted === "new") keepSoon ??= setImmediate(settle);
      return admitted !== "refused";
    },
    invite(wanted) {
      if (secret === null) {
        throw new CharlaError(
          "REFUSED",
          "anyone may join: an invitation that ends would keep nobody out",
          "open the conversation without --open",
        );
      }
      const before = invitations.all;
      addInvitation(invitations, wanted, now());
      try {
        kept.keep(invitations.all);
      } catch (error) {
        invitations.all = before;
        throw error;
      }
    },
    settle,
  };
}
