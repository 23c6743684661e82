// Serves one script on an empty page, bundled as the page's own is: for tests of what runs in a browser.

export interface PageServer extends Disposable {
  /** A secure context, as loopback addresses are. */
  readonly secure: string;
  /** None, as plain http elsewhere; the tests' browsers resolve the name to this machine. */
  readonly insecure: string;
}

/** @param entry the path of the script */
export async function servePage(entry: string): Promise<PageServer> {
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "browser" });
  const script = await outputs[0]?.text();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) =>
      url.endsWith("/script.js")
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response('<!doctype html><script type="module" src="/script.js"></script>', {
            headers: { "content-type": "text/html" },
          }),
  });
  return {
    secure: `http://127.0.0.1:${server.port}/`,
    insecure: `http://page.test:${server.port}/`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}
