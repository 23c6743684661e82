// The counts of a relay as text, in the format that Prometheus reads (text format 0.0.4), over HTTP on loopback only: other
// machines have no business with them. Holds no address and no key.

import { once } from "node:events";
import { createServer } from "node:http";

import { CharlaError } from "../errors.ts";
import { formatAddress } from "../net/address.ts";
import { describeBindError } from "../net/socket-error.ts";
import type { RelayState } from "./relay.ts";

const LOOPBACK = "127.0.0.1";

/** In the order in which they are written. */
const METRICS: readonly (readonly [
  count: keyof RelayState,
  name: string,
  type: "gauge" | "counter",
  help: string,
])[] = [
  ["servers", "servers", "gauge", "Servers that have registered."],
  ["joiners", "joiners", "gauge", "Addresses that have joined a server."],
  ["sessions", "sessions", "gauge", "Sessions of servers with the relay."],
  ["webSockets", "websockets", "gauge", "Connections with a WebSocket."],
  ["forwarded", "forwarded_datagrams_total", "counter", "Datagrams that were forwarded."],
  ["bytes", "forwarded_bytes_total", "counter", "Bytes of these datagrams."],
  ["unproven", "unproven_datagrams_total", "counter", "Datagrams of addresses without a proof."],
  ["limited", "limited_datagrams_total", "counter", "Datagrams beyond a rate."],
  ["tooLong", "too_long_datagrams_total", "counter", "Datagrams that were too long to forward."],
];

function formatMetrics(state: RelayState): string {
  return METRICS.map(([count, name, type, help]) => {
    const full = `charla_relay_${name}`;
    return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full} ${state[count]}\n`;
  }).join("");
}

export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
}

/** @throws {CharlaError} PORT_IN_USE, PORT_NOT_PERMITTED */
export async function serveMetrics(port: number, state: () => RelayState): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    // A page in a browser here can reach loopback under a name of its own site (DNS rebinding).
    const name = request.headers.host?.replace(/:\d+$/, "").toLowerCase();
    if (name !== LOOPBACK && name !== "localhost") {
      response.writeHead(421, { "content-type": "text/plain" });
      response.end(`ask for ${LOOPBACK}\n`);
      return;
    }
    const isFound = request.url === "/metrics" && request.method === "GET";
    response.writeHead(isFound ? 200 : 404, { "content-type": "text/plain; version=0.0.4" });
    response.end(isFound ? formatMetrics(state()) : "the counts are at /metrics\n");
  });
  try {
    server.listen(port, LOOPBACK);
    await once(server, "listening");
  } catch (cause) {
    const { code, message } = describeBindError(cause, formatAddress({ address: LOOPBACK, port }));
    const hint = "choose another port with --metrics N, or --metrics 0 for any free one";
    throw new CharlaError(code, message, hint, { cause });
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${LOOPBACK}:${bound}/metrics`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
