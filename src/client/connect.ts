// Connects to a server of the sealed wire by the first of its ways that lets us in. Each attempt has a socket of its own, so
// that it is plain who refused; race.ts says when it starts. Knows nothing of rooms.

import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

import { defer } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import type { Way } from "../identity/invitation.ts";
import {
  formatAddress,
  formatHostAndPort,
  formatRelay,
  type HostAndPort,
  sameAddress,
  type SocketAddress,
} from "../net/address.ts";
import { addressScope, isOnOwnNetwork } from "../net/own-addresses.ts";
import { resolve } from "../net/resolve.ts";
import { untilAborted } from "./abort.ts";
import {
  byUdp,
  byWebSocket,
  type Connection,
  type ConnectOptions,
  type Destination,
  openStream,
  tryToJoin,
  webSocketUrls,
} from "./join-attempt.ts";
import * as race from "./race.ts";
import { endWhenRefused } from "./refused-session.ts";
import { describeWaysFailure } from "./ways-failure.ts";

/** Addresses of one host that are tried. */
const MAX_ADDRESSES = 4;

/** Tries to join one time, by one address or relay. */
interface Attempt extends race.Attempt {
  /**
   * Rejects with the reason of the signal when that aborts.
   *
   * @param onTrouble called when the network does not let a hello pass; the attempt goes on
   */
  readonly dial: (signal: AbortSignal, onTrouble: () => void) => Promise<Connection>;
}

/** What is dialled for one way, once that is known. */
type Source = (signal: AbortSignal) => Promise<readonly Attempt[]>;

/**
 * Addresses of our own networks come first, and private ones of other networks last, for these reach the server only by a VPN:
 * far enough apart for the places of the ways among themselves.
 */
const RANKS_OF_SCOPE = 1_000;
/** WebSockets come after UDP, where a lost packet does not stop all that follow; those of relays first. */
const STREAM_RANK = 10 * RANKS_OF_SCOPE;

/**
 * @throws {CharlaError} UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE, SESSION_LOST; the reason of the signal
 */
export async function connect(ways: readonly Way[], options: ConnectOptions): Promise<Connection> {
  const interfaces = networkInterfaces();
  const isElsewhere = (host: string) =>
    addressScope(host) === "site" && !isOnOwnNetwork(host, interfaces);
  const scopeRank = (host: string) => {
    if (isElsewhere(host)) return 2 * RANKS_OF_SCOPE;
    return addressScope(host) === "site" ? 0 : RANKS_OF_SCOPE;
  };
  const located = ways.map((way) => ({ way, find: locate(way) }));
  const sources = located.map(({ way, find }, place): Source => async (signal) => {
    const found = await find(signal);
    const attempt = (rank: number | null, destination: Destination): Attempt => ({
      rank,
      dial: (ending, onTrouble) =>
        tryToJoin(destination, { ...options, endWhenRefused }, ending, onTrouble),
    });
    const [first] = found;
    const direct = found.map((to, index) => {
      // The relay begins at once, and a direct way overtakes it in the session.
      const rank =
        way.kind === "relay" ? null : scopeRank(to.address) + place * MAX_ADDRESSES + index;
      return attempt(rank, byUdp(way, to, options));
    });
    if (first === undefined) return direct;
    const streamRank = STREAM_RANK + (way.kind === "relay" ? 0 : scopeRank(first.address) + place);
    return [...direct, attempt(streamRank, byWebSocket(way, first, options, webSocketUrls(way)))];
  });
  const connection = await connectByFirst(sources, options, (failures) =>
    describeWaysFailure(
      ways.map((way, index) => ({
        way: formatHostAndPort(way),
        error: failures[index] ?? null,
        privateElsewhere: isElsewhere(way.host) ? way.host : null,
      })),
    ),
  );
  for (const { way, find } of located) void keepWay(connection, way, find, options);
  return connection;
}

/** Finds the addresses of a way; again only when it has found none. */
function locate(way: Way): (signal: AbortSignal) => Promise<readonly SocketAddress[]> {
  let found: readonly SocketAddress[] | null = null;
  return async (signal) => (found ??= (await lookUp(way, signal)).slice(0, MAX_ADDRESSES));
}

/** The session may go on by this way when the one in use is lost, or is not the best. */
async function keepWay(
  { link, paths }: Connection,
  way: Way,
  find: (signal: AbortSignal) => Promise<readonly SocketAddress[]>,
  { trust }: ConnectOptions,
): Promise<void> {
  const found = await find(paths.ended).catch(() => []);
  // A look-up may outlast the session, and what is opened then would stay open.
  if (paths.ended.aborted) return;
  const [first] = found;
  if (first !== undefined) paths.whenSilent(() => openStream(paths, way, first, trust.expected));
  if (way.kind === "direct") {
    for (const address of found) if (!sameAddress(address, link.peer)) paths.addAddress(address);
  } else if (first !== undefined && trust.expected !== null) {
    paths.addRelay({ address: first, name: formatRelay(way) }, trust.expected);
  }
}

/** For how long a host is looked up again where no name server answers, and between two attempts, ms. */
const LOOKUP_TIMEOUT = 8_000;
const LOOKUP_INTERVAL = 500;

async function lookUp(host: HostAndPort, signal: AbortSignal): Promise<SocketAddress[]> {
  const start = performance.now();
  for (;;) {
    try {
      return await untilAborted(resolve(host), signal);
    } catch (error) {
      const isPassing = error instanceof CharlaError && error.code === "UNREACHABLE";
      if (!isPassing || performance.now() - start > LOOKUP_TIMEOUT) throw error;
      // The signal ends the timer as well, which would keep the program running.
      await delay(LOOKUP_INTERVAL, null, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/**
 * Connects to the server at one of the addresses of its host, which are tried in this order.
 *
 * @throws {CharlaError} as `connect` does, but for UNKNOWN_HOST
 */
export async function connectToFirst(
  addresses: readonly SocketAddress[],
  options: ConnectOptions,
): Promise<Connection> {
  const attempts = addresses.slice(0, MAX_ADDRESSES).map((to, rank): Attempt => ({
    rank,
    dial: (ending, onTrouble) =>
      tryToJoin(
        { where: formatAddress(to), relay: null, open: () => to },
        { ...options, endWhenRefused },
        ending,
        onTrouble,
      ),
  }));
  const way = addresses.map(formatAddress).join(" or ");
  return connectByFirst([async () => attempts], options, ([error = null]) =>
    describeWaysFailure([{ way, error, privateElsewhere: null }]),
  );
}

/**
 * @param describe makes one error of the most telling ones of each source; null for one of which none is known yet
 */
async function connectByFirst(
  sources: readonly Source[],
  { signal: caller, trust }: ConnectOptions,
  describe: (failures: readonly (CharlaError | null)[]) => CharlaError,
): Promise<Connection> {
  caller?.throwIfAborted();
  const state = race.createRace<Attempt & { readonly source: number }>(sources.length);
  const failures: (CharlaError | null)[] = sources.map(() => null);
  const winner = defer<Connection>();
  // It may be rejected before it is returned.
  winner.promise.catch(() => {});
  const decided = new AbortController();
  // The caller's signal may outlive many attempts, and gets no listener: this one is forgotten with them.
  const signal = AbortSignal.any([decided.signal, ...(caller ? [caller] : [])]);
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    winner.reject(signal.reason);
  });
  for (const [index, source] of sources.entries()) void add(index, source);
  return winner.promise;

  async function add(index: number, source: Source): Promise<void> {
    try {
      const attempts = await source(signal);
      race.enter(
        state,
        attempts.map(({ rank, dial }) => ({ rank, dial, source: index })),
      );
    } catch (error) {
      note(index, error);
      race.fail(state, null, performance.now());
    }
    // Once all addresses that need no looking up are in: the first is not simply that of the first way.
    setImmediate(step);
  }

  /** The most telling one is reported. */
  function note(index: number, error: unknown, attempt?: Attempt): void {
    if (signal.aborted) return;
    if (!(error instanceof CharlaError)) return fail(error);
    const known = failures[index] ?? null;
    if (known !== null && howTelling(known) >= howTelling(error)) return;
    if (known === null || !isStream(attempt) || howTelling(error) === ANSWERED) {
      failures[index] = error;
    }
  }

  function step(): void {
    if (signal.aborted) return;
    for (;;) {
      const attempt = race.takeNext(state, performance.now());
      if (attempt === null) break;
      void start(attempt);
    }
    if (race.isLost(state, performance.now())) return fail(describe(failures));
    clearTimeout(timer);
    const wakeAt = race.wakeAt(state);
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    // The runtime warns of a delay below 0.
    timer = setTimeout(step, Math.max(0, wakeAt - performance.now()));
    // What is tried meanwhile keeps the program running.
    timer.unref();
  }

  async function start(attempt: Attempt & { readonly source: number }): Promise<void> {
    try {
      const connection = await attempt.dial(signal, () => {
        race.stall(state, attempt, performance.now());
        step();
      });
      // Two may let us in at once: the first is the connection.
      if (signal.aborted) return void connection.socket.close();
      winner.resolve(connection);
      decided.abort();
    } catch (error) {
      note(attempt.source, error, attempt);
      race.fail(state, attempt, performance.now());
      if (isRefusal(error)) race.refuse(state, performance.now());
      step();
    }
  }

  /** Proven by the key that the invitation names: no other way leads to another answer, except to a second server of its owner. */
  function isRefusal(error: unknown): boolean {
    return error instanceof CharlaError && error.code === "WRONG_SECRET" && trust.expected !== null;
  }

  function fail(error: unknown): void {
    winner.reject(error);
    // Also after a failure: until it aborts, the caller's signal keeps the one made of it.
    decided.abort();
  }
}

/** Without a server there is no WebSocket either: that says less than why UDP has failed. */
function isStream(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.rank !== null && attempt.rank >= STREAM_RANK;
}

/** Failures in which nobody has answered; a later one says more: many machines have no route to any IPv6 address. */
const SILENT: readonly string[] = ["UNREACHABLE", "NO_ANSWER", "NOBODY_LISTENING"];
const ANSWERED = SILENT.length;

/** The reason that a server gives says more than any silence. */
function howTelling({ code }: CharlaError): number {
  const index = SILENT.indexOf(code);
  return index === -1 ? ANSWERED : index;
}
