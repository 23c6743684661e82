// The HandshakeState of Noise s. 5.3 and its patterns: a state machine without I/O, clock or randomness that
// turns messages into keys. It knows nothing of datagrams, of who the peers are, or of what the payloads hold.
//
//   XXpsk3           initiator                         responder
//   message 1        write    e, payload  ----------->  read
//   message 2        read     <-----------  e, ee, s, es, payload    write
//                    (the responder's key is known here, and exportKey has its moment)
//   message 3        write    s, se, psk, payload --->  read
//   finishHandshake  the two transport keys, the hash, the peer's key

import { concatenate } from "../../bytes.ts";
import {
  type CryptoProvider,
  KEY_BYTES,
  type KeyPair,
  type PublicKey,
  TAG_BYTES,
} from "../../crypto-provider.ts";
import { MAX_MESSAGE_BYTES } from "./cipher.ts";
import { readPublicKey } from "./public-key.ts";
import {
  decryptAndHash,
  deriveLabelledKey,
  encryptAndHash,
  initializeSymmetric,
  mixHash,
  mixKey,
  mixKeyAndHash,
  split,
  type SymmetricState,
} from "./symmetric-state.ts";

export type Token = "e" | "s" | "ee" | "es" | "se" | "psk";

/** Which keys each message carries and mixes in (Noise s. 7.1). */
export interface HandshakePattern {
  /** As in the protocol's name (Noise s. 8.1). */
  readonly name: string;
  /** The initiator writes the first message, the responder the second, and so on. */
  readonly messages: readonly (readonly Token[])[];
}

/** Both send their static keys, the responder first; none is known before (Noise s. 7.5). */
export const XX: HandshakePattern = {
  name: "XX",
  messages: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
};

/** The same, and the last message proves that the initiator knows the pre-shared key (Noise s. 9.4). */
export const XXpsk3: HandshakePattern = {
  name: "XXpsk3",
  messages: [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]],
};

/** Bytes of a pre-shared key (Noise s. 9). */
export const PSK_BYTES = 32;

export interface HandshakeOptions {
  readonly crypto: CryptoProvider;
  readonly pattern: HandshakePattern;
  readonly role: "initiator" | "responder";
  /** What both have to agree on without sending it (Noise s. 6). */
  readonly prologue: Uint8Array;
  /** Our identity. */
  readonly staticKeys: KeyPair;
  /** For this handshake alone: a second one with the same pair gives its keys away (Noise s. 14). */
  readonly ephemeralKeys: KeyPair;
  /** 32 bytes; null for a pattern without one; "one of several" for use with `readMessageWithAnyPsk`. */
  readonly psk: Uint8Array | "one of several" | null;
}

export interface HandshakeState {
  readonly options: HandshakeOptions;
  /** Each message changes it as a whole or not at all. */
  progress: Progress;
}

interface Progress {
  /** Messages written and read. */
  readonly messages: number;
  readonly symmetric: SymmetricState;
  readonly remoteEphemeral: PublicKey | null;
  readonly remoteStatic: PublicKey | null;
}

export type ReadResult =
  | { readonly type: "payload"; readonly payload: Uint8Array }
  /** The peer of this handshake did not write this. */
  | { readonly type: "forged" }
  /**
   * The peer of this handshake wrote it up to its static key; but its psk is not ours, or it does not own
   * that static key, or the payload was changed on the way.
   */
  | { readonly type: "wrong-psk" };

/** The result for a message that ends in one of several pre-shared keys. */
export type ReadAnyPskResult<Key> =
  | { readonly type: "payload"; readonly payload: Uint8Array; readonly key: Key }
  | { readonly type: "forged" }
  | { readonly type: "wrong-psk"; readonly tried: number };

export interface HandshakeResult {
  /** 32 bytes, for `seal`. */
  readonly sendKey: Uint8Array;
  /** 32 bytes, for `open`. */
  readonly receiveKey: Uint8Array;
  /** `h`, 32 bytes: identifies this session uniquely (Noise s. 11.2). */
  readonly handshakeHash: Uint8Array;
  /** The peer's static public key, 32 bytes, proven to be theirs. */
  readonly remoteStatic: Uint8Array;
}

/** Initialize() of Noise s. 5.3; XX and XXpsk3 have no pre-messages. */
export function createHandshake(options: HandshakeOptions): HandshakeState {
  const { crypto, pattern, psk, prologue } = options;
  if (pattern.messages.some((tokens) => tokens.includes("psk")) !== (psk !== null)) {
    throw new Error(`${pattern.name} ${psk === null ? "needs a psk" : "has no psk"}`);
  }
  if (psk instanceof Uint8Array) checkPsk(psk);
  const symmetric = initializeSymmetric(crypto, `Noise_${pattern.name}_25519_AESGCM_SHA256`);
  return {
    options,
    progress: {
      messages: 0,
      symmetric: mixHash(symmetric, prologue),
      remoteEphemeral: null,
      remoteStatic: null,
    },
  };
}

/** What has to happen next. */
export function handshakeTurn({ options, progress }: HandshakeState): "write" | "read" | "finish" {
  if (progress.messages === options.pattern.messages.length) return "finish";
  const initiatorWrites = progress.messages % 2 === 0;
  return initiatorWrites === (options.role === "initiator") ? "write" : "read";
}

/**
 * WriteMessage() of Noise s. 5.3: the next message, with `payload` in it. The payload is better protected
 * with each message (Noise s. 7.7): in XXpsk3 anybody who sees the first can read it, the second only the
 * initiator, who is not authenticated yet, the third only the responder.
 *
 * @param payload such that the message is at most 65,535 bytes long (Noise s. 3)
 */
export function writeMessage(handshake: HandshakeState, payload: Uint8Array): Uint8Array {
  const { options } = handshake;
  const progress = { ...handshake.progress };
  const parts: Uint8Array[] = [];
  for (const token of takeTokens(handshake, "write")) {
    if (token === "e") {
      const { publicKey } = options.ephemeralKeys;
      parts.push(publicKey);
      progress.symmetric = mixEphemeral(options, progress.symmetric, publicKey);
    } else if (token === "s") {
      const { publicKey } = options.staticKeys;
      const [symmetric, sealed] = encryptAndHash(progress.symmetric, publicKey);
      parts.push(sealed);
      progress.symmetric = symmetric;
    } else {
      progress.symmetric = mixToken(options, progress, token);
    }
  }
  const [symmetric, sealed] = encryptAndHash(progress.symmetric, payload);
  const message = concatenate(...parts, sealed);
  if (message.byteLength > MAX_MESSAGE_BYTES) {
    throw new Error(`a message is at most ${MAX_MESSAGE_BYTES} bytes long: ${message.byteLength}`);
  }
  handshake.progress = { ...progress, symmetric, messages: progress.messages + 1 };
  return message;
}

/**
 * ReadMessage() of Noise s. 5.3. Never throws for anything that a peer can send. A message that fails
 * leaves the handshake as it was: Noise deletes it (s. 5), but over UDP anyone could then end it with one
 * forged datagram. Nothing is written between two attempts, so no key is used twice.
 */
export function readMessage(handshake: HandshakeState, message: Uint8Array): ReadResult {
  const tokens = takeTokens(handshake, "read");
  const read = readTokens(handshake, tokens, message);
  if (read === null) return { type: "forged" };
  const payload = readPayload(handshake, read, read.progress.symmetric, message);
  if (payload === null) return { type: tokens.includes("psk") ? "wrong-psk" : "forged" };
  return { type: "payload", payload };
}

/**
 * `readMessage` for a message whose last token is the psk, where the peer may have one of several: each
 * costs a key derivation and a decryption, and all of them together one Diffie-Hellman.
 *
 * @param keysFor called with the static key that the message carries; that the peer owns it is not proven
 *   until one of the keys decrypts the payload. They are tried in this order.
 */
export function readMessageWithAnyPsk<Key extends { readonly psk: Uint8Array }>(
  handshake: HandshakeState,
  message: Uint8Array,
  keysFor: (remoteStatic: Uint8Array) => Iterable<Key>,
): ReadAnyPskResult<Key> {
  const tokens = takeTokens(handshake, "read");
  if (tokens.at(-1) !== "psk") throw new Error("the message does not end in a psk");
  const read = readTokens(handshake, tokens.slice(0, -1), message);
  if (read === null) return { type: "forged" };
  let tried = 0;
  for (const key of keysFor(required(read.progress.remoteStatic).bytes)) {
    checkPsk(key.psk);
    tried += 1;
    const symmetric = mixKeyAndHash(read.progress.symmetric, key.psk);
    const payload = readPayload(handshake, read, symmetric, message);
    if (payload !== null) return { type: "payload", payload, key };
  }
  return { type: "wrong-psk", tried };
}

/** The handshake after the tokens of a message, and where its payload begins; null when it is forged. */
function readTokens(
  { options, progress: before }: HandshakeState,
  tokens: readonly Token[],
  message: Uint8Array,
): { readonly progress: Progress; readonly at: number } | null {
  const progress = { ...before };
  if (message.byteLength > MAX_MESSAGE_BYTES) return null;
  let at = 0;
  for (const token of tokens) {
    if (token === "e") {
      const remote = readPublicKey(options.crypto, message.subarray(at, at + KEY_BYTES));
      if (remote === null) return null;
      at += KEY_BYTES;
      progress.remoteEphemeral = remote;
      progress.symmetric = mixEphemeral(options, progress.symmetric, remote.bytes);
    } else if (token === "s") {
      const length = progress.symmetric.key === null ? KEY_BYTES : KEY_BYTES + TAG_BYTES;
      const opened = decryptAndHash(progress.symmetric, message.subarray(at, at + length));
      const remote = opened === null ? null : readPublicKey(options.crypto, opened[1]);
      if (opened === null || remote === null) return null;
      at += length;
      progress.remoteStatic = remote;
      progress.symmetric = opened[0];
    } else {
      progress.symmetric = mixToken(options, progress, token);
    }
  }
  return { progress, at };
}

/** The payload, after which the handshake advances; null, and it does not, when it is not authentic. */
function readPayload(
  handshake: HandshakeState,
  { progress, at }: { readonly progress: Progress; readonly at: number },
  before: SymmetricState,
  message: Uint8Array,
): Uint8Array | null {
  const opened = decryptAndHash(before, message.subarray(at));
  if (opened === null) return null;
  const [symmetric, payload] = opened;
  handshake.progress = { ...progress, symmetric, messages: progress.messages + 1 };
  // A copy: without a key the payload is still a view of the message, whose memory is the caller's.
  return Uint8Array.from(payload);
}

/** The peer's static public key, once a message has carried it and proven that they own it; else null. */
export function remoteStaticKey({ progress }: HandshakeState): Uint8Array | null {
  return progress.remoteStatic?.bytes ?? null;
}

/**
 * A key of 32 bytes that both sides can derive between the second message and the third, before the psk is
 * mixed in: with it the responder proves that a refusal is its own when the psk is wrong, and no other key
 * will ever be shared. The initiator derives it before it writes message 3; the responder still can after
 * reading a message 3 that failed, which leaves the handshake as it was.
 *
 * Who can derive it: the chaining key then includes `ee` and `es`, so it takes the private half of the
 * initiator's ephemeral key, or of both the responder's ephemeral and its static key. For the initiator it
 * authenticates the owner of the static key in message 2: check that key first. For the responder it
 * authenticates nobody, as anyone may write message 1: don't protect a secret with it. It reveals nothing of
 * Noise's own keys, nor they of it (see `deriveLabelledKey`).
 *
 * @param label what the key is for; not empty
 */
export function exportKey({ options, progress }: HandshakeState, label: string): Uint8Array {
  if (progress.messages !== options.pattern.messages.length - 1) {
    throw new Error("a key is exported just before the last message");
  }
  if (label === "") throw new Error("a key is exported under a label");
  return deriveLabelledKey(progress.symmetric, new TextEncoder().encode(label));
}

/** Split() of Noise s. 5.2, after the last message; the handshake can be dropped then. */
export function finishHandshake(handshake: HandshakeState): HandshakeResult {
  const turn = handshakeTurn(handshake);
  if (turn !== "finish") throw new Error(`the handshake is not over: ${turn} comes next`);
  const { options, progress } = handshake;
  const [fromInitiator, fromResponder] = split(progress.symmetric);
  const isInitiator = options.role === "initiator";
  return {
    sendKey: isInitiator ? fromInitiator : fromResponder,
    receiveKey: isInitiator ? fromResponder : fromInitiator,
    handshakeHash: Uint8Array.from(progress.symmetric.hash),
    remoteStatic: required(progress.remoteStatic).bytes,
  };
}

function takeTokens(handshake: HandshakeState, action: "write" | "read"): readonly Token[] {
  const turn = handshakeTurn(handshake);
  const tokens = handshake.options.pattern.messages[handshake.progress.messages];
  if (turn === action && tokens !== undefined) return tokens;
  throw new Error(`it is not the turn to ${action}: ${turn} comes next`);
}

/** With a psk every ephemeral key is mixed in too, so that no two handshakes share a key (s. 9.2). */
function mixEphemeral(
  { psk }: HandshakeOptions,
  symmetric: SymmetricState,
  publicKey: Uint8Array,
): SymmetricState {
  const hashed = mixHash(symmetric, publicKey);
  return psk === null ? hashed : mixKey(hashed, publicKey);
}

function mixToken(
  { crypto, role, staticKeys, ephemeralKeys, psk }: HandshakeOptions,
  { symmetric, remoteEphemeral, remoteStatic }: Progress,
  token: Exclude<Token, "e" | "s">,
): SymmetricState {
  if (token === "psk") {
    if (psk === "one of several") throw new Error("the psk is not given");
    return mixKeyAndHash(symmetric, required(psk));
  }
  // The first letter names the initiator's key, the second the responder's (Noise s. 5.3).
  const [initiators, responders] = token;
  const [ours, theirs] = role === "initiator" ? [initiators, responders] : [responders, initiators];
  const own = ours === "e" ? ephemeralKeys : staticKeys;
  const remote = required(theirs === "e" ? remoteEphemeral : remoteStatic);
  return mixKey(symmetric, crypto.diffieHellman(own, remote));
}

/** A valid pattern uses no key before a message has carried it (Noise s. 7.3). */
function required<Value>(value: Value | null): Value {
  if (value === null) throw new Error("the pattern uses a key that has not arrived yet");
  return value;
}

function checkPsk(psk: Uint8Array): void {
  if (psk.byteLength === PSK_BYTES) return;
  throw new Error(`a psk is ${PSK_BYTES} bytes long, not ${psk.byteLength}`);
}
