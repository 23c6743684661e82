// What a server and a relay say to each other in their session (docs/protocol.md s. 19.3): messages of JSON, one object each.
// Pure. Unknown types are ignored, so that versions can mix.

import { MAX_PORT } from "./address.ts";

/** Bytes of the longest message that a relay reads: what it takes is one short object. */
const MAX_REQUEST = 1_024;

/** What a server says. */
export type RelayRequest = { readonly type: "register" };

/** Where a relay serves the page: on this TCP port of its host, with TLS or without. */
export interface RelayPage {
  readonly port: number;
  readonly tls: boolean;
}

/**
 * What the relay says. `registered`: those who join reach the server under its key, and this is its address as the relay sees
 * it; again when that changes. `refused`: they don't, and the session ends.
 */
export type RelayReply =
  | { readonly type: "registered"; readonly address: string; readonly page?: RelayPage }
  | { readonly type: "refused"; readonly code: string; readonly message: string };

/** Null for a request of another type; undefined for what is no request at all. */
export function readRelayRequest(message: Uint8Array): RelayRequest | null | undefined {
  const type = message.length > MAX_REQUEST ? undefined : readObject(message)?.["type"];
  if (typeof type !== "string") return undefined;
  return type === "register" ? { type } : null;
}

/** For the server; null for a reply of another type, or one that is damaged. */
export function readRelayReply(message: Uint8Array): RelayReply | null {
  const { type, address, page, code, message: text } = readObject(message) ?? {};
  if (type === "registered" && typeof address === "string") {
    return { type, address, ...(isRelayPage(page) ? { page } : {}) };
  }
  if (type === "refused" && typeof code === "string" && typeof text === "string") {
    return { type, code, message: text };
  }
  return null;
}

function isRelayPage(value: unknown): value is RelayPage {
  if (typeof value !== "object" || value === null) return false;
  const { port, tls }: { port?: unknown; tls?: unknown } = value;
  return isPort(port) && typeof tls === "boolean";
}

function isPort(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_PORT;
}

export function writeRelayMessage(message: RelayRequest | RelayReply): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

function readObject(message: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
