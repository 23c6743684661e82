// Finds out without a session how long a datagram the path to a server carries: a sealed packet with a
// connection id that the server does not know is answered by a reset of 25 bytes, however long it was
// (docs/protocol.md s. 15.4). It measures the direction to the server only. A state machine without I/O.

import { mapKey } from "../bytes.ts";
import type { RandomBytes } from "../crypto-provider.ts";
import { CONNECTION_ID_LENGTH, MIN_SEALED, readPacket, writeSealedHeader } from "../packets.ts";
import { BASE_DATAGRAM_SIZE, nextSizeToTry } from "../recovery/path-mtu.ts";

/** Between two datagrams, ms: uses half of the resets that a server sends to one source, as others may need the rest. */
const SIZE_SPACING = 20;
/** Datagrams of one size that have to be lost before it counts as too long (RFC 8899 s. 5.1.2), */
const MIN_TRIES = 3;
/** and at most, where short ones are lost as well. */
const MAX_TRIES = 10;
/** How likely a size may seem too long only because all of its datagrams were lost by chance. */
const ERROR_PROBABILITY = 0.001;

export interface SizeProbe {
  readonly options: SizeProbeOptions;
  /** Datagrams of one size. */
  readonly tries: number;
  /** The size of each datagram that was sent, by its connection id. */
  readonly sizes: Map<string, number>;
  /** The longest that has arrived; 0 while none has. */
  arrived: number;
  /** The shortest that does not; one above the limit until there is one. */
  tooLong: number;
  /** The size being tried; null once nothing is worth trying. */
  trying: number | null;
  /** How often it was sent. */
  tried: number;
  /** When the next datagram is due, or waiting for answers to this size ends. */
  wakeAt: number;
}

export interface SizeProbeOptions {
  readonly random: RandomBytes;
  /** The longest that is known to arrive; 0 when nothing is known. */
  readonly arrived: number;
  /** The longest worth trying. */
  readonly limit: number;
  /** The part of short datagrams, or of their answers, that is lost, 0 to 1. */
  readonly loss: number;
  /** How long an answer may take, ms. */
  readonly patience: number;
  readonly now: number;
}

export function startSizeProbe(options: SizeProbeOptions): SizeProbe {
  const { arrived, limit, loss, now } = options;
  const tries = loss < 1 ? Math.ceil(Math.log(ERROR_PROBABILITY) / Math.log(loss)) : MAX_TRIES;
  const probe: SizeProbe = {
    options,
    tries: Math.min(Math.max(tries, MIN_TRIES), MAX_TRIES),
    sizes: new Map(),
    arrived,
    tooLong: limit + 1,
    trying: null,
    tried: 0,
    wakeAt: now,
  };
  tryNext(probe, now);
  return probe;
}

/** Options that look below the length of a hello, when no hello is answered. */
export const SHORT_SIZES = { arrived: 0, limit: BASE_DATAGRAM_SIZE - 1 } as const;

/** The datagram that is due; null while none is. Call it until then. */
export function nextSizeDatagram(probe: SizeProbe, now: number): Uint8Array | null {
  const { options, sizes, tries } = probe;
  if (now < probe.wakeAt) return null;
  if (probe.trying !== null && probe.tried === tries) countTooLong(probe, probe.trying, now);
  if (probe.trying === null) return null;
  probe.tried += 1;
  probe.wakeAt = now + (probe.tried < tries ? SIZE_SPACING : options.patience);
  const datagram = options.random(probe.trying);
  const id = options.random(CONNECTION_ID_LENGTH);
  writeSealedHeader(datagram, id, 0, 0);
  sizes.set(mapKey(id), datagram.length);
  return datagram;
}

/** Processes any datagram. */
export function receiveForSizeProbe(probe: SizeProbe, datagram: Uint8Array, now: number): void {
  const packet = readPacket(datagram);
  if (packet?.kind !== "reset") return;
  const size = probe.sizes.get(mapKey(packet.connectionId));
  if (size === undefined || size <= probe.arrived) return;
  probe.arrived = size;
  // The answer was late, after the size had been given up.
  if (probe.tooLong <= size) probe.tooLong = probe.options.limit + 1;
  if (probe.trying !== null && probe.trying <= size) tryNext(probe, now);
}

/** The local system refuses a datagram of that length (EMSGSIZE). */
export function sizeNotSent(probe: SizeProbe, size: number, now: number): void {
  if (size === probe.trying) countTooLong(probe, size, now);
}

function countTooLong(probe: SizeProbe, size: number, now: number): void {
  probe.tooLong = Math.min(probe.tooLong, size);
  tryNext(probe, now);
}

function tryNext(probe: SizeProbe, now: number): void {
  const { arrived, tooLong, options } = probe;
  probe.tried = 0;
  // An early answer does not make the next datagram due earlier.
  probe.wakeAt = Math.max(now, Math.min(probe.wakeAt, now + SIZE_SPACING));
  if (arrived > 0) probe.trying = nextSizeToTry(arrived, tooLong, options.limit);
  else probe.trying = tooLong > MIN_SEALED ? MIN_SEALED : null;
}
