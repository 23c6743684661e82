// Asks relays, all from one socket, at which address they see it, whether they forward to a server, and how long that takes
// (docs/protocol.md s. 19.2): relay-client.ts, and hellos past the relay, which a server answers without a secret.

import { openUdpSocket } from "#udp-socket";

import {
  helloProbeWakeAt,
  isHelloProbeOver,
  nextHello,
  receiveForHelloProbe,
  startHelloProbe,
} from "../protocol/handshake/hello-probe.ts";
import { addressKey, type SocketAddress } from "../protocol/socket-address.ts";
import { platformCrypto, randomBytes } from "./crypto.ts";
import {
  addressReceived,
  createRelayClient,
  nextQuery,
  type RelayClient,
  wrapForRelay,
} from "./relay-client.ts";
import { type AddressStatus, readRelayPacket, relaySlot } from "./relay-packets.ts";

/** How long a relay may take to answer, ms: a satellite link takes less. */
const PATIENCE = 2_000;
/** Hellos past each relay. */
const HELLOS = 5;

export interface ProbedRelay {
  readonly relay: SocketAddress;
  /** What it says of the server, `unproven` if it was not asked; null if it does not answer. */
  readonly status: AddressStatus | null;
  /** This end's address as the relay sees it. */
  readonly outer: SocketAddress | null;
  /** To the server and back, through the relay, the fastest in ms; null without an answer. */
  readonly roundTrip: number | null;
}

export interface ProbedRelays {
  /** Of the socket that they were asked from. */
  readonly localPort: number;
  readonly relays: readonly ProbedRelay[];
}

/**
 * @param serverKey of the server to reach; null to learn only this end's address
 * @throws {CharlaError} SOCKET_FAILED and others: no socket can be opened here
 */
export async function probeRelays(
  relays: readonly SocketAddress[],
  serverKey: Uint8Array | null,
): Promise<ProbedRelays> {
  const slot = serverKey === null ? null : relaySlot(platformCrypto, serverKey);
  const hear = new Map<string, (packet: Uint8Array) => void>();
  using socket = await openUdpSocket({
    port: 0,
    onDatagram: (datagram, from) => hear.get(addressKey(from))?.(datagram),
    // A relay that refuses is one that does not answer.
    onError() {},
  });

  async function probe(relay: SocketAddress): Promise<ProbedRelay> {
    const turn = createTurn();
    const client = createRelayClient(slot, performance.now());
    const hellos = startHelloProbe(randomBytes, HELLOS, performance.now());
    const send = (bytes: Uint8Array) => socket.sendMany([{ bytes, to: relay }]);
    hear.set(addressKey(relay), (packet) => {
      const now = performance.now();
      const read = readRelayPacket(packet);
      if (read?.kind === "forward") receiveForHelloProbe(hellos, read.datagram, now);
      if (read?.kind === "address") addressReceived(client, read, now).packets.forEach(send);
      turn.end();
    });
    const end = performance.now() + PATIENCE;
    for (let now = performance.now(); now < end && !isAnswered(client); now = performance.now()) {
      const query = nextQuery(client, now);
      if (query !== null) send(query);
      await turn.next(Math.min(client.queryAt, end) - now);
    }
    const { status, outer } = client;
    if (slot !== null && status === "joined") {
      for (let now = performance.now(); !isHelloProbeOver(hellos, now); now = performance.now()) {
        const hello = nextHello(hellos, now);
        if (hello !== null) send(wrapForRelay(client, slot, hello));
        else await turn.next(helloProbeWakeAt(hellos) - now);
      }
    }
    const [roundTrip = null] = hellos.roundTrips.toSorted((one, other) => one - other);
    return { relay, status, outer, roundTrip };
  }

  const localPort = socket.address.port;
  return { localPort, relays: await Promise.all(relays.map(probe)) };
}

function isAnswered({ slot, status }: RelayClient): boolean {
  return status !== null && (slot === null || status !== "unproven");
}

/** Waits until something has arrived, or for so many ms. */
function createTurn() {
  let wake: (() => void) | null = null;
  return {
    end: () => wake?.(),
    next: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, ms));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
