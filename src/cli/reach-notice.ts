// Who can reach a server, in words, by the ways that its invitations hold. Pure: whether a firewall or a router lets anybody
// through is not known here.

import { isIP, isIPv6 } from "node:net";

import type { NoticeText } from "../chat/events.ts";
import type { Way } from "../identity/invitation.ts";
import { formatHostAndPort, formatRelay } from "../net/address.ts";
import { type AddressScope, addressScope } from "../net/own-addresses.ts";

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
  const direct = byScope(ways.filter(({ kind }) => kind === "direct"));
  const relays = byScope(ways.filter(({ kind }) => kind === "relay"));
  if (relays.everywhere.length > 0) {
    return reach(`reachable from everywhere, through ${list(relays.everywhere.map(formatRelay))}`);
  }
  const relayScopes = describeRelays(relays);
  if (direct.everywhere.length > 0)
    return reach([describeGlobal(direct), ...relayScopes].join("; "));
  const hasRelay = relayScopes.length > 0;
  const better = hasRelay ? "a relay with a public address" : remedy;
  const rest = remedy === null ? [] : [`${better} reaches the rest`];
  if (direct.network.length > 0) {
    const only = `only this network: ${describePrivate(direct.network)}`;
    return reach([only, ...relayScopes, ...rest].join("; "));
  }
  if (relays.network.length > 0) {
    return reach(["reachable only through a relay", ...relayScopes, ...rest].join("; "));
  }
  const isAsked = bind !== undefined && addressScope(bind) === "machine";
  if (isAsked && !hasRelay) return null;
  const onlyHere = "only programs on this machine can reach this server";
  const said = isAsked ? onlyHere : `no network: ${onlyHere}`;
  return reach([said, ...relayScopes].join("; "));
}

interface ByScope {
  readonly everywhere: readonly Way[];
  /** Private addresses. */
  readonly network: readonly Way[];
  readonly machine: readonly Way[];
}

function byScope(ways: readonly Way[]): ByScope {
  const scoped = ways.map((way) => ({ way, scope: addressScope(way.host) }));
  const among = (isIn: (scope: AddressScope) => boolean) =>
    scoped.flatMap(({ way, scope }) => (isIn(scope) ? [way] : []));
  return {
    everywhere: among((scope) => scope === "everywhere"),
    network: among((scope) => scope !== "everywhere" && scope !== "machine"),
    machine: among((scope) => scope === "machine"),
  };
}

function describeGlobal({ everywhere, network }: ByScope): string {
  if (everywhere.every(({ host }) => isIPv6(host)) && network.length > 0) {
    return `from everywhere by IPv6, if no firewall blocks it; else only this network: ${describePrivate(network)}`;
  }
  const where = list(
    everywhere.map((way) => (isIP(way.host) === 0 ? formatHostAndPort(way) : way.host)),
  );
  return `reachable from everywhere at ${where}, unless a firewall blocks it`;
}

/** Of relays without an address that is valid everywhere. */
function describeRelays({ network, machine }: ByScope): string[] {
  const within = network.length === 1 ? "within its own network" : "within their own networks";
  return [...describeWhere(network, within), ...describeWhere(machine, "on this machine")];
}

function describeWhere(relays: readonly Way[], where: string): string[] {
  if (relays.length === 0) return [];
  const [noun, verb] = relays.length === 1 ? ["relay", "works"] : ["relays", "work"];
  return [`the ${noun} ${list(relays.map(formatRelay))} ${verb} only ${where}`];
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
