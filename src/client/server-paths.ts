// The paths of a session to a server, at the end that has joined (docs/protocol.md s. 14): the relays of its invitation are kept
// open, the addresses of the server are tried, the server learns where this end may be reached, and all of it is done again
// when this machine's network changes. Which path is used decides the protocol. Knows nothing of rooms.

import { sameAddress, type SocketAddress } from "../net/address.ts";
import { pathKind } from "../net/carrier.ts";
import { type NetworkWatch, watchNetwork } from "../net/network-watch.ts";
import { openRelayWay, type RelayWay } from "../net/relay-way.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import type { SealedSocket } from "../net/sealed-socket.ts";

export interface ServerPaths extends Disposable {
  /**
   * Joins the server at a relay, and keeps that open.
   *
   * @param onRefused called with what the relay says, when that is not that it forwards
   */
  addRelay(
    relay: RelayPlace,
    serverKey: Uint8Array,
    onRefused?: (status: "no-server" | "full") => void,
  ): RelayWay;
  /** An address at which the server may be reached directly. */
  addAddress(address: SocketAddress): void;
  /** The session whose paths these are; its end ends them. */
  follow(link: SealedLink): void;
  /** The session is on another path. */
  moved(): void;
}

export interface RelayPlace {
  /** Also one with a carrier. */
  readonly address: SocketAddress;
  /** As people write it. */
  readonly name: string;
}

export function createServerPaths(socket: SealedSocket): ServerPaths {
  const relays: RelayWay[] = [];
  const addresses: SocketAddress[] = [];
  let link: SealedLink | null = null;
  let network: NetworkWatch | null = null;
  /** A server that has a relay knows what candidates are; an older one takes them for an error. */
  let knowsCandidates = false;

  function nameCandidates(): void {
    if (!knowsCandidates) return;
    const { port } = socket.local;
    const outer = relays.flatMap((relay) => relay.outer ?? []);
    const local = (network?.addresses ?? []).map((address) => ({ address, port }));
    const all = [...outer, ...local];
    link?.nameCandidates(
      all.filter((one, index) => all.findIndex((other) => sameAddress(one, other)) === index),
    );
  }

  return {
    addRelay({ address, name }, serverKey, onRefused) {
      const known = relays.find((one) => sameAddress(one.relay, address));
      if (known !== undefined) return known;
      const relay = openRelayWay(socket, {
        relay: address,
        name,
        serverKey,
        onStatus(status) {
          if (status === "joined") link?.addWay(relay.address);
          else if (status !== "unproven") link?.wayLost(relay.address);
          if (status === "no-server" || status === "full") onRefused?.(status);
        },
        onOuter: nameCandidates,
      });
      relays.push(relay);
      return relay;
    },
    addAddress(address) {
      addresses.push(address);
      link?.addWay(address);
    },
    follow(session) {
      link = session;
      network = watchNetwork({
        onChanged() {
          for (const relay of relays) relay.networkChanged();
          nameCandidates();
          session.networkChanged();
        },
      });
      for (const address of addresses) session.addWay(address);
      for (const relay of relays) if (relay.status === "joined") session.addWay(relay.address);
      void session.ended.then(end);
      moved();
    },
    moved,
    [Symbol.dispose]: end,
  };

  function moved(): void {
    if (link === null || pathKind(link.peer).relay === null) return;
    knowsCandidates = true;
    nameCandidates();
  }

  function end(): void {
    network?.[Symbol.dispose]();
    for (const relay of relays) relay[Symbol.dispose]();
  }
}
