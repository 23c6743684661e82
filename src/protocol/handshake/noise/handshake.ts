// The HandshakeState of Noise s. 5.3: a state machine without I/O, clock or randomness that turns messages
// into keys. It knows nothing of datagrams, of who the peers are, or of what the payloads say.
//
//   XXpsk3           initiator                         responder
//   message 1        write    e, payload  ----------->  read
//   message 2        read     <-----------  e, ee, s, es, payload    write
//                    (the responder's key is known here, and exportKey has its moment)
//   message 3        write    s, se, psk, payload --->  read
//   finishHandshake  the two transport keys, the hash, the other's key

import type { HandshakePattern, Token } from "./pattern.ts";
import {
  decryptAndHash,
  deriveBeside,
  encryptAndHash,
  initializeSymmetric,
  mixHash,
  mixKey,
  mixKeyAndHash,
  split,
  type SymmetricState,
} from "./symmetric-state.ts";
import { MAX_MESSAGE_BYTES, TAG_BYTES } from "./transport-cipher.ts";
import {
  diffieHellmanSecret,
  importPublicKey,
  KEY_BYTES,
  type KeyPair,
  type PublicKey,
} from "./x25519.ts";

/** Bytes of a pre-shared key (Noise s. 9). */
export const PSK_BYTES = 32;

export interface HandshakeOptions {
  readonly pattern: HandshakePattern;
  readonly role: "initiator" | "responder";
  /** What both must agree on without saying it (Noise s. 6). */
  readonly prologue: Uint8Array;
  /** Who we are. */
  readonly staticKeys: KeyPair;
  /** For this handshake alone: a second one with the same pair gives its keys away (Noise s. 14). */
  readonly ephemeralKeys: KeyPair;
  /** 32 bytes; null for a pattern without one; "one of several" for who reads it by `readMessageOfAny`. */
  readonly psk: Uint8Array | "one of several" | null;
}

export interface Handshake {
  readonly options: HandshakeOptions;
  /** Where it stands. A message moves it as a whole or not at all. */
  progress: Progress;
}

interface Progress {
  /** Messages written and read. */
  readonly messages: number;
  readonly symmetric: SymmetricState;
  readonly remoteEphemeral: PublicKey | null;
  readonly remoteStatic: PublicKey | null;
}

export type Reading =
  | { readonly type: "payload"; readonly payload: Uint8Array }
  /** Not what the peer of this handshake wrote. */
  | { readonly type: "forged" }
  /**
   * From the peer of this handshake, as far as its static key; but its psk is not ours, or it does not own
   * that static key, or somebody changed the payload on the way.
   */
  | { readonly type: "wrong-psk" };

/** What came of a message that ends in one of several pre-shared keys. */
export type ReadingOfAny<Key> =
  | { readonly type: "payload"; readonly payload: Uint8Array; readonly key: Key }
  | { readonly type: "forged" }
  | { readonly type: "wrong-psk"; readonly tried: number };

export interface HandshakeResult {
  /** 32 bytes, for `seal`. */
  readonly sendKey: Uint8Array;
  /** 32 bytes, for `open`. */
  readonly receiveKey: Uint8Array;
  /** `h`, 32 bytes: names this session as nothing else does (Noise s. 11.2). */
  readonly handshakeHash: Uint8Array;
  /** The other's static public key, 32 bytes, proven to be theirs. */
  readonly remoteStatic: Uint8Array;
}

/** Initialize() of Noise s. 5.3; XX and its kin have no pre-messages. */
export function startHandshake(options: HandshakeOptions): Handshake {
  const { pattern, psk, prologue } = options;
  if (pattern.messages.some((tokens) => tokens.includes("psk")) !== (psk !== null)) {
    throw new Error(`${pattern.name} ${psk === null ? "needs a psk" : "has no psk"}`);
  }
  if (psk instanceof Uint8Array) checkPsk(psk);
  const symmetric = initializeSymmetric(`Noise_${pattern.name}_25519_AESGCM_SHA256`);
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

/** What is to be done next. */
export function handshakeTurn({ options, progress }: Handshake): "write" | "read" | "finish" {
  if (progress.messages === options.pattern.messages.length) return "finish";
  const initiatorWrites = progress.messages % 2 === 0;
  return initiatorWrites === (options.role === "initiator") ? "write" : "read";
}

/**
 * WriteMessage() of Noise s. 5.3: the next message, with `payload` in it. Who can read the payload, and who
 * can have written it, grows with each message (Noise s. 7.7): of XXpsk3 the first is readable by anybody
 * who sees it, the second by the initiator, whoever that is, the third by the responder alone.
 *
 * @param payload such that the message is at most 65,535 bytes long (Noise s. 3)
 */
export function writeMessage(handshake: Handshake, payload: Uint8Array): Uint8Array {
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
  const message = Uint8Array.from(Buffer.concat([...parts, sealed]));
  if (message.byteLength > MAX_MESSAGE_BYTES) {
    throw new Error(`a message is at most ${MAX_MESSAGE_BYTES} bytes long: ${message.byteLength}`);
  }
  handshake.progress = { ...progress, symmetric, messages: progress.messages + 1 };
  return message;
}

/**
 * ReadMessage() of Noise s. 5.3. Never throws for anything that a peer can send. A message that fails
 * leaves the handshake as it was: Noise would have it deleted (s. 5), but over UDP anyone could then end it
 * with one forged datagram. Nothing is written between one attempt and the next, so no key is used twice.
 */
export function readMessage(handshake: Handshake, message: Uint8Array): Reading {
  const tokens = takeTokens(handshake, "read");
  const read = readTokens(handshake, tokens, message);
  if (read === null) return { type: "forged" };
  const payload = readPayload(handshake, read, read.progress.symmetric, message);
  if (payload === null) return { type: tokens.includes("psk") ? "wrong-psk" : "forged" };
  return { type: "payload", payload };
}

/**
 * `readMessage` for a message whose last token is the psk, of which the peer may have one of several: each
 * costs a key derivation and an opening, and all of them together one Diffie-Hellman.
 *
 * @param keysFor asked once the message has told the peer's static key, which nothing has proven yet to be
 *   theirs: a key that opens the message proves it. Tried in this order.
 */
export function readMessageOfAny<Key extends { readonly psk: Uint8Array }>(
  handshake: Handshake,
  message: Uint8Array,
  keysFor: (remoteStatic: Uint8Array) => Iterable<Key>,
): ReadingOfAny<Key> {
  const tokens = takeTokens(handshake, "read");
  if (tokens.at(-1) !== "psk") throw new Error("the message does not end in a psk");
  const read = readTokens(handshake, tokens.slice(0, -1), message);
  if (read === null) return { type: "forged" };
  let tried = 0;
  for (const key of keysFor(known(read.progress.remoteStatic).bytes)) {
    checkPsk(key.psk);
    tried += 1;
    const symmetric = mixKeyAndHash(read.progress.symmetric, key.psk);
    const payload = readPayload(handshake, read, symmetric, message);
    if (payload !== null) return { type: "payload", payload, key };
  }
  return { type: "wrong-psk", tried };
}

/** What the tokens of a message make of the handshake, and where its payload begins; null when it is forged. */
function readTokens(
  { options, progress: before }: Handshake,
  tokens: readonly Token[],
  message: Uint8Array,
): { readonly progress: Progress; readonly at: number } | null {
  const progress = { ...before };
  if (message.byteLength > MAX_MESSAGE_BYTES) return null;
  let at = 0;
  for (const token of tokens) {
    if (token === "e") {
      const remote = importPublicKey(message.subarray(at, at + KEY_BYTES));
      if (remote === null) return null;
      at += KEY_BYTES;
      progress.remoteEphemeral = remote;
      progress.symmetric = mixEphemeral(options, progress.symmetric, remote.bytes);
    } else if (token === "s") {
      const length = progress.symmetric.key === null ? KEY_BYTES : KEY_BYTES + TAG_BYTES;
      const opened = decryptAndHash(progress.symmetric, message.subarray(at, at + length));
      const remote = opened === null ? null : importPublicKey(opened[1]);
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

/** The payload, which moves the handshake; null, and it stays where it is, when it is not authentic. */
function readPayload(
  handshake: Handshake,
  { progress, at }: { readonly progress: Progress; readonly at: number },
  before: SymmetricState,
  message: Uint8Array,
): Uint8Array | null {
  const opened = decryptAndHash(before, message.subarray(at));
  if (opened === null) return null;
  const [symmetric, payload] = opened;
  handshake.progress = { ...progress, symmetric, messages: progress.messages + 1 };
  // A copy: without a key the payload still lies in the message, whose memory is the caller's.
  return Uint8Array.from(payload);
}

/** The other's static public key, once a message has brought it and proven that they own it; else null. */
export function remoteStaticKey({ progress }: Handshake): Uint8Array | null {
  return progress.remoteStatic?.bytes ?? null;
}

/**
 * A key of 32 bytes that both sides can derive between the second message and the third, before the psk is
 * mixed in: for the responder to prove that it is the one who refuses, when the psk turns out to be wrong
 * and no other key will ever be shared. The initiator takes it before it writes message 3; the responder
 * still can after reading a message 3 that failed, which leaves it where it was.
 *
 * Who can know it: the chaining key then holds `ee` and `es`, so it takes the private half of the initiator's
 * ephemeral key, or of both the responder's ephemeral and its static key. To the initiator it stands for
 * whoever owns the static key that came in message 2: check that key first. To the responder it stands for
 * nobody, as anyone may write message 1: let it protect no secret. Whoever learns it learns nothing of the
 * keys of Noise, nor the other way round (see `deriveBeside`).
 *
 * @param label what the key is for; not empty
 */
export function exportKey({ options, progress }: Handshake, label: string): Uint8Array {
  if (progress.messages !== options.pattern.messages.length - 1) {
    throw new Error("a key is exported just before the last message");
  }
  if (label === "") throw new Error("a key is exported under a label");
  return deriveBeside(progress.symmetric, new TextEncoder().encode(label));
}

/** Split() of Noise s. 5.2, after the last message; the handshake can be forgotten then. */
export function finishHandshake(handshake: Handshake): HandshakeResult {
  const turn = handshakeTurn(handshake);
  if (turn !== "finish") throw new Error(`the handshake is not over: ${turn} comes next`);
  const { options, progress } = handshake;
  const [fromInitiator, fromResponder] = split(progress.symmetric);
  const isInitiator = options.role === "initiator";
  return {
    sendKey: isInitiator ? fromInitiator : fromResponder,
    receiveKey: isInitiator ? fromResponder : fromInitiator,
    handshakeHash: Uint8Array.from(progress.symmetric.hash),
    remoteStatic: known(progress.remoteStatic).bytes,
  };
}

function takeTokens(handshake: Handshake, action: "write" | "read"): readonly Token[] {
  const turn = handshakeTurn(handshake);
  const tokens = handshake.options.pattern.messages[handshake.progress.messages];
  if (turn === action && tokens !== undefined) return tokens;
  throw new Error(`it is not the turn to ${action}: ${turn} comes next`);
}

/** With a psk every ephemeral key is mixed in as well, so that no two handshakes share a key (s. 9.2). */
function mixEphemeral(
  { psk }: HandshakeOptions,
  symmetric: SymmetricState,
  publicKey: Uint8Array,
): SymmetricState {
  const hashed = mixHash(symmetric, publicKey);
  return psk === null ? hashed : mixKey(hashed, publicKey);
}

function mixToken(
  { role, staticKeys, ephemeralKeys, psk }: HandshakeOptions,
  { symmetric, remoteEphemeral, remoteStatic }: Progress,
  token: Exclude<Token, "e" | "s">,
): SymmetricState {
  if (token === "psk") {
    if (psk === "one of several") throw new Error("which psk it is was not said");
    return mixKeyAndHash(symmetric, known(psk));
  }
  // The first letter names the initiator's key, the second the responder's (Noise s. 5.3).
  const [initiators, responders] = token;
  const [ours, theirs] = role === "initiator" ? [initiators, responders] : [responders, initiators];
  const own = ours === "e" ? ephemeralKeys : staticKeys;
  const remote = known(theirs === "e" ? remoteEphemeral : remoteStatic);
  return mixKey(symmetric, diffieHellmanSecret(own, remote));
}

/** A valid pattern uses no key before it came (Noise s. 7.3). */
function known<Value>(value: Value | null): Value {
  if (value === null) throw new Error("the pattern uses a key that is not there yet");
  return value;
}

function checkPsk(psk: Uint8Array): void {
  if (psk.byteLength === PSK_BYTES) return;
  throw new Error(`a psk is ${PSK_BYTES} bytes long, not ${psk.byteLength}`);
}
