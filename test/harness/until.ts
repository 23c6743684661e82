// Waiting for what shows itself nowhere but in the world: a file, a count.

/** How long a test waits before it gives up, in ms: long, for a busy 2-core machine. */
const PATIENCE = 20_000;
/** How often it looks, in ms. */
const LOOK_EVERY = 10;

/** Resolves once `isSo`; rejects when that is waited for in vain. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const start = performance.now();
  while (!isSo()) {
    if (performance.now() - start > PATIENCE) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(LOOK_EVERY);
  }
}
