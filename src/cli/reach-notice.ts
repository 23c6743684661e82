// Who can reach a server, in words, by the ways that its invitations hold. Pure: whether a firewall or a router lets anybody
// through is not known here.

import { isIP, isIPv6 } from "node:net";

import type { NoticeText } from "../chat/events.ts";
import type { Way } from "../identity/invitation.ts";
import { formatHostAndPort, formatRelay } from "../net/address.ts";
import { addressScope } from "../net/own-addresses.ts";

/** Addresses that are named. */
const MAX_NAMED = 3;

/**
 * Null where the owner has asked for this machine only.
 *
 * @param remedy what lets others in where only this network can reach the server; null where nothing does
 */
export function describeReach(
  ways: readonly Way[],
  { bind, remedy }: { readonly bind: string | undefined; readonly remedy: string | null },
): NoticeText | null {
  const relays = ways.filter(({ kind }) => kind === "relay").map(formatRelay);
  const direct = ways.filter(({ kind }) => kind === "direct");
  const global = direct.filter(({ host }) => addressScope(host) === "everywhere");
  const near = direct.filter(({ host }) => addressScope(host) !== "everywhere");
  const publicRelays = ways.filter(
    ({ kind, host }) => kind === "relay" && addressScope(host) === "everywhere",
  );
  if (publicRelays.length > 0) {
    return reach(`reachable from everywhere, through ${list(publicRelays.map(formatRelay))}`);
  }
  if (relays.length > 0)
    return reach(`only who reaches the relay ${list(relays)} reaches this server`);
  if (direct.every(({ host }) => addressScope(host) === "machine")) {
    const message = "no network: only programs on this machine can reach this server";
    return bind === undefined ? reach(message) : null;
  }
  const rest = remedy === null ? "" : `; ${remedy} reaches the rest`;
  const only = near.length === 0 ? "" : `this network: ${describePrivate(near)}`;
  if (global.length === 0) return reach(`only ${only}${rest}`);
  const where = list(
    global.map((way) => (isIP(way.host) === 0 ? formatHostAndPort(way) : way.host)),
  );
  if (global.every(({ host }) => isIPv6(host)) && near.length > 0) {
    return reach(`from everywhere by IPv6, if no firewall blocks it; else only ${only}${rest}`);
  }
  return reach(`reachable from everywhere at ${where}, unless a firewall blocks it`);
}

function reach(message: string): NoticeText {
  return { code: "REACH", message };
}

function describePrivate(ways: readonly Way[]): string {
  const hosts = ways.map(({ host }) => host);
  return `${list(hosts)} ${hosts.length === 1 ? "is" : "are"} private`;
}

function list(names: readonly string[]): string {
  const named = names.slice(0, MAX_NAMED).join(", ");
  const more = names.length - MAX_NAMED;
  return more > 0 ? `${named} and ${more} more` : named;
}
