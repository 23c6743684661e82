// Asks the router of a place by all protocols at once whether it maps ports: each may be without an answer. Holds the sockets
// by which it is then asked to.

import { openExchange } from "./exchange.ts";
import type { Place } from "./gateway.ts";
import type { MappingRouter } from "./mapping.ts";
import { ROUTER_PORT } from "./pcp-packets.ts";
import { findNatPmpRouter, findPcpRouter } from "./pcp-router.ts";
import type { MappingSystem } from "./system.ts";
import { SEARCH_ADDRESS } from "./upnp-messages.ts";
import { findUpnpRouter } from "./upnp-router.ts";

export interface RouterSearch extends Disposable {
  /** PCP, NAT-PMP and UPnP, in this order; null for each that the router doesn't speak. */
  readonly found: readonly Promise<MappingRouter | null>[];
}

export interface RouterSearchOptions {
  readonly place: Place;
  /** The port that is to be mapped. */
  readonly internalPort: number;
  readonly system: MappingSystem;
  /** Ends all questions, then and later. */
  readonly signal: AbortSignal;
}

/** @throws {CharlaError} when the system opens no socket with the place's address */
export async function searchRouter(options: RouterSearchOptions): Promise<RouterSearch> {
  const { place, internalPort, system, signal } = options;
  const { clock, openSocket, randomBytes, request } = system;
  const { own, gateway } = place;
  const asking = { own, openSocket, clock, signal };
  using sockets = new DisposableStack();
  const exchange = sockets.use(
    await openExchange({
      ...asking,
      to: [{ address: gateway, port: ROUTER_PORT }],
      isRouter: ({ address, port }) => address === gateway && port === ROUTER_PORT,
    }),
  );
  const search = sockets.use(
    await openExchange({
      ...asking,
      // Some routers don't hear what is sent to the group.
      to: [SEARCH_ADDRESS, { ...SEARCH_ADDRESS, address: gateway }],
      isRouter: ({ address }) => address === gateway,
    }),
  );
  const known = { place, internalPort, exchange, clock, randomBytes };
  const found = [
    findPcpRouter(known),
    findNatPmpRouter(known),
    findUpnpRouter({ place, internalPort, search, request, randomBytes }),
  ];
  const held = sockets.move();
  return { found, [Symbol.dispose]: () => held.dispose() };
}
