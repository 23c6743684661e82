// A folder over HTTP, on the sockets of the runtime. An edge to it: knows how connections are had and ended,
// and nothing of what is answered.

import { type Answerer, closeWhenSent, type Context } from "./answer.ts";
import { briefAnswer } from "./brief-answer.ts";
import type { Folder } from "./folder.ts";
import type { RequestEntry } from "./request-log.ts";
import { readTarget, type Target, withoutHost } from "./target.ts";

export interface HttpServerOptions {
  /** Addresses to listen on, each at the same port. */
  readonly addresses: readonly string[];
  /** 0 for any that is free. */
  readonly port: number;
  readonly folder: Folder;
  readonly answer: Answerer;
  readonly log: (entry: RequestEntry) => void;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** How long (s) a connection may be still, and take for the header of its next request. */
  readonly idleSeconds?: number;
  /** Bytes of a request's body; more is refused before anyone is asked. Any number by default: no step reads it. */
  readonly maxBody?: number;
}

export interface HttpServer {
  readonly port: number;
  /** Those that it listens on. */
  readonly addresses: readonly string[];
  /** Takes no more requests; answers under way have so long (ms) to end. Resolves when all is closed. */
  close(patience: number): Promise<void>;
}

const IDLE_SECONDS = 20;
/** Of a request whose path is not read; there is none that it could mean. */
const NO_TARGET: Target = { path: [], isFolder: true, query: new URLSearchParams(), search: "" };
/** How often another free port is taken where an address has the one already that another got. */
const PORT_ATTEMPTS = 10;

/** @throws a system error: the port is in use, the address is not this machine's */
export function openHttpServer(options: HttpServerOptions): HttpServer {
  const { addresses, folder, answer, log } = options;

  function respond(request: Request, server: Runtime): Response | Promise<Response> {
    const { url } = request;
    const client = server.requestIP(request)?.address ?? null;
    const read = readTarget(url);
    const target = read.kind === "target" ? read.target : NO_TARGET;
    const context: Context = { target, folder, client, opened: [], user: null, length: null };

    function sent(response: Response): Response {
      closeWhenSent(context);
      log({
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
  const { tls, idleSeconds = IDLE_SECONDS, maxBody = Number.MAX_SAFE_INTEGER } = options;
  const listenOn = (hostname: string, port: number) =>
    Bun.serve({
      hostname,
      port,
      idleTimeout: idleSeconds,
      maxRequestBodySize: maxBody,
      development: false,
      ...(tls === undefined ? {} : { tls: { ...tls }, http2: true }),
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

/** RFC 9112 s. 3.2: one, and of nothing but a host; HTTP/1.0 has none. The runtime makes a list of several. */
function hasOneHost({ headers }: Request): boolean {
  return !/[\s,/\\?#@]/.test(headers.get("host") ?? "");
}
