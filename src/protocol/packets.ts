// The packets of the sealed wire as bytes (docs/protocol.md s. 7 to 9 draws each). Lengths and places
// only: nothing here seals, proves or remembers.

import { concatenate, readUint32, writeUint32 } from "./bytes.ts";
import { TAG_BYTES } from "./crypto-provider.ts";
import { BASE_DATAGRAM_SIZE } from "./recovery/path-mtu.ts";

export const VERSION = 1;

export const HELLO = 0xf8;
export const RETRY = 0xf9;
export const ANSWER = 0xfa;
export const FINISH = 0xfb;
/** Sealed packets alternate between two first bytes, so that the receiver sees a key update. */
export const SEALED = 0xfc;
export const SEALED_OTHER = 0xfd;
export const REFUSAL = 0xfe;
export const RESET = 0xff;

/** No UTF-8 text holds a byte from here up (RFC 3629 s. 3): it marks the sealed wire. */
export const FIRST_SEALED_BYTE = 0xf8;

export const CONNECTION_ID_LENGTH = 8;
/** Noise message 1 with an empty payload: e, and a tag, for there is a pre-shared key (Noise s. 9.2). */
export const HELLO_NOISE_LENGTH = 48;
export const COOKIE_LENGTH = 17;
export const TOKEN_LENGTH = 16;

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
/** The responder's connection id and its tag: the least that an answer's payload holds. */
const MIN_ANSWER_PAYLOAD = CONNECTION_ID_LENGTH + TAG_BYTES;
const MAX_ANSWER_PAYLOAD = 256;

/** A packet taken apart; the fields are views of its bytes. */
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
      /** What the proof is over. */
      readonly proven: Uint8Array;
      readonly proof: Uint8Array;
    }
  | { readonly kind: "reset"; readonly connectionId: Uint8Array; readonly token: Uint8Array };

/**
 * What says "here is the sealed wire" to a peer of the plain one: one byte, no longer than anything it
 * answers, and no packet.
 */
export const SEALED_WIRE_NOTICE = Uint8Array.of(RESET);

export type PacketKind = Packet["kind"];

/** Whether a datagram's first byte is one of the sealed wire's. */
export function isSealedWire(datagram: Uint8Array): boolean {
  return (datagram[0] ?? 0) >= FIRST_SEALED_BYTE;
}

/** Whether a datagram that came to a peer of the plain wire was meant for the sealed one, and is no text. */
export function speaksSealedWire(datagram: Uint8Array): boolean {
  if (datagram.length === 1) return datagram[0] === RESET;
  return datagram[0] === HELLO && datagram[1] === VERSION && readPacket(datagram) !== null;
}

/** Takes a datagram apart; null when it is no packet of the sealed wire, or not as long as its kind. */
export function readPacket(datagram: Uint8Array): Packet | null {
  switch (datagram[0]) {
    case HELLO:
      return readHello(datagram);
    case RETRY:
      if (datagram.length !== RETRY_LENGTH) return null;
      return { kind: "retry", initiatorId: datagram.subarray(1, 9), cookie: datagram.subarray(9) };
    case ANSWER:
      return readAnswer(datagram);
    case FINISH:
      if (datagram.length < 9 + MIN_FINISH_NOISE + TAG_BYTES) return null;
      if (datagram.length > BASE_DATAGRAM_SIZE) return null;
      return { kind: "finish", responderId: datagram.subarray(1, 9), noise: datagram.subarray(9) };
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

function readHello(datagram: Uint8Array): Packet | null {
  const cookieLength = datagram[10] ?? 0;
  if (datagram.length !== BASE_DATAGRAM_SIZE) return null;
  const version = datagram[1] ?? 0;
  const initiatorId = datagram.subarray(2, 10);
  const nothing = datagram.subarray(0, 0);
  // What follows is laid out as its own version says.
  if (version !== VERSION)
    return { kind: "hello", datagram, version, initiatorId, cookie: nothing, noise: nothing };
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

function readAnswer(datagram: Uint8Array): Packet | null {
  const payload = datagram.length - 9 - MIN_ANSWER_NOISE;
  if (payload < MIN_ANSWER_PAYLOAD || payload > MAX_ANSWER_PAYLOAD) return null;
  return { kind: "answer", initiatorId: datagram.subarray(1, 9), noise: datagram.subarray(9) };
}

/**
 * @param cookie empty, or 17 bytes
 * @param padding 1,200 random bytes, of which the tail is used: what is constant could be recognised
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

/** What a refusal's proof is over: everything before it. */
export function writeUnprovenRefusal(initiatorId: Uint8Array, code: number): Uint8Array {
  return concatenate(Uint8Array.of(REFUSAL), initiatorId, Uint8Array.of(code));
}

export function writeRefusal(withoutProof: Uint8Array, proof: Uint8Array): Uint8Array {
  return concatenate(withoutProof, proof);
}

export function writeReset(connectionId: Uint8Array, token: Uint8Array): Uint8Array {
  return concatenate(Uint8Array.of(RESET), connectionId, token);
}

/** Writes a sealed packet's header, its associated data, at the start of `into`. */
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
