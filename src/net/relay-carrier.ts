// A relay as a carrier, at the end that joins (docs/protocol.md s. 19.2): relay-client.ts with a socket and a timer.
// What is joined at `address` is the server; what the packets hold is the sessions'.

import { platformCrypto } from "#crypto";

import { equalBytes } from "../protocol/bytes.ts";
import { addressKey, type SocketAddress } from "../protocol/socket-address.ts";
import { carrierOf, type DatagramCarrier, type PathKind, pathRank } from "./carrier.ts";
import {
  addressReceived,
  createRelayClient,
  nextQuery,
  queryAgain,
  wrapForRelay,
} from "./relay-client.ts";
import { type AddressStatus, FORWARD_HEADER, readRelayPacket, relaySlot } from "./relay-packets.ts";
import type { SealedSocket } from "./sealed-socket.ts";

/** Bytes of the longest packet that a relay's network takes (Ethernet, IPv6, UDP), where nothing else is known of it. */
const MAX_PACKET = 1_500 - 40 - 8;

export interface RelayCarrierOptions {
  /** Also one with a carrier, such as a WebSocket to the relay. */
  readonly relay: SocketAddress;
  /** As people write it: HOST or HOST:PORT. */
  readonly name: string;
  readonly serverKey: Uint8Array;
  /** The relay has said something else than before, or, with null, does not answer any more. */
  onStatus?(status: AddressStatus | null): void;
  /** The relay sees this end at another UDP address than before. */
  onOuter?(outer: SocketAddress): void;
}

export interface RelayCarrier extends Disposable {
  readonly relay: SocketAddress;
  /** The server, past the relay. */
  readonly address: SocketAddress;
  readonly status: AddressStatus | null;
  /** This end's UDP address as the relay sees it; null until it has said so, and where the relay is reached by TCP. */
  readonly outer: SocketAddress | null;
  /** The network of this end has changed: the relay gets to know it at once. */
  networkChanged(): void;
}

export function openRelayCarrier(socket: SealedSocket, options: RelayCarrierOptions): RelayCarrier {
  const { relay, name, serverKey } = options;
  const slot = relaySlot(platformCrypto, serverKey);
  const client = createRelayClient(slot, performance.now());
  const address = pastRelay(relay, name, addressKey(relay), (datagram) => {
    socket.send({ to: relay, bytes: wrapForRelay(client, slot, datagram) });
  });
  const stopListening = socket.listenToRelay(relay, receive);
  let timer: ReturnType<typeof setTimeout> | undefined;
  query();

  function receive(packet: Uint8Array): null {
    const read = readRelayPacket(packet);
    if (read?.kind === "forward" && sameSlot(read.end)) socket.receive(read.datagram, address);
    if (read?.kind !== "address") return null;
    const news = addressReceived(client, read, performance.now());
    for (const bytes of news.packets) socket.send({ to: relay, bytes });
    schedule();
    if (news.statusChanged) options.onStatus?.(read.status);
    if (news.outerChanged && carrierOf(relay) === null) options.onOuter?.(read.address);
    return null;
  }

  function sameSlot(end: Uint8Array): boolean {
    return equalBytes(end, slot);
  }

  function query(): void {
    const { status } = client;
    const bytes = nextQuery(client, performance.now());
    if (bytes !== null) socket.send({ to: relay, bytes });
    schedule();
    if (client.status !== status) options.onStatus?.(client.status);
  }

  function schedule(): void {
    clearTimeout(timer);
    timer = setTimeout(query, Math.max(0, Math.ceil(client.queryAt - performance.now())));
  }

  return {
    relay,
    address,
    get status() {
      return client.status;
    },
    get outer() {
      return carrierOf(relay) === null ? client.outer : null;
    },
    networkChanged() {
      queryAgain(client, performance.now());
      query();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      stopListening();
    },
  };
}

/**
 * The address of what is on the other side of a relay.
 *
 * @param name of the relay, for people
 * @param id no other carrier's
 * @param send puts a datagram into a packet, and sends that to the relay
 */
export function pastRelay(
  relay: SocketAddress,
  name: string,
  id: string,
  send: (datagram: Uint8Array) => void,
): SocketAddress & { readonly carrier: DatagramCarrier } {
  const below = carrierOf(relay);
  const kind: PathKind = { transport: below?.kind.transport ?? "udp", relay: name };
  const datagramLimit = (below?.datagramLimit ?? MAX_PACKET) - FORWARD_HEADER;
  const carrier = {
    id: `relay ${id}`,
    rank: pathRank(kind),
    kind,
    datagramLimit,
    below: below === null ? undefined : relay,
    send,
  };
  return { address: relay.address, port: relay.port, carrier };
}
