// The AESGCM cipher of Noise (s. 4.2, 12.4) with an explicit packet number as its nonce, for packets that
// may be lost and overtake each other (s. 11.4). It remembers nothing: never to use a number twice with
// one key, and to drop a packet that was seen, is the caller's part.
//
//   nonce, 12 bytes:   | 0 0 0 0 | packet number, 8 bytes, big-endian |
//   sealed:            | ciphertext, as long as the plaintext | tag, 16 bytes |
//
// Measured beside this way, at 1,100 bytes: a key made ready by createSecretKey costs 4 % less, and two
// native objects a session; a new nonce for each packet 23 % more; a new array for each packet, instead
// of the datagram it goes into, 18 % more. A forged packet costs 1.8 times a true one.

import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes of a key (Noise s. 4.2). */
export const CIPHER_KEY_BYTES = 32;
/** Bytes that sealing adds (Noise s. 4.2). */
export const TAG_BYTES = 16;
/** Bytes of any Noise message, sealed (Noise s. 3). */
export const MAX_MESSAGE_BYTES = 65_535;

const ALGORITHM = "aes-256-gcm";
/** 2^64 - 1, the number that rekeying keeps for itself (Noise s. 4.2, 5.1). */
const REKEY_NONCE = Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);

// One nonce for all packets: the runtime copies it, and a new one each time costs a quarter more.
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);

/**
 * ENCRYPT of Noise s. 4.2: writes plaintext.byteLength + 16 bytes to `into`, from `at` on, and returns how
 * many. The plaintext may lie where it is written.
 *
 * @param key 32 bytes
 * @param packetNumber from 0 to 2^53 - 1, never used before with this key
 * @param plaintext at most 65,519 bytes
 */
export function seal(
  key: Uint8Array,
  packetNumber: number,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
  into: Uint8Array,
  at: number,
): number {
  if (!isPacketNumber(packetNumber)) throw new Error(`${packetNumber} is not a packet number`);
  const length = plaintext.byteLength + TAG_BYTES;
  if (length > MAX_MESSAGE_BYTES || at + length > into.byteLength) {
    throw new Error(`${length} sealed bytes have no room`);
  }
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(packetNumber));
  cipher.setAAD(associatedData);
  into.set(cipher.update(plaintext), at);
  cipher.final();
  into.set(cipher.getAuthTag(), at + plaintext.byteLength);
  return length;
}

/**
 * DECRYPT of Noise s. 4.2: the plaintext, in memory of its own. Returns null when `sealed` is not what the
 * holder of the key sealed under this number with this associated data, whatever else it is.
 *
 * @param key 32 bytes
 */
export function open(
  key: Uint8Array,
  packetNumber: number,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  const length = sealed.byteLength - TAG_BYTES;
  if (length < 0 || sealed.byteLength > MAX_MESSAGE_BYTES || !isPacketNumber(packetNumber)) {
    return null;
  }
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(packetNumber));
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    // The one thing that final() has to say is that the tag is not right.
    return null;
  }
  return plaintext;
}

/**
 * REKEY of Noise s. 4.2 and 11.3: the key after this one, from which this one cannot be found. Packet
 * numbers go on where they were.
 */
export function rekey(key: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, REKEY_NONCE);
  return Uint8Array.from(cipher.update(new Uint8Array(CIPHER_KEY_BYTES)));
}

/** Past 2^53 - 1 a number is no longer exact; a session that long is beyond any limit of AES-GCM. */
function isPacketNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function nonceOf(packetNumber: number): Uint8Array {
  nonceView.setUint32(4, Math.floor(packetNumber / 2 ** 32));
  nonceView.setUint32(8, packetNumber >>> 0);
  return nonce;
}
