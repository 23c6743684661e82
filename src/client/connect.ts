// Reaching a server of the sealed wire at the addresses of its host: one after the other, soon side by
// side, until one of them lets us in (after RFC 8305). Each has a socket of its own, so that it is plain
// who refused.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { formatAddress, type HostAndPort, type SocketAddress } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import type { SealedLink, SealedLinkHandlers } from "../net/sealed-link.ts";
import { openSealedSocket, type SealedSocket } from "../net/sealed-socket.ts";
import type { KeyPair } from "../protocol/handshake/noise/x25519.ts";
import { describeJoinFailure } from "./session-errors.ts";

/** How long an address is tried before the next one is tried beside it, ms (RFC 8305 s. 5). */
const ATTEMPT_DELAY = 250;
/** Addresses of one host that are tried. */
const MAX_ATTEMPTS = 4;

/** Whom a joiner takes for the server. */
export interface ServerTrust {
  /** The server's public key; null where it is not known yet. */
  readonly expected: Uint8Array | null;
  /** What to say when the server has another key. */
  refused(key: Uint8Array): CharlaError;
}

export interface ReachOptions {
  readonly staticKeys: KeyPair;
  /** The invitation's secret, 16 bytes; null to join an open conversation. */
  readonly secret: Uint8Array | null;
  readonly trust: ServerTrust;
  /** Nobody wants to be let in any more: `reach` fails with its reason, a CharlaError. */
  readonly cancelled?: AbortSignal | undefined;
}

export interface Reached {
  readonly socket: SealedSocket;
  readonly link: SealedLink;
  /** From now on what happens goes here; what came before was held back. */
  readonly attend: (handlers: SealedHandlers) => void;
}

/** What a link tells, and what its socket does of the peer. */
export interface SealedHandlers extends SealedLinkHandlers {
  /** The network refused a datagram: nobody listens there any more, or there is no way. */
  onRefused(error: CharlaError): void;
}

/**
 * Joins whoever listens at the host.
 *
 * @throws {CharlaError} UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE, SESSION_LOST
 */
export async function reach(host: HostAndPort, options: ReachOptions): Promise<Reached> {
  return reachFirst(await resolve(host), options);
}

/**
 * Joins whoever listens at one of the addresses, which are tried in this order.
 *
 * @throws {CharlaError} as `reach` does, but for UNKNOWN_HOST
 */
export async function reachFirst(
  addresses: readonly SocketAddress[],
  options: ReachOptions,
): Promise<Reached> {
  const candidates = addresses.slice(0, MAX_ATTEMPTS);
  const winner = Promise.withResolvers<Reached>();
  const attempts: Promise<void>[] = [];
  const decided = new AbortController();
  let failure: CharlaError | null = null;
  options.cancelled?.addEventListener("abort", () => decided.abort(options.cancelled?.reason));

  for (const [index, to] of candidates.entries()) {
    const attempt = tryAddress(to, options, decided.signal).then(
      (reached) => {
        // Two may let us in at once: the first is the conversation.
        if (decided.signal.aborted) {
          void discard(reached);
          return;
        }
        winner.resolve(reached);
        // Whoever is still asked need not answer any more.
        decided.abort();
      },
      (error: unknown) => {
        if (!(error instanceof CharlaError)) winner.reject(error);
        // What was said by somebody there tells more than that nobody was.
        else if (failure === null || SILENT.has(failure.code)) failure = error;
      },
    );
    attempts.push(attempt);
    if (index < candidates.length - 1) await Promise.race([attempt, delay(ATTEMPT_DELAY)]);
    if (decided.signal.aborted) break;
  }
  void Promise.all(attempts).then(() => {
    if (failure !== null) winner.reject(failure);
  });
  return winner.promise;
}

/** Ends what was reached, before anybody attends to it. */
export function discard({ socket, attend }: Reached): Promise<void> {
  attend(NOBODY);
  return socket.close();
}

/** A session that nobody holds still ends only when all that came in it was taken. */
const NOBODY: SealedHandlers = { onMessages() {}, onRefused() {} };

/** Codes of failures in which nobody has answered. */
const SILENT = new Set(["NO_ANSWER", "NOBODY_LISTENING", "UNREACHABLE"]);

async function tryAddress(
  to: SocketAddress,
  options: ReachOptions,
  decided: AbortSignal,
): Promise<Reached> {
  const { staticKeys, secret, trust } = options;
  const attended = Promise.withResolvers<SealedHandlers>();
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  decided.addEventListener("abort", () => refused.reject(decided.reason));
  let attending: SealedHandlers | null = null;
  const socket = await openSealedSocket({
    port: 0,
    staticKeys,
    openWith: null,
    onRefused(error) {
      attending?.onRefused(error);
      refused.reject(error);
    },
    onOtherWire(from) {
      if (attending === null) refused.reject(otherWire(from));
    },
  });
  const link = socket.join(
    { to, psk: secretToPsk(secret), expected: trust.expected },
    {
      onMessages: async (messages) => (await attended.promise).onMessages(messages),
      onArrived: (end) => attending?.onArrived?.(end),
      onSilent: (duration) => attending?.onSilent?.(duration),
      onHeard: (duration) => attending?.onHeard?.(duration),
      onMoved: (address) => attending?.onMoved?.(address),
    },
  );
  try {
    if (await Promise.race([link.joined, refused.promise])) {
      return {
        socket,
        link,
        attend(handlers) {
          attending = handlers;
          attended.resolve(handlers);
        },
      };
    }
    // What it said before that has nobody to hear it.
    attended.resolve(NOBODY);
    const { peerKey } = link;
    throw describeJoinFailure(await link.ended, { to, secret, peerKey, trust });
  } catch (error) {
    attended.resolve(NOBODY);
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

function delay(duration: number): Promise<void> {
  return new Promise((done) => setTimeout(done, duration).unref());
}
