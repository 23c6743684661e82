// One end of the plain wire, on a socket: texts go out to the peer and come in from it. The rules of
// who that is are plain-peer.ts; this adds the socket and the one timer it needs.

import { CharlaError } from "../errors.ts";
import { speaksSealedWire } from "../protocol/packets.ts";
import { formatAddress, isLoopback, sameAddress, type SocketAddress } from "./address.ts";
import { arrive, notRefused, type PlainPeer, refuse, seekPeer, waitForPeer } from "./plain-peer.ts";
import { decodeText, encodeText } from "./text-datagram.ts";
import { openUdpSocket } from "./udp-socket.ts";

/**
 * How long a refusal (ICMP port unreachable) may take to come back, in ms. From this machine it is
 * there before the sending returns; from elsewhere it takes a round trip: 300 ms reaches most of Earth.
 */
const REFUSAL_TIME_LOOPBACK = 50;
const REFUSAL_TIME = 300;

export interface PlainLink extends Disposable {
  /** Where this end listens. */
  readonly local: SocketAddress;
  /** The other end; null while nobody is there. */
  readonly peer: SocketAddress | null;
  /**
   * Sends one message. Resolves when it has left, which says nothing of its arrival: this is the
   * plain wire. While it is not known which of the host's addresses listens, messages wait their turn.
   *
   * @throws {CharlaError} MESSAGE_TOO_LONG, NOBODY_LISTENING, UNREACHABLE; also once it is closed
   */
  send(text: string): Promise<void>;
  /** Resolves when everything said has left, or could not. */
  flush(): Promise<void>;
  /** The same, and every refusal of what has left has had the time to come back. */
  settle(): Promise<void>;
  close(): void;
}

export interface PlainLinkHandlers {
  /** The opener's peer appeared. */
  onPeer?(peer: SocketAddress): void;
  onText(text: string, from: SocketAddress): void;
  /** Nobody listens at `peer` any more, or the network has no way there. */
  onRefused(error: CharlaError, peer: SocketAddress | null): void;
  /** Somebody else's datagram was ignored, as were `ignored` in all. */
  onStranger?(from: SocketAddress, ignored: number): void;
  /** Somebody speaks the sealed wire to this opener, and is told which one this is. */
  onOtherWire?(error: CharlaError, from: SocketAddress): void;
}

/**
 * Listens for a peer: whoever speaks first.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and their kin
 */
export function openPlainLink(
  options: { bind?: string | undefined; port: number },
  handlers: PlainLinkHandlers,
): Promise<PlainLink> {
  return createPlainLink(waitForPeer(), options, handlers);
}

/** Speaks to the first of a host's addresses (at least one) where somebody listens. */
export function joinPlainLink(
  candidates: readonly SocketAddress[],
  handlers: PlainLinkHandlers,
): Promise<PlainLink> {
  return createPlainLink(seekPeer(candidates), { port: 0 }, handlers);
}

/** The message that tries the host's addresses one by one, while it is not known which one listens. */
interface Trial {
  readonly datagram: Uint8Array;
  readonly decided: PromiseWithResolvers<void>;
}

/** What a joiner of the sealed wire is answered, and the person at another program may read. */
const THIS_WIRE = "this conversation speaks the plain wire: join it with charla --plain";

function speaksSealed(from: SocketAddress): CharlaError {
  return new CharlaError(
    "OTHER_WIRE",
    `${formatAddress(from)} speaks the sealed wire, and this conversation the plain one`,
    "join a sealed conversation with its invitation and without --plain; --plain opens and joins plain ones",
  );
}

async function createPlainLink(
  start: PlainPeer,
  { bind, port }: { bind?: string | undefined; port: number },
  handlers: PlainLinkHandlers,
): Promise<PlainLink> {
  let state = start;
  let closed = false;
  let lastSent: { at: number; refusalTime: number } | null = null;
  let trial: Trial | null = null;
  // Why a joiner has nobody left to speak to.
  let gone: CharlaError | null = null;

  const socket = await openUdpSocket({
    bind,
    port,
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
      if (!closed) refused(error);
    },
  });

  /** Who speaks the sealed wire is told so, and is no peer of this conversation (docs/protocol.md s. 6). */
  function onSealedWire(datagram: Uint8Array, from: SocketAddress): void {
    const error = speaksSealed(from);
    if (state.role === "opener") {
      handlers.onOtherWire?.(error, from);
      // A hello is longer than the answer; the other sign may be forged to have two openers answer each other.
      const answer = encodeText(THIS_WIRE);
      if (datagram.length > answer.length) void socket.send(answer, from).catch(() => {});
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
    if (outcome === "gone" && state.role === "joiner") gone = error;
    if (outcome === "next" && trial !== null) void transmitTrial(trial);
    else if (trial === null) handlers.onRefused(error, peer);
    else trial.decided.reject(error);
  }

  async function transmit(datagram: Uint8Array): Promise<void> {
    if (state.peer === null) throw gone ?? nobodyThere();
    lastSent = {
      at: performance.now(),
      refusalTime: isLoopback(state.peer) ? REFUSAL_TIME_LOOPBACK : REFUSAL_TIME,
    };
    await socket.send(datagram, state.peer);
  }

  /** An address the system refuses at once is refused like one where nobody listens. */
  async function transmitTrial({ datagram, decided }: Trial): Promise<void> {
    try {
      await transmit(datagram);
    } catch (error) {
      if (error instanceof CharlaError) refused(error);
      else decided.reject(error);
    }
  }

  /** Sends the datagram to one address after the other until one of them does not refuse it. */
  async function tryAddresses(datagram: Uint8Array): Promise<void> {
    trial = { datagram, decided: Promise.withResolvers() };
    const { decided } = trial;
    try {
      await transmitTrial(trial);
      await Promise.race([decided.promise, refusalTime()]);
      state = notRefused(state);
    } finally {
      trial = null;
    }
  }

  /** Waits until the last datagram, also one sent meanwhile, can no longer be refused. */
  async function refusalTime(): Promise<void> {
    while (lastSent !== null && !closed) {
      const left = lastSent.at + lastSent.refusalTime - performance.now();
      if (left <= 0) return;
      // The open socket keeps the program alive meanwhile; once it is closed, nothing should.
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)).unref());
    }
  }

  // Messages leave in the order they were said, also behind one that still seeks its address.
  let sending: Promise<void> = Promise.resolve();

  return {
    local: socket.address,
    get peer() {
      return state.peer;
    },
    async send(text) {
      const datagram = encodeText(text);
      const sent = sending.then(() => {
        if (state.peer !== null && !state.reached) return tryAddresses(datagram);
        return transmit(datagram);
      });
      // A message that could not leave is its sender's to know, and does not hold back the next.
      sending = sent.catch(() => {});
      return sent;
    },
    flush: () => sending,
    settle: () => sending.then(refusalTime),
    close,
    [Symbol.dispose]: close,
  };

  function close(): void {
    closed = true;
    socket.close();
  }

  function nobodyThere(): CharlaError {
    return new CharlaError(
      "NOBODY_LISTENING",
      `nobody is there to hear it at ${formatAddress(socket.address)}`,
      "wait until somebody has joined",
    );
  }
}
