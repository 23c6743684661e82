// Keeps a server registered at a relay (docs/protocol.md s. 19.3), so that those who can't reach it directly join it there: a
// session with the relay on the server's own socket, a new one whenever it ends, and what the relay forwards. Knows no rooms.

import { isIP } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { backoff } from "../backoff.ts";
import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import type { PageOrigin } from "../identity/page-link.ts";
import { canonicalAddress, type HostAndPort, parseHostAndPort } from "../net/address.ts";
import { carrierOf } from "../net/carrier.ts";
import { pastRelay } from "../net/relay-carrier.ts";
import { readRelayReply, type RelayPage, writeRelayMessage } from "../net/relay-messages.ts";
import {
  ADDRESS_LENGTH,
  END_ID_LENGTH,
  FORWARD_HEADER,
  readRelayPacket,
  writeForward,
} from "../net/relay-packets.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import type { SealedSocket } from "../net/sealed-socket.ts";
import { openWebSocketCarrier, type WebSocketCarrierOptions } from "../net/websocket-carrier.ts";
import { mapKey } from "../protocol/bytes.ts";
import { mayChallenge } from "../protocol/session/candidate-addresses.ts";
import { CLOSE_DONE, type SessionEnd } from "../protocol/session/session.ts";
import { addressKey, type SocketAddress } from "../protocol/socket-address.ts";

/** Waits between two attempts to register, ms: the first and the longest. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;
/**
 * How often a registered server shows itself, ms: a relay that does not know it, because the relay was restarted or the server
 * has another address now, says so. The session with the relay would notice at its next keep-alive, up to 20 s later.
 */
const SHOW_INTERVAL = 5_000;
/** To no joiner, and as long as the answer that it may get. */
const SHOWN = writeForward(
  new Uint8Array(END_ID_LENGTH),
  new Uint8Array(ADDRESS_LENGTH - FORWARD_HEADER),
);
/** How long a relay may take to answer that it has registered the server, ms; by UDP, where a WebSocket may do as well. */
const PATIENCE = 10_000;
const UDP_PATIENCE = 2_000;
/** Addresses of joiners that are remembered, so that not each datagram makes another. */
const REMEMBERED = 4_096;
/** Between two messages at least that ask whether the relay still knows the session, ms. */
const DOUBT_INTERVAL = 1_000;

export interface RegistrationOptions {
  /** For invitations. */
  readonly relay: HostAndPort;
  /** The relay as people write it: HOST or HOST:PORT. */
  readonly name: string;
  /**
   * Where the relay is, for each attempt anew.
   *
   * @param failures so far in a row: after one, another address is worth trying
   * @param signal ends the look-up: a server that is stopped does not wait for it
   * @throws {CharlaError} UNKNOWN_HOST, UNREACHABLE; the reason of the signal
   */
  reach(failures: number, signal: AbortSignal): Promise<SocketAddress>;
  /** Where UDP does not get through, a WebSocket is tried in turns with it. */
  readonly webSocket?: Pick<WebSocketCarrierOptions, "urls" | "findProxy"> | undefined;
  /** The relay's public key; null to take the one that it shows. */
  readonly expected: Uint8Array | null;
  /**
   * The relay has proven this key.
   *
   * @throws {CharlaError} if it must not be used
   */
  onKey?(key: Uint8Array): void;
  /** The server can be joined there; `outer` is its own address as the relay sees it. Again when that changes. */
  onRegistered(outer: SocketAddress): void;
  /** It can't any more, or not yet; another attempt follows. Only the first of several failures in a row is reported. */
  onLost(error: CharlaError): void;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface RelayRegistration extends AsyncDisposable {
  readonly name: string;
  /** This server's UDP address as the relay sees it; null while it is not registered, and where the relay is reached by TCP. */
  readonly outer: SocketAddress | null;
  /** Where the relay serves the page; null while this server is not registered, and where it serves none. */
  readonly page: PageOrigin | null;
  /** The network of this machine has changed: asks the relay whether it still hears us. */
  networkChanged(): void;
}

/** Whether the server is registered. */
type State =
  | {
      readonly type: "trying";
      /** Those that have begun since it was registered last. */
      readonly attempts: number;
      /** Of several failures in a row only the first is reported. */
      readonly isReported: boolean;
      /** Null between two attempts, and until the relay's address is known. */
      readonly link: SealedLink | null;
    }
  | {
      readonly type: "registered";
      readonly link: SealedLink;
      /** See `RelayRegistration`. */
      readonly outer: SocketAddress | null;
      readonly page: PageOrigin | null;
    };

const NOT_TRIED = { type: "trying", attempts: 0, isReported: false, link: null } as const;

export function keepRegistered(
  socket: SealedSocket,
  options: RegistrationOptions,
): RelayRegistration {
  const { name } = options;
  const over = new AbortController();
  let state: State = NOT_TRIED;
  let askedAt = -Infinity;
  /** Also between two attempts: what the relay then says is answered by none, and is no datagram of another wire. */
  let stopListening: (() => void) | null = null;
  const done = run();

  async function run(): Promise<void> {
    const attemptsInVain = options.webSocket === undefined ? 1 : 2;
    while (!over.signal.aborted) {
      const error = await attempt();
      const isLost = state.type === "registered";
      const failed = trying();
      const isReported = isLost || failed.isReported || failed.attempts >= attemptsInVain;
      state = { ...failed, isReported, link: null };
      if (over.signal.aborted) return;
      if (isReported && !failed.isReported) options.onLost(error);
      const failures = Math.max(1, failed.attempts);
      const wait = backoff(failures, options.random(), FIRST_WAIT, LONGEST_WAIT);
      await delay(wait, null, { signal: over.signal, ref: false }).catch(() => {});
    }
  }

  /** What counts for the next attempt: a registration is a new beginning. */
  function trying(): Extract<State, { type: "trying" }> {
    return state.type === "registered" ? NOT_TRIED : state;
  }

  /** Lasts as long as the registration; says why that has ended. */
  async function attempt(): Promise<CharlaError> {
    const ending = new AbortController();
    const { webSocket } = options;
    const before = trying();
    const byStream = webSocket !== undefined && before.attempts % 2 === 1;
    const patience = webSocket === undefined || byStream ? PATIENCE : UDP_PATIENCE;
    state = { ...before, attempts: before.attempts + 1 };
    try {
      const found = await options.reach(Math.floor(before.attempts / 2), over.signal);
      over.signal.throwIfAborted();
      const { signal } = ending;
      const at = byStream
        ? openWebSocketCarrier(socket, { ...webSocket, at: found, signal })
        : found;
      stopListening?.();
      stopListening = socket.listenToRelay(at, forwardReceiver(at));
      return await register(at, patience);
    } catch (error) {
      if (error instanceof CharlaError) return error;
      if (!over.signal.aborted) throw error;
      return relayLost(name, "the server was stopped");
    } finally {
      ending.abort();
    }
  }

  async function register(at: SocketAddress, patience: number): Promise<CharlaError> {
    const link = socket.join({ to: at, psk: secretToPsk(null), expected: options.expected });
    state = { ...trying(), link };
    let refused: CharlaError | null = null;
    const timeout = setTimeout(() => link.abort(ENDED_BY_PROGRAM, "no answer"), patience);
    link.receive({
      onMessages(messages) {
        for (const message of messages) {
          const reply = readRelayReply(message);
          if (reply?.type === "refused") refused = relayLost(name, reply.message);
          if (reply?.type !== "registered") continue;
          clearTimeout(timeout);
          const seen = readSocketAddress(reply.address);
          // What a relay sees of a WebSocket is a port of TCP. Joiners send to what invitations and candidates name: a
          // relay that lies must not have them send to this machine, to a group, or to nowhere.
          const isUsable = seen !== null && carrierOf(at) === null && mayChallenge(seen, at);
          const page = reply.page === undefined ? null : pageAt(options.relay, reply.page);
          state = { type: "registered", link, outer: isUsable ? seen : null, page };
          if (seen !== null) options.onRegistered(seen);
        }
      },
    });
    try {
      if (await link.joined) {
        if (link.peerKey !== null) options.onKey?.(link.peerKey);
        void link.say(writeRelayMessage({ type: "register" }));
      }
    } catch (error) {
      clearTimeout(timeout);
      link.abort(ENDED_BY_PROGRAM, "");
      throw error;
    }
    const showing = setInterval(() => {
      if (seenOutside() !== null) socket.send({ to: at, bytes: SHOWN });
    }, SHOW_INTERVAL);
    const end = await link.ended;
    clearInterval(showing);
    clearTimeout(timeout);
    return refused ?? relayLost(name, describeEnd(end));
  }

  function seenOutside(): SocketAddress | null {
    return state.type === "registered" ? state.outer : null;
  }

  function forwardReceiver(at: SocketAddress) {
    const joiners = new Map<string, SocketAddress>();
    return (packet: Uint8Array): null => {
      const read = readRelayPacket(packet);
      if (read?.kind === "forward") {
        const key = mapKey(read.end);
        let from = joiners.get(key);
        if (from === undefined) {
          if (joiners.size >= REMEMBERED) joiners.clear();
          from = joinerAt(at, read.end.slice());
          joiners.set(key, from);
        }
        socket.receive(read.datagram, from);
      } else if (read?.kind === "address") askRelay();
      return null;
    };
  }

  function joinerAt(at: SocketAddress, id: Uint8Array): SocketAddress {
    return pastRelay(at, name, `${addressKey(at)} ${mapKey(id)}`, (datagram) => {
      socket.send({ to: at, bytes: writeForward(id, datagram) });
    });
  }

  /** A relay that was restarted answers our datagrams as a stranger's, or the session's with a reset: this provokes one. */
  function askRelay(): void {
    const now = performance.now();
    if (now < askedAt + DOUBT_INTERVAL) return;
    askedAt = now;
    void state.link?.say(writeRelayMessage({ type: "register" }));
  }

  return {
    name,
    get outer() {
      return seenOutside();
    },
    get page() {
      return state.type === "registered" ? state.page : null;
    },
    networkChanged: askRelay,
    async [Symbol.asyncDispose]() {
      over.abort();
      state.link?.abort(CLOSE_DONE, "");
      await done;
      stopListening?.();
    },
  };
}

function pageAt({ host, port: relayPort }: HostAndPort, { port, tls }: RelayPage): PageOrigin {
  return { host, port, isSecure: tls, relayPort };
}

/** ADDRESS:PORT as a relay writes it; null for anything else. */
function readSocketAddress(text: string): SocketAddress | null {
  try {
    const { host, port } = parseHostAndPort(text);
    return isIP(host) === 0 ? null : { address: canonicalAddress(host), port };
  } catch {
    return null;
  }
}

function relayLost(name: string, why: string): CharlaError {
  return new CharlaError(
    "RELAY_LOST",
    `not registered at the relay ${name}: ${why}`,
    "check its address, and that charla relay runs there; the server goes on trying",
  );
}

function describeEnd(end: SessionEnd): string {
  switch (end.type) {
    case "timed-out":
      return "nothing was heard from it for a minute";
    case "reset":
      return "it was restarted";
    case "closed":
      return end.reason === "" ? "it ended the session" : end.reason;
    case "handshake-failed":
      return HANDSHAKE_FAILURES[end.failure] ?? end.failure;
  }
}

const HANDSHAKE_FAILURES: Readonly<Record<string, string>> = {
  "no-answer": "no answer",
  "wrong-secret": "it takes only servers on its list",
  "other-server": "it has another key than before",
  "other-version": "it speaks another version of charla's wire",
  "other-wire": "no relay is there",
  full: "it is full",
};
