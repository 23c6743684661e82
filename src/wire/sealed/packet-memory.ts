// Memory for packets that are being written, one behind the other in one piece: an array of 1,200 bytes of its
// own takes each 0.09 us, and a place in a piece 0.03 us. Knows no packets.

/** Bytes of a piece: room for any datagram (65,487). It is let go of with the last packet in it. */
const PIECE = 64 * 1_024;

let piece = new Uint8Array(PIECE);
let used = 0;

/** Zeroed memory of `size` bytes; until it is taken, the next one's, too. */
export function memoryFor(size: number): Uint8Array {
  if (used + size > PIECE) {
    piece = new Uint8Array(PIECE);
    used = 0;
  }
  return piece.subarray(used, used + size);
}

/** Takes the first `size` bytes of what `memoryFor` gave last. What is behind them must still be zero. */
export function takeMemory(memory: Uint8Array, size: number): Uint8Array {
  used += size;
  return memory.subarray(0, size);
}
