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
  /** Once, also when it was never open. */
  onClosed(failure: WebSocketFailure): void;
}

export interface WebSocketFailure {
  /** The system's code, where there is one. */
  readonly code: string;
  /** In the runtime's words. */
  readonly message: string;
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

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "no name server answers",
  ETIMEDOUT: "no answer",
};

/** Why there is no WebSocket, in words. */
export function describeFailure({ code, message }: WebSocketFailure): string {
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  const [, status] = /(?:status code|response): (\d{3}.*)/.exec(message) ?? [];
  if (status !== undefined) return `it answered ${status} instead of opening one`;
  const [, refusal] = /[Pp]roxy connection failed: (.+)/.exec(message) ?? [];
  return refusal === undefined ? message : `the proxy refuses: ${refusal}`;
}

/** A host and port without credentials. */
export function hostOf(url: URL): string {
  const defaults: Readonly<Record<string, number>> = { "wss:": 443, "https:": 443 };
  const port = url.port === "" ? (defaults[url.protocol] ?? 80) : Number(url.port);
  return formatAddress({ address: url.hostname.replaceAll(/[[\]]/g, ""), port });
}
