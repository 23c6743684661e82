// Finds the runs in a batch of datagrams, and joins one in one piece. A run is what goes to one address and is
// equally long, but for its last datagram, which may be shorter: what can be cut apart again by its size
// alone. Pure.

import { sameAddress, type SocketAddress } from "./address.ts";

/** What is sent, and where to. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: SocketAddress;
}

/** A run; or datagrams of which no two are one. */
export interface Part {
  readonly isRun: boolean;
  /** At least one. */
  readonly datagrams: readonly Datagram[];
}

/** Datagrams of one run (linux/udp.h, UDP_MAX_SEGMENTS; newer kernels take 128). */
export const MAX_RUN_DATAGRAMS = 64;
/** Bytes of one run: what IP's length can say less the headers of IPv6 (40) and UDP (8). */
export const MAX_RUN_BYTES = 65_535 - 40 - 8;

/** The batch in its order. */
export function partsOf(datagrams: readonly Datagram[]): Part[] {
  const parts: Part[] = [];
  let apartFrom = 0;
  let at = 0;
  while (at < datagrams.length) {
    const end = endOfRun(datagrams, at);
    if (end - at > 1) {
      if (apartFrom < at) parts.push({ isRun: false, datagrams: datagrams.slice(apartFrom, at) });
      parts.push({ isRun: true, datagrams: datagrams.slice(at, end) });
      apartFrom = end;
    }
    at = end;
  }
  if (apartFrom < at) parts.push({ isRun: false, datagrams: datagrams.slice(apartFrom) });
  return parts;
}

/** Writes a run's bytes one behind the other: how many. */
export function joinRun(run: readonly Datagram[], into: Uint8Array): number {
  let at = 0;
  for (const { bytes } of run) {
    into.set(bytes, at);
    at += bytes.length;
  }
  return at;
}

/** The index after the run that begins at `from`, which may be of one datagram. */
function endOfRun(datagrams: readonly Datagram[], from: number): number {
  const first = datagrams[from];
  const size = first?.bytes.length ?? 0;
  let end = from + 1;
  let total = size;
  for (; first !== undefined && end - from < MAX_RUN_DATAGRAMS; end += 1) {
    const next = datagrams[end];
    if (next === undefined || !sameAddress(next.to, first.to)) break;
    const { length } = next.bytes;
    total += length;
    // An empty datagram leaves no trace in the piece.
    if (length === 0 || length > size || total > MAX_RUN_BYTES) break;
    if (length < size) return end + 1;
  }
  return end;
}
