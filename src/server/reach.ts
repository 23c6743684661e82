// How those outside reach a server besides its own socket: relays at which it is registered, and its addresses as relays and
// routers see them. Members who come through a relay, or by a WebSocket, get the addresses at which a direct path may be
// found (docs/protocol.md s. 14.1). Knows no rooms.

import type { PageOrigin } from "../identity/page-link.ts";
import { carrierOf } from "../net/carrier.ts";
import { watchNetwork } from "../net/network-watch.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import type { SealedSocket } from "../net/sealed-socket.ts";
import { isAnyAddress } from "../net/udp-socket.ts";
import { type SocketAddress, withoutRepeats } from "../protocol/socket-address.ts";
import {
  keepRegistered,
  type RegistrationOptions,
  type RelayRegistration,
} from "./relay-registration.ts";

/** Between two times that all members are named addresses, ms. */
const NAMING_INTERVAL = 1_000;

export interface ReachOptions {
  readonly relays: readonly Omit<RegistrationOptions, "random">[];
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface Reach extends AsyncDisposable {
  /** A member has come, or has moved: one without a direct path by UDP gets the addresses, now and whenever they change. */
  follow(link: SealedLink): void;
  /** Where those outside see this server: at the router's mapped port, and past a NAT as relays see it. */
  outer(): SocketAddress[];
  /** Where relays at which this server is registered serve the page. */
  pages(): PageOrigin[];
  /** Where a router lets datagrams in for this server; null for nowhere any more. */
  setMapped(outer: SocketAddress | null): void;
}

export function openReach(socket: SealedSocket, options: ReachOptions): Reach {
  const links = new Set<SealedLink>();
  let mapped: SocketAddress | null = null;
  let namedAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const network = watchNetwork({
    onChanged() {
      for (const registration of registrations) registration.networkChanged();
      nameToAll();
    },
  });
  const registrations: RelayRegistration[] = options.relays.map((relay) =>
    keepRegistered(socket, {
      ...relay,
      random: options.random,
      onRegistered(outer) {
        relay.onRegistered(outer);
        nameToAll();
      },
    }),
  );

  /** The best first: what the router has promised, and what relays see. */
  function outer(): SocketAddress[] {
    const seen = [mapped, ...registrations.map((registration) => registration.outer)];
    return withoutRepeats(seen.filter((one) => one !== null));
  }

  /** Those that only the own network knows come last. */
  function candidates(): SocketAddress[] {
    const { address, port } = socket.local;
    const own = isAnyAddress(address) ? network.addresses : [address];
    const local = own.map((each) => ({ address: each, port }));
    return withoutRepeats([...outer(), ...local]);
  }

  /** Not at once each time: a relay may say that the address has changed as often as it likes. */
  function nameToAll(): void {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        namedAt = performance.now();
        const all = candidates();
        for (const link of links) link.nameCandidates(all);
      },
      Math.max(0, namedAt + NAMING_INTERVAL - performance.now()),
    );
  }

  return {
    outer,
    pages: () => registrations.map(({ page }) => page).filter((page) => page !== null),
    follow(link) {
      if (carrierOf(link.peer) === null || links.has(link)) return;
      links.add(link);
      void link.ended.then(() => links.delete(link));
      link.nameCandidates(candidates());
    },
    setMapped(outer) {
      mapped = outer;
      nameToAll();
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      network[Symbol.dispose]();
      await Promise.all(registrations.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
