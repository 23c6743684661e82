// Two ends behind NATs, and a relay between them, in virtual time: which datagrams pass, and whose address they get on the
// way (RFC 4787). For a pair of endpoints (pair.ts); what is sent there still takes its delay.

import { sameAddress, type SocketAddress } from "../../src/protocol/socket-address.ts";
import type { End, Pair, Route, Sent } from "./pair.ts";

/**
 * A NAT's mapping: one outer port for all destinations, or another one for each. Either lets in only what comes from where
 * something was sent (address- and port-dependent filtering). `open` is no NAT.
 */
export type NatKind = "open" | "home" | "symmetric";

export interface NatNetwork {
  readonly relay: { readonly toResponder: SocketAddress; readonly toInitiator: SocketAddress };
  /** The outer address of each end, as the relay sees it. */
  readonly initiator: SocketAddress;
  readonly responder: SocketAddress;
  /** What passes. */
  readonly passes: { relay: boolean; direct: boolean };
  /** The initiator gets another outer address, and a NAT that has seen nothing. */
  moveInitiator(address: string): void;
}

interface Nat {
  readonly end: End;
  readonly kind: NatKind;
  outer: SocketAddress;
  /** Destinations so far, and the outer address that each sees. */
  mappings: { readonly to: SocketAddress; readonly outer: SocketAddress }[];
}

const RELAY = { address: "203.0.113.7", port: 443 };

export function natNetwork(pair: Pair, initiator: NatKind, responder: NatKind): NatNetwork {
  const nats: Record<Sent["by"], Nat> = {
    initiator: nat(pair.initiator, initiator, { address: "192.0.2.10", port: 40_001 }),
    responder: nat(pair.responder, responder, { address: "198.51.100.20", port: 12_345 }),
  };
  const relay = {
    toResponder: { ...RELAY, carrier: { id: "relay slot", rank: 1 } },
    toInitiator: { ...RELAY, carrier: { id: "relay joiner", rank: 1 } },
  };
  const passes = { relay: true, direct: true };

  pair.route = (sent): Route | null => {
    const [self, other] =
      sent.by === "initiator" ? [nats.initiator, nats.responder] : [nats.responder, nats.initiator];
    if (sent.to.carrier !== undefined) {
      const from = sent.by === "initiator" ? relay.toInitiator : relay.toResponder;
      return passes.relay ? { end: other.end, from } : null;
    }
    const from = mapped(self, sent.to);
    if (!passes.direct) return null;
    const isIn = letsIn(other, sent.to, from);
    return isIn ? { end: other.end, from } : null;
  };
  return {
    relay,
    get initiator() {
      return nats.initiator.outer;
    },
    responder: nats.responder.outer,
    passes,
    moveInitiator(address) {
      nats.initiator.outer = { address, port: 40_001 };
      nats.initiator.mappings = [];
    },
  };
}

function nat(end: End, kind: NatKind, outer: SocketAddress): Nat {
  return { end, kind, outer, mappings: [] };
}

/** The outer address that a destination sees. */
function mapped(from: Nat, to: SocketAddress): SocketAddress {
  const known = from.mappings.find((mapping) => sameAddress(mapping.to, to));
  if (known !== undefined) return known.outer;
  const port = from.outer.port + (from.kind === "symmetric" ? 1_000 + from.mappings.length : 0);
  const outer = { address: from.outer.address, port };
  from.mappings.push({ to, outer });
  return outer;
}

/** Whether a datagram to this outer address, from another, gets in. */
function letsIn(at: Nat, to: SocketAddress, from: SocketAddress): boolean {
  if (at.kind === "open") return sameAddress(to, at.outer);
  return at.mappings.some((one) => sameAddress(one.outer, to) && sameAddress(one.to, from));
}
