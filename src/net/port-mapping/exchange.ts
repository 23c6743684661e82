// Questions to a router by UDP, sent again until they are answered. Only the router's own datagrams count, and nothing
// of them is kept: what `read` makes no answer of is dropped. Knows no packet format.

import type { CharlaError } from "../../errors.ts";
import type { SocketAddress } from "../address.ts";
import { ANY_IPV4_ADDRESS, type UdpSocket, type UdpSocketOptions } from "../udp-socket.ts";

/** Time as the driver sees it, so that tests have their own. */
export interface Clock {
  /** ms, monotonic. */
  now(): number;
  /** Resolves after so many ms, or once the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export type OpenSocket = (options: UdpSocketOptions) => Promise<UdpSocket>;

/**
 * ms to wait for an answer, for each time that a question is sent. RFC 6886 s. 3.1 begins with 250 ms and doubles; RFC 6887
 * s. 8.1.1 with 3 s, which is too long for a router that is one link away.
 */
export const QUICK: readonly number[] = [250, 250];
export const PATIENT: readonly number[] = [250, 500, 1_000];

export interface Exchange extends Disposable {
  /**
   * @param waits ms after each time that it is sent
   * @param read returns null for what is no answer to it
   * @returns null without an answer
   */
  ask<Answer>(
    question: Uint8Array,
    waits: readonly number[],
    read: (datagram: Uint8Array) => Answer | null,
  ): Promise<Answer | null>;
}

export interface ExchangeOptions {
  /** The host's own address, from which is asked. */
  readonly own: string;
  /** Where questions are sent. */
  readonly to: readonly SocketAddress[];
  /** Whether a datagram from there may be an answer. */
  readonly isRouter: (from: SocketAddress) => boolean;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** Ends all questions. */
  readonly signal: AbortSignal;
}

/** @throws {CharlaError} when the system opens no socket with this address */
export async function openExchange(options: ExchangeOptions): Promise<Exchange> {
  const { own, to, isRouter, openSocket, clock, signal } = options;
  /** The open questions, each called with every datagram of the router; null ends a question. */
  const open = new Set<(datagram: Uint8Array | null) => void>();
  const socket = await openSocket({
    bind: own,
    port: 0,
    onDatagram(datagram, from) {
      if (!isRouter(from)) return;
      for (const hear of open) hear(datagram);
    },
    // The router has no such service. With several destinations it may be another one that hasn't.
    onError({ code }: CharlaError) {
      if (code !== "NOBODY_LISTENING" || to.length > 1) return;
      for (const hear of open) hear(null);
    },
  });
  return {
    async ask(question, waits, read) {
      const answered = new AbortController();
      let answer: ReturnType<typeof read> = null;
      const hear = (datagram: Uint8Array | null): void => {
        if (answered.signal.aborted) return;
        answer = datagram === null ? null : read(datagram);
        if (answer !== null || datagram === null) answered.abort();
      };
      const ended = AbortSignal.any([signal, answered.signal]);
      open.add(hear);
      try {
        for (const wait of waits) {
          if (ended.aborted) break;
          // A destination that can't be reached is one that doesn't answer.
          for (const address of to) void socket.send(question, address).catch(() => {});
          await clock.sleep(wait, ended);
        }
      } finally {
        open.delete(hear);
        // Else the signal of all questions would keep the one made of it for as long as the port is mapped.
        answered.abort();
      }
      return answer;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** Where routers announce, to all hosts of the link, that they have restarted (RFC 6887 s. 14.1.2, RFC 6886 s. 3.2.1). */
const ANNOUNCEMENT_PORT = 5_350;

export interface Announcements extends Disposable {
  /** Whether there was one since the last call. Anyone can forge it: it is a reason to renew, and no more. */
  take(): boolean;
}

/** Without the port, which one program of a machine may have, there are none. */
export async function openAnnouncements(
  gateway: string,
  openSocket: OpenSocket,
): Promise<Announcements> {
  let wasHeard = false;
  const socket = await openSocket({
    bind: ANY_IPV4_ADDRESS,
    port: ANNOUNCEMENT_PORT,
    onDatagram(_, from) {
      if (from.address === gateway) wasHeard = true;
    },
    onError() {
      // Nothing is sent by it.
    },
  }).catch(() => null);
  return {
    take() {
      const heard = wasHeard;
      wasHeard = false;
      return heard;
    },
    [Symbol.dispose]: () => socket?.close(),
  };
}
