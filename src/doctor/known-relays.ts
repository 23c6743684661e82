// Asks the relays at which this person's servers register whether they answer, and which NAT is in front of this machine.

import { networkInterfaces } from "node:os";

import type { Environment } from "../identity/folders.ts";
import { formatRelay, type HostAndPort, type SocketAddress } from "../net/address.ts";
import { addressScope, ownAddresses } from "../net/own-addresses.ts";
import { probeRelayByWebSocket, probeRelays } from "../net/relay-probe.ts";
import { resolve } from "../net/resolve.ts";
import { relayWebSocketUrls } from "../net/websocket-urls.ts";
import { describeNatMapping, describeRelay, describeWebSocket } from "./relays.ts";
import { type Check, note, problemFrom } from "./report.ts";
import { interfaceAddresses } from "./session.ts";

export async function* checkKnownRelays(
  relays: readonly HostAndPort[],
  env: Environment,
): AsyncGenerator<Check, void, undefined> {
  const found: { readonly relay: HostAndPort; readonly address: SocketAddress }[] = [];
  const unknown: HostAndPort[] = [];
  for (const relay of relays) {
    try {
      const [address] = await resolve(relay);
      if (address !== undefined) found.push({ relay, address });
    } catch (error) {
      yield problemFrom("relay", error);
      unknown.push(relay);
    }
  }
  const probed = await probeRelays(
    found.map(({ address }) => address),
    null,
  );
  const silent = found.flatMap(({ relay }, index) =>
    probed.relays[index]?.status === null ? [relay] : [],
  );
  const byWebSocket = await Promise.all(
    [...silent, ...unknown].map(async (relay) => ({
      name: formatRelay(relay),
      answer: await probeRelayByWebSocket(relayWebSocketUrls(relay), null, env),
    })),
  );
  const answering = new Set(
    byWebSocket.flatMap(({ name, answer }) => (answer.status === null ? [] : [name])),
  );
  for (const [index, each] of probed.relays.entries()) {
    const relay = found[index]?.relay;
    const name = relay === undefined ? "" : formatRelay(relay);
    yield describeRelay(name, each, answering.has(name));
  }
  for (const { name, answer } of byWebSocket) yield describeWebSocket(name, answer, false);
  const mapping = describeNatMapping(probed, interfaceAddresses());
  if (mapping !== null) yield mapping;
  else if (relays.length === 0 && isBehindNat()) yield NOBODY_TO_ASK;
}

/** By IPv4, as far as this machine's own addresses show. */
function isBehindNat(): boolean {
  const scopes = ownAddresses(networkInterfaces())
    .filter((address) => !address.includes(":"))
    .map(addressScope);
  return scopes.length > 0 && !scopes.includes("everywhere");
}

const NOBODY_TO_ASK = note(
  "nat-mapping",
  "what kind of NAT is in front of this machine is unknown: there is no relay to ask",
  "name two relays in the config file: relay in its section [server]",
  { outer: [], mapping: null },
);
