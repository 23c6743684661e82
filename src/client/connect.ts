// Connects to a server of the sealed wire at the addresses of its host: one after the other, soon side by side,
// until one of them lets us in (after RFC 8305). Each attempt has a socket of its own, so that it is plain who
// refused. Knows nothing of rooms.

import { setTimeout as delay } from "node:timers/promises";

import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { CharlaError } from "../errors.ts";
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
   * In the session; nothing that came was taken yet (`receive`). It ends by itself when the network refuses a datagram:
   * nobody listens there any more, or there is no way.
   */
  readonly link: SealedLink;
}

/**
 * @throws {CharlaError} UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE, SESSION_LOST; the reason of the signal
 */
export async function connect(host: HostAndPort, options: ConnectOptions): Promise<Connection> {
  return connectToFirst(await untilAborted(resolve(host), options.signal), options);
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
  const winner = Promise.withResolvers<Connection>();
  // It may be rejected before it is returned.
  winner.promise.catch(() => {});
  const attempts: Promise<void>[] = [];
  const decided = new AbortController();
  // The caller's signal may outlive many attempts, and gets no listener: this one is forgotten with them.
  const signal = AbortSignal.any([decided.signal, ...(options.signal ? [options.signal] : [])]);
  let failure: CharlaError | null = null;
  signal.addEventListener("abort", () => winner.reject(signal.reason));

  for (const [index, to] of candidates.entries()) {
    const attempt = tryAddress(to, options, signal).then(
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
        if (!(error instanceof CharlaError)) winner.reject(error);
        // The reason that a server gives says more than the silence of another address.
        else if (failure === null || SILENT.has(failure.code)) failure = error;
      },
    );
    attempts.push(attempt);
    if (index < candidates.length - 1)
      await Promise.race([attempt, delay(ATTEMPT_DELAY, null, { ref: false })]);
    if (signal.aborted) break;
  }
  void Promise.all(attempts).then(() => {
    if (failure !== null) winner.reject(failure);
    // Also after a failure: until it aborts, the caller's signal keeps the one made of it.
    decided.abort();
  });
  return winner.promise;
}

/** Codes of failures in which nobody has answered. */
const SILENT = new Set(["NO_ANSWER", "NOBODY_LISTENING", "UNREACHABLE"]);

async function tryAddress(
  to: SocketAddress,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const { staticKeys, secret, trust } = options;
  const refusal = Promise.withResolvers<never>();
  refusal.promise.catch(() => {});
  signal.addEventListener("abort", () => refusal.reject(signal.reason));
  let joined = false;
  const socket = await openSealedSocket({
    port: 0,
    staticKeys,
    admission: null,
    onRefused(error) {
      refusal.reject(error);
      // The session by itself would notice only after a silence.
      if (joined) link.abort(ENDED_BY_PROGRAM, error.message);
    },
    onOtherWire: (from) => refusal.reject(otherWire(from)),
  });
  const link = socket.join({ to, psk: secretToPsk(secret), expected: trust.expected });
  try {
    joined = await Promise.race([link.joined, refusal.promise]);
    if (joined) return { socket, link };
    const { peerKey } = link;
    const ended = await link.ended;
    throw describeJoinFailure(ended, { where: formatAddress(to), secret, peerKey, trust });
  } catch (error) {
    link.abort(0, "");
    await socket.close();
    throw error;
  }
}

function otherWire(from: SocketAddress): CharlaError {
  return new CharlaError(
    "OTHER_WIRE",
    `${formatAddress(from)} speaks the plain wire, which is not encrypted`,
    `join it with charla --plain ${formatAddress(from)}`,
  );
}
