// A WebSocket that this end opens, as both runtimes have it: what `#websocket-client` gives.

import { formatAddress } from "./address.ts";

/** Bytes of the longest datagram in a WebSocket: see docs/protocol.md s. 19.6. */
export { WEBSOCKET_DATAGRAM_LIMIT } from "./carrier.ts";

export interface WebSocketClientOptions {
  readonly url: URL;
  /** Null for none. */
  readonly proxy: URL | null;
  onOpen(): void;
  onMessage(message: Uint8Array): void;
  /**
   * Once, also when it was never open.
   *
   * @param reason why, in words
   */
  onClosed(reason: string): void;
}

export interface WebSocketClient {
  /** Bytes that were not sent yet. */
  readonly buffered: number;
  send(message: Uint8Array): void;
  /** Sends what is buffered, and closes. */
  close(): void;
}

/** How long it may take until a WebSocket is open, ms. */
export const OPEN_TIMEOUT = 10_000;

/** A host and port without credentials. */
export function hostOf(url: URL): string {
  const defaults: Readonly<Record<string, number>> = { "wss:": 443, "https:": 443 };
  const port = url.port === "" ? (defaults[url.protocol] ?? 80) : Number(url.port);
  return formatAddress({ address: url.hostname.replaceAll(/[[\]]/g, ""), port });
}
