// A public key as people compare it, by eye or over the telephone. Pure.

import { createHash } from "node:crypto";

const PREFIX = "SHA256:";
const DIGEST_BYTES = 32;

/** `SHA256:` and the unpadded base64 of the key's SHA-256: as `ssh-keygen -l` writes one. */
export function fingerprint(publicKey: Uint8Array): string {
  return PREFIX + unpadded(createHash("sha256").update(publicKey).digest());
}

/** Whether it is written as `fingerprint` writes one. */
export function isFingerprint(text: string): boolean {
  const digest = Buffer.from(text.slice(PREFIX.length), "base64");
  return digest.byteLength === DIGEST_BYTES && text === PREFIX + unpadded(digest);
}

function unpadded(digest: Buffer): string {
  return digest.toString("base64").replaceAll("=", "");
}
