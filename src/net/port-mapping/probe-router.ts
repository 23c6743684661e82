// Finds out which protocols the router of this machine's network maps ports by, and the outer address that it has: maps a
// port by each of them, and removes the mapping at once.

import type { SocketAddress } from "../address.ts";
import type { MappingRouter } from "./mapping.ts";
import { searchRouter } from "./router-search.ts";
import { type MappingSystem, SYSTEM } from "./system.ts";

export interface ProbedRouter {
  readonly gateway: string;
  /** The protocols that it answers, and what each mapped: null where it refused, or outsiders can't use it. */
  readonly answers: readonly {
    readonly protocol: MappingRouter["protocol"];
    readonly outer: SocketAddress | null;
  }[];
}

/**
 * @returns null where no router is between this machine and the internet, as far as the machine knows
 * @throws {CharlaError} when the system opens no socket with this machine's address
 */
export async function probeRouter(system: MappingSystem = SYSTEM): Promise<ProbedRouter | null> {
  const place = system.findPlace();
  if (place === null) return null;
  // A port that no other program has.
  using socket = await system.openSocket({
    bind: place.own,
    port: 0,
    onDatagram() {},
    onError() {},
  });
  const { port } = socket.address;
  const { signal } = new AbortController();
  using search = await searchRouter({ place, internalPort: port, system, signal });
  const answers = [];
  for (const router of await Promise.all(search.found)) {
    if (router === null) continue;
    const grant = await router.map("udp", port);
    // Without an answer to `map` the port may be mapped nevertheless.
    await router.unmap("udp");
    answers.push({ protocol: router.protocol, outer: grant?.outer ?? null });
  }
  return { gateway: place.gateway, answers };
}
