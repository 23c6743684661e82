// Where a body goes: the interface, a checksum of what passes, and the errors of writing. Files are part-file.ts.

import { createHash, type Hash } from "node:crypto";

import { CharlaError, describeCause, systemCode } from "../../errors.ts";
import type { ResponseHead } from "./exchange.ts";
import type { ResumePoint } from "./resume.ts";

export interface Destination {
  /** What is there already; null to start from nothing. */
  resumePoint(): ResumePoint | null;
  /** Whether it can still take a body from the start. */
  canRestart(): boolean;
  /**
   * A body starts.
   *
   * @param from bytes of it that are there already
   * @param validator to resume it with later; null if it cannot be resumed
   */
  begin(head: ResponseHead, from: number, validator: string | null): Promise<void>;
  write(bytes: Uint8Array): Promise<void>;
}

export interface FileDestination extends Destination, AsyncDisposable {
  /** Bytes written, and kept from an earlier run. */
  readonly length: number;
  /** The file that the bytes are in until it is complete, as it is shown. */
  readonly path: string;
  /** Bytes that an earlier run has left and that cannot be used. */
  readonly unusable: number;
  /**
   * The body is complete: checks it, and gives the file its name.
   *
   * @throws {CharlaError} CHECKSUM_WRONG, FILE_NOT_WRITABLE
   */
  finish(): Promise<void>;
  /** Removes everything that was written. */
  remove(): Promise<void>;
}

export interface Digest {
  restart(): void;
  update(bytes: Uint8Array): void;
  /** @throws {CharlaError} CHECKSUM_WRONG */
  check(): void;
}

/** @param expected SHA-256, as 64 hexadecimal digits */
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

const NO_SPACE = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export function describeWriteError(cause: unknown, path: string): CharlaError {
  if (cause instanceof CharlaError) return cause;
  if (NO_SPACE.has(systemCode(cause))) {
    return new CharlaError(
      "DISK_FULL",
      `no space left for ${path}`,
      "free some space and continue with --resume, or write somewhere else with -o FILE",
      { cause },
    );
  }
  return notWritable(path, describeCause(cause), cause);
}

export function notWritable(path: string, reason: string, cause?: unknown): CharlaError {
  return new CharlaError(
    "FILE_NOT_WRITABLE",
    `cannot write ${path}: ${reason}`,
    "write somewhere else with -o FILE",
    { cause },
  );
}
