// Two ends behind NATs, and a relay between them: which datagrams pass, and whose address they get on the way (RFC 4787).
// Knows neither time nor what a datagram holds.

import { sameAddress, type SocketAddress } from "../../src/protocol/socket-address.ts";

/**
 * A NAT's mapping: one outer port for all destinations, or another one for each. Either lets in only what comes from where
 * something was sent (address- and port-dependent filtering). `open` is no NAT.
 */
export type NatKind = "open" | "home" | "symmetric";

type EndName = "initiator" | "responder";

export interface NatNetwork {
  /** The relay as each end addresses the other one through it. */
  readonly relay: { readonly toResponder: SocketAddress; readonly toInitiator: SocketAddress };
  /** The outer address of each end, as the relay sees it. */
  readonly outer: Record<EndName, SocketAddress>;
  /** What passes. */
  readonly passes: { relay: boolean; direct: boolean };
  /** From which address a datagram arrives at the other end; null if it does not. */
  arrivesFrom(by: EndName, to: SocketAddress): SocketAddress | null;
  /** An end gets another outer address, and a NAT that has seen nothing. */
  move(end: EndName, outer: SocketAddress): void;
}

interface Nat {
  readonly kind: NatKind;
  /** Destinations so far, and the outer address that each sees. */
  readonly mappings: { readonly to: SocketAddress; readonly outer: SocketAddress }[];
}

const RELAY = { address: "198.18.0.7", port: 443 };

export function createNatNetwork(initiator: NatKind, responder: NatKind): NatNetwork {
  const nats: Record<EndName, Nat> = {
    initiator: { kind: initiator, mappings: [] },
    responder: { kind: responder, mappings: [] },
  };
  const outer: Record<EndName, SocketAddress> = {
    initiator: { address: "192.0.2.10", port: 40_001 },
    responder: { address: "198.51.100.20", port: 12_345 },
  };
  const relay = {
    toResponder: { ...RELAY, carrier: { id: "relay slot", rank: 1 } },
    toInitiator: { ...RELAY, carrier: { id: "relay joiner", rank: 1 } },
  };
  const passes = { relay: true, direct: true };

  /** The outer address that a destination sees. */
  function mapped(by: EndName, to: SocketAddress): SocketAddress {
    const { kind, mappings } = nats[by];
    const known = mappings.find((mapping) => sameAddress(mapping.to, to));
    if (known !== undefined) return known.outer;
    const { address, port } = outer[by];
    const added = kind === "symmetric" ? 1_000 + mappings.length : 0;
    const mapping = { to, outer: { address, port: port + added } };
    mappings.push(mapping);
    return mapping.outer;
  }

  function letsIn(end: EndName, to: SocketAddress, from: SocketAddress): boolean {
    const { kind, mappings } = nats[end];
    if (kind === "open") return sameAddress(to, outer[end]);
    return mappings.some((one) => sameAddress(one.outer, to) && sameAddress(one.to, from));
  }

  return {
    relay,
    outer,
    passes,
    arrivesFrom(by, to) {
      const other = by === "initiator" ? "responder" : "initiator";
      if (to.carrier !== undefined) {
        if (!passes.relay) return null;
        return by === "initiator" ? relay.toInitiator : relay.toResponder;
      }
      const from = mapped(by, to);
      return passes.direct && letsIn(other, to, from) ? from : null;
    },
    move(end, to) {
      outer[end] = to;
      nats[end].mappings.length = 0;
    },
  };
}
