// Makes any number of members enter a room, and returns the state of their sessions, with which sealed-members.c
// continues them: ids, keys, packet numbers and stream offsets.

import { createServerFrameReader, encodeFrame } from "../../src/chat/frames.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import { LARGE_RECEIVE_BUFFER } from "../../src/net/socket-options.ts";
import { openUdpSocket } from "../../src/net/udp-socket.bun.ts";
import type { UdpSocket } from "../../src/net/udp-socket.ts";
import {
  activate,
  connect,
  createEndpoint,
  datagramsSent,
  type Endpoint,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  takeTouched,
  tickEndpoint,
} from "../../src/protocol/endpoint.ts";
import { receiveMessages } from "../../src/protocol/session/receive.ts";
import {
  isAllAcknowledged,
  sendMessage,
  type Session,
} from "../../src/protocol/session/session.ts";
import type { Outbound } from "../../src/protocol/session/transmit.ts";
import { udpMeans } from "../../src/protocol/udp-means.ts";

/** Members that enter at the same time. */
const AT_ONCE = 64;
const MESSAGES_AT_ONCE = 1_024;
/** Without a datagram for this long, nothing is in transit any more, ms. */
const SILENCE = 1_000;
const WAKE_EVERY = 5;

interface Client {
  readonly endpoint: Endpoint;
  readonly socket: UdpSocket;
  /** Resolves each session that has entered. */
  readonly welcomes: Map<Session, () => void>;
  receivedAt: number;
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** A line of sealed-members.c for each. */
export async function enterRoom(port: number, members: number): Promise<string[]> {
  const client = await open();
  const sessions: Session[] = [];
  const timer = setInterval(() => {
    if (endpointWakeAt(client.endpoint) > performance.now()) return;
    tickEndpoint(client.endpoint, performance.now());
    exchange(client);
  }, WAKE_EVERY);
  while (sessions.length < members) {
    const more = Math.min(AT_ONCE, members - sessions.length);
    const names = Array.from({ length: more }, (_, index) => `member-${sessions.length + index}`);
    sessions.push(...(await Promise.all(names.map((name) => enter(client, port, name)))));
  }
  while (performance.now() - client.receivedAt < SILENCE || !sessions.every(isIdle)) {
    await Bun.sleep(WAKE_EVERY);
  }
  clearInterval(timer);
  client.socket.close();
  return sessions.map((session) => describe(session, port));
}

async function open(): Promise<Client> {
  let due = false;
  const exchangeSoon = () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      exchange(client);
    });
  };
  const endpoint = createEndpoint({
    crypto: platformCrypto,
    // A new key pair for each session: the members are different people.
    get staticKeys() {
      return generateKeyPair(random(32));
    },
    random,
    udp: udpMeans,
    datagramLimit: () => 1_200,
    now: performance.now(),
  });
  const socket = await openUdpSocket({
    bind: "127.0.0.1",
    port: 0,
    receiveBuffer: LARGE_RECEIVE_BUFFER,
    gso: true,
    onDatagram(datagram, from) {
      client.receivedAt = performance.now();
      receiveDatagram(endpoint, datagram, from, client.receivedAt);
      exchangeSoon();
    },
    onError(error) {
      throw error;
    },
  });
  const client = { endpoint, socket, welcomes: new Map(), receivedAt: performance.now() };
  return client;
}

async function enter(client: Client, port: number, name: string): Promise<Session> {
  const { endpoint, welcomes } = client;
  const to = { address: "127.0.0.1", port };
  const session = connect(
    endpoint,
    { to, psk: secretToPsk(null), expected: null },
    performance.now(),
  );
  const device = Buffer.from(random(16)).toString("base64url");
  sendMessage(session, encodeFrame({ type: "enter", room: "main", name, device }));
  const welcomed = new Promise<void>((resolve) => welcomes.set(session, resolve));
  activate(endpoint, session);
  exchange(client);
  await welcomed;
  return session;
}

/** Handles the received messages, and sends what is due. */
function exchange({ endpoint, socket, welcomes }: Client): void {
  for (const session of takeTouched(endpoint)) {
    if (session.end !== null)
      throw new Error(`a member's session ended: ${JSON.stringify(session.end)}`);
    const messages = receiveMessages(session, MESSAGES_AT_ONCE, performance.now());
    if (messages.length > 0) activate(endpoint, session);
    const welcomed = welcomes.get(session);
    if (welcomed === undefined || !messages.some(isWelcome)) continue;
    welcomes.delete(session);
    welcomed();
  }
  const batch: Outbound[] = [];
  for (;;) {
    const next = nextDatagram(endpoint, performance.now());
    if (next === null) break;
    batch.push(next);
  }
  socket.sendMany(batch);
  datagramsSent(endpoint);
}

function isWelcome(message: Uint8Array): boolean {
  const reading = createServerFrameReader()(message);
  return reading.type === "frame" && reading.frame.type === "welcome";
}

function isIdle(session: Session): boolean {
  return isAllAcknowledged(session) && session.recovery.sent.packetsInFlight === 0;
}

function describe(session: Session, port: number): string {
  const { established, localId, incoming, outgoing, received, recovery } = session;
  if (established === null || incoming.arrived.start !== incoming.arrived.end) {
    throw new Error("a session is not idle");
  }
  const { remoteId, send, receive } = established;
  const secrets = [localId, remoteId, send.key, receive.key].map((bytes) => bytes.toHex());
  const positions = [recovery.sent.nextNumber, received.window.largest, incoming.arrived.end];
  const windows = [incoming.granted, outgoing.queue.end, outgoing.limit];
  return ["member", port, ...secrets, ...positions, ...windows].join(" ");
}
