// The initiator's half of the handshake (docs/protocol.md s. 8): a state machine without I/O, from the first
// hello to the finish. Its keys and random bytes are arguments; what the payloads hold is the session's.

import type { CryptoProvider, KeyPair } from "../crypto-provider.ts";
import {
  CONNECTION_ID_LENGTH,
  FINISH_HEADER,
  type Packet,
  writeFinish,
  writeHello,
} from "../packets.ts";
import {
  createHandshake,
  exportKey,
  finishHandshake,
  type HandshakeResult,
  type HandshakeState,
  readMessage,
  remoteStaticKey,
  writeMessage,
  XXpsk3,
} from "./noise/handshake-state.ts";
import { truncatedHash, truncatedHmac } from "./proofs.ts";

/** Both ends agree on the protocol and its version by mixing this in (Noise s. 6). */
export const PROLOGUE = new TextEncoder().encode("charla 1\0");

/** What `exportKey` is asked for (docs/protocol.md s. 8.5). */
export const REFUSAL_LABEL = "charla refusal";

/** When a hello or a finish is sent again, ms after the time before; the last goes on. */
const RETRANSMIT_AFTER = [200, 300, 500, 700, 1_000] as const;
/** The longest of them, ms. */
export const MAX_RETRANSMIT_INTERVAL = 1_000;
/** When an initiator gives up, ms after its first hello: people wait no longer for a first sign. */
export const HANDSHAKE_TIMEOUT = 8_000;
/** Retries that are answered at once; any more wait for the next hello's time. */
const MAX_RETRIES = 4;

/** Why there is no session. */
export type HandshakeFailure =
  /** Nothing came back in time. */
  | "no-answer"
  /** Somebody answered, and is not who was expected. */
  | "other-server"
  /** The responder says that the secret is wrong. */
  | "wrong-secret"
  /** The responder speaks another version. */
  | "other-version"
  /** The responder takes no more sessions. */
  | "full";

export interface InitiatorOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly ephemeralKeys: KeyPair;
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** Whom an invitation or an earlier visit promises; null takes anyone. */
  readonly expected: Uint8Array | null;
  /** 8 random bytes. */
  readonly initiatorId: Uint8Array;
  /** 1,200 random bytes. */
  readonly padding: Uint8Array;
  readonly now: number;
}

export interface InitiatorHandshake {
  readonly options: InitiatorOptions;
  readonly noise: HandshakeState;
  /** Noise message 1. */
  readonly message: Uint8Array;
  retries: number;
  /** What is sent until something comes back: the hello, then the finish. */
  datagram: Uint8Array;
  phase: "hello" | "finish";
  repeats: number;
  /** When it was sent last. */
  sentAt: number;
  sendAt: number;
  readonly giveUpAt: number;
  refusalKey: Uint8Array | null;
}

/** What came of a packet. */
export type InitiatorStep =
  | { readonly type: "nothing" }
  | { readonly type: "failed"; readonly failure: HandshakeFailure }
  /** The answer was authentic: with `sendFinish` the session begins. `payload` is its frames. */
  | { readonly type: "answered"; readonly responderId: Uint8Array; readonly payload: Uint8Array };

const NOTHING: InitiatorStep = { type: "nothing" };

/** Begins with a hello, which is due at once. */
export function startInitiatorHandshake(options: InitiatorOptions): InitiatorHandshake {
  const { crypto, staticKeys, ephemeralKeys, psk, initiatorId, padding, now } = options;
  const noise = createHandshake({
    crypto,
    pattern: XXpsk3,
    role: "initiator",
    prologue: PROLOGUE,
    staticKeys,
    ephemeralKeys,
    psk,
  });
  const message = writeMessage(noise, new Uint8Array(0));
  return {
    options,
    noise,
    message,
    retries: 0,
    datagram: writeHello(initiatorId, new Uint8Array(0), message, padding),
    phase: "hello",
    repeats: 0,
    sentAt: now,
    sendAt: now,
    giveUpAt: now + HANDSHAKE_TIMEOUT,
    refusalKey: null,
  };
}

/** The datagram that is due, and when the next will be; null while none is. */
export function nextHandshakeDatagram(
  handshake: InitiatorHandshake,
  now: number,
): Uint8Array | null {
  if (now < handshake.sendAt) return null;
  const wait = RETRANSMIT_AFTER[Math.min(handshake.repeats, RETRANSMIT_AFTER.length - 1)] ?? 0;
  handshake.repeats += 1;
  handshake.sentAt = now;
  handshake.sendAt = now + wait;
  return handshake.datagram;
}

/**
 * What the last exchange took, ms; null when it cannot be told which of several datagrams was answered
 * (Karn's algorithm, RFC 6298 s. 3).
 */
export function measureExchange(
  { repeats, sentAt }: InitiatorHandshake,
  now: number,
): number | null {
  return repeats === 1 ? now - sentAt : null;
}

/** Takes in a retry, an answer or a refusal that bears this initiator's connection id. */
export function receiveAsInitiator(
  handshake: InitiatorHandshake,
  packet: Packet,
  now: number,
): InitiatorStep {
  switch (packet.kind) {
    case "retry":
      return receiveRetry(handshake, packet.cookie, now);
    case "answer":
      return receiveAnswer(handshake, packet.noise);
    case "refusal":
      return receiveRefusal(handshake, packet);
    default:
      return NOTHING;
  }
}

/** Writes the finish around `payload`: it is due at once, and these are the session's keys. */
export function sendFinish(
  handshake: InitiatorHandshake,
  responderId: Uint8Array,
  payload: Uint8Array,
  now: number,
): HandshakeResult {
  handshake.refusalKey = exportKey(handshake.noise, REFUSAL_LABEL);
  handshake.datagram = writeFinish(responderId, writeMessage(handshake.noise, payload));
  handshake.phase = "finish";
  handshake.repeats = 0;
  handshake.sendAt = now;
  return finishHandshake(handshake.noise);
}

function receiveRetry(
  handshake: InitiatorHandshake,
  cookie: Uint8Array,
  now: number,
): InitiatorStep {
  if (handshake.phase !== "hello") return NOTHING;
  const { initiatorId, padding } = handshake.options;
  // The newest cookie, however many there were: one that was damaged on the way must not be the last.
  handshake.datagram = writeHello(initiatorId, cookie, handshake.message, padding);
  if (handshake.retries >= MAX_RETRIES) return NOTHING;
  handshake.retries += 1;
  handshake.repeats = 0;
  handshake.sendAt = now;
  return NOTHING;
}

function receiveAnswer(handshake: InitiatorHandshake, message: Uint8Array): InitiatorStep {
  if (handshake.phase !== "hello") return NOTHING;
  const reading = readMessage(handshake.noise, message);
  if (reading.type !== "payload") return NOTHING;
  const { crypto, expected } = handshake.options;
  const server = remoteStaticKey(handshake.noise);
  if (expected !== null && (server === null || !crypto.constantTimeEqual(server, expected))) {
    return { type: "failed", failure: "other-server" };
  }
  const { payload } = reading;
  return {
    type: "answered",
    responderId: payload.slice(0, CONNECTION_ID_LENGTH),
    payload: payload.subarray(CONNECTION_ID_LENGTH),
  };
}

function receiveRefusal(
  handshake: InitiatorHandshake,
  { code, proven, proof }: Extract<Packet, { kind: "refusal" }>,
): InitiatorStep {
  const failure = (["other-version", "wrong-secret", "full"] as const)[code - 1];
  if (failure === undefined) return NOTHING;
  const { datagram, refusalKey } = handshake;
  const { crypto } = handshake.options;
  if (refusalKey === null) {
    // Nothing is agreed yet, and anyone on the way could say so; but who can, can also drop the hello.
    if (
      failure === "wrong-secret" ||
      !crypto.constantTimeEqual(truncatedHash(crypto, datagram), proof)
    ) {
      return NOTHING;
    }
    return { type: "failed", failure };
  }
  // One that was damaged on the way looks like one with a wrong secret: it is another's refusal.
  const finish = datagram.subarray(FINISH_HEADER);
  const expected = truncatedHmac(crypto, refusalKey, proven, finish);
  return crypto.constantTimeEqual(expected, proof) ? { type: "failed", failure } : NOTHING;
}
