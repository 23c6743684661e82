// The initiator's half of the handshake (docs/protocol.md s. 8): a state machine without I/O, from the first
// hello to the finish. Its keys and random bytes are arguments; the frames in the payloads are the session's.

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
import { addKeyProof, deriveKeyProofKey, truncatedHash, truncatedHmac } from "./proofs.ts";
import {
  datagramAnswered,
  datagramSent,
  type Retransmission,
  startRetransmission,
} from "./retransmission.ts";

/** Alike at both ends. The prologue is mixed in, so that they agree on the protocol and its version (Noise s. 6). */
export const NOISE_PROTOCOL = {
  pattern: XXpsk3,
  prologue: new TextEncoder().encode("charla 1\0"),
};

/** The label of the refusal key (docs/protocol.md s. 8.5). */
export const REFUSAL_LABEL = "charla refusal";

/** When an initiator gives up, ms after its first hello: people don't wait longer for a first answer. */
const HANDSHAKE_TIMEOUT = 8_000;
/**
 * How long an initiator goes on after a datagram that speaks against success but proves nothing, ms: what is authentic takes
 * two round trips, and several hellos where some are lost.
 */
const CLAIM_PATIENCE = 2_000;

/** Why there is no session. */
export type HandshakeFailure =
  /** Nothing came back in time. */
  | "no-answer"
  /** The responder's key is not the expected one. */
  | "other-server"
  | "wrong-secret"
  | "other-version"
  /** The responder takes no more sessions. */
  | "full"
  /** What answers speaks the plain wire. */
  | "other-wire";

/** What a retry shows to be untrue: its sender speaks this version of the sealed wire. */
const REFUTED_BY_RETRY: ReadonlySet<HandshakeFailure> = new Set(["other-wire", "other-version"]);

export interface InitiatorOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly ephemeralKeys: KeyPair;
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** The responder's key, from an invitation or from an earlier session; null accepts any. */
  readonly expected: Uint8Array | null;
  /** 8 random bytes. */
  readonly initiatorId: Uint8Array;
  /** 1,200 random bytes. */
  readonly padding: Uint8Array;
  readonly now: number;
}

/** Why there may be no session, as said by a datagram that anyone on the path can forge. */
interface Claim {
  readonly failure: HandshakeFailure;
  /** The static key of an answer from another server; else null. */
  readonly key: Uint8Array | null;
}

export interface InitiatorHandshake {
  readonly options: InitiatorOptions;
  readonly noise: HandshakeState;
  /** Noise message 1. */
  readonly message: Uint8Array;
  retries: number;
  /** Sent until it is answered: the hello, then the finish. */
  datagram: Uint8Array;
  phase: "hello" | "finish";
  readonly retransmission: Retransmission;
  /** Hellos without a cookie: each brings a retry. */
  hellos: number;
  /** When the attempt ends: earlier once something claims that there will be no session. */
  giveUpAt: number;
  readonly timesOutAt: number;
  /** The last one; the reason of the failure if nothing authentic comes. */
  claim: Claim | null;
  refusalKey: Uint8Array | null;
}

export type InitiatorStep =
  | { readonly type: "nothing" }
  | { readonly type: "failed"; readonly failure: HandshakeFailure }
  /** The answer was authentic: `sendFinish` starts the session. `payload` is its frames. */
  | { readonly type: "answered"; readonly responderId: Uint8Array; readonly payload: Uint8Array };

const NOTHING: InitiatorStep = { type: "nothing" };

/** Starts with a hello, which is due at once. */
export function startInitiatorHandshake(options: InitiatorOptions): InitiatorHandshake {
  const { now } = options;
  const noise = createHandshake({ ...options, ...NOISE_PROTOCOL, role: "initiator" });
  const message = writeMessage(noise, new Uint8Array(0));
  return {
    options,
    noise,
    message,
    retries: 0,
    datagram: makeHello(options, message, new Uint8Array(0)),
    phase: "hello",
    retransmission: startRetransmission(now),
    hellos: 0,
    giveUpAt: now + HANDSHAKE_TIMEOUT,
    timesOutAt: now + HANDSHAKE_TIMEOUT,
    claim: null,
    refusalKey: null,
  };
}

/** The datagram that is due, which is then scheduled again; null while none is. */
export function nextHandshakeDatagram(
  handshake: InitiatorHandshake,
  now: number,
): Uint8Array | null {
  const { phase, retransmission, retries } = handshake;
  if (now < retransmission.dueAt) return null;
  if (phase === "hello" && retries === 0) handshake.hellos += 1;
  datagramSent(retransmission, now);
  return handshake.datagram;
}

/** Whether something of the handshake was lost. */
export function hasLost({ hellos, retransmission, retries }: InitiatorHandshake): boolean {
  return retransmission.lossy || retries < hellos;
}

/** Processes a retry, an answer or a refusal that has this initiator's connection id. */
export function receiveAsInitiator(
  handshake: InitiatorHandshake,
  packet: Extract<Packet, { kind: "retry" | "answer" | "refusal" }>,
  now: number,
): InitiatorStep {
  switch (packet.kind) {
    case "retry":
      return receiveRetry(handshake, packet.cookie, now);
    case "answer":
      return receiveAnswer(handshake, packet.noise, now);
    case "refusal":
      return receiveRefusal(handshake, packet, now);
  }
}

/** Writes the finish with `payload` in it, which is due at once, and returns the session's keys. */
export function sendFinish(
  handshake: InitiatorHandshake,
  responderId: Uint8Array,
  payload: Uint8Array,
): HandshakeResult {
  handshake.refusalKey = exportKey(handshake.noise, REFUSAL_LABEL);
  handshake.datagram = writeFinish(responderId, writeMessage(handshake.noise, payload));
  handshake.phase = "finish";
  dropClaim(handshake);
  return finishHandshake(handshake.noise);
}

/**
 * Something that anyone can forge says that there will be no session. The attempt goes on, for the responder may answer yet;
 * but not for as long as if nothing had come.
 */
export function receiveClaim(
  handshake: InitiatorHandshake,
  failure: HandshakeFailure,
  now: number,
  key: Uint8Array | null = null,
): void {
  if (handshake.phase !== "hello") return;
  if (handshake.retries > 0 && REFUTED_BY_RETRY.has(failure)) return;
  handshake.claim = { failure, key };
  handshake.giveUpAt = Math.min(handshake.giveUpAt, now + CLAIM_PATIENCE);
}

function dropClaim(handshake: InitiatorHandshake): void {
  handshake.claim = null;
  handshake.giveUpAt = handshake.timesOutAt;
}

/** Why an attempt fails whose time is over. */
export function failureAtTimeout({ claim }: InitiatorHandshake): HandshakeFailure {
  return claim?.failure ?? "no-answer";
}

/** With a key proof if the responder's key is known: such hellos go first where places are few. */
function makeHello(options: InitiatorOptions, message: Uint8Array, cookie: Uint8Array): Uint8Array {
  const { crypto, expected, initiatorId, padding } = options;
  const hello = writeHello(initiatorId, cookie, message, padding);
  if (expected !== null) addKeyProof(crypto, deriveKeyProofKey(crypto, expected), hello);
  return hello;
}

function receiveRetry(
  handshake: InitiatorHandshake,
  cookie: Uint8Array,
  now: number,
): InitiatorStep {
  if (handshake.phase !== "hello") return NOTHING;
  if (handshake.claim !== null && REFUTED_BY_RETRY.has(handshake.claim.failure))
    dropClaim(handshake);
  // Always the newest cookie: one that was damaged on the way must not be the last.
  handshake.datagram = makeHello(handshake.options, handshake.message, cookie);
  handshake.retries += 1;
  if (handshake.retries > 1) return NOTHING;
  datagramAnswered(handshake.retransmission, now);
  return NOTHING;
}

function receiveAnswer(
  handshake: InitiatorHandshake,
  message: Uint8Array,
  now: number,
): InitiatorStep {
  if (handshake.phase !== "hello") return NOTHING;
  const { noise, options } = handshake;
  const before = noise.progress;
  const result = readMessage(noise, message);
  if (result.type !== "payload") return NOTHING;
  const { crypto, expected } = options;
  const actual = remoteStaticKey(noise);
  if (expected !== null && (actual === null || !crypto.constantTimeEqual(actual, expected))) {
    // Anyone who has seen the hello can answer it: the expected responder may still do so.
    noise.progress = before;
    receiveClaim(handshake, "other-server", now, actual);
    return NOTHING;
  }
  const { payload } = result;
  datagramAnswered(handshake.retransmission, now);
  return {
    type: "answered",
    responderId: payload.slice(0, CONNECTION_ID_LENGTH),
    payload: payload.subarray(CONNECTION_ID_LENGTH),
  };
}

function receiveRefusal(
  handshake: InitiatorHandshake,
  { code, proven, proof }: Extract<Packet, { kind: "refusal" }>,
  now: number,
): InitiatorStep {
  const failure = (["other-version", "wrong-secret", "full"] as const)[code - 1];
  if (failure === undefined) return NOTHING;
  const { datagram, options, refusalKey } = handshake;
  const { crypto } = options;
  if (refusalKey === null) {
    // There is no key yet: it is of this hello, but anyone who has seen that can have made it.
    const isOfHello = crypto.constantTimeEqual(truncatedHash(crypto, datagram), proof);
    if (isOfHello && failure !== "wrong-secret") receiveClaim(handshake, failure, now);
    return NOTHING;
  }
  // The refusal of another finish proves nothing: one damaged on the way looks like one with a wrong secret.
  const expected = truncatedHmac(crypto, refusalKey, proven, datagram.subarray(FINISH_HEADER));
  return crypto.constantTimeEqual(expected, proof) ? { type: "failed", failure } : NOTHING;
}
