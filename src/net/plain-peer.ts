// Who the other end of a plain talk is (docs/protocol.md s. 3): a state machine without I/O. It sees
// where datagrams come from and which were refused, and knows nothing of what they say.

import { sameAddress, type SocketAddress } from "./address.ts";

export interface PlainPeer {
  /** The other end; null while an opener waits for a first datagram. */
  readonly peer: SocketAddress | null;
  /** Where else the joined host may be, should nobody listen at `peer`. */
  readonly alternatives: readonly SocketAddress[];
  /** Whether `peer` is known to be there: it spoke, or it did not refuse in time. */
  readonly reached: boolean;
  /** Datagrams from anyone else, all ignored. */
  readonly strangers: number;
  readonly role: "opener" | "joiner";
}

export type Arrival = "new-peer" | "peer" | "stranger";

/** The opener's peer is whoever speaks first. */
export function waitForPeer(): PlainPeer {
  return { peer: null, alternatives: [], reached: false, strangers: 0, role: "opener" };
}

/** The joiner's peer is the first of the host's addresses where somebody listens. */
export function seekPeer(candidates: readonly SocketAddress[]): PlainPeer {
  const [peer = null, ...alternatives] = candidates;
  return { peer, alternatives, reached: alternatives.length === 0, strangers: 0, role: "joiner" };
}

/** A datagram came from `from`. */
export function arrive(state: PlainPeer, from: SocketAddress): [PlainPeer, Arrival] {
  if (state.peer === null && state.role === "opener") {
    return [{ ...state, peer: from, reached: true }, "new-peer"];
  }
  if (state.peer !== null && sameAddress(state.peer, from))
    return [{ ...state, reached: true }, "peer"];
  return [{ ...state, strangers: state.strangers + 1 }, "stranger"];
}

/** Nobody refused the first datagram in time: the peer is taken to be there. */
export function notRefused(state: PlainPeer): PlainPeer {
  return { ...state, reached: true };
}

/**
 * Nobody listens at the peer's address. A joiner goes on to the host's next address ("next"); an
 * opener's seat is free again, and a joiner with nowhere to go has nobody ("gone").
 */
export function refuse(state: PlainPeer): [PlainPeer, "next" | "gone"] {
  const [next, ...alternatives] = state.reached ? [] : state.alternatives;
  if (next === undefined) return [{ ...state, peer: null, reached: false }, "gone"];
  return [{ ...state, peer: next, alternatives, reached: alternatives.length === 0 }, "next"];
}
