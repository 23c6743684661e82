// The keys of one session, one for each direction, and their updates (docs/protocol.md s. 9). Knows how a
// sealed packet is opened and closed, not what is in it nor whether it came before.

import { type CryptoProvider, TAG_BYTES } from "../crypto-provider.ts";
import { open, rekey, seal } from "../handshake/noise/cipher.ts";
import { SEALED_HEADER, writeSealedHeader } from "../packets.ts";

/**
 * Packets sealed with one key: an eighth of what AES-GCM bears with packets as long as ours may be
 * (RFC 9001 s. 6.6, 2^23).
 */
export const PACKETS_PER_KEY = 2 ** 20;

/** Packets that did not authenticate, after which a session ends: far below AES-GCM's 2^52. */
export const MAX_FORGERIES = 2 ** 36;

const headerCopy = new Uint8Array(SEALED_HEADER);

export interface SendProtection {
  readonly crypto: CryptoProvider;
  key: Uint8Array;
  phase: 0 | 1;
  /** The first packet number sealed with this key. */
  since: number;
  /** Whether the peer has acknowledged a packet sealed with it. */
  confirmed: boolean;
}

export interface ReceiveProtection {
  readonly crypto: CryptoProvider;
  key: Uint8Array;
  phase: 0 | 1;
  /** The smallest packet number that came with this key. */
  since: number;
  /** The key before, for packets that come late; forgotten at `until`, ms. */
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
 * Seals the frames that stand in `datagram` behind the header's place, and writes the header. The
 * datagram is as long as header, frames and tag.
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

/** The peer has a packet with this number: the key it was sealed with works. */
export function confirmKey(protection: SendProtection, packetNumber: number): void {
  if (packetNumber >= protection.since) protection.confirmed = true;
}

/**
 * Opens a sealed packet; null when it is not what the peer sealed. A packet with the next key makes that
 * the key.
 *
 * @param keepFor how long the key before is kept then, ms
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
  const key = keyFor(protection, phase, packetNumber);
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

/** A copy of the header, good until the next one's: a view of it costs more than its 13 bytes. */
function copyHeader(datagram: Uint8Array): Uint8Array {
  for (let index = 0; index < SEALED_HEADER; index += 1) headerCopy[index] = datagram[index] ?? 0;
  return headerCopy;
}

function keyFor(
  { crypto, key, phase: current, since, previous }: ReceiveProtection,
  phase: 0 | 1,
  packetNumber: number,
): Uint8Array | null {
  if (phase === current) return key;
  if (previous === null) return rekey(crypto, key);
  // Only what was sent before this key was taken up can have the other one.
  return packetNumber < since ? previous.key : null;
}
