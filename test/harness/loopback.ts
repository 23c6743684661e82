// Loopback addresses and free ports.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export const LOOPBACKS = ["127.0.0.1", "::1"] as const;
export type Loopback = (typeof LOOPBACKS)[number];

/** HOST:PORT as on the command line. */
export function hostAndPort(host: Loopback, port: string): string {
  return host === "::1" ? `[::1]:${port}` : `${host}:${port}`;
}

/** A UDP port on which nobody listened a moment ago, in either family; chosen by the system. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket({ type: "udp6", ipv6Only: false });
  await new Promise<void>((resolve) => socket.bind(0, "::", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** A TCP port on which nobody listened a moment ago. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
