// Notices that the network of a page has changed, or that its machine has slept: a browser says that it is online again, and a page
// that is shown again may have been frozen. Names no addresses, which a browser keeps to itself. See network-watch.ts.

import type { NetworkWatch, NetworkWatchOptions } from "./network-watch.ts";

/** A page that was hidden for so long may have been frozen, ms. */
const FROZEN = 10_000;

export function watchNetwork({
  onChanged,
  now = Date.now,
}: Pick<NetworkWatchOptions, "onChanged" | "now">): NetworkWatch {
  const over = new AbortController();
  const { signal } = over;
  let hiddenAt: number | null = null;
  const changed = () => onChanged([]);

  function check(): void {
    if (document.visibilityState === "hidden") hiddenAt ??= now();
    else if (hiddenAt !== null) {
      const wasFrozen = now() - hiddenAt >= FROZEN;
      hiddenAt = null;
      if (wasFrozen) changed();
    }
  }

  addEventListener("online", changed, { signal });
  document.addEventListener("visibilitychange", check, { signal });
  return { addresses: [], check, [Symbol.dispose]: () => over.abort() };
}
