// A whole transfer from a server on loopback: its resources are released.

import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";

import { createCookieJar } from "../../../src/http/client/cookies.ts";
import type { Destination } from "../../../src/http/client/destination.ts";
import { createTransport } from "../../../src/http/client/exchange.ts";
import { transfer } from "../../../src/http/client/transfer.ts";
import { openFetchServer } from "../../harness/fetch-server.ts";

function collector(): Destination & { text: string } {
  return {
    text: "",
    resumePoint: () => null,
    canRestart: () => true,
    begin: async () => {},
    async write(bytes) {
      this.text += Buffer.from(bytes).toString();
    },
  };
}

test("a transfer with redirects and retries leaves no listener on the caller's signal", async () => {
  let requests = 0;
  await using server = openFetchServer(({ url }) => {
    requests += 1;
    if (url.endsWith("/start")) return Response.redirect("/end", 302);
    const headers = { "Retry-After": "0" };
    return requests < 4 ? new Response("later", { status: 503, headers }) : new Response("now");
  });
  const { signal } = new AbortController();
  const destination = collector();
  using transport = createTransport({
    timeout: 60_000,
    connectTimeout: 0,
    insecure: false,
    ca: null,
    identity: null,
    family: 0,
    resolve: new Map(),
    unixSocket: null,
    proxyFor: () => null,
  });
  await transfer({
    transport,
    authorization: null,
    cookies: createCookieJar(),
    maxRedirects: 10,
    request: { method: "GET", url: new URL(`http://${server.at}/start`), headers: [], body: null },
    retries: 10,
    maxBytes: null,
    signal,
    chooseDestination: () => destination,
    resumable: null,
    onEvent: () => {},
  });
  expect(destination.text).toBe("now");
  expect(requests).toBe(4);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
