// Sends the whole of a batch past what stops it half-way. Knows no socket: what sends is an argument.
//
// sendmmsg(2) stops at the first datagram that the system refuses: it tells how many went before, or,
// when it is the first, why. The reason need not be that datagram's own. What the network said of an
// earlier one (ICMP, RFC 1122 s. 4.1.3.3) is told in place of sending the next, once.

import { systemCode } from "../errors.ts";

/** There is no room: EAGAIN of the socket's buffer is told as "none sent", this one of the device's. */
const NO_ROOM = "ENOBUFS";

export interface BatchHandlers {
  /** Sends what it can of the datagrams from `at` on, at once: how many. Throws when none, and why. */
  send(at: number): number;
  /** The datagram at `at` was refused for itself, twice; it is left out. */
  onRefused(at: number, cause: unknown): void;
  /** An earlier datagram was refused, of this batch or one before. */
  onEarlierRefused(cause: unknown): void;
}

/** Sends the first `count` datagrams; false, and the rest is dropped, when there is no room for more. */
export function sendBatch(count: number, handlers: BatchHandlers): boolean {
  let refused: { readonly cause: unknown } | null = null;
  let at = 0;
  while (at < count) {
    try {
      const sent = handlers.send(at);
      if (refused !== null) handlers.onEarlierRefused(refused.cause);
      refused = null;
      if (sent === 0) return false;
      at += sent;
    } catch (cause) {
      if (systemCode(cause) === NO_ROOM) return false;
      if (refused === null) {
        refused = { cause };
        continue;
      }
      handlers.onRefused(at, cause);
      refused = null;
      at += 1;
    }
  }
  return true;
}
