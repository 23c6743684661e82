// Announces the server on this machine's networks (net/discovery), unless it is asked not to, or can't be reached from there.

import { hostname } from "node:os";

import { fingerprint } from "../identity/key-text.ts";
import { isLoopback } from "../net/address.ts";
import type { SocketAddress } from "../protocol/socket-address.ts";
import type { CommandLine } from "./options.ts";

/** Addresses of a socket that takes datagrams to all that this machine has. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(["::", "0.0.0.0"]);
/** Hexadecimal digits of the key in the name of the host: two servers of one network have different ones. */
const KEY_DIGITS = 8;

interface AnnouncedServer {
  readonly local: SocketAddress;
  readonly publicKey: Uint8Array;
  /** The name of its owner. */
  readonly name: string;
  readonly isOpen: boolean;
}

/** Returns at once, and announces it later: nobody who starts a server waits for that. */
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
      (address) => EVERY_ADDRESS.has(local.address) || local.address === address,
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
