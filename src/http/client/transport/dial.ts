// A connection over TCP to the first address of a host that answers (RFC 8305), or to a socket of this machine. Knows nothing of
// what goes over it.

import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";

import { CharlaError } from "../../../errors.ts";

export interface DialOptions {
  /** 4 or 6 for addresses of that family only, 0 for either. */
  readonly family: 0 | 4 | 6;
  /** Addresses of `HOST:PORT` that are taken instead of looking them up. */
  readonly resolve: ReadonlyMap<string, readonly string[]>;
  /** The path of a socket of this machine, to which everything goes; null for none. */
  readonly unixSocket: string | null;
}

export interface Dialled {
  readonly socket: Socket;
  /** When the addresses were known, as `performance.now()` counts. */
  readonly resolvedAt: number;
}

/** ms after which the next address is tried beside one that has not answered (s. 5). */
const STAGGER = 250;

/**
 * @param host without the brackets of an IPv6 address
 * @throws the system's error of the first address; or the reason of the signal
 */
export async function dial(
  { host, port }: { readonly host: string; readonly port: number },
  { family, resolve, unixSocket }: DialOptions,
  signal: AbortSignal,
): Promise<Dialled> {
  signal.throwIfAborted();
  if (unixSocket !== null) {
    const resolvedAt = performance.now();
    return { socket: await connectFirst([{ path: unixSocket }], signal), resolvedAt };
  }
  const given = resolve.get(`${host}:${port}`) ?? resolve.get(`*:${port}`);
  const addresses = given ?? (isIP(host) === 0 ? await addressesOf(host, family) : [host]);
  const usable = addresses.filter((address) => family === 0 || isIP(address) === family);
  if (usable.length === 0) throw noAddress(host, family);
  const resolvedAt = performance.now();
  const socket = await connectFirst(
    usable.map((address) => ({ host: address, port })),
    signal,
  );
  return { socket, resolvedAt };
}

/** Both families in turns, beginning with the one that the system prefers (s. 4). */
export async function addressesOf(host: string, family: 0 | 4 | 6): Promise<string[]> {
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(host, { all: true, family, verbatim: true }).catch(
    (cause: unknown) => {
      throw family === 0 ? cause : noAddress(host, family, cause);
    },
  );
  const [first] = found;
  const preferred = found.filter((each) => each.family === first?.family);
  const others = found.filter((each) => each.family !== first?.family);
  const inTurns = preferred.flatMap((each, index) => [each, ...others.slice(index, index + 1)]);
  return [...inTurns, ...others.slice(preferred.length)].map(({ address }) => address);
}

function noAddress(host: string, family: 0 | 4 | 6, cause?: unknown): CharlaError {
  return new CharlaError(
    "UNKNOWN_HOST",
    `the host ${host} has no ${family === 0 ? "" : `IPv${family} `}address, or is not known`,
    "check its spelling, and the network; without -4 and -6 either kind will do",
    { cause },
  );
}

/** The first that connects; the others are given up. */
function connectFirst(targets: readonly NetConnectOpts[], signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const open = new Set<Socket>();
  const waiting = [...targets];
  let firstCause: unknown = null;
  let timer: NodeJS.Timeout | undefined;

  function end(): void {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    for (const socket of open) socket.destroy();
  }

  function abort(): void {
    end();
    reject(signal.reason);
  }

  function next(): void {
    clearTimeout(timer);
    const target = waiting.shift();
    if (target === undefined) return;
    const socket = connect(target);
    open.add(socket);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      open.delete(socket);
      end();
      resolve(socket);
    });
    socket.once("error", (cause) => {
      open.delete(socket);
      firstCause ??= cause;
      if (waiting.length > 0) next();
      else if (open.size === 0) {
        end();
        reject(firstCause);
      }
    });
    if (waiting.length > 0) timer = setTimeout(next, STAGGER);
  }

  signal.addEventListener("abort", abort);
  next();
  return promise;
}
