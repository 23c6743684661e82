// A connection to this machine, by the sockets of the runtime without the streams of `node:net`, which take as long to load as
// the rest of a request, and copy each piece once more. Only to this machine: there a connection is made or refused at once,
// and an attempt can't be given up, which would keep the program running.

import { Buffer } from "node:buffer";

import { describeFetchError } from "../fetch-errors.ts";
import type { Connection } from "./connections.ts";
import { endpointOf } from "./endpoint.ts";
import { createInbox, type Inbox, reset, type Wire } from "./wire.ts";

/** The addresses of a host, if all are this machine's own: null for another. */
export async function loopbackAddresses(host: string): Promise<string[] | null> {
  if (isLoopback(host)) return [host];
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(host, { all: true, verbatim: true }).catch(() => []);
  const addresses = found.map(({ address }) => address);
  return addresses.length > 0 && addresses.every(isLoopback) ? addresses : null;
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** To the first address with a server. @throws {CharlaError} or the reason of the signal */
export async function connectLoopback(
  url: URL,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Connection> {
  const began = performance.now();
  const { port } = endpointOf(url);
  let firstCause: unknown = null;
  for (const address of addresses) {
    signal.throwIfAborted();
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next one if this has no server
      const wire = await connect(address, port);
      return {
        wire,
        address,
        port,
        proxy: null,
        isForwarded: false,
        proxyAuthorization: null,
        tls: null,
        times: { began, resolved: began, connected: performance.now(), secured: null },
        isReused: false,
      };
    } catch (cause) {
      firstCause ??= cause;
    }
  }
  throw describeFetchError(firstCause, url);
}

async function connect(hostname: string, port: number): Promise<Wire> {
  let drained: (() => void) | null = null;
  const goOn = () => {
    drained?.();
    drained = null;
  };
  let inbox: Inbox | null = null;
  const early: Uint8Array<ArrayBuffer>[] = [];
  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data(_socket, piece) {
        const { buffer, byteOffset, length } = piece;
        if (!(buffer instanceof ArrayBuffer)) throw new Error("a piece in shared memory");
        const bytes = new Uint8Array(buffer, byteOffset, length);
        if (inbox === null) early.push(bytes);
        else inbox.push(bytes);
      },
      end: () => inbox?.end(),
      drain: goOn,
      close(_socket, cause) {
        inbox?.breakOff(cause ?? reset());
        goOn();
      },
    },
  });
  const own = createInbox((mayCome) => (mayCome ? socket.resume() : socket.pause()));
  inbox = own;
  for (const piece of early) own.push(piece);
  return {
    async write(bytes) {
      const all = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
      for (let at = 0; at < all.length;) {
        if (own.failure !== null) throw own.failure.cause;
        const sent = socket.write(all, at, all.length - at);
        if (sent < 0) throw reset();
        at += sent;
        if (at === all.length) break;
        // oxlint-disable-next-line no-await-in-loop -- as fast as the peer takes it
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
    },
    read: own.read,
    get isIdle() {
      return own.isIdle;
    },
    keepRunning(does) {
      if (does) socket.ref();
      else socket.unref();
    },
    [Symbol.dispose]() {
      own.breakOff(reset());
      socket.terminate();
    },
  };
}
