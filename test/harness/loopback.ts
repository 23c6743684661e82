// Loopback addresses.

import { FULL_SIZE } from "./full-size.ts";

export const LOOPBACKS = ["127.0.0.1", "::1"] as const;
/** Those for what an address of the other family hardly changes: both with `--full`. */
export const LOOPBACKS_TRIED = FULL_SIZE ? LOOPBACKS : LOOPBACKS.slice(0, 1);
export type Loopback = (typeof LOOPBACKS)[number];

/** HOST:PORT as on the command line. */
export function hostAndPort(host: Loopback, port: string): string {
  return host === "::1" ? `[::1]:${port}` : `${host}:${port}`;
}
