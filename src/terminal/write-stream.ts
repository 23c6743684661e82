// Writes to stdout or stderr at the pace of who reads it. Knows nothing of what is written.

import type { Writable } from "node:stream";

/** Resolves when it has left, so that a slow reader slows us instead of filling us; with why not where it cannot. */
export function written(stream: Writable, chunk: string | Uint8Array): Promise<Error | null> {
  // The callback has the error too; without a listener the stream would throw it at nobody.
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  return new Promise((resolve) => {
    stream.write(chunk, (cause) => resolve(cause ?? null));
  });
}

function ignore(): void {}
