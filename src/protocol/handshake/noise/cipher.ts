// The AESGCM cipher of Noise (s. 4.2, 12.4) with an explicit packet number as its nonce, for packets that
// may be lost and overtake each other (s. 11.4). It keeps no state: the caller never uses a number twice
// with one key, and drops packets that have arrived before.
//
//   nonce, 12 bytes:   | 0 0 0 0 | packet number, 8 bytes, big-endian |
//   sealed:            | ciphertext, as long as the plaintext | tag, 16 bytes |

import { CIPHER_KEY_BYTES, type CryptoProvider, TAG_BYTES } from "../../crypto-provider.ts";

/** Bytes of any Noise message, sealed (Noise s. 3). */
export const MAX_MESSAGE_BYTES = 65_535;

const NONCE_BYTES = 12;
const EMPTY = new Uint8Array(0);
/** 2^64 - 1, the number that is reserved for rekeying (Noise s. 4.2, 5.1). */
const REKEY_NONCE = Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);

// One nonce for all packets: the provider copies it, and a new one for each costs a quarter more.
const nonce = new Uint8Array(NONCE_BYTES);
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
  crypto: CryptoProvider,
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
  crypto.seal(key, writeNonce(packetNumber), associatedData, plaintext, into, at);
  return length;
}

/**
 * DECRYPT of Noise s. 4.2: the plaintext, in memory of its own. Returns null when `sealed` is anything but
 * what the holder of the key sealed under this number with this associated data.
 *
 * @param key 32 bytes
 */
export function open(
  crypto: CryptoProvider,
  key: Uint8Array,
  packetNumber: number,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  const { byteLength } = sealed;
  if (byteLength < TAG_BYTES || byteLength > MAX_MESSAGE_BYTES || !isPacketNumber(packetNumber)) {
    return null;
  }
  return crypto.open(key, writeNonce(packetNumber), associatedData, sealed);
}

/**
 * REKEY of Noise s. 4.2 and 11.3: the key after this one, from which this one cannot be found. Packet
 * numbers go on where they were.
 */
export function rekey(crypto: CryptoProvider, key: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CIPHER_KEY_BYTES + TAG_BYTES);
  crypto.seal(key, REKEY_NONCE, EMPTY, new Uint8Array(CIPHER_KEY_BYTES), sealed, 0);
  return sealed.slice(0, CIPHER_KEY_BYTES);
}

/** Past 2^53 - 1 a number is no longer exact; a session that long is beyond any limit of AES-GCM. */
function isPacketNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function writeNonce(packetNumber: number): Uint8Array {
  nonceView.setUint32(4, Math.floor(packetNumber / 2 ** 32));
  nonceView.setUint32(8, packetNumber >>> 0);
  return nonce;
}
