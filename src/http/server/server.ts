// Serves a folder over HTTP, on the sockets of the runtime. An edge: knows how connections start and end, and nothing of what
// the responses are.

import type { Folder } from "./folder.ts";
import { closeWhenSent, type Context, type Handler, textResponse } from "./middleware.ts";
import type { RequestEntry } from "./request-log.ts";
import { parseTarget, type Target, withoutHost } from "./target.ts";
import type { TlsIdentity } from "./tls/certificate.ts";

export interface HttpServerOptions {
  /** Addresses to listen on, all at the same port. */
  readonly addresses: readonly string[];
  /** 0 for any free port. */
  readonly port: number;
  readonly folder: Folder;
  readonly handler: Handler;
  /** Null for no log. */
  readonly log: ((entry: RequestEntry) => void) | null;
  /** Null for HTTP without TLS. */
  readonly tls: TlsIdentity | null;
  /**
   * s that a connection may be idle, and that the header of a request may take; the first header of a connection may
   * take 12 s.
   */
  readonly idleSeconds?: number;
}

export interface HttpServer {
  readonly port: number;
  readonly addresses: readonly string[];
  /** Accepts no more requests; pending responses have `grace` ms to end. Resolves when everything is closed. */
  close(grace: number): Promise<void>;
}

/** Long, because a browser reads nothing of a download while it asks where to save it. */
const IDLE_SECONDS = 120;
/** For a request whose path is malformed or impossible. */
const NO_TARGET: Target = {
  written: "",
  path: [],
  isFolder: true,
  query: new URLSearchParams(),
  search: "",
};
/** How often another free port is tried if an address already uses the one that another address got. */
const PORT_ATTEMPTS = 10;

/** @throws a system error: the port is in use, or the address is not this machine's */
export function openHttpServer(options: HttpServerOptions): HttpServer {
  const { addresses, folder, handler, log } = options;

  function respond(request: Request, server: Runtime): Response | Promise<Response> {
    const { url } = request;
    const client = log === null ? null : clientAddress(server, request);
    const parsed = parseTarget(url);
    const target = parsed.kind === "target" ? parsed.target : NO_TARGET;
    const context: Context = {
      target,
      folder,
      client,
      opened: [],
      user: null,
      length: null,
      pendingRequests,
    };

    function finish(response: Response): Response {
      closeWhenSent(context);
      log?.({
        time: Date.now(),
        client,
        user: context.user,
        method: request.method,
        target: withoutHost(url),
        status: response.status,
        length: context.length,
      });
      return response;
    }
    function fail(): Response {
      return finish(textResponse(request, context, 500));
    }

    if (parsed.kind === "malformed" || !hasValidHost(request)) {
      return finish(textResponse(request, context, 400, { connection: "close" }));
    }
    if (parsed.kind === "impossible") return finish(textResponse(request, context, 404));
    try {
      const response = handler(request, context);
      return response instanceof Promise ? response.then(finish, fail) : finish(response);
    } catch {
      return fail();
    }
  }

  const servers = listen(options, respond);
  const pendingRequests = () => servers.reduce((sum, server) => sum + server.pendingRequests, 0);
  return {
    port: servers[0]?.port ?? 0,
    addresses,
    async close(grace) {
      const timer = setTimeout(() => {
        for (const server of servers) void server.stop(true);
      }, grace);
      await Promise.all(servers.map((server) => server.stop()));
      clearTimeout(timer);
    },
  };
}

type Runtime = Bun.Server<undefined>;

function listen(
  options: HttpServerOptions,
  respond: (request: Request, server: Runtime) => Response | Promise<Response>,
): Runtime[] {
  const { addresses, tls, idleSeconds = IDLE_SECONDS } = options;
  const listenOn = (hostname: string, port: number) =>
    Bun.serve({
      hostname,
      port,
      idleTimeout: idleSeconds,
      // Uploads have a limit of their own; a body that nobody reads is not kept.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // True would be the default outside of development: another server could take half of the requests.
      reusePort: false,
      ...(tls === null ? {} : { tls: { cert: tls.certificate, key: tls.key }, http2: true }),
      fetch: respond,
    });

  for (let attempt = 1; ; attempt++) {
    const servers: Runtime[] = [];
    try {
      for (const address of addresses) {
        servers.push(listenOn(address, servers[0]?.port ?? options.port));
      }
      return servers;
    } catch (error) {
      for (const server of servers) void server.stop(true);
      if (options.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Null if the client has disconnected. A socket of both families gives IPv4 addresses in IPv6's form. */
function clientAddress(server: Runtime, request: Request): string | null {
  return server.requestIP(request)?.address.replace(/^::ffff:(?=\d+\.)/, "") ?? null;
}

/** Exactly one Host, and nothing but a host in it (RFC 9112 s. 3.2); the runtime joins several. HTTP/1.0 has none. */
function hasValidHost({ headers }: Request): boolean {
  return !/[\s,/\\?#@]/.test(headers.get("host") ?? "");
}
