// One attempt to join a server of the sealed wire: by UDP or by a WebSocket, at an address of its own or past a relay, on a socket
// of its own, so that it is plain who refused. Knows no other attempts: connect.ts makes them.

import { describeJoinFailure, relayRefused, relayUnreachable } from "#conversation-errors";

import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import { defer } from "../deferred.ts";
import { CharlaError, type ErrorCode } from "../errors.ts";
import { secretToPsk, type Way } from "../identity/invitation.ts";
import {
  formatAddress,
  formatHostAndPort,
  formatRelay,
  type SocketAddress,
} from "../net/address.ts";
import type { SealedLink } from "../net/sealed-link.ts";
import { openSealedSocket, type SealedSocket } from "../net/sealed-socket.ts";
import type { StaticKeys } from "../net/shared-secrets.ts";
import type { WebSocketCarrierOptions } from "../net/websocket-carrier.ts";
import {
  relayWebSocketUrls,
  serverWebSocketUrls,
  type WebSocketUrls,
} from "../net/websocket-urls.ts";
import type { SealedTarget } from "./sealed-target.ts";
import { createServerPaths, type ServerPaths } from "./server-paths.ts";

export interface ConnectOptions extends Pick<SealedTarget, "secret" | "trust"> {
  readonly staticKeys: StaticKeys;
  /** Of WebSockets; without it, there is none. */
  readonly findProxy?: WebSocketCarrierOptions["findProxy"];
  /**
   * Nothing else leads to the server: the session is over once a WebSocket that was lost is not back in a few seconds. Then it is
   * plain that there is no connection, and the next attempt is a new session.
   */
  readonly isOnlyWay?: boolean | undefined;
  /** Ends the attempts, which fail with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** The program's first message, which is said as soon as the handshake has room for it. For one attempt only, not for a race. */
  readonly first?: Uint8Array | undefined;
}

export interface AttemptOptions extends ConnectOptions {
  /** Returns what takes the refusals of the network while the session lasts. Without it, there are none: a page has no UDP. */
  readonly endWhenRefused?: ((link: SealedLink) => (error: CharlaError) => void) | undefined;
}

export interface Connection {
  /** The link's own socket. Closing it ends the link, with a CLOSE to the other end. */
  readonly socket: SealedSocket;
  /**
   * In the session; nothing that came was taken yet (`receive`). It ends by itself when no program is listening there any
   * more. Every other error of the network is passing.
   */
  readonly link: SealedLink;
  /** End with the link. */
  readonly paths: ServerPaths;
  /** Where it was joined, for people. */
  readonly where: string;
  /** Whether the first message was said. */
  readonly hasSaid: boolean;
}

/** Errors of the network that another hello would meet again: the attempt ends at once. */
const FATAL: ReadonlySet<ErrorCode> = new Set(["NOBODY_LISTENING", "ADDRESS_FAMILY_NOT_AVAILABLE"]);

/** How long a WebSocket that was lost may take to be back, where nothing else leads to the server, ms. */
const BACK_WITHIN = 3_000;

export function webSocketUrls(way: Way): WebSocketUrls {
  return way.kind === "relay" ? relayWebSocketUrls(way) : serverWebSocketUrls(way);
}

/** What an attempt to join sends to. */
export interface Destination {
  /** For people. */
  readonly where: string;
  /** The relay on the way, if there is one. */
  readonly relay: string | null;
  /** @param onRefused called with why it can't be reached */
  readonly open: (paths: ServerPaths, onRefused: (error: CharlaError) => void) => SocketAddress;
}

export function byUdp(way: Way, to: SocketAddress, options: ConnectOptions): Destination {
  if (way.kind === "direct") return { where: formatAddress(to), relay: null, open: () => to };
  return pastRelay(way, options, () => to);
}

/** @param at where it is, if that is known: a page can't look a host up */
export function byWebSocket(
  way: Way,
  at: SocketAddress | undefined,
  options: ConnectOptions,
  urls: WebSocketUrls,
): Destination {
  if (way.kind === "relay") {
    return pastRelay(way, options, (paths, onRefused) => paths.addWebSocket(urls, at, onRefused));
  }
  return {
    where: at === undefined ? formatHostAndPort(way) : formatAddress(at),
    relay: null,
    open: (paths, onRefused) => paths.addWebSocket(urls, at, onRefused),
  };
}

function pastRelay(way: Way, { trust }: ConnectOptions, reach: Destination["open"]): Destination {
  const name = formatRelay(way);
  return {
    where: `the relay ${name}`,
    relay: name,
    open(paths, onRefused) {
      // Only an invitation names relays, and it has the key.
      if (trust.expected === null) throw new Error("a relay, and no key of the server");
      const place = { address: reach(paths, onRefused), name };
      const refused = (status: "no-server" | "full") => onRefused(relayRefused(name, status));
      return paths.addRelay(place, trust.expected, refused).address;
    },
  };
}

/**
 * Rejects with the reason of the signal when that aborts.
 *
 * @param onTrouble called when the network does not let a hello pass; the attempt goes on
 */
export async function tryToJoin(
  { where, relay, open }: Destination,
  options: AttemptOptions,
  signal: AbortSignal,
  onTrouble: () => void,
): Promise<Connection> {
  const { staticKeys, secret, trust, first } = options;
  const refusal = defer<never>();
  refusal.promise.catch(() => {});
  signal.addEventListener("abort", () => refusal.reject(signal.reason));
  let joined = false;
  let trouble: CharlaError | null = null;
  const socket = await openSealedSocket({
    port: 0,
    staticKeys,
    onMoved: () => paths.moved(),
    onRefused(error) {
      if (joined) return refused?.(error);
      const named = relay === null ? error : relayUnreachable(relay, error);
      if (FATAL.has(error.code)) return refusal.reject(named);
      trouble = named;
      onTrouble();
    },
  });
  const paths = createServerPaths(socket, options.findProxy);

  function waitForReturn(error: CharlaError): void {
    const lostAt = performance.now();
    setTimeout(() => {
      if (link.heardAt < lostAt) link.abort(ENDED_BY_PROGRAM, error.message);
    }, BACK_WITHIN);
  }

  let to: SocketAddress;
  try {
    to = open(paths, (error) => {
      if (!joined) refusal.reject(error);
      else if (options.isOnlyWay === true) waitForReturn(error);
    });
  } catch (error) {
    paths[Symbol.dispose]();
    await socket.close();
    throw error;
  }
  const link = socket.join({ to, psk: secretToPsk(secret), expected: trust.expected });
  if (first !== undefined) void link.say(first);
  const refused = options.endWhenRefused?.(link);
  try {
    joined = await Promise.race([link.joined, refusal.promise]);
    if (joined) {
      paths.follow(link);
      return { socket, link, paths, where, hasSaid: first !== undefined };
    }
    const { peerKey } = link;
    const ended = await link.ended;
    const failure = describeJoinFailure(ended, { where, secret, peerKey, trust });
    throw (failure.code === "NO_ANSWER" ? trouble : null) ?? failure;
  } catch (error) {
    link.abort(0, "");
    paths[Symbol.dispose]();
    await socket.close();
    throw error;
  }
}

/** Where UDP does not get through any more, a WebSocket may; none through a proxy whose URL is none. */
export function openStream(
  paths: ServerPaths,
  way: Way,
  at: SocketAddress,
  serverKey: Uint8Array | null,
): void {
  let stream: SocketAddress;
  try {
    stream = paths.addWebSocket(webSocketUrls(way), at);
  } catch (error) {
    // The session does without: nothing that is wrong with a second path ends it.
    if (error instanceof CharlaError) return;
    throw error;
  }
  if (way.kind === "direct") paths.addAddress(stream);
  else if (serverKey !== null)
    paths.addRelay({ address: stream, name: formatRelay(way) }, serverKey);
}
