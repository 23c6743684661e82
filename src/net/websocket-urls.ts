// Where a WebSocket to a relay or to a server may be opened, for networks that let no UDP through. Pure: opens none.

import { formatAddress, formatHostAndPort, type HostAndPort } from "./address.ts";

/** URLs of WebSockets that lead to the same end, the best first. */
export type WebSocketUrls = readonly [string, ...string[]];

/**
 * With a certificate, a relay takes WebSockets over TLS on TCP 443, which even strict firewalls leave open; without one, on the
 * TCP port with the number of its UDP port.
 */
export function relayWebSocketUrls({ host, port }: HostAndPort): WebSocketUrls {
  const secure = `wss://${formatAddress({ address: host, port: 443 })}/`;
  return port === 443 ? [secure] : [secure, plainUrl({ host, port })];
}

/** A server takes UDP and WebSockets at ports of the same number. */
export function serverWebSocketUrls(server: HostAndPort): WebSocketUrls {
  return [plainUrl(server)];
}

function plainUrl(end: HostAndPort): string {
  return `ws://${formatHostAndPort(end)}/`;
}
