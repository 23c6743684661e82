// Waits for a condition that sends no event, such as a file or a count.

import { setTimeout } from "node:timers/promises";

/** How long a test waits before it gives up, in ms: long, for a busy 2-core machine. */
const PATIENCE = 20_000;
/** ms between two checks. */
const INTERVAL = 10;

/** Resolves once `isTrue()`; rejects after 20 s. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - start > PATIENCE)
      throw new Error(`${PATIENCE} ms passed before ${what}`);
    await setTimeout(INTERVAL);
  }
}
