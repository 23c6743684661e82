// Sends a batch of datagrams, its runs in one piece each, which Linux cuts apart when it is about to leave
// (UDP_SEGMENT, udp(7)): nearly for the price of one datagram. Knows no socket: the system is an argument.
//
// A run that is refused is sent again datagram by datagram, and each is told of as send-batch.ts has it. If
// none of them is refused, then the cutting is what the system or the device cannot do: that was the last run.

import { systemCode } from "../errors.ts";
import { type Datagram, joinRun, MAX_RUN_BYTES, partsOf } from "./runs.ts";
import { sendBatch } from "./send-batch.ts";

export interface SendingSystem {
  /** Sends what it can of these, at once: how many. Throws when none, and why. */
  send(datagrams: readonly Datagram[]): number;
  /**
   * Sends a run that was joined, cut into datagrams of `size` bytes: 1, or 0 where there is no room. Throws
   * when it is not sent, and why. Null where that cannot be.
   */
  readonly sendCut: ((joined: Datagram, size: number) => number) | null;
}

/** As in send-batch.ts. */
export interface Refusals {
  onRefused(datagram: Datagram, cause: unknown): void;
  onEarlierRefused(cause: unknown): void;
}

/** Sends a batch; the rest of it is dropped as soon as there is no room for more. */
export type BatchSender = (datagrams: readonly Datagram[], refusals: Refusals) => void;

/**
 * What the system says where it does not know how to cut, or the device cannot, as with IPsec or without
 * checksums in the device (net/ipv4/udp.c, udp_lib_setsockopt and udp_send_skb).
 */
const CANNOT_CUT = new Set(["ENOPROTOOPT", "EINVAL", "EIO"]);

export function createBatchSender(system: SendingSystem): BatchSender {
  let { sendCut } = system;
  /** Runs are joined here, once there is one: the system has taken a copy when it returns. */
  let memory: Uint8Array | null = null;

  /** Returns whether there was room. */
  function sendRun(run: readonly Datagram[], refusals: Refusals): boolean {
    const [first] = run;
    if (sendCut === null || first === undefined) return sendEach(system, run, refusals).hadRoom;
    const send = sendCut;
    memory ??= new Uint8Array(MAX_RUN_BYTES);
    const joined = { bytes: memory.subarray(0, joinRun(run, memory)), to: first.to };
    let refusedFor: unknown;
    const hadRoom = sendBatch(1, {
      send: () => send(joined, first.bytes.length),
      onRefused: (_at, cause) => (refusedFor = cause),
      onEarlierRefused: (cause) => refusals.onEarlierRefused(cause),
    });
    if (refusedFor === undefined) return hadRoom;
    const apart = sendEach(system, run, refusals);
    if (apart.refused === 0 && CANNOT_CUT.has(systemCode(refusedFor))) sendCut = null;
    return apart.hadRoom;
  }

  return (datagrams, refusals) => {
    const parts = sendCut === null ? [{ isRun: false, datagrams }] : partsOf(datagrams);
    for (const part of parts) {
      const hadRoom = part.isRun
        ? sendRun(part.datagrams, refusals)
        : sendEach(system, part.datagrams, refusals).hadRoom;
      if (!hadRoom) return;
    }
  };
}

function sendEach(
  system: SendingSystem,
  datagrams: readonly Datagram[],
  refusals: Refusals,
): { hadRoom: boolean; refused: number } {
  let refused = 0;
  const hadRoom = sendBatch(datagrams.length, {
    send: (at) => system.send(at === 0 ? datagrams : datagrams.slice(at)),
    onRefused(at, cause) {
      const datagram = datagrams[at];
      if (datagram === undefined) return;
      refused += 1;
      refusals.onRefused(datagram, cause);
    },
    onEarlierRefused: (cause) => refusals.onEarlierRefused(cause),
  });
  return { hadRoom, refused };
}
