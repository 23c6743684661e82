// An HTTP server of a test's own on loopback, over a real socket: it answers as the test says.

export interface FetchServer extends AsyncDisposable {
  /** HOST:PORT */
  readonly at: string;
}

export function openFetchServer(
  answer: (request: Request) => Response | Promise<Response>,
): FetchServer {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  return {
    at: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** What a server has heard, as `echo` answers it. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers with what it was asked, as JSON. */
export async function echo(request: Request): Promise<Response> {
  const { method, url, headers } = request;
  const { pathname, search } = new URL(url);
  const heard = { method, path: pathname + search, headers, body: await request.text() };
  return Response.json(heard);
}
