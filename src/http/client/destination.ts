// Where a body goes: the interfaces, and the errors of writing. Files are file-destination.ts.

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

export interface FileDestination extends Destination, Disposable {
  /** Bytes written, and kept from an earlier run. */
  readonly length: number;
  /** The file that the bytes are in until it is complete, as it is shown. */
  readonly path: string;
  /** The name of the complete file, as it is shown. */
  readonly savedAs: string;
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

/** Of what passes, until it is complete. */
export interface Checksum {
  restart(): void;
  update(bytes: Uint8Array): void;
  /** @throws {CharlaError} CHECKSUM_WRONG */
  check(): void;
}

const NO_SPACE = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** @throws {CharlaError} DISK_FULL, FILE_NOT_WRITABLE, or the cause if it is one */
export function failWriting(cause: unknown, path: string): never {
  if (cause instanceof CharlaError) throw cause;
  if (NO_SPACE.has(systemCode(cause))) {
    throw new CharlaError(
      "DISK_FULL",
      `no space left for ${path}`,
      "free some space and continue with --resume, or write somewhere else with -o FILE",
      { cause },
    );
  }
  throw notWritable(path, describeCause(cause), cause);
}

export function notWritable(path: string, reason: string, cause?: unknown): CharlaError {
  return new CharlaError(
    "FILE_NOT_WRITABLE",
    `cannot write ${path}: ${reason}`,
    "write somewhere else with -o FILE",
    { cause },
  );
}
