// Probes a server of the sealed wire without a secret and without a session: the state machines of
// protocol/handshake/hello-probe.ts and size-probe.ts, on a socket of their own.

import { openUdpSocket } from "#udp-socket";

import type { CharlaError } from "../errors.ts";
import {
  helloProbeWakeAt,
  isHelloProbeOver,
  nextHello,
  receiveForHelloProbe,
  startHelloProbe,
} from "../protocol/handshake/hello-probe.ts";
import {
  nextSizeDatagram,
  receiveForSizeProbe,
  SHORT_SIZES,
  sizeNotSent,
  type SizeProbeOptions,
  startSizeProbe,
} from "../protocol/handshake/size-probe.ts";
import { isSealedWire } from "../protocol/packets.ts";
import { BASE_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import { sameAddress, type SocketAddress } from "./address.ts";
import { randomBytes } from "./crypto.ts";
import { maxProbeSize } from "./udp-socket.ts";

/** What was found at an address. */
export type Found =
  | { readonly type: "server" }
  | { readonly type: "other-version" }
  /** Something answers that does not speak the sealed wire. */
  | { readonly type: "other-wire" }
  /** The network or the host refused it. */
  | { readonly type: "refused"; readonly error: CharlaError }
  | { readonly type: "nothing" };

export interface Hellos {
  readonly found: Found;
  readonly sent: number;
  /** Of the hellos that were answered, ms each. */
  readonly roundTrips: readonly number[];
}

/** Bytes of UDP payload. */
export interface Sizes {
  /** The longest datagram that arrived; 0 for none. */
  readonly arrived: number;
  /** The shortest that did not; null where all did. */
  readonly tooLong: number | null;
}

export interface ServerProbe extends Disposable {
  /** Sends so many hellos; fewer where nothing answers. */
  hellos(count: number): Promise<Hellos>;
  /** How long datagrams may be, where hellos are answered. */
  sizes(answered: Hellos): Promise<Sizes>;
  /** The same where none is: perhaps only shorter datagrams arrive. */
  shortSizes(): Promise<Sizes>;
}

/** How long to wait for an answer: at least so many ms, and so many times the slowest round trip. */
const MIN_TIMEOUT = 100;
const ROUND_TRIPS = 3;
/** How long to wait for an answer to short datagrams, when no round trip is known, ms. */
const SHORT_TIMEOUT = 500;

const now = () => performance.now();

/** One of the two state machines. */
interface Machine {
  next(now: number): Uint8Array | null;
  wakeAt(): number;
  isOver(now: number): boolean;
  receive(datagram: Uint8Array, from: SocketAddress, now: number): void;
  refuse(error: CharlaError): void;
  tooLong(size: number, now: number): void;
}

/** @throws {CharlaError} SOCKET_FAILED and others: no socket can be opened here */
export async function openServerProbe(to: SocketAddress): Promise<ServerProbe> {
  let running: { readonly machine: Machine; readonly resume: () => void } | null = null;
  const socket = await openUdpSocket({
    port: 0,
    dontFragment: true,
    onDatagram(datagram, from) {
      running?.machine.receive(datagram, from, now());
      running?.resume();
    },
    onError(error) {
      running?.machine.refuse(error);
      running?.resume();
    },
    onTooLong: (_, length) => running?.machine.tooLong(length, now()),
  });

  function run(machine: Machine): Promise<void> {
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const resume = () => {
        clearTimeout(timer);
        for (let next = machine.next(now()); next !== null; next = machine.next(now())) {
          socket.sendMany([{ bytes: next, to }]);
        }
        if (machine.isOver(now())) {
          running = null;
          resolve();
        } else timer = setTimeout(resume, Math.max(1, machine.wakeAt() - now()));
      };
      running = { machine, resume };
      resume();
    });
  }

  async function sizes(given: Omit<SizeProbeOptions, "random" | "now">): Promise<Sizes> {
    const probe = startSizeProbe({ ...given, random: randomBytes, now: now() });
    await run({
      next: (time) => nextSizeDatagram(probe, time),
      wakeAt: () => probe.wakeAt,
      isOver: () => probe.trying === null,
      receive: (datagram, _, time) => receiveForSizeProbe(probe, datagram, time),
      // Whether anything arrives is known already, or is what the probe finds out.
      refuse() {},
      tooLong: (size, time) => sizeNotSent(probe, size, time),
    });
    const { arrived, tooLong } = probe;
    return { arrived, tooLong: tooLong > given.limit ? null : tooLong };
  }

  return {
    async hellos(count) {
      const probe = startHelloProbe(randomBytes, count, now());
      let other: Found | null = null;
      await run({
        next: (time) => (other === null ? nextHello(probe, time) : null),
        wakeAt: () => helloProbeWakeAt(probe),
        isOver: (time) => other !== null || isHelloProbeOver(probe, time),
        receive(datagram, from, time) {
          if (isSealedWire(datagram)) receiveForHelloProbe(probe, datagram, time);
          else if (sameAddress(from, to)) other ??= { type: "other-wire" };
        },
        refuse(error) {
          if (probe.answer === "none") other ??= { type: "refused", error };
        },
        tooLong() {
          other ??= { type: "nothing" };
        },
      });
      const { answer, sent, roundTrips } = probe;
      const type = answer === "none" ? "nothing" : answer;
      return { found: other ?? { type }, sent, roundTrips };
    },
    sizes: ({ sent, roundTrips }) =>
      sizes({
        arrived: BASE_DATAGRAM_SIZE,
        limit: maxProbeSize(socket, to),
        loss: 1 - roundTrips.length / sent,
        patience: Math.max(MIN_TIMEOUT, ROUND_TRIPS * Math.max(...roundTrips)),
      }),
    shortSizes: () => sizes({ ...SHORT_SIZES, loss: 0, patience: SHORT_TIMEOUT }),
    [Symbol.dispose]: () => socket.close(),
  };
}
