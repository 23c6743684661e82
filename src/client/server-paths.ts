// The paths of a session to a server, at the end that has joined (docs/protocol.md s. 14): the relays of its invitation are kept
// open, the addresses of the server are tried, the server learns where this end may be reached, and all of it is done again
// when this machine's network changes. The protocol decides which path is used. Knows nothing of rooms.

import { type NetworkWatch, watchNetwork } from "#network-watch";
import { unref } from "#timers";

import type { CharlaError } from "../errors.ts";
import { sameAddress, type SocketAddress } from "../net/address.ts";
import { pathKind } from "../net/carrier.ts";
import { openRelayCarrier, type RelayCarrier } from "../net/relay-carrier.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import type { SealedSocket } from "../net/sealed-socket.ts";
import { openWebSocketCarrier, type WebSocketCarrierOptions } from "../net/websocket-carrier.ts";
import { withoutRepeats } from "../protocol/socket-address.ts";

/** How often it is looked whether the session is silent, ms. */
const CHECK_INTERVAL = 1_000;

export interface ServerPaths extends Disposable {
  /** Aborts when the paths end: nothing is added to them any more. */
  readonly ended: AbortSignal;
  /**
   * Joins the server at a relay, and keeps that open.
   *
   * @param onRefused called with what the relay says, when that is not that it forwards
   */
  addRelay(
    relay: RelayPlace,
    serverKey: Uint8Array,
    onRefused?: (status: "no-server" | "full") => void,
  ): RelayCarrier;
  /** An address at which the server may be reached directly. */
  addAddress(address: SocketAddress): void;
  /** A WebSocket, which ends with these paths: the address of what is at its other end. */
  addWebSocket(
    urls: WebSocketCarrierOptions["urls"],
    at: SocketAddress | undefined,
    onLost?: (error: CharlaError) => void,
  ): SocketAddress;
  /** Called once, when the session hears nothing any more: what is opened then may be another path. */
  whenSilent(open: () => void): void;
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

export function createServerPaths(
  socket: SealedSocket,
  findProxy: WebSocketCarrierOptions["findProxy"],
): ServerPaths {
  const over = new AbortController();
  const relays: RelayCarrier[] = [];
  const addresses: SocketAddress[] = [];
  let link: SealedLink | null = null;
  let network: NetworkWatch | null = null;
  let spare: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** A server that has a relay knows what candidates are; an older one takes them for an error. */
  let knowsCandidates = false;

  function nameCandidates(): void {
    if (!knowsCandidates) return;
    const { port } = socket.local;
    // What a relay sees of a WebSocket is a port of TCP.
    const outer = relays.flatMap(({ relay, outer: seen }) =>
      seen === null || relay.carrier !== undefined ? [] : [seen],
    );
    const local = (network?.addresses ?? []).map((address) => ({ address, port }));
    link?.nameCandidates(withoutRepeats([...outer, ...local]));
  }

  return {
    ended: over.signal,
    addRelay({ address, name }, serverKey, onRefused) {
      const known = relays.find((one) => sameAddress(one.relay, address));
      if (known !== undefined) return known;
      const relay = openRelayCarrier(socket, {
        relay: address,
        name,
        serverKey,
        onStatus(status) {
          if (status === "joined") link?.addWay(relay.address);
          else if (status !== "unproven") link?.pathLost(relay.address);
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
    addWebSocket(urls, at, onLost) {
      const { signal } = over;
      return openWebSocketCarrier(socket, {
        urls,
        at,
        findProxy,
        signal,
        ...(onLost && { onLost }),
      });
    },
    whenSilent(open) {
      spare.push(open);
    },
    follow(session) {
      link = session;
      timer = setInterval(openSpare, CHECK_INTERVAL);
      unref(timer);
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

  function openSpare(): void {
    if (link?.isSilent !== true) return;
    clearInterval(timer);
    for (const open of spare) open();
    spare = [];
  }

  function end(): void {
    clearInterval(timer);
    over.abort();
    network?.[Symbol.dispose]();
    for (const relay of relays) relay[Symbol.dispose]();
  }
}
