// The addresses that `charla serve` listens on, the URLs that lead to them, and why it cannot listen. Pure: the network
// interfaces are an argument.

import { isIPv6 } from "node:net";

import { CharlaError, systemCode } from "../../errors.ts";
import { isLoopback } from "../../net/address.ts";
import { type Interfaces, ownAddresses } from "../../net/own-addresses.ts";
import { describeBindError } from "../../net/socket-error.ts";
import { ANY_ADDRESS, ANY_IPV4_ADDRESS, isAnyAddress } from "../../net/udp-socket.ts";

/** Both, because "localhost" may be either; the second only if this machine has IPv6. */
export const LOOPBACK = ["127.0.0.1", "::1"] as const;

export interface ListenAddresses {
  /** Tried in this order, until the server can listen on all addresses of one. */
  readonly candidates: readonly (readonly string[])[];
  readonly isPublic: boolean;
}

/** @param bind an address or "localhost"; loopback by default */
export function chooseAddresses(bind: string | undefined, isPublic: boolean): ListenAddresses {
  if (isPublic) return { candidates: [[ANY_ADDRESS], [ANY_IPV4_ADDRESS]], isPublic };
  if (bind === undefined || bind === "localhost") {
    return { candidates: [LOOPBACK, LOOPBACK.slice(0, 1)], isPublic: false };
  }
  return { candidates: [[bind]], isPublic: !isLoopback({ address: bind, port: 0 }) };
}

/** The one with localhost first, if there is one. */
export function formatUrls(
  scheme: "http" | "https",
  listening: readonly string[],
  port: number,
  interfaces: Interfaces,
): string[] {
  const urls = listening
    .flatMap((address) => hostNames(address, interfaces))
    .map((host) => {
      const isDefault = port === (scheme === "http" ? 80 : 443);
      return isDefault ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
    });
  return Array.from(new Set(urls));
}

function hostNames(address: string, interfaces: Interfaces): string[] {
  if (LOOPBACK.some((one) => one === address)) return ["localhost"];
  if (!isAnyAddress(address)) return [formatHost(address)];
  const own = ownAddresses(interfaces).filter((one) => address === ANY_ADDRESS || !isIPv6(one));
  return ["localhost", ...own.map(formatHost)];
}

function formatHost(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/**
 * Why a folder cannot be served.
 *
 * @returns `cause` itself if it is not an error of the system
 */
export function describeServeError(
  cause: unknown,
  folder: string,
  port: number,
  addresses: readonly string[],
): unknown {
  const isSystem = systemCode(cause) !== "" && cause instanceof Error && "syscall" in cause;
  if (!isSystem) return cause;
  if (cause.syscall !== "listen") return describeFolderError(cause, folder);
  if (systemCode(cause) === "EADDRNOTAVAIL") {
    return new CharlaError(
      "ADDRESS_NOT_AVAILABLE",
      `cannot listen on ${addresses.join(" and ")}: this machine does not have that address`,
      "use an address of this machine, or --public for all of them",
      { cause },
    );
  }
  return describeBindError(cause, `port ${port}`);
}

function describeFolderError(cause: Error, folder: string): CharlaError {
  const code = systemCode(cause);
  const name = JSON.stringify(folder);
  const [message, hint] =
    code === "ENOENT"
      ? [
          `there is no folder ${name}`,
          "check its name; without DIR, charla serve shares the current folder",
        ]
      : code === "ENOTDIR"
        ? [`${name} is not a folder`, "share the folder that contains it"]
        : [`cannot read the folder ${name}: ${cause.message}`, "check its permissions"];
  return new CharlaError("FILE_NOT_READABLE", message, hint, { cause });
}
