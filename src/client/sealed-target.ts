// What a client of the sealed wire joins: the ways to a server, and how that proves who it is. Pure; find-target.ts finds what
// people write.

import { CharlaError } from "../errors.ts";
import type { Invitation, Way } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";

/** Which server a client accepts. */
export interface ServerTrust {
  /** The server's public key; null where it is not known yet. */
  readonly expected: Uint8Array | null;
  /** The error to report when the server at `where`, HOST:PORT, has another key. */
  refused(key: Uint8Array, where: string): CharlaError;
}

export interface SealedTarget {
  /** At least one. */
  readonly ways: readonly Way[];
  /** The invitation's secret, 16 bytes; null to join an open conversation. */
  readonly secret: Uint8Array | null;
  readonly trust: ServerTrust;
  /** The room to enter; without it, `main`. */
  readonly room?: string;
}

/** Only the server that made the invitation is accepted. */
export function invitedTo({ ways, room, key, secret }: Invitation): SealedTarget {
  const refused = (other: Uint8Array, where: string) =>
    new CharlaError(
      "SERVER_KEY_CHANGED",
      `${where} is not the server that made this invitation: its fingerprint is ${fingerprint(other)}, and not ${fingerprint(key)}`,
      "ask for a new invitation if the server was set up anew; if it was not, somebody is impersonating it",
    );
  return { ways, room, secret, trust: { expected: key, refused } };
}
