// What a joiner tries to reach a host: by UDP, and by WebSockets where nothing comes back. Pure.

import { DEFAULT_PORT, formatAddress, type HostAndPort } from "./address.ts";

export interface DialPlan {
  readonly udp: HostAndPort;
  /** URLs of WebSockets, the best first. */
  readonly webSockets: readonly [string, ...string[]];
}

/**
 * A relay takes UDP at its port and, with a certificate, WebSockets over TLS on TCP 443, which is where networks let out that let
 * out little; without one, at the number of its UDP port.
 */
export function relayDialPlan({ host, port }: HostAndPort): DialPlan {
  const secure = `wss://${formatAddress({ address: host, port: 443 })}/`;
  const webSockets = port === 443 ? ([secure] as const) : ([secure, plainUrl(host, port)] as const);
  return { udp: { host, port }, webSockets };
}

/** A server takes both at one number. */
export function serverDialPlan({ host, port }: HostAndPort): DialPlan {
  return { udp: { host, port }, webSockets: [plainUrl(host, port)] };
}

function plainUrl(host: string, port: number = DEFAULT_PORT): string {
  return `ws://${formatAddress({ address: host, port })}/`;
}
