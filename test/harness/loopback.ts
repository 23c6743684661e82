// Loopback addresses.

export const LOOPBACKS = ["127.0.0.1", "::1"] as const;
export type Loopback = (typeof LOOPBACKS)[number];

/** HOST:PORT as on the command line. */
export function hostAndPort(host: Loopback, port: string): string {
  return host === "::1" ? `[::1]:${port}` : `${host}:${port}`;
}
