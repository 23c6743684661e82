// The joiner's half of the handshake (docs/protocol.md s. 8): a state machine without I/O, from the first
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
const REPEAT_AFTER = [200, 300, 500, 700, 1_000] as const;
/** The longest of them, ms. */
export const LONGEST_REPEAT = 1_000;
/** When a joiner gives up, ms after its first hello: people wait no longer for a first sign. */
export const JOIN_TIMEOUT = 8_000;
/** Retries that are answered at once; any more wait for the next hello's time. */
const MAX_RETRIES = 4;

/** Why there is no session. */
export type JoinFailure =
  /** Nothing came back in time. */
  | "no-answer"
  /** Somebody answered, and is not who was expected. */
  | "other-server"
  /** The opener says that the secret is wrong. */
  | "wrong-secret"
  /** The opener speaks another version. */
  | "other-version"
  /** The opener takes no more sessions. */
  | "full";

export interface JoiningOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly ephemeralKeys: KeyPair;
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** Whom an invitation or an earlier visit promises; null takes anyone. */
  readonly expected: Uint8Array | null;
  /** 8 random bytes. */
  readonly joinerId: Uint8Array;
  /** 1,200 random bytes. */
  readonly padding: Uint8Array;
  readonly now: number;
}

export interface Joining {
  readonly options: JoiningOptions;
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
export type JoiningStep =
  | { readonly type: "nothing" }
  | { readonly type: "failed"; readonly failure: JoinFailure }
  /** The answer was authentic: with `finishJoining` the session begins. `payload` is its frames. */
  | { readonly type: "answered"; readonly openerId: Uint8Array; readonly payload: Uint8Array };

const NOTHING: JoiningStep = { type: "nothing" };

/** Begins with a hello, which is due at once. */
export function startJoining(options: JoiningOptions): Joining {
  const { crypto, staticKeys, ephemeralKeys, psk, joinerId, padding, now } = options;
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
    datagram: writeHello(joinerId, new Uint8Array(0), message, padding),
    phase: "hello",
    repeats: 0,
    sentAt: now,
    sendAt: now,
    giveUpAt: now + JOIN_TIMEOUT,
    refusalKey: null,
  };
}

/** The datagram that is due, and when the next will be; null while none is. */
export function transmitJoining(joining: Joining, now: number): Uint8Array | null {
  if (now < joining.sendAt) return null;
  const wait = REPEAT_AFTER[Math.min(joining.repeats, REPEAT_AFTER.length - 1)] ?? 0;
  joining.repeats += 1;
  joining.sentAt = now;
  joining.sendAt = now + wait;
  return joining.datagram;
}

/**
 * What the last exchange took, ms; null when it cannot be told which of several datagrams was answered
 * (Karn's algorithm, RFC 6298 s. 3).
 */
export function exchangeTook({ repeats, sentAt }: Joining, now: number): number | null {
  return repeats === 1 ? now - sentAt : null;
}

/** Takes in a retry, an answer or a refusal that bears this joiner's connection id. */
export function receiveJoining(joining: Joining, packet: Packet, now: number): JoiningStep {
  switch (packet.kind) {
    case "retry":
      return receiveRetry(joining, packet.cookie, now);
    case "answer":
      return receiveAnswer(joining, packet.noise);
    case "refusal":
      return receiveRefusal(joining, packet);
    default:
      return NOTHING;
  }
}

/** Writes the finish around `payload`: it is due at once, and these are the session's keys. */
export function finishJoining(
  joining: Joining,
  openerId: Uint8Array,
  payload: Uint8Array,
  now: number,
): HandshakeResult {
  joining.refusalKey = exportKey(joining.noise, REFUSAL_LABEL);
  joining.datagram = writeFinish(openerId, writeMessage(joining.noise, payload));
  joining.phase = "finish";
  joining.repeats = 0;
  joining.sendAt = now;
  return finishHandshake(joining.noise);
}

function receiveRetry(joining: Joining, cookie: Uint8Array, now: number): JoiningStep {
  if (joining.phase !== "hello") return NOTHING;
  const { joinerId, padding } = joining.options;
  // The newest cookie, however many there were: one that was damaged on the way must not be the last.
  joining.datagram = writeHello(joinerId, cookie, joining.message, padding);
  if (joining.retries >= MAX_RETRIES) return NOTHING;
  joining.retries += 1;
  joining.repeats = 0;
  joining.sendAt = now;
  return NOTHING;
}

function receiveAnswer(joining: Joining, message: Uint8Array): JoiningStep {
  if (joining.phase !== "hello") return NOTHING;
  const reading = readMessage(joining.noise, message);
  if (reading.type !== "payload") return NOTHING;
  const { crypto, expected } = joining.options;
  const server = remoteStaticKey(joining.noise);
  if (expected !== null && (server === null || !crypto.constantTimeEqual(server, expected))) {
    return { type: "failed", failure: "other-server" };
  }
  const { payload } = reading;
  return {
    type: "answered",
    openerId: payload.slice(0, CONNECTION_ID_LENGTH),
    payload: payload.subarray(CONNECTION_ID_LENGTH),
  };
}

function receiveRefusal(
  joining: Joining,
  { code, proven, proof }: Extract<Packet, { kind: "refusal" }>,
): JoiningStep {
  const failure = (["other-version", "wrong-secret", "full"] as const)[code - 1];
  if (failure === undefined) return NOTHING;
  const { datagram, refusalKey } = joining;
  const { crypto } = joining.options;
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
