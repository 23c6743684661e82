// Memory for the packets of an endpoint that are being written, one behind the other in pieces: an array of 1,200 bytes
// of its own takes each 0.09 us, and a place in a piece 0.03 us. Once they have been sent the same pieces are
// written again, for a new one costs the system's zeros each time. Knows no packets.

/** Bytes of a piece: room for any datagram (65,487). */
const PIECE = 64 * 1_024;
/** Pieces that are written again: 1 MiB. A batch that is longer leaves the rest as garbage. */
const MOST_KEPT = 16;

export interface PacketArena {
  readonly pieces: Uint8Array[];
  /** The index of the piece that is being written, and how much of it is taken. */
  current: number;
  used: number;
}

export function createPacketArena(): PacketArena {
  return { pieces: [], current: 0, used: 0 };
}

/** `size` bytes that may hold anything; until they are taken, the next one's, too. */
export function reservePacket(arena: PacketArena, size: number): Uint8Array {
  if (arena.used + size > PIECE) {
    arena.current += 1;
    arena.used = 0;
  }
  const piece = (arena.pieces[arena.current] ??= new Uint8Array(PIECE));
  return piece.subarray(arena.used, arena.used + size);
}

/** Takes the first `size` bytes of what `reservePacket` gave last. */
export function commitPacket(arena: PacketArena, given: Uint8Array, size: number): Uint8Array {
  arena.used += size;
  return given.subarray(0, size);
}

/** Nobody needs what was taken any more: it is the next packets'. */
export function resetArena(arena: PacketArena): void {
  arena.pieces.length = Math.min(arena.pieces.length, MOST_KEPT);
  arena.current = 0;
  arena.used = 0;
}
