// An HTTP server on loopback that responds as a test says.

export interface FetchServer extends AsyncDisposable {
  /** HOST:PORT */
  readonly at: string;
}

export function openFetchServer(
  respond: (request: Request) => Response | Promise<Response>,
): FetchServer {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: respond });
  return {
    at: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** A request as `echo` responds with it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Responds with the request, as JSON. */
export async function echo(request: Request): Promise<Response> {
  const { method, url, headers } = request;
  const { pathname, search } = new URL(url);
  const received = { method, path: pathname + search, headers, body: await request.text() };
  return Response.json(received);
}
