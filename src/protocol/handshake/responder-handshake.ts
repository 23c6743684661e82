// The responder's half of the handshake (docs/protocol.md s. 8): what to answer a hello with, and which
// handshakes wait for their finish. A state machine without I/O; keeps nothing for an address that is not
// proven. What the payloads hold is the session's.

import { concatenate, mapKey } from "../bytes.ts";
import type { CryptoProvider, KeyPair, RandomBytes } from "../crypto-provider.ts";
import {
  CONNECTION_ID_LENGTH,
  type Packet,
  VERSION,
  writeAnswer,
  writeRefusal,
  writeRetry,
  writeUnprovenRefusal,
} from "../packets.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { Admission } from "./admission.ts";
import { PROLOGUE, REFUSAL_LABEL } from "./initiator-handshake.ts";
import {
  createHandshake,
  exportKey,
  finishHandshake,
  type HandshakeResult,
  type HandshakeState,
  readMessage,
  readMessageWithAnyPsk,
  writeMessage,
  XXpsk3,
} from "./noise/handshake-state.ts";
import {
  type CookieSecrets,
  createCookieSecrets,
  isValidCookie,
  makeCookie,
  renewCookieSecrets,
  truncatedHash,
  truncatedHmac,
} from "./proofs.ts";

/** Handshakes that wait for their finish (docs/protocol.md s. 8.3). */
export const MAX_UNFINISHED = 1_024;
/** How long each waits, ms. */
export const UNFINISHED_LIFETIME = 10_000;
/** Wrong secrets that one handshake may try; each costs two Diffie-Hellmans. */
const MAX_WRONG_SECRETS = 8;
/** Accepted keys that one handshake is held against before its last finish, each some 4 us. */
const MAX_TRIED_KEYS = 128;

const OTHER_VERSION = 1;
const WRONG_SECRET = 2;
const FULL = 3;

export interface ResponderOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly admission: Admission;
  readonly random: RandomBytes;
  readonly now: number;
}

interface Unfinished {
  readonly noise: HandshakeState;
  /** Where the cookie has proven the initiator to be. */
  readonly proven: SocketAddress;
  readonly initiatorId: Uint8Array;
  readonly responderId: Uint8Array;
  /** Its key in `answered`. */
  readonly hello: string;
  readonly answer: Uint8Array;
  readonly refusalKey: Uint8Array;
  readonly until: number;
  /** When the answer was sent; null once it was sent again. */
  answeredAt: number | null;
  wrongSecrets: number;
  /** Accepted keys that they were held against. */
  tried: number;
  /** The last finish that was refused, as its digest, and with what. */
  refused: { readonly digest: Uint8Array; readonly refusal: Uint8Array } | null;
}

export interface Responder {
  readonly options: ResponderOptions;
  readonly cookies: CookieSecrets;
  /** By the responder's connection id, oldest first. */
  readonly unfinished: Map<string, Unfinished>;
  /** The responder's connection id for each initiator's id and Noise message 1. */
  readonly answered: Map<string, string>;
}

/** What came of a finish. */
export type FinishStep =
  | { readonly type: "nothing" }
  /** No handshake waits for it. */
  | { readonly type: "unknown" }
  | { readonly type: "refused"; readonly refusal: Uint8Array }
  | {
      readonly type: "finished";
      readonly proven: SocketAddress;
      readonly initiatorId: Uint8Array;
      readonly responderId: Uint8Array;
      readonly keys: HandshakeResult;
      readonly payload: Uint8Array;
      /** Of the key that it was let in with. */
      readonly admitsTo: string | null;
      /** Ms from the answer to the finish; null when there were several answers. */
      readonly took: number | null;
    };

export function createResponder(options: ResponderOptions): Responder {
  const cookies = createCookieSecrets(() => options.random(32), options.now);
  return { options, cookies, unfinished: new Map(), answered: new Map() };
}

/**
 * What to answer a hello with, never longer than it; null for nothing.
 *
 * @param room sessions that may begin before there are too many
 * @param payloadFor the frames of the answer, given this end's new connection id
 */
export function receiveHello(
  responder: Responder,
  hello: Extract<Packet, { kind: "hello" }>,
  from: SocketAddress,
  room: number,
  now: number,
  payloadFor: (responderId: Uint8Array) => Uint8Array,
): Uint8Array | null {
  const { options, cookies, unfinished, answered } = responder;
  const { crypto } = options;
  const { initiatorId, cookie, noise: message } = hello;
  if (hello.version !== VERSION) return refuse(crypto, hello, OTHER_VERSION);
  renewCookieSecrets(cookies, () => options.random(32), now);
  const claim = { from, initiatorId, noise: message };
  if (!isValidCookie(crypto, cookies, cookie, claim)) {
    return writeRetry(initiatorId, makeCookie(crypto, cookies, claim));
  }

  forgetOld(responder, now);
  const sameHello = mapKey(initiatorId) + mapKey(message);
  const known = unfinished.get(answered.get(sameHello) ?? "");
  if (known !== undefined) {
    known.answeredAt = null;
    return known.answer;
  }
  if (unfinished.size >= room) return refuse(crypto, hello, FULL);
  if (unfinished.size >= MAX_UNFINISHED) return null;

  const noise = createHandshake({
    crypto,
    pattern: XXpsk3,
    role: "responder",
    prologue: PROLOGUE,
    staticKeys: options.staticKeys,
    ephemeralKeys: crypto.generateKeyPair(options.random(32)),
    psk: "one of several",
  });
  if (readMessage(noise, message).type !== "payload") return null;
  const responderId = options.random(CONNECTION_ID_LENGTH);
  // Sealed, and not in the header: an initiator that took a damaged id would send every finish astray.
  const payload = concatenate(responderId, payloadFor(responderId));
  const answer = writeAnswer(initiatorId, writeMessage(noise, payload));
  const refusalKey = exportKey(noise, REFUSAL_LABEL);
  const ids = { proven: from, initiatorId: initiatorId.slice(), responderId, hello: sameHello };
  const times = { until: now + UNFINISHED_LIFETIME, answeredAt: now };
  const refusals = { wrongSecrets: 0, tried: 0, refused: null };
  unfinished.set(mapKey(responderId), { noise, ...ids, answer, refusalKey, ...times, ...refusals });
  answered.set(sameHello, mapKey(responderId));
  return answer;
}

/** Takes in a finish for a handshake that waits for it. */
export function receiveFinish(
  responder: Responder,
  { responderId, noise: message }: Extract<Packet, { kind: "finish" }>,
  now: number,
): FinishStep {
  forgetOld(responder, now);
  const { admission, crypto } = responder.options;
  const key = mapKey(responderId);
  const waiting = responder.unfinished.get(key);
  if (waiting === undefined) return { type: "unknown" };
  const { refused } = waiting;
  // A refusal is lost as anything else is: what it was for costs nothing the second time.
  if (
    refused !== null &&
    crypto.constantTimeEqual(refused.digest, truncatedHash(crypto, message))
  ) {
    return { type: "refused", refusal: refused.refusal };
  }
  if (waiting.wrongSecrets >= MAX_WRONG_SECRETS || waiting.tried >= MAX_TRIED_KEYS) {
    return { type: "nothing" };
  }
  // Read in a copy: somebody with a key that opens it may still be turned away.
  const noise = { ...waiting.noise };
  const reading = readMessageWithAnyPsk(noise, message, (claimed) => admission.keysFor(claimed));
  if (reading.type === "forged") return { type: "nothing" };
  if (reading.type === "payload") {
    const { key: accepted, payload } = reading;
    const keys = finishHandshake(noise);
    if (admission.admit(accepted, keys.remoteStatic)) {
      forgetOne(responder, key, waiting);
      const { answeredAt, initiatorId, responderId, proven } = waiting;
      const took = answeredAt === null ? null : now - answeredAt;
      const { admitsTo } = accepted;
      return { type: "finished", proven, initiatorId, responderId, keys, payload, admitsTo, took };
    }
  }
  waiting.wrongSecrets += 1;
  waiting.tried += reading.type === "wrong-psk" ? reading.tried : 1;
  const proven = writeUnprovenRefusal(waiting.initiatorId, WRONG_SECRET);
  const refusal = writeRefusal(proven, truncatedHmac(crypto, waiting.refusalKey, proven, message));
  waiting.refused = { digest: truncatedHash(crypto, message), refusal };
  return { type: "refused", refusal };
}

/** A refusal before the answer: there is no key yet to prove it with, but that the hello came. */
function refuse(
  crypto: CryptoProvider,
  { initiatorId, datagram }: Extract<Packet, { kind: "hello" }>,
  code: number,
): Uint8Array {
  return writeRefusal(writeUnprovenRefusal(initiatorId, code), truncatedHash(crypto, datagram));
}

function forgetOld(responder: Responder, now: number): void {
  for (const [key, waiting] of responder.unfinished) {
    if (waiting.until > now) return;
    forgetOne(responder, key, waiting);
  }
}

function forgetOne(responder: Responder, key: string, { hello }: Unfinished): void {
  responder.unfinished.delete(key);
  responder.answered.delete(hello);
}
