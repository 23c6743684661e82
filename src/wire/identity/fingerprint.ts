// A public key as people compare it, by eye or over the telephone. Pure.

import { createHash } from "node:crypto";

/** `SHA256:` and the unpadded base64 of the key's SHA-256: as `ssh-keygen -l` writes one. */
export function fingerprint(publicKey: Uint8Array): string {
  const digest = createHash("sha256").update(publicKey).digest("base64");
  return `SHA256:${digest.replaceAll("=", "")}`;
}
