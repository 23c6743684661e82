// Connects to a server of the sealed wire at the addresses of its host: one after the other, soon side by side,
// until one of them lets us in (after RFC 8305). Each attempt has a socket of its own, so that it is plain who
// refused. Knows nothing of rooms.

import { setTimeout as delay } from "node:timers/promises";

import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { defer } from "../deferred.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { formatAddress, type HostAndPort, type SocketAddress } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import { openSealedSocket, type SealedSocket } from "../net/sealed-socket.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import { untilAborted } from "./abort.ts";
import { describeJoinFailure } from "./conversation-errors.ts";
import type { SealedTarget } from "./sealed-target.ts";

/** How long an address is tried before the next one is tried beside it, ms (RFC 8305 s. 5). */
const ATTEMPT_DELAY = 250;
/** Addresses of one host that are tried. */
const MAX_ATTEMPTS = 4;

export interface ConnectOptions extends Pick<SealedTarget, "secret" | "trust"> {
  readonly staticKeys: KeyPair;
  /** Ends the attempts, which fail with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Connection {
  /** The link's own socket. Closing it ends the link, with a CLOSE to the other end. */
  readonly socket: SealedSocket;
  /**
   * In the session; nothing that came was taken yet (`receive`). It ends by itself when no program is listening there any
   * more. Every other error of the network is passing.
   */
  readonly link: SealedLink;
}

/**
 * @throws {CharlaError} UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE, SESSION_LOST; the reason of the signal
 */
export async function connect(host: HostAndPort, options: ConnectOptions): Promise<Connection> {
  return connectToFirst(await lookUp(host, options.signal), options);
}

/** For how long a host is looked up again where no name server answers, and between two attempts, ms. */
const LOOKUP_TIMEOUT = 8_000;
const LOOKUP_INTERVAL = 500;

async function lookUp(host: HostAndPort, signal?: AbortSignal): Promise<SocketAddress[]> {
  const start = performance.now();
  for (;;) {
    try {
      return await untilAborted(resolve(host), signal);
    } catch (error) {
      const isPassing = error instanceof CharlaError && error.code === "UNREACHABLE";
      if (!isPassing || performance.now() - start > LOOKUP_TIMEOUT) throw error;
      // The signal ends the timer as well, which would keep the program running.
      await delay(LOOKUP_INTERVAL, null, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/**
 * Connects to the server at one of the addresses, which are tried in this order.
 *
 * @throws {CharlaError} as `connect` does, but for UNKNOWN_HOST
 */
export async function connectToFirst(
  addresses: readonly SocketAddress[],
  options: ConnectOptions,
): Promise<Connection> {
  options.signal?.throwIfAborted();
  const candidates = addresses.slice(0, MAX_ATTEMPTS);
  const winner = defer<Connection>();
  // It may be rejected before it is returned.
  winner.promise.catch(() => {});
  const decided = new AbortController();
  // The caller's signal may outlive many attempts, and gets no listener: this one is forgotten with them.
  const signal = AbortSignal.any([decided.signal, ...(options.signal ? [options.signal] : [])]);
  let failure: CharlaError | null = null;
  // Addresses of which something is to be expected: not those where there is no route at the moment.
  const hopeful = new Set(candidates);
  signal.addEventListener("abort", () => winner.reject(signal.reason));

  for (const [index, to] of candidates.entries()) {
    const hopeless = defer<void>();
    const loseHope = () => {
      hopeless.resolve();
      hopeful.delete(to);
      if (hopeful.size === 0 && failure !== null) fail(failure);
    };
    const attempt = tryAddress(to, options, signal, loseHope).then(
      (connection) => {
        // Two may let us in at once: the first is the connection.
        if (signal.aborted) {
          void connection.socket.close();
          return;
        }
        winner.resolve(connection);
        decided.abort();
      },
      (error: unknown) => {
        if (!(error instanceof CharlaError)) return fail(error);
        // The reason that a server gives says more than the silence of another address.
        if (failure === null || SILENT.has(failure.code)) failure = error;
        loseHope();
      },
    );
    if (index < candidates.length - 1) {
      const patience = delay(ATTEMPT_DELAY, null, { ref: false });
      await Promise.race([attempt, hopeless.promise, patience]);
    }
    if (signal.aborted) break;
  }
  return winner.promise;

  function fail(error: unknown): void {
    winner.reject(error);
    // Also after a failure: until it aborts, the caller's signal keeps the one made of it.
    decided.abort();
  }
}

/** Codes of failures in which nobody has answered. */
const SILENT = new Set(["NO_ANSWER", "NOBODY_LISTENING", "UNREACHABLE"]);

/** Errors of the network that another hello would meet again: the attempt ends at once. */
const FATAL: ReadonlySet<ErrorCode> = new Set(["NOBODY_LISTENING", "ADDRESS_FAMILY_NOT_AVAILABLE"]);

/**
 * For how long a session's datagrams are refused, with nothing heard in between, until no program is listening there
 * any more, ms. A refusal by itself proves nothing: it may be a firewall's, or forged (RFC 5927 s. 4).
 */
const GONE_AFTER = 1_000;

/** @param onTrouble called when the network does not let a hello pass; the attempt goes on */
async function tryAddress(
  to: SocketAddress,
  options: ConnectOptions,
  signal: AbortSignal,
  onTrouble: () => void,
): Promise<Connection> {
  const { staticKeys, secret, trust } = options;
  const refusal = defer<never>();
  refusal.promise.catch(() => {});
  signal.addEventListener("abort", () => refusal.reject(signal.reason));
  let joined = false;
  let trouble: CharlaError | null = null;
  let refusedSince = Number.NEGATIVE_INFINITY;
  const socket = await openSealedSocket({
    port: 0,
    staticKeys,
    admission: null,
    onRefused(error) {
      if (joined) return refused(error);
      if (FATAL.has(error.code)) return refusal.reject(error);
      trouble = error;
      onTrouble();
    },
  });

  /** The session sends probes until it is heard again, or refused for long enough. */
  function refused(error: CharlaError): void {
    if (error.code !== "NOBODY_LISTENING") return;
    const now = performance.now();
    if (link.heardAt > refusedSince) refusedSince = now;
    else if (now - refusedSince >= GONE_AFTER) link.abort(ENDED_BY_PROGRAM, error.message);
  }

  const link = socket.join({ to, psk: secretToPsk(secret), expected: trust.expected });
  try {
    joined = await Promise.race([link.joined, refusal.promise]);
    if (joined) return { socket, link };
    const { peerKey } = link;
    const ended = await link.ended;
    const failure = describeJoinFailure(ended, {
      where: formatAddress(to),
      secret,
      peerKey,
      trust,
    });
    throw (failure.code === "NO_ANSWER" ? trouble : null) ?? failure;
  } catch (error) {
    link.abort(0, "");
    await socket.close();
    throw error;
  }
}
