// Sixteen bytes that only who has a key can make: enough that nobody guesses them, short enough for the
// smallest packets.

import { createHash, createHmac } from "node:crypto";

import { TOKEN_LENGTH } from "../packets.ts";

/** The first 16 bytes of HMAC-SHA256 (RFC 2104 s. 5 on truncation). */
export function shortProof(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac("sha256", key);
  for (const part of parts) mac.update(part);
  return Uint8Array.from(mac.digest().subarray(0, TOKEN_LENGTH));
}

/** The first 16 bytes of SHA-256: what shows, where there is no key yet, which datagram is meant. */
export function shortDigest(datagram: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(datagram).digest().subarray(0, TOKEN_LENGTH));
}
