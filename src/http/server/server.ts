// A folder over HTTP, on the sockets of the runtime. An edge to it: knows how connections are had and ended,
// and nothing of what is answered.

import type { Folder } from "./folder.ts";
import { type Answerer, closeWhenSent, type Context } from "./middleware.ts";
import type { RequestEntry } from "./request-log.ts";
import { readTarget, type Target, withoutHost } from "./target.ts";
import { briefAnswer } from "./text-response.ts";
import type { TlsIdentity } from "./tls/certificate.ts";

export interface HttpServerOptions {
  /** Addresses to listen on, each at the same port. */
  readonly addresses: readonly string[];
  /** 0 for any that is free. */
  readonly port: number;
  readonly folder: Folder;
  readonly answer: Answerer;
  /** Null where nobody wants to know. */
  readonly log: ((entry: RequestEntry) => void) | null;
  /** Null for HTTP without TLS. */
  readonly tls: TlsIdentity | null;
  /** How long (s) a connection may be still, and take for the header of a request but its first: that has 12 s. */
  readonly idleSeconds?: number;
}

export interface HttpServer {
  readonly port: number;
  /** Those that it listens on. */
  readonly addresses: readonly string[];
  /** Takes no more requests; answers under way have so long (ms) to end. Resolves when all is closed. */
  close(patience: number): Promise<void>;
}

/** A browser takes nothing of a download while it asks where to put it. */
const IDLE_SECONDS = 120;
/** Of a request whose path is not read; there is none that it could mean. */
const NO_TARGET: Target = {
  written: "",
  path: [],
  isFolder: true,
  query: new URLSearchParams(),
  search: "",
};
/** How often another free port is taken where an address has the one already that another got. */
const PORT_ATTEMPTS = 10;

/** @throws a system error: the port is in use, the address is not this machine's */
export function openHttpServer(options: HttpServerOptions): HttpServer {
  const { addresses, folder, answer, log } = options;

  function respond(request: Request, server: Runtime): Response | Promise<Response> {
    const { url } = request;
    const client = log === null ? null : addressOf(server, request);
    const read = readTarget(url);
    const target = read.kind === "target" ? read.target : NO_TARGET;
    const context: Context = {
      target,
      folder,
      client,
      opened: [],
      user: null,
      length: null,
      underWay,
    };

    function sent(response: Response): Response {
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
    function failed(): Response {
      return sent(briefAnswer(request, context, 500));
    }

    if (read.kind === "malformed" || !hasOneHost(request)) {
      return sent(briefAnswer(request, context, 400, { connection: "close" }));
    }
    if (read.kind === "nothing") return sent(briefAnswer(request, context, 404));
    try {
      const made = answer(request, context);
      return made instanceof Promise ? made.then(sent, failed) : sent(made);
    } catch {
      return failed();
    }
  }

  const servers = listen(options, addresses, respond);
  const underWay = () => servers.reduce((sum, { pendingRequests }) => sum + pendingRequests, 0);
  return {
    port: servers[0]?.port ?? 0,
    addresses,
    async close(patience) {
      const ended = Promise.all(servers.map((server) => server.stop()));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(resolve, patience, "late" as const);
      });
      if ((await Promise.race([ended, late])) === "late") {
        await Promise.all(servers.map((server) => server.stop(true)));
      }
      clearTimeout(timer);
    },
  };
}

type Runtime = Bun.Server<undefined>;
type Respond = (request: Request, server: Runtime) => Response | Promise<Response>;

function listen(
  options: HttpServerOptions,
  addresses: readonly string[],
  respond: Respond,
): Runtime[] {
  const { tls, idleSeconds = IDLE_SECONDS } = options;
  const listenOn = (hostname: string, port: number) =>
    Bun.serve({
      hostname,
      port,
      idleTimeout: idleSeconds,
      // Who reads a body bounds it, and says so; of what nobody reads nothing is kept.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      // Without development it would be true: another server could take half of the requests.
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

/** Null where the client is gone already. One of IPv4 is written as such where both come to one socket. */
function addressOf(server: Runtime, request: Request): string | null {
  return server.requestIP(request)?.address.replace(/^::ffff:(?=\d+\.)/, "") ?? null;
}

/** RFC 9112 s. 3.2: one, and of nothing but a host; HTTP/1.0 has none. The runtime makes a list of several. */
function hasOneHost({ headers }: Request): boolean {
  return !/[\s,/\\?#@]/.test(headers.get("host") ?? "");
}
