// Two endpoints whose datagrams a test carries by hand, or lets pass in virtual time over a network
// without faults; and what a test that knows the keys can read and write.

import { sameAddress, type SocketAddress } from "../../src/net/address.ts";
import { generateKeyPair, platformCrypto } from "../../src/net/crypto.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import {
  activate,
  connect,
  createEndpoint,
  type Endpoint,
  endpointWakeAt,
  nextDatagram,
  receiveDatagram,
  tickEndpoint,
} from "../../src/protocol/endpoint.ts";
import { open } from "../../src/protocol/handshake/noise/cipher.ts";
import type { Admission } from "../../src/protocol/handshake/responder-handshake.ts";
import { MAX_DATAGRAM_SIZE } from "../../src/protocol/recovery/path-mtu.ts";
import { respondWith } from "../../src/protocol/responder.ts";
import { readFrames } from "../../src/protocol/session/frames.ts";
import { sealPacket } from "../../src/protocol/session/packet-protection.ts";
import { receiveMessages } from "../../src/protocol/session/receive.ts";
import {
  closeSession,
  type Established,
  sendMessage,
  type Session,
} from "../../src/protocol/session/session.ts";
import type { Outbound } from "../../src/protocol/session/transmit.ts";
import { type UdpMeans, udpMeans } from "../../src/protocol/udp-means.ts";
import { type SeededRandom, seededRandom } from "../simulator/random.ts";

export const PSK = new Uint8Array(32).fill(7);
export const INITIATOR_KEYS = generateKeyPair(new Uint8Array(32).fill(0x11));
export const RESPONDER_KEYS = generateKeyPair(new Uint8Array(32).fill(0x22));
/** Survives a restart. */
const RESET_SALT = new Uint8Array(16).fill(0x5a);
export const INITIATOR_ADDRESS: SocketAddress = { address: "192.0.2.1", port: 40_001 };
export const RESPONDER_ADDRESS: SocketAddress = { address: "198.51.100.2", port: 12_345 };
/** When tests begin, ms. */
export const START = 1_000;
/** The longest datagram that any address takes, bytes. */
const datagramLimit = () => MAX_DATAGRAM_SIZE;

/** How long a datagram is on its way, ms. */
export const DELAY = 10;

export const text = (words: string) => new TextEncoder().encode(words);
export const words = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

export interface End {
  readonly name: "initiator" | "responder";
  endpoint: Endpoint;
  /** Where its datagrams come from, and where it receives. */
  address: SocketAddress;
  /** Where it receives as well. */
  alias?: SocketAddress;
}

/** A datagram that left, and when it arrives. */
export interface Sent {
  readonly by: "initiator" | "responder";
  readonly bytes: Uint8Array;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly sentAt: number;
  readonly at: number;
}

export interface Pair {
  now: number;
  readonly random: SeededRandom;
  readonly initiator: End;
  readonly responder: End;
  readonly inTransit: Sent[];
  /** All that was ever sent, lost or not. */
  readonly sent: Sent[];
  /** Whether the network loses a datagram. */
  loses: (sent: Sent) => boolean;
  /** Where a datagram goes, and from which address it arrives there; null if it is lost. By default, to whom it is addressed. */
  route: ((sent: Sent) => Route | null) | null;
}

export interface Route {
  readonly end: End;
  readonly from: SocketAddress;
}

export interface PairOptions {
  readonly seed?: number;
  readonly initiatorKeys?: KeyPair;
  readonly responderKeys?: KeyPair;
  /** Of the initiator: null where it has one path for good, in a stream. */
  readonly udp?: UdpMeans | null;
  /** Null for a responder that admits nobody. */
  readonly admission?: Uint8Array | Admission | null;
  /** The responder's bounds. */
  readonly maxSessions?: number;
  readonly memory?: number;
}

export function createPair(options: PairOptions = {}): Pair {
  const {
    seed = 1,
    initiatorKeys = INITIATOR_KEYS,
    responderKeys = RESPONDER_KEYS,
    udp = udpMeans,
    admission = PSK,
  } = options;
  const random = seededRandom(seed);
  const end = (
    name: "initiator" | "responder",
    address: SocketAddress,
    staticKeys: KeyPair,
    psk: Uint8Array | Admission | null,
  ): End => ({
    name,
    address,
    endpoint: createEndpoint({
      crypto: platformCrypto,
      staticKeys,
      random: (length) => random.bytes(length),
      respond:
        psk === null
          ? undefined
          : respondWith({
              admission: psk,
              resetSalt: RESET_SALT,
              maxSessions: options.maxSessions,
              memory: options.memory,
            }),
      udp: name === "initiator" ? udp : udpMeans,
      datagramLimit,
      now: START,
    }),
  });
  return {
    now: START,
    random,
    initiator: end("initiator", INITIATOR_ADDRESS, initiatorKeys, null),
    responder: end("responder", RESPONDER_ADDRESS, responderKeys, admission),
    inTransit: [],
    sent: [],
    loses: () => false,
    route: null,
  };
}

export function connectToResponder(
  pair: Pair,
  psk = PSK,
  expected: Uint8Array | null = null,
): Session {
  return connect(pair.initiator.endpoint, { to: pair.responder.address, psk, expected }, pair.now);
}

/** All that the endpoint has to send now. */
export function drain({ endpoint }: End, now: number): Outbound[] {
  const all: Outbound[] = [];
  for (;;) {
    const outbound = nextDatagram(endpoint, now);
    if (outbound === null) return all;
    all.push(outbound);
    if (all.length > 5_000) throw new Error("a storm of datagrams");
  }
}

/** A datagram arrives; its memory is another's right after, as a socket's may be. */
export function deliver(end: End, bytes: Uint8Array, from: SocketAddress, now: number): void {
  const buffer = bytes.slice();
  receiveDatagram(end.endpoint, buffer, from, now);
  buffer.fill(0xee);
}

/** The answers, sent at once, to a datagram. */
export function answersTo(end: End, bytes: Uint8Array, from: SocketAddress, now: number) {
  deliver(end, bytes, from, now);
  return drain(end, now);
}

/** Lets time pass: whatever is sent arrives 10 ms later, unless the pair loses it. */
export function pass(pair: Pair, duration: number): void {
  const until = pair.now + duration;
  const ends = [pair.initiator, pair.responder];
  for (let steps = 0; ; steps += 1) {
    if (steps > 1_000_000) throw new Error(`a storm of timers at ${pair.now}`);
    for (const end of ends) transmitAll(pair, end);
    const wakes = ends.map(({ endpoint }) => endpointWakeAt(endpoint));
    const next = Math.min(pair.inTransit[0]?.at ?? Number.POSITIVE_INFINITY, ...wakes);
    if (next > until) break;
    pair.now = Math.max(pair.now, next);
    for (const { endpoint } of ends) tickEndpoint(endpoint, pair.now);
    while ((pair.inTransit[0]?.at ?? Number.POSITIVE_INFINITY) <= pair.now) {
      const sent = pair.inTransit.shift();
      if (sent === undefined) break;
      const route = pair.route === null ? routeByAddress(ends, sent) : pair.route(sent);
      if (route !== null) deliver(route.end, sent.bytes, route.from, pair.now);
    }
  }
  pair.now = until;
}

function routeByAddress(ends: readonly End[], { from, to }: Sent): Route | null {
  const end = ends.find(({ address, alias = address }) =>
    [address, alias].some((one) => sameAddress(to, one)),
  );
  return end === undefined ? null : { end, from };
}

function transmitAll(pair: Pair, end: End): void {
  for (const { to, bytes } of drain(end, pair.now)) {
    const at = pair.now + DELAY;
    const sent = { by: end.name, bytes, from: end.address, to, sentAt: pair.now, at };
    pair.sent.push(sent);
    if (!pair.loses(sent)) pair.inTransit.push(sent);
  }
}

export interface ConnectedPair {
  readonly pair: Pair;
  readonly connected: Session;
  readonly accepted: Session;
}

/** A pair with a session under way between them, and nothing on its way. */
export function connectedPair(options: PairOptions = {}): ConnectedPair {
  const pair = createPair(options);
  const connected = connectToResponder(pair);
  pass(pair, 500);
  return { pair, connected, accepted: takeAccepted(pair) };
}

/** The session that the responder has accepted. */
export function takeAccepted({ responder }: Pair): Session {
  const session = responder.endpoint.accepted.shift();
  if (session === undefined) throw new Error("no session has arrived");
  return session;
}

export function sessionKeys({ established }: Session): Established {
  if (established === null) throw new Error("there are no keys yet");
  return established;
}

export function send(end: End, session: Session, message: Uint8Array | string): boolean {
  const sent = sendMessage(session, typeof message === "string" ? text(message) : message);
  activate(end.endpoint, session);
  return sent;
}

export function receive(end: End, session: Session, now: number): Uint8Array[] {
  const messages = receiveMessages(session, 1_000, now);
  activate(end.endpoint, session);
  return messages;
}

export function close(end: End, session: Session, code: number, reason: string, now: number): void {
  closeSession(session, code, reason, now);
  activate(end.endpoint, session);
}

/** A packet of this session with any frames, under its key and its next number, or another one. */
export function craft(session: Session, frames: readonly number[], number?: number): Uint8Array {
  const { send, remoteId } = sessionKeys(session);
  const bytes = new Uint8Array(13 + frames.length + 16);
  bytes.set(frames, 13);
  sealPacket(send, remoteId, number ?? session.recovery.sent.nextNumber, bytes);
  if (number === undefined) session.recovery.sent.nextNumber += 1;
  return bytes;
}

/** The frames of a sealed packet that this session sent, by name, the PADDING left out. */
export function frameNames(sender: Session, bytes: Uint8Array): string[] {
  const names: string[] = [];
  readFrames(framesOf(sender, bytes), {
    onPing: () => names.push("ping"),
    onAck: () => names.push("ack"),
    onFragment: () => names.push("fragment"),
    onWindow: () => names.push("window"),
    onPathChallenge: () => names.push("challenge"),
    onPathResponse: () => names.push("response"),
    onClose: (code, reason) => names.push(`close ${code} ${reason}`),
    onResetToken: () => names.push("token"),
    onCandidates: (sequence) => names.push(`candidates ${sequence}`),
    onPunch: (round) => names.push(`punch ${round}`),
    onNote: (number, note) => names.push(`note ${number} ${words(note)}`),
  });
  return names;
}

/** The texts of the fragments in a sealed packet that this session sent. */
export function fragmentTexts(sender: Session, bytes: Uint8Array): string[] {
  const texts: string[] = [];
  readFrames(framesOf(sender, bytes), {
    onPing() {},
    onAck() {},
    onFragment: (_offset, fragment) => texts.push(words(fragment)),
    onWindow() {},
    onPathChallenge() {},
    onPathResponse() {},
    onClose() {},
    onResetToken() {},
    onCandidates() {},
    onPunch() {},
    onNote() {},
  });
  return texts;
}

function framesOf(sender: Session, bytes: Uint8Array): Uint8Array {
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(9);
  const frames = open(
    platformCrypto,
    sessionKeys(sender).send.key,
    number,
    bytes.subarray(0, 13),
    bytes.subarray(13),
  );
  if (frames === null) throw new Error("not a packet of this session");
  return frames;
}

/** What was sent by one end since `from`, an index of `pair.sent`. */
export function sentBy(pair: Pair, by: "initiator" | "responder", from = 0): Sent[] {
  return pair.sent.slice(from).filter((sent) => sent.by === by);
}

/** The datagrams of one handshake, carried by hand at one moment. */
export interface ByHand {
  readonly hello: Uint8Array;
  readonly retry: Uint8Array;
  readonly helloAgain: Uint8Array;
  readonly answer: Uint8Array;
  readonly finish: Uint8Array;
}

/** Carries a handshake up to its finish, which is not delivered. */
export function carryUntilFinish(pair: Pair): ByHand {
  const { initiator, responder, now } = pair;
  const hello = only(drain(initiator, now));
  const retry = only(answersTo(responder, hello, initiator.address, now));
  const helloAgain = only(answersTo(initiator, retry, responder.address, now));
  const answer = only(answersTo(responder, helloAgain, initiator.address, now));
  const finish = only(answersTo(initiator, answer, responder.address, now));
  return { hello, retry, helloAgain, answer, finish };
}

/** The bytes of the one datagram there is. */
export function only(all: readonly Outbound[]): Uint8Array {
  const [first] = all;
  if (first === undefined || all.length > 1) throw new Error(`${all.length} datagrams, not one`);
  return first.bytes;
}

export function flipped(bytes: Uint8Array, at: number, bits = 1): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ bits;
  return changed;
}

/** The responder's program restarts with these keys, and has lost its sessions; or another one with these keys answers. */
export function restartResponder(
  pair: Pair,
  staticKeys: KeyPair = RESPONDER_KEYS,
  resetSalt: Uint8Array | undefined = RESET_SALT,
): End {
  const { random, now } = pair;
  pair.responder.endpoint = createEndpoint({
    crypto: platformCrypto,
    staticKeys,
    random: (length) => random.bytes(length),
    respond: respondWith({ admission: PSK, resetSalt }),
    udp: udpMeans,
    datagramLimit,
    now,
  });
  return pair.responder;
}
