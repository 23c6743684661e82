// Whom to join on the sealed wire, and how the server is to prove itself. Pure.

import { CharlaError } from "../errors.ts";
import type { Invitation } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { formatAddress, type HostAndPort } from "../net/address.ts";
import type { ServerTrust } from "./connect.ts";

export interface SealedTarget extends HostAndPort {
  /** The invitation's secret, 16 bytes; null to join an open conversation. */
  readonly secret: Uint8Array | null;
  readonly trust: ServerTrust;
  /** Which room to come into; `main` where it is left out. */
  readonly room?: string;
}

/** What an invitation says of both. */
export function invitedTo({ host, port, room, key, secret }: Invitation): SealedTarget {
  const refused = (other: Uint8Array) =>
    new CharlaError(
      "SERVER_KEY_CHANGED",
      `${formatAddress({ address: host, port })} is not the server that made this invitation: its fingerprint is ${fingerprint(other)}, and not ${fingerprint(key)}`,
      "ask for a new invitation if the server was set up anew; if it was not, somebody poses as it",
    );
  return { host, port, room, secret, trust: { expected: key, refused } };
}
