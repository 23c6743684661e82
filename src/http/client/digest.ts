// The checksum of a body as it passes.

import { createHash, type Hash } from "node:crypto";

import { CharlaError } from "../../errors.ts";

export interface Digest {
  /** Forgets what has passed. */
  restart(): void;
  update(bytes: Uint8Array): void;
  /** @throws {CharlaError} CHECKSUM_WRONG */
  check(): void;
}

/** @param expected 64 hexadecimal digits */
export function createDigest(expected: string): Digest {
  let hash: Hash = createHash("sha256");
  return {
    restart() {
      hash = createHash("sha256");
    },
    update(bytes) {
      hash.update(bytes);
    },
    check() {
      const found = hash.digest("hex");
      if (found === expected.toLowerCase()) return;
      throw new CharlaError(
        "CHECKSUM_WRONG",
        `this is not the file that was asked for: its SHA-256 is ${found}`,
        "do not use it; compare the checksum with its source, and fetch it again",
      );
    },
  };
}
