// The SHA-256 of a body, computed as it passes.

import { createHash } from "node:crypto";

import { CharlaError } from "../../errors.ts";
import type { Checksum } from "./destination.ts";

/** @param expected SHA-256, as 64 hexadecimal digits */
export function createChecksum(expected: string): Checksum {
  let hash = createHash("sha256");
  return {
    restart() {
      hash = createHash("sha256");
    },
    update(bytes: Uint8Array) {
      hash.update(bytes);
    },
    check() {
      const actual = hash.digest("hex");
      if (actual === expected.toLowerCase()) return;
      throw new CharlaError(
        "CHECKSUM_WRONG",
        `the checksum is wrong: the SHA-256 of the body is ${actual}`,
        "do not use the file; compare the checksum with its source, and fetch it again",
      );
    },
  };
}
