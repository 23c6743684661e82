// Notices that this machine's network has changed: other addresses, or a sleep, after which routers have forgotten
// what they knew. It polls, for every system reports that in its own way, and asking takes some 50 us. Knows no sessions.

import { networkInterfaces } from "node:os";

import { ownAddresses } from "./own-addresses.ts";

/** How often it is asked, ms. */
const INTERVAL = 1_000;
/** A machine has slept when so much more time has passed, ms. */
const SLEEP = 10_000;

export interface NetworkWatchOptions {
  /** This machine's addresses now, without those of links and loopback. */
  onChanged(addresses: readonly string[]): void;
  /** Tests have their own. */
  readonly findAddresses?: (() => readonly string[]) | undefined;
  /** ms since 1970: unlike a monotonic clock, it goes on while the machine sleeps. */
  readonly now?: (() => number) | undefined;
}

export interface NetworkWatch extends Disposable {
  readonly addresses: readonly string[];
  /** Looks whether something has changed; a timer does so as well. */
  check(): void;
}

export function watchNetwork(options: NetworkWatchOptions): NetworkWatch {
  const { findAddresses = findOwnAddresses, now = Date.now } = options;
  let addresses = findAddresses();
  let checkedAt = now();
  const timer = setInterval(check, INTERVAL);
  timer.unref();

  function check(): void {
    const before = addresses;
    const hasSlept = now() - checkedAt >= INTERVAL + SLEEP;
    checkedAt = now();
    addresses = findAddresses();
    if (hasSlept || addresses.join(" ") !== before.join(" ")) options.onChanged(addresses);
  }

  return {
    get addresses() {
      return addresses;
    },
    check,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function findOwnAddresses(): readonly string[] {
  return ownAddresses(networkInterfaces());
}
