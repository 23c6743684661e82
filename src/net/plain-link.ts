// One end of the plain wire, on a socket: sends texts to the peer and receives them from it. Who the peer is, is
// decided by plain-wire.ts; this adds the socket and the one timer it needs.

import { openUdpSocket } from "#udp-socket";

import { defer, type Deferred } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { speaksSealedWire } from "../protocol/packets.ts";
import { formatAddress, isLoopback, sameAddress, type SocketAddress } from "./address.ts";
import {
  arrive,
  decodeText,
  encodeText,
  notRefused,
  type PlainPeer,
  refuse,
  seekPeer,
  waitForPeer,
} from "./plain-wire.ts";

/**
 * How long to wait for a refusal (ICMP port unreachable), ms. On this machine it comes before the send call returns;
 * from elsewhere it takes a round trip, which is under 300 ms to most of Earth.
 */
const REFUSAL_TIME_LOOPBACK = 50;
const REFUSAL_TIME = 300;
/**
 * For how long after an answer to a client of the sealed wire a refusal counts as the answer's, ms: the runtime does not say what
 * was refused, and may say it twice. If the peer is gone as well, the next message to it tells. There is at most one such answer
 * in that time.
 */
const ANSWER_TIME = 1_000;

export interface PlainLinkHandlers {
  /** The server has a peer. */
  onPeer?(peer: SocketAddress): void;
  onText(text: string, from: SocketAddress): void;
  /** No program is listening at `peer` any more, or it speaks the other wire. */
  onRefused(error: CharlaError, peer: SocketAddress | null): void;
  /** A datagram to the peer was not sent, or did not arrive: there is no route at the moment, or a firewall. */
  onNotSent(error: CharlaError): void;
  /** A datagram from another address was ignored, the `ignored`th so far. */
  onStranger?(from: SocketAddress, ignored: number): void;
  /** A client of the sealed wire sent something to this server, and was answered that this is the plain wire. */
  onOtherWire?(error: CharlaError, from: SocketAddress): void;
}

/**
 * Listens for a peer: the sender of the first datagram.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and others of `describeBindError`
 */
export function openPlainLink(
  options: { bind?: string | undefined; port: number },
  handlers: PlainLinkHandlers,
) {
  return createPlainLink(waitForPeer(), options, handlers);
}

/** Talks to the first of a host's addresses (at least one) that does not refuse. */
export function joinPlainLink(candidates: readonly SocketAddress[], handlers: PlainLinkHandlers) {
  return createPlainLink(seekPeer(candidates), { port: 0 }, handlers);
}

/** The first message, which tries the host's addresses one by one. */
interface Trial {
  readonly datagram: Uint8Array;
  readonly decided: Deferred<void>;
}

/** The answer to a client of the sealed wire, for people to read. */
const THIS_WIRE = "this conversation speaks the plain wire: join it with charla --plain";

async function createPlainLink(
  start: PlainPeer,
  { bind, port }: { bind?: string | undefined; port: number },
  handlers: PlainLinkHandlers,
) {
  let state = start;
  let closed = false;
  let lastSent: { at: number; refusalTime: number } | null = null;
  let trial: Trial | null = null;
  /** When a client of the sealed wire was answered last. */
  let answeredAt = Number.NEGATIVE_INFINITY;
  // Why a client has no address left to send to.
  let gone: CharlaError | null = null;

  const socket = await openUdpSocket({
    bind,
    port,
    singlePeer: start.role === "client",
    onDatagram(datagram, from) {
      if (closed) return;
      if (speaksSealedWire(datagram)) return onSealedWire(datagram, from);
      const [next, arrival] = arrive(state, from);
      state = next;
      if (arrival === "stranger") return handlers.onStranger?.(from, state.strangers);
      trial?.decided.resolve();
      if (arrival === "new-peer") handlers.onPeer?.(from);
      handlers.onText(decodeText(datagram), from);
    },
    onError(error) {
      if (closed || performance.now() - answeredAt < ANSWER_TIME) return;
      // Only what the peer's host says ends anything; the network may work again.
      if (trial !== null || error.code === "NOBODY_LISTENING") refused(error);
      else handlers.onNotSent(error);
    },
  });

  /** The sender gets the reply that it uses the wrong wire, and is no peer (docs/protocol.md s. 6). */
  function onSealedWire(datagram: Uint8Array, from: SocketAddress): void {
    const error = new CharlaError(
      "OTHER_WIRE",
      `${formatAddress(from)} speaks the sealed wire, and this conversation the plain one`,
      state.role === "server"
        ? "they join this one with charla --plain HOST:PORT"
        : "join it with its invitation and without --plain, or send to it with charla send --to INVITATION",
    );
    if (state.role === "server") {
      handlers.onOtherWire?.(error, from);
      // Only something longer, as a hello is, is answered: a forged short one could have two servers answer each other.
      const answer = encodeText(THIS_WIRE);
      const now = performance.now();
      if (now - answeredAt < ANSWER_TIME || datagram.length <= answer.length) return;
      answeredAt = now;
      void socket.send(answer, from).catch(() => {});
    } else if (state.peer !== null && sameAddress(from, state.peer)) {
      gone = error;
      if (trial !== null) trial.decided.reject(error);
      else handlers.onRefused(error, from);
      state = { ...state, peer: null, alternatives: [] };
    }
  }

  function refused(error: CharlaError): void {
    const { peer } = state;
    if (peer === null) return;
    const [next, outcome] = refuse(state);
    state = next;
    if (outcome === "gone" && state.role === "client") gone = error;
    if (outcome === "next" && trial !== null) void transmitTrial(trial);
    else if (trial === null) handlers.onRefused(error, peer);
    else trial.decided.reject(error);
  }

  async function transmit(datagram: Uint8Array): Promise<void> {
    if (state.peer === null) {
      const message = `nobody has joined at ${formatAddress(socket.address)} yet`;
      throw gone ?? new CharlaError("NOBODY_LISTENING", message, "wait until somebody has joined");
    }
    lastSent = {
      at: performance.now(),
      refusalTime: isLoopback(state.peer) ? REFUSAL_TIME_LOOPBACK : REFUSAL_TIME,
    };
    await socket.send(datagram, state.peer);
  }

  /** An address that the system refuses at once counts as refused, too. */
  async function transmitTrial({ datagram, decided }: Trial): Promise<void> {
    try {
      await transmit(datagram);
    } catch (error) {
      if (error instanceof CharlaError) refused(error);
      else decided.reject(error);
    }
  }

  /** Sends the datagram to one address after the other until one does not refuse it. */
  async function tryAddresses(datagram: Uint8Array): Promise<void> {
    trial = { datagram, decided: defer() };
    const { decided } = trial;
    try {
      await transmitTrial(trial);
      await Promise.race([decided.promise, refusalTime()]);
      state = notRefused(state);
    } finally {
      trial = null;
    }
  }

  /** Waits as long as the last datagram, which may be sent meanwhile, can still be refused. */
  async function refusalTime(): Promise<void> {
    while (lastSent !== null && !closed) {
      const left = lastSent.at + lastSent.refusalTime - performance.now();
      if (left <= 0) return;
      // The open socket keeps the program running meanwhile; once it is closed, the timer must not.
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)).unref());
      // A timer that is late, on a busy machine, runs before the sockets are read: a refusal may be there already.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  // Messages leave in the order of the calls, also behind the first, which may still try addresses.
  let sending: Promise<void> = Promise.resolve();

  return {
    local: socket.address,
    /** The other end; null while there is none. */
    get peer() {
      return state.peer;
    },
    /**
     * Sends one message. Resolves when it has left, which says nothing about its arrival: this is the plain wire.
     * While the first message tries the host's addresses, the others wait.
     *
     * @throws {CharlaError} MESSAGE_TOO_LONG, NOBODY_LISTENING, UNREACHABLE; also once it is closed
     */
    async send(text: string) {
      const datagram = encodeText(text);
      const sent = sending.then(() => {
        if (state.peer !== null && !state.reached) return tryAddresses(datagram);
        return transmit(datagram);
      });
      // A failure is reported to its own caller, and does not hold back the next message.
      sending = sent.catch(() => {});
      return sent;
    },
    /** Resolves when every message has left, or failed to. */
    flush: () => sending,
    /** The same, after the time that a refusal may take. */
    settle: () => sending.then(refusalTime),
    close,
    [Symbol.dispose]: close,
  };

  function close(): void {
    closed = true;
    socket.close();
  }
}
