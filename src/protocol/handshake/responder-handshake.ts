// The opener's half of the handshake (docs/protocol.md s. 8): what to answer a hello with, and which
// handshakes wait for their finish. A state machine without I/O; keeps nothing for an address that is not
// proven. What the payloads hold is the session's.

import { concatenate, mapKey } from "../bytes.ts";
import type { CryptoProvider, KeyPair, RandomBytes } from "../crypto-provider.ts";
import {
  CONNECTION_ID_LENGTH,
  type Packet,
  refusalWithoutProof,
  VERSION,
  writeAnswer,
  writeRefusal,
  writeRetry,
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
export const UNFINISHED_LIFE = 10_000;
/** Wrong secrets that one handshake may try; each costs two Diffie-Hellmans. */
const MAX_WRONG_SECRETS = 8;
/** Accepted keys that one handshake is held against before its last finish, each some 4 us. */
const MAX_TRIED = 128;

const OTHER_VERSION = 1;
const WRONG_SECRET = 2;
const FULL = 3;

export interface OpeningOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly admission: Admission;
  readonly random: RandomBytes;
  readonly now: number;
}

interface Unfinished {
  readonly noise: HandshakeState;
  /** Where the cookie has proven the joiner to be. */
  readonly proven: SocketAddress;
  readonly joinerId: Uint8Array;
  readonly openerId: Uint8Array;
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

export interface Opening {
  readonly options: OpeningOptions;
  readonly cookies: CookieSecrets;
  /** By the opener's connection id, oldest first. */
  readonly unfinished: Map<string, Unfinished>;
  /** The opener's connection id for each joiner's id and Noise message 1. */
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
      readonly joinerId: Uint8Array;
      readonly openerId: Uint8Array;
      readonly keys: HandshakeResult;
      readonly payload: Uint8Array;
      /** Of the key that it was let in with. */
      readonly admitsTo: string | null;
      /** Ms from the answer to the finish; null when there were several answers. */
      readonly took: number | null;
    };

export function createOpening(options: OpeningOptions): Opening {
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
  opening: Opening,
  hello: Extract<Packet, { kind: "hello" }>,
  from: SocketAddress,
  room: number,
  now: number,
  payloadFor: (openerId: Uint8Array) => Uint8Array,
): Uint8Array | null {
  const { options, cookies, unfinished, answered } = opening;
  const { crypto } = options;
  const { joinerId, cookie, noise: message } = hello;
  if (hello.version !== VERSION) return refuse(crypto, hello, OTHER_VERSION);
  renewCookieSecrets(cookies, () => options.random(32), now);
  const claim = { from, joinerId, noise: message };
  if (!isValidCookie(crypto, cookies, cookie, claim)) {
    return writeRetry(joinerId, makeCookie(crypto, cookies, claim));
  }

  forgetOld(opening, now);
  const sameHello = mapKey(joinerId) + mapKey(message);
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
  const openerId = options.random(CONNECTION_ID_LENGTH);
  // Sealed, and not in the header: a joiner that took a damaged id would send every finish astray.
  const payload = concatenate(openerId, payloadFor(openerId));
  const answer = writeAnswer(joinerId, writeMessage(noise, payload));
  const refusalKey = exportKey(noise, REFUSAL_LABEL);
  const ids = { proven: from, joinerId: joinerId.slice(), openerId, hello: sameHello };
  const times = { until: now + UNFINISHED_LIFE, answeredAt: now };
  const refusals = { wrongSecrets: 0, tried: 0, refused: null };
  unfinished.set(mapKey(openerId), { noise, ...ids, answer, refusalKey, ...times, ...refusals });
  answered.set(sameHello, mapKey(openerId));
  return answer;
}

/** Takes in a finish for a handshake that waits for it. */
export function receiveFinish(
  opening: Opening,
  { openerId, noise: message }: Extract<Packet, { kind: "finish" }>,
  now: number,
): FinishStep {
  forgetOld(opening, now);
  const { admission, crypto } = opening.options;
  const key = mapKey(openerId);
  const waiting = opening.unfinished.get(key);
  if (waiting === undefined) return { type: "unknown" };
  const { refused } = waiting;
  // A refusal is lost as anything else is: what it was for costs nothing the second time.
  if (
    refused !== null &&
    crypto.constantTimeEqual(refused.digest, truncatedHash(crypto, message))
  ) {
    return { type: "refused", refusal: refused.refusal };
  }
  if (waiting.wrongSecrets >= MAX_WRONG_SECRETS || waiting.tried >= MAX_TRIED) {
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
      forgetOne(opening, key, waiting);
      const { answeredAt, joinerId, openerId, proven } = waiting;
      const took = answeredAt === null ? null : now - answeredAt;
      const { admitsTo } = accepted;
      return { type: "finished", proven, joinerId, openerId, keys, payload, admitsTo, took };
    }
  }
  waiting.wrongSecrets += 1;
  waiting.tried += reading.type === "wrong-psk" ? reading.tried : 1;
  const proven = refusalWithoutProof(waiting.joinerId, WRONG_SECRET);
  const refusal = writeRefusal(proven, truncatedHmac(crypto, waiting.refusalKey, proven, message));
  waiting.refused = { digest: truncatedHash(crypto, message), refusal };
  return { type: "refused", refusal };
}

/** A refusal before the answer: there is no key yet to prove it with, but that the hello came. */
function refuse(
  crypto: CryptoProvider,
  { joinerId, datagram }: Extract<Packet, { kind: "hello" }>,
  code: number,
): Uint8Array {
  return writeRefusal(refusalWithoutProof(joinerId, code), truncatedHash(crypto, datagram));
}

function forgetOld(opening: Opening, now: number): void {
  for (const [key, waiting] of opening.unfinished) {
    if (waiting.until > now) return;
    forgetOne(opening, key, waiting);
  }
}

function forgetOne(opening: Opening, key: string, { hello }: Unfinished): void {
  opening.unfinished.delete(key);
  opening.answered.delete(hello);
}
