// Sends a batch of datagrams in as few system calls as possible, with UDP generic segmentation offload (GSO) where the
// system has it: a run, which is datagrams of equal length to one address, goes to the kernel in one piece, and
// the kernel cuts it into datagrams again (UDP_SEGMENT, udp(7)) at nearly the cost of one. Knows no socket: the
// system calls are arguments.
//
// A run that is refused is sent again datagram by datagram. If none of those is refused, the system or the device
// can't do GSO, and no further run is tried.
//
// sendmmsg(2) stops at the first datagram that the system refuses: it returns how many went before, or, when it is
// the first, the error. That error need not be about this datagram: an ICMP error for an earlier one (RFC 1122
// s. 4.1.3.3) is reported once, in place of sending the next.

import { systemCode } from "../errors.ts";
import { sameAddress, type SocketAddress } from "./address.ts";

/** What is sent, and where to. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: SocketAddress;
}

/** A run; or datagrams between two runs. */
interface BatchPart {
  readonly isRun: boolean;
  /** At least one. */
  readonly datagrams: readonly Datagram[];
}

/** Datagrams of one run (linux/udp.h, UDP_MAX_SEGMENTS; newer kernels take 128). */
export const MAX_RUN_DATAGRAMS = 64;
/** Bytes of one run: the longest IP packet less the headers of IPv6 (40) and UDP (8). */
export const MAX_RUN_BYTES = 65_535 - 40 - 8;

/** Splits a batch, in order, into its runs and what is between them. */
export function splitIntoRuns(datagrams: readonly Datagram[]): BatchPart[] {
  const parts: BatchPart[] = [];
  let unsplitFrom = 0;
  let at = 0;
  while (at < datagrams.length) {
    const end = runEnd(datagrams, at);
    if (end - at > 1) {
      if (unsplitFrom < at)
        parts.push({ isRun: false, datagrams: datagrams.slice(unsplitFrom, at) });
      parts.push({ isRun: true, datagrams: datagrams.slice(at, end) });
      unsplitFrom = end;
    }
    at = end;
  }
  if (unsplitFrom < at) parts.push({ isRun: false, datagrams: datagrams.slice(unsplitFrom) });
  return parts;
}

/**
 * Puts datagrams for the same address, the same object, one behind the other, in their order: what a relay forwards comes from
 * many in turns, and would make no runs. Forwarding costs a sixth less with 16 servers (bench/relay.ts).
 */
export function groupByAddress(datagrams: readonly Datagram[]): readonly Datagram[] {
  const groups = new Map<SocketAddress, Datagram[]>();
  for (const datagram of datagrams) {
    const group = groups.get(datagram.to);
    if (group === undefined) groups.set(datagram.to, [datagram]);
    else group.push(datagram);
  }
  if (groups.size === 1 || groups.size === datagrams.length) return datagrams;
  return [...groups.values()].flat();
}

/** The index after the run that begins at `from`, which may be of one datagram. Its last datagram may be shorter. */
function runEnd(datagrams: readonly Datagram[], from: number): number {
  const first = datagrams[from];
  const size = first?.bytes.length ?? 0;
  let end = from + 1;
  let total = size;
  for (; first !== undefined && end - from < MAX_RUN_DATAGRAMS; end += 1) {
    const next = datagrams[end];
    if (next === undefined || !sameAddress(next.to, first.to)) break;
    const { length } = next.bytes;
    total += length;
    // An empty datagram would get lost in the piece.
    if (length === 0 || length > size || total > MAX_RUN_BYTES) break;
    if (length < size) return end + 1;
  }
  return end;
}

/** Writes a run's bytes one after the other. Returns how many. */
export function concatenateRun(run: readonly Datagram[], into: Uint8Array): number {
  let at = 0;
  for (const { bytes } of run) {
    into.set(bytes, at);
    at += bytes.length;
  }
  return at;
}

export interface SystemCalls {
  /** Sends as many of these as it can without waiting. Returns how many; throws the reason when none was sent. */
  send(datagrams: readonly Datagram[]): number;
  /**
   * Sends a concatenated run, cut into datagrams of `size` bytes. Returns 1, or 0 when the buffer is full; throws
   * the reason when it was not sent. Null where the system has no GSO.
   */
  readonly sendSegmented: ((run: Datagram, size: number) => number) | null;
}

interface RefusalHandlers {
  /** The system refused this datagram, twice; it was left out. */
  onRefused(datagram: Datagram, cause: unknown): void;
  /** An earlier datagram was refused, of this batch or one before. */
  onEarlierRefused(cause: unknown): void;
}

/**
 * What Linux says when it or the device can't segment, as with IPsec or without checksum offload (net/ipv4/udp.c,
 * udp_lib_setsockopt and udp_send_skb).
 */
const NO_GSO = new Set(["ENOPROTOOPT", "EINVAL", "EIO"]);

/** What sends a batch, and drops the rest of it as soon as a buffer is full. */
export function createBatchSender(system: SystemCalls) {
  let { sendSegmented } = system;
  /** Runs are concatenated here; made with the first. The system has copied a run when its call returns. */
  let buffer: Uint8Array | null = null;

  /** Returns whether there was room. */
  function sendRun(run: readonly Datagram[], handlers: RefusalHandlers): boolean {
    const [first] = run;
    if (sendSegmented === null || first === undefined) return sendEach(system, run, handlers).room;
    const send = sendSegmented;
    buffer ??= new Uint8Array(MAX_RUN_BYTES);
    const piece = { bytes: buffer.subarray(0, concatenateRun(run, buffer)), to: first.to };
    let refusal: unknown;
    const room = sendAll(1, {
      send: () => send(piece, first.bytes.length),
      onRefused: (_at, cause) => (refusal = cause),
      onEarlierRefused: (cause) => handlers.onEarlierRefused(cause),
    });
    if (refusal === undefined) return room;
    const each = sendEach(system, run, handlers);
    if (each.refused === 0 && NO_GSO.has(systemCode(refusal))) sendSegmented = null;
    return each.room;
  }

  return (datagrams: readonly Datagram[], handlers: RefusalHandlers): void => {
    const parts = sendSegmented === null ? [{ isRun: false, datagrams }] : splitIntoRuns(datagrams);
    for (const part of parts) {
      const room = part.isRun
        ? sendRun(part.datagrams, handlers)
        : sendEach(system, part.datagrams, handlers).room;
      if (!room) return;
    }
  };
}

function sendEach(
  system: SystemCalls,
  datagrams: readonly Datagram[],
  handlers: RefusalHandlers,
): { room: boolean; refused: number } {
  let refused = 0;
  const room = sendAll(datagrams.length, {
    send: (at) => system.send(at === 0 ? datagrams : datagrams.slice(at)),
    onRefused(at, cause) {
      const datagram = datagrams[at];
      if (datagram === undefined) return;
      refused += 1;
      handlers.onRefused(datagram, cause);
    },
    onEarlierRefused: (cause) => handlers.onEarlierRefused(cause),
  });
  return { room, refused };
}

/** The device's buffer is full. (That the socket's is, EAGAIN, the runtime reports as "none sent".) */
const DEVICE_BUFFER_FULL = "ENOBUFS";

interface SendAllHandlers {
  /** Sends as many as it can from `at` on, without waiting. Returns how many; throws the reason when none was sent. */
  send(at: number): number;
  /** The system refused the datagram at `at`, twice; it is left out. */
  onRefused(at: number, cause: unknown): void;
  /** An earlier datagram was refused, of this batch or one before. */
  onEarlierRefused(cause: unknown): void;
}

/** Sends `count` datagrams, past those that are refused; false, and the rest is dropped, when a buffer is full. */
export function sendAll(count: number, handlers: SendAllHandlers): boolean {
  let refusal: { readonly cause: unknown } | null = null;
  let at = 0;
  while (at < count) {
    try {
      const sent = handlers.send(at);
      if (refusal !== null) handlers.onEarlierRefused(refusal.cause);
      refusal = null;
      if (sent === 0) return false;
      at += sent;
    } catch (cause) {
      if (systemCode(cause) === DEVICE_BUFFER_FULL) return false;
      if (refusal === null) {
        refusal = { cause };
        continue;
      }
      handlers.onRefused(at, cause);
      refusal = null;
      at += 1;
    }
  }
  return true;
}
