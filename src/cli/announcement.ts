// Announces the server on this machine's networks (net/discovery), unless it is asked not to, or can't be reached from there.

import { hostname } from "node:os";

import { fingerprint } from "../identity/key-text.ts";
import { isLoopback } from "../net/address.ts";
import { isAnyAddress } from "../net/udp-socket.ts";
import type { SocketAddress } from "../protocol/socket-address.ts";
import type { CommandLine } from "./options.ts";

/** Hexadecimal digits of the key in the name of the host: two servers of one network have different ones. */
const KEY_DIGITS = 8;

interface AnnouncedServer {
  readonly local: SocketAddress;
  readonly publicKey: Uint8Array;
  /** The name of its owner. */
  readonly name: string;
  readonly isOpen: boolean;
}

/**
 * Returns at once, and announces it later: starting a server does not wait for that. Null where it is not announced.
 * Disposing of it takes the announcement back.
 */
export function announceServer(
  { flags }: CommandLine,
  { local, publicKey, name, isOpen }: AnnouncedServer,
): AsyncDisposable | null {
  if (flags.has("no-announce") || isLoopback(local)) return null;
  const key = Buffer.from(publicKey).toString("hex").slice(0, KEY_DIGITS);
  const announcing = import("../net/discovery/announce.ts").then(({ announce, asLabel }) =>
    announce(
      {
        instance: asLabel(`${name} on ${machineName()}`),
        host: `charla-${key}-${local.port}`,
        port: local.port,
        fingerprint: fingerprint(publicKey),
        isOpen,
      },
      (address) => isAnyAddress(local.address) || local.address === address,
    ),
  );
  return {
    async [Symbol.asyncDispose]() {
      await (await announcing)[Symbol.asyncDispose]();
    },
  };
}

/** Without the domain that a host name may end with. */
function machineName(): string {
  return hostname().split(".")[0] ?? "";
}
