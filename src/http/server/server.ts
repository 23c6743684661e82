// Listens, and gives each connection to what speaks its protocol: HTTP/1.1, or with TLS what the client and this server agree on
// (ALPN). Who speaks HTTP without TLS to a port for TLS is told where to go. Knows nothing of what the responses are.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

import { serveConnection } from "./connection.ts";
import type { Handler } from "./exchange.ts";
import { emptyResponse, type HttpResponse, textResponse } from "./exchange.ts";
import type { Folder } from "./folder.ts";
import { originFinder } from "./forwarded.ts";
import { serveHttp2 } from "./http2.ts";
import type { Carrier, Connection, IncomingRequest } from "./incoming.ts";
import type { RequestEntry } from "./request-log.ts";
import type { SendFile } from "./sending.ts";
import { parseTarget } from "./target.ts";
import type { TlsIdentity } from "./tls/certificate.ts";

export interface HttpServerOptions {
  /** Addresses to listen on, all at the same port. */
  readonly addresses: readonly string[];
  /** 0 for any free port. */
  readonly port: number;
  readonly folder: Folder;
  readonly handler: Handler;
  readonly sendFile: SendFile | null;
  /** Addresses and networks of proxies, as forwarded.ts has them. */
  readonly trustedProxies: readonly string[];
  /** Null for no log. */
  readonly log: ((entry: RequestEntry) => void) | null;
  /** Null for HTTP without TLS. */
  readonly tls: TlsIdentity | null;
  /** s that nothing may happen on a connection, and that the head of a request may take. */
  readonly idleSeconds?: number;
  readonly headSeconds?: number;
}

export interface HttpServer {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Accepts no more requests; pending responses have `grace` ms to end. Resolves when everything is closed. */
  close(grace: number): Promise<void>;
}

/** Long, because a browser reads nothing of a download while it asks where to save it. */
const IDLE_SECONDS = 120;
const HEAD_SECONDS = 12;
/** ms between two looks at which connections have waited for too long. */
const CHECK_EVERY = 1_000;
/** How often another free port is tried if an address already uses the one that another address got. */
const PORT_ATTEMPTS = 10;

/** @throws a system error: the port is in use, or the address is not this machine's */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log, sendFile, tls, idleSeconds = IDLE_SECONDS, headSeconds = HEAD_SECONDS } = options;
  const open = new Set<Connection>();
  const times = { idleTime: idleSeconds * 1_000, headTime: headSeconds * 1_000 };
  const findOrigin = originFinder(options.trustedProxies);
  const carrier: Carrier = { respond: responder(options), findOrigin, log, sendFile, ...times };
  const greet =
    tls === null ? (socket: Socket) => serveConnection(socket, carrier) : tlsGreeter(tls, carrier);
  const servers = await listen(options, (socket) => {
    const connection = greet(socket);
    open.add(connection);
    socket.once("close", () => open.delete(connection));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of open) connection.checkTime(now);
  }, CHECK_EVERY);

  return {
    port: portOf(servers[0]),
    addresses: options.addresses,
    async close(grace) {
      const closed = Promise.all(servers.map(closeServer));
      for (const connection of open) connection.close();
      const end = setTimeout(() => {
        for (const connection of open) connection.destroy();
      }, grace);
      await closed;
      clearTimeout(end);
      clearInterval(timer);
    },
  };
}

/** The handler, for requests whose target can be understood. */
function responder({ handler, folder }: HttpServerOptions): Carrier["respond"] {
  return ({ method, target, fields, host, body, origin }) => {
    const parsed = parseTarget(target);
    if (parsed.kind === "malformed") return textResponse(400);
    if (parsed.kind === "impossible") return textResponse(404);
    try {
      const response = handler({
        method,
        target: parsed.target,
        fields,
        host,
        body,
        ...origin,
        folder,
      });
      return response instanceof Promise ? response.catch(failed) : response;
    } catch (error) {
      return failed(error);
    }
  };
}

function failed(_error: unknown): HttpResponse {
  return textResponse(500);
}

/** The first byte of a TLS connection: a record of a handshake (RFC 8446 s. 5.1). */
const HANDSHAKE = 0x16;

/** Looks at the first byte of each connection. */
function tlsGreeter({ certificate, key }: TlsIdentity, carrier: Carrier) {
  const secureContext = createSecureContext({ cert: certificate, key });
  const redirecting: Carrier = { ...carrier, respond: redirectToTls };

  return (socket: Socket): Connection => {
    let connection = unknownConnection(socket, carrier.headTime);
    socket.on("error", () => {});
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] === HANDSHAKE) startTls();
      else {
        connection = serveConnection(socket, redirecting);
        socket.resume();
      }
    });

    function startTls(): void {
      const options = { isServer: true, secureContext, ALPNProtocols: ["h2", "http/1.1"] };
      const secure = new TLSSocket(socket, options);
      // It is closed next.
      secure.on("error", () => {});
      secure.on("secure", () => {
        const serve = secure.alpnProtocol === "h2" ? serveHttp2 : serveConnection;
        connection = serve(secure, carrier);
      });
    }
    return {
      close: () => connection.close(),
      destroy: () => connection.destroy(),
      checkTime: (now) => connection.checkTime(now),
    };
  };
}

/** One whose protocol is not known yet. @param time ms that it has to say it, TLS handshake included */
function unknownConnection(socket: Socket, time: number): Connection {
  const deadline = performance.now() + time;
  return {
    close: () => socket.destroy(),
    destroy: () => socket.destroy(),
    checkTime(now) {
      if (now >= deadline) socket.destroy();
    },
  };
}

/** The same address with https; 308 keeps the method (RFC 9110 s. 15.4.9). */
function redirectToTls({ host, target }: IncomingRequest): HttpResponse {
  if (host === null || !target.startsWith("/")) return textResponse(400);
  return emptyResponse(308, { location: `https://${host}${target}` });
}

async function listen(
  { addresses, port }: HttpServerOptions,
  greet: (socket: Socket) => void,
): Promise<Server[]> {
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    try {
      for (const address of addresses) {
        servers.push(await listenOn(address, port === 0 ? portOf(servers[0]) : port, greet));
      }
      return servers;
    } catch (error) {
      await Promise.all(servers.map(closeServer));
      if (port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function listenOn(
  host: string,
  port: number,
  greet: (socket: Socket) => void,
): Promise<Server> {
  // A client that has sent its request may end its side and still read (RFC 9112 s. 9.6).
  const server = createServer({ allowHalfOpen: true, noDelay: true }, greet);
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  return server;
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
