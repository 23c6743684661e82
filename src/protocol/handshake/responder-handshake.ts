// The responder's half of the handshake (docs/protocol.md s. 8): how a hello is answered, which handshakes
// wait for their finish, and who is admitted by it. A state machine without I/O; it keeps nothing for an
// address that is not proven. The frames in the payloads are the session's.

import { concatenate, mapKey } from "../bytes.ts";
import type { CryptoProvider, KeyPair, RandomBytes } from "../crypto-provider.ts";
import {
  CONNECTION_ID_LENGTH,
  type Packet,
  VERSION,
  writeAnswer,
  writeRetry,
  writeUnprovenRefusal,
} from "../packets.ts";
import { measureExchange } from "../recovery/round-trip.ts";
import type { SocketAddress } from "../socket-address.ts";
import { NOISE_PROTOCOL, REFUSAL_LABEL } from "./initiator-handshake.ts";
import {
  createHandshake,
  exportKey,
  finishHandshake,
  type HandshakeResult,
  readMessage,
  readMessageWithAnyPsk,
  writeMessage,
} from "./noise/handshake-state.ts";
import {
  type CookieSecrets,
  createCookieSecrets,
  deriveKeyProofKey,
  hasKeyProof,
  isValidCookie,
  makeCookie,
  renewCookieSecrets,
  truncatedHash,
  truncatedHmac,
} from "./proofs.ts";
import {
  addUnfinished,
  createUnfinishedHandshakes,
  dropExpired,
  dropUnfinished,
  findPlace,
  MAX_UNFINISHED,
  type UnfinishedHandshakes,
} from "./unfinished-handshakes.ts";

/** How long a handshake waits for its finish, ms. */
const UNFINISHED_LIFETIME = 10_000;
/** Wrong secrets that one handshake may try; each costs two Diffie-Hellmans. */
const MAX_WRONG_SECRETS = 8;
/** Accepted keys that the finishes of one handshake are tried with before the last, each some 4 us. */
const MAX_TRIED_KEYS = 128;

/** Codes of a refusal (docs/protocol.md s. 8.5). */
const OTHER_VERSION = 1;
const WRONG_SECRET = 2;
const FULL = 3;

export interface AcceptedKey {
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** Which key it is, in the terms of the program above. */
  readonly id: string;
}

/** Decides who may join: with which of several pre-shared keys, and whether with that one now. */
export interface Admission {
  /**
   * The keys that the owner of this static key may have, in the order to try. That the peer owns it is not
   * proven yet: do nothing because of it. Each key costs some 4 us for every finish that is refused.
   */
  keysFor(claimedKey: Uint8Array): Iterable<AcceptedKey>;
  /**
   * The peer has proven that it owns `peerKey` and has that key of theirs: returns whether it is admitted,
   * and counts it. If not, it is refused as with a wrong secret.
   */
  admit(key: AcceptedKey, peerKey: Uint8Array): boolean;
}

/** Admits everybody who has this key. */
export function admitWith(psk: Uint8Array): Admission {
  const keys = [{ psk, id: "" }];
  return { keysFor: () => keys, admit: () => true };
}

export interface ResponderOptions {
  readonly crypto: CryptoProvider;
  readonly staticKeys: KeyPair;
  readonly admission: Admission;
  readonly random: RandomBytes;
  readonly now: number;
}

export interface Responder {
  readonly options: ResponderOptions;
  readonly cookies: CookieSecrets;
  /** Under which the key proof of a hello is made. */
  readonly keyProofKey: Uint8Array;
  readonly unfinished: UnfinishedHandshakes;
}

/** A finish that was admitted: everything that its session starts with. */
export interface AdmittedFinish {
  readonly proven: SocketAddress;
  readonly initiatorId: Uint8Array;
  readonly responderId: Uint8Array;
  readonly keys: HandshakeResult;
  /** Its frames. */
  readonly payload: Uint8Array;
  /** The accepted key's id. */
  readonly admittedBy: string;
  /** Ms; null if the exchange was not measured. */
  readonly roundTrip: number | null;
  /** Whether the answer was sent again. */
  readonly lossy: boolean;
  /** SHA-256 of its Noise message: a repeated finish is recognised by it. */
  readonly hash: Uint8Array;
}

export type FinishStep =
  | { readonly type: "nothing" }
  /** No handshake waits for it. */
  | { readonly type: "unknown" }
  | { readonly type: "refused"; readonly refusal: Uint8Array }
  | { readonly type: "admitted"; readonly finish: AdmittedFinish };

export function createResponder(options: ResponderOptions): Responder {
  const cookies = createCookieSecrets(() => options.random(32), options.now);
  const { crypto, staticKeys } = options;
  const keyProofKey = deriveKeyProofKey(crypto, staticKeys.publicKey);
  return { options, cookies, keyProofKey, unfinished: createUnfinishedHandshakes() };
}

/**
 * The answer to a hello, never longer than it; null for none.
 *
 * @param room how many more sessions there may be
 * @param writeFrames the frames of the answer, given this end's new connection id
 */
export function receiveHello(
  responder: Responder,
  hello: Extract<Packet, { kind: "hello" }>,
  from: SocketAddress,
  room: number,
  now: number,
  writeFrames: (responderId: Uint8Array) => Uint8Array,
): Uint8Array | null {
  const { options, cookies, keyProofKey, unfinished } = responder;
  const { crypto } = options;
  const { initiatorId, cookie, noise: message } = hello;
  if (hello.version !== VERSION) return refuseHello(crypto, hello, OTHER_VERSION);
  renewCookieSecrets(cookies, () => options.random(32), now);
  const claim = { from, initiatorId, noise: message };
  if (!isValidCookie(crypto, cookies, cookie, claim)) {
    return writeRetry(initiatorId, makeCookie(crypto, cookies, claim));
  }

  dropExpired(unfinished, now);
  const sameHello = mapKey(initiatorId) + mapKey(message);
  const known = unfinished.byHello.get(sameHello);
  if (known !== undefined) {
    known.answers += 1;
    return known.answer;
  }
  if (room <= 0) return refuseHello(crypto, hello, FULL);
  const newcomer = { proven: from, knowsKey: hasKeyProof(crypto, keyProofKey, hello) };
  const place = findPlace(unfinished, newcomer, Math.min(room, MAX_UNFINISHED));
  if (place === "none") return room <= MAX_UNFINISHED ? refuseHello(crypto, hello, FULL) : null;

  const noise = createHandshake({
    ...NOISE_PROTOCOL,
    crypto,
    role: "responder",
    staticKeys: options.staticKeys,
    ephemeralKeys: crypto.generateKeyPair(options.random(32)),
    psk: "one of several",
  });
  if (readMessage(noise, message).type !== "payload") return null;
  const responderId = options.random(CONNECTION_ID_LENGTH);
  // Sealed, not in the header: an initiator that took a damaged id would send every finish to nobody.
  const payload = concatenate(responderId, writeFrames(responderId));
  const answer = writeAnswer(initiatorId, writeMessage(noise, payload));
  if (place !== "free") dropUnfinished(unfinished, place);
  addUnfinished(unfinished, {
    ...newcomer,
    noise,
    initiatorId: initiatorId.slice(),
    responderId,
    id: mapKey(responderId),
    hello: sameHello,
    answer,
    refusalKey: exportKey(noise, REFUSAL_LABEL),
    until: now + UNFINISHED_LIFETIME,
    answeredAt: now,
    answers: 1,
    wrongSecrets: 0,
    triedKeys: 0,
    refused: null,
  });
  return answer;
}

/** Processes a finish for a handshake that waits for it. */
export function receiveFinish(
  responder: Responder,
  { responderId, noise: message }: Extract<Packet, { kind: "finish" }>,
  now: number,
): FinishStep {
  const { options, unfinished } = responder;
  const { admission, crypto } = options;
  dropExpired(unfinished, now);
  const waiting = unfinished.byId.get(mapKey(responderId))?.handshake;
  if (waiting === undefined) return { type: "unknown" };
  const { refused } = waiting;
  // A refusal can be lost: refusing the same finish again costs nothing.
  if (refused !== null && crypto.constantTimeEqual(refused.hash, truncatedHash(crypto, message))) {
    return { type: "refused", refusal: refused.refusal };
  }
  if (waiting.wrongSecrets >= MAX_WRONG_SECRETS || waiting.triedKeys >= MAX_TRIED_KEYS) {
    return { type: "nothing" };
  }
  // From a copy: a finish that a key decrypts may still not be admitted.
  const noise = { ...waiting.noise };
  const result = readMessageWithAnyPsk(noise, message, (claimed) => admission.keysFor(claimed));
  if (result.type === "forged") return { type: "nothing" };
  if (result.type === "payload") {
    const { key: accepted, payload } = result;
    const keys = finishHandshake(noise);
    if (admission.admit(accepted, keys.remoteStatic)) {
      dropUnfinished(unfinished, waiting);
      const { answeredAt, answers, initiatorId, proven } = waiting;
      return {
        type: "admitted",
        finish: {
          proven,
          initiatorId,
          responderId: waiting.responderId,
          keys,
          payload,
          admittedBy: accepted.id,
          roundTrip: measureExchange(now - answeredAt, answers > 1),
          lossy: answers > 1,
          hash: crypto.sha256(message),
        },
      };
    }
  }
  waiting.wrongSecrets += 1;
  waiting.triedKeys += result.type === "wrong-psk" ? result.tried : 1;
  const unproven = writeUnprovenRefusal(waiting.initiatorId, WRONG_SECRET);
  const proof = truncatedHmac(crypto, waiting.refusalKey, unproven, message);
  const refusal = concatenate(unproven, proof);
  waiting.refused = { hash: truncatedHash(crypto, message), refusal };
  return { type: "refused", refusal };
}

/** A refusal before the answer: there is no key yet, so it proves only that it answers this hello. */
function refuseHello(
  crypto: CryptoProvider,
  { initiatorId, datagram }: Extract<Packet, { kind: "hello" }>,
  code: number,
): Uint8Array {
  return concatenate(writeUnprovenRefusal(initiatorId, code), truncatedHash(crypto, datagram));
}
