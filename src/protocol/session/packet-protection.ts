// Packet protection (docs/protocol.md s. 9): the keys of one session, one for each direction, and their
// updates. Encrypts and decrypts packets; knows neither what is in them nor whether they arrived before.

import { type CryptoProvider, TAG_BYTES } from "../crypto-provider.ts";
import { open, rekey, seal } from "../handshake/noise/cipher.ts";
import { SEALED_HEADER, writeSealedHeader } from "../packets.ts";

/** Packets encrypted with one key: an eighth of AES-GCM's limit for packets as long as ours (RFC 9001 s. 6.6, 2^23). */
export const PACKETS_PER_KEY = 2 ** 20;

/** Packets that failed authentication after which a session ends: far below AES-GCM's limit of 2^52. */
export const MAX_FORGERIES = 2 ** 36;

const headerCopy = new Uint8Array(SEALED_HEADER);

export interface SendProtection {
  readonly crypto: CryptoProvider;
  key: Uint8Array;
  phase: 0 | 1;
  /** The first packet number encrypted with this key. */
  since: number;
  /** Whether the peer has acknowledged a packet encrypted with it. */
  confirmed: boolean;
}

export interface ReceiveProtection {
  readonly crypto: CryptoProvider;
  key: Uint8Array;
  phase: 0 | 1;
  /** The smallest packet number that arrived with this key. */
  since: number;
  /** The key before, for late packets; dropped at `until`, ms. */
  previous: { readonly key: Uint8Array; readonly until: number } | null;
  forgeries: number;
}

export function createSendProtection(crypto: CryptoProvider, key: Uint8Array): SendProtection {
  return { crypto, key, phase: 0, since: 0, confirmed: false };
}

export function createReceiveProtection(
  crypto: CryptoProvider,
  key: Uint8Array,
): ReceiveProtection {
  return { crypto, key, phase: 0, since: 0, previous: null, forgeries: 0 };
}

/**
 * Encrypts the frames in `datagram` after the space for the header, and writes the header. The datagram is as
 * long as header, frames and tag.
 */
export function sealPacket(
  protection: SendProtection,
  receiverId: Uint8Array,
  packetNumber: number,
  datagram: Uint8Array,
): void {
  if (packetNumber - protection.since >= PACKETS_PER_KEY && protection.confirmed) {
    protection.key = rekey(protection.crypto, protection.key);
    protection.phase = protection.phase === 0 ? 1 : 0;
    protection.since = packetNumber;
    protection.confirmed = false;
  }
  writeSealedHeader(datagram, receiverId, protection.phase, packetNumber);
  const frames = datagram.subarray(SEALED_HEADER, datagram.length - TAG_BYTES);
  const { crypto, key } = protection;
  seal(crypto, key, packetNumber, copyHeader(datagram), frames, datagram, SEALED_HEADER);
}

/** The peer has acknowledged a packet with this number: the key that it was encrypted with works. */
export function confirmKey(protection: SendProtection, packetNumber: number): void {
  if (packetNumber >= protection.since) protection.confirmed = true;
}

/**
 * Decrypts a packet; null when it is not authentic. The first packet with the next key updates the key.
 *
 * @param keepFor how long the key before an update is kept, ms
 */
export function openPacket(
  protection: ReceiveProtection,
  phase: 0 | 1,
  packetNumber: number,
  datagram: Uint8Array,
  now: number,
  keepFor: number,
): Uint8Array | null {
  const { crypto, previous } = protection;
  if (previous !== null && now >= previous.until) protection.previous = null;
  const sealed = datagram.subarray(SEALED_HEADER);
  const update = phase !== protection.phase && protection.previous === null;
  const key = chooseKey(protection, phase, packetNumber);
  const header = copyHeader(datagram);
  const frames = key === null ? null : open(crypto, key, packetNumber, header, sealed);
  if (key === null || frames === null) {
    protection.forgeries += 1;
    return null;
  }
  if (update) {
    protection.previous = { key: protection.key, until: now + keepFor };
    protection.key = key;
    protection.phase = phase;
    protection.since = packetNumber;
  } else if (phase === protection.phase) {
    protection.since = Math.min(protection.since, packetNumber);
  }
  return frames;
}

/** A copy of the header, valid until the next call: a view would cost more than copying 13 bytes. */
function copyHeader(datagram: Uint8Array): Uint8Array {
  for (let index = 0; index < SEALED_HEADER; index += 1) headerCopy[index] = datagram[index] ?? 0;
  return headerCopy;
}

function chooseKey(
  { crypto, key, phase: current, since, previous }: ReceiveProtection,
  phase: 0 | 1,
  packetNumber: number,
): Uint8Array | null {
  if (phase === current) return key;
  if (previous === null) return rekey(crypto, key);
  // Only packets sent before the last update can have the key before it.
  return packetNumber < since ? previous.key : null;
}
