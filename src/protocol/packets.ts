// The packets of the sealed wire as bytes (docs/protocol.md s. 7 to 9 draws each). Layout only: nothing here
// encrypts, proves or keeps state.

import { concatenate, readUint32, writeUint32 } from "./bytes.ts";
import { TAG_BYTES } from "./crypto-provider.ts";
import { BASE_DATAGRAM_SIZE } from "./recovery/path-mtu.ts";

export const VERSION = 1;

export const HELLO = 0xf8;
export const RETRY = 0xf9;
const ANSWER = 0xfa;
export const FINISH = 0xfb;
/** Sealed packets alternate between two first bytes, so that the receiver sees a key update. */
export const SEALED = 0xfc;
const SEALED_OTHER = 0xfd;
const REFUSAL = 0xfe;
export const RESET = 0xff;

export const CONNECTION_ID_LENGTH = 8;
/** Noise message 1 with an empty payload: e, and a tag, for there is a pre-shared key (Noise s. 9.2). */
export const HELLO_NOISE_LENGTH = 48;
export const COOKIE_LENGTH = 17;
export const TOKEN_LENGTH = 16;
/** Where in a hello its key proof begins, which is its end; one without it has random bytes there. */
export const KEY_PROOF_AT = BASE_DATAGRAM_SIZE - TOKEN_LENGTH;

/** The first byte and the connection id of a finish. */
export const FINISH_HEADER = 1 + CONNECTION_ID_LENGTH;
/** The first byte, the connection id and the packet number of a sealed packet. */
export const SEALED_HEADER = 1 + CONNECTION_ID_LENGTH + 4;
/** A sealed packet with one byte of frames. */
export const MIN_SEALED = SEALED_HEADER + 1 + TAG_BYTES;
const RETRY_LENGTH = 1 + CONNECTION_ID_LENGTH + COOKIE_LENGTH;
const REFUSAL_LENGTH = 1 + CONNECTION_ID_LENGTH + 1 + TOKEN_LENGTH;
const RESET_LENGTH = 1 + CONNECTION_ID_LENGTH + TOKEN_LENGTH;
/** Noise message 2 without its payload: e, and s with its tag. */
const MIN_ANSWER_NOISE = 32 + 48;
/** Noise message 3 without its payload: s with its tag. */
const MIN_FINISH_NOISE = 48;
/** The responder's connection id and the tag: the shortest payload of an answer. */
const MIN_ANSWER_PAYLOAD = CONNECTION_ID_LENGTH + TAG_BYTES;
const MAX_ANSWER_PAYLOAD = 256;

/** A parsed packet; the fields are views of its bytes. */
export type Packet =
  | {
      readonly kind: "hello";
      readonly datagram: Uint8Array;
      readonly version: number;
      readonly initiatorId: Uint8Array;
      /** Empty, or 17 bytes. */
      readonly cookie: Uint8Array;
      /** Noise message 1. */
      readonly noise: Uint8Array;
    }
  | { readonly kind: "retry"; readonly initiatorId: Uint8Array; readonly cookie: Uint8Array }
  | { readonly kind: "answer"; readonly initiatorId: Uint8Array; readonly noise: Uint8Array }
  | { readonly kind: "finish"; readonly responderId: Uint8Array; readonly noise: Uint8Array }
  | {
      readonly kind: "sealed";
      readonly receiverId: Uint8Array;
      /** Which of the two first bytes: 0 or 1. */
      readonly phase: 0 | 1;
      /** The low 32 bits of the packet number. */
      readonly number: number;
    }
  | {
      readonly kind: "refusal";
      readonly initiatorId: Uint8Array;
      readonly code: number;
      /** The bytes that the proof covers. */
      readonly proven: Uint8Array;
      readonly proof: Uint8Array;
    }
  | { readonly kind: "reset"; readonly connectionId: Uint8Array; readonly token: Uint8Array };

/**
 * Tells a peer of the plain wire that this is the sealed one: one byte, no longer than anything that it
 * answers, and not a packet.
 */
export const SEALED_WIRE_NOTICE = Uint8Array.of(RESET);

/** Whether a datagram's first byte is one of the sealed wire's: no UTF-8 text contains one (RFC 3629 s. 3). */
export function isSealedWire(datagram: Uint8Array): boolean {
  return (datagram[0] ?? 0) >= HELLO;
}

/** Whether a datagram that arrived at a peer of the plain wire belongs to the sealed wire, and is no text. */
export function speaksSealedWire(datagram: Uint8Array): boolean {
  if (datagram.length === 1) return datagram[0] === RESET;
  return datagram[0] === HELLO && datagram[1] === VERSION && readPacket(datagram) !== null;
}

/** What an initiator sends, and only a responder takes. */
export type OpeningPacket = Extract<Packet, { kind: "hello" | "finish" }>;
/** What is of a session, or of a handshake at the initiator. */
export type SessionPacket = Exclude<Packet, OpeningPacket>;

/** Parses a datagram; null when it is no packet of the sealed wire, or has a length that its kind can't have. */
export function readPacket(datagram: Uint8Array): Packet | null {
  return readSessionPacket(datagram) ?? readOpening(datagram);
}

/** The same; null for another packet as well. */
export function readOpening(datagram: Uint8Array): OpeningPacket | null {
  switch (datagram[0]) {
    case HELLO:
      return readHello(datagram);
    case FINISH:
      if (datagram.length < 9 + MIN_FINISH_NOISE + TAG_BYTES) return null;
      if (datagram.length > BASE_DATAGRAM_SIZE) return null;
      return { kind: "finish", responderId: datagram.subarray(1, 9), noise: datagram.subarray(9) };
    default:
      return null;
  }
}

/** The same; null for another packet as well. */
export function readSessionPacket(datagram: Uint8Array): SessionPacket | null {
  switch (datagram[0]) {
    case RETRY:
      if (datagram.length !== RETRY_LENGTH) return null;
      return { kind: "retry", initiatorId: datagram.subarray(1, 9), cookie: datagram.subarray(9) };
    case ANSWER:
      return readAnswer(datagram);
    case SEALED:
    case SEALED_OTHER:
      if (datagram.length < MIN_SEALED) return null;
      return {
        kind: "sealed",
        receiverId: datagram.subarray(1, 9),
        phase: datagram[0] === SEALED ? 0 : 1,
        number: readUint32(datagram, 9),
      };
    case REFUSAL:
      if (datagram.length !== REFUSAL_LENGTH) return null;
      return {
        kind: "refusal",
        initiatorId: datagram.subarray(1, 9),
        code: datagram[9] ?? 0,
        proven: datagram.subarray(0, 10),
        proof: datagram.subarray(10),
      };
    case RESET:
      if (datagram.length !== RESET_LENGTH) return null;
      return { kind: "reset", connectionId: datagram.subarray(1, 9), token: datagram.subarray(9) };
    default:
      return null;
  }
}

function readHello(datagram: Uint8Array): OpeningPacket | null {
  const cookieLength = datagram[10] ?? 0;
  if (datagram.length !== BASE_DATAGRAM_SIZE) return null;
  const version = datagram[1] ?? 0;
  const initiatorId = datagram.subarray(2, 10);
  const empty = datagram.subarray(0, 0);
  // The layout of the rest depends on the version.
  if (version !== VERSION)
    return { kind: "hello", datagram, version, initiatorId, cookie: empty, noise: empty };
  if (cookieLength !== 0 && cookieLength !== COOKIE_LENGTH) return null;
  const noiseAt = 11 + cookieLength;
  return {
    kind: "hello",
    datagram,
    version,
    initiatorId,
    cookie: datagram.subarray(11, noiseAt),
    noise: datagram.subarray(noiseAt, noiseAt + HELLO_NOISE_LENGTH),
  };
}

function readAnswer(datagram: Uint8Array): SessionPacket | null {
  const payload = datagram.length - 9 - MIN_ANSWER_NOISE;
  if (payload < MIN_ANSWER_PAYLOAD || payload > MAX_ANSWER_PAYLOAD) return null;
  return { kind: "answer", initiatorId: datagram.subarray(1, 9), noise: datagram.subarray(9) };
}

/**
 * @param cookie empty, or 17 bytes
 * @param padding 1,200 random bytes, of which the tail is used: constant bytes would make hellos recognisable
 */
export function writeHello(
  initiatorId: Uint8Array,
  cookie: Uint8Array,
  noise: Uint8Array,
  padding: Uint8Array,
): Uint8Array {
  const hello = padding.slice(0, BASE_DATAGRAM_SIZE);
  hello[0] = HELLO;
  hello[1] = VERSION;
  hello.set(initiatorId, 2);
  hello[10] = cookie.length;
  hello.set(cookie, 11);
  hello.set(noise, 11 + cookie.length);
  return hello;
}

export function writeRetry(initiatorId: Uint8Array, cookie: Uint8Array): Uint8Array {
  return concatenate(Uint8Array.of(RETRY), initiatorId, cookie);
}

export function writeAnswer(initiatorId: Uint8Array, noise: Uint8Array): Uint8Array {
  return concatenate(Uint8Array.of(ANSWER), initiatorId, noise);
}

export function writeFinish(responderId: Uint8Array, noise: Uint8Array): Uint8Array {
  return concatenate(Uint8Array.of(FINISH), responderId, noise);
}

/** A refusal without its proof, which covers these bytes and comes after them. */
export function writeUnprovenRefusal(initiatorId: Uint8Array, code: number): Uint8Array {
  return concatenate(Uint8Array.of(REFUSAL), initiatorId, Uint8Array.of(code));
}

export function writeReset(connectionId: Uint8Array, token: Uint8Array): Uint8Array {
  return concatenate(Uint8Array.of(RESET), connectionId, token);
}

/** Writes a sealed packet's header, which is its associated data, at the start of `into`. */
export function writeSealedHeader(
  into: Uint8Array,
  receiverId: Uint8Array,
  phase: 0 | 1,
  packetNumber: number,
): void {
  into[0] = phase === 0 ? SEALED : SEALED_OTHER;
  into.set(receiverId, 1);
  writeUint32(into, 9, packetNumber % 0x1_0000_0000);
}

/** The packet number nearest to `expected` whose low 32 bits are `low` (RFC 9000 s. A.3). */
export function expandPacketNumber(low: number, expected: number): number {
  const range = 0x1_0000_0000;
  const candidate = expected - (expected % range) + low;
  if (candidate + range / 2 <= expected) return candidate + range;
  if (candidate > expected + range / 2 && candidate >= range) return candidate - range;
  return candidate;
}
