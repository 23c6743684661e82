// Has the router map the port of `charla --server`, so that outsiders reach it, for as long as the server is open; and says
// what has changed since the invitation was printed.

import type { NoticeText } from "../chat/events.ts";
import { formatAddress, type SocketAddress } from "../net/address.ts";
import { mapPort, type PortMapping } from "../net/port-mapping/map-port.ts";
import { type MappingSystem, SYSTEM } from "../net/port-mapping/system.ts";
import { isAnyAddress } from "../net/udp-socket.ts";

/** ms for which the invitation waits for the router. */
const PATIENCE = 1_000;

export interface MappedPortOptions {
  /** The one address at which the server listens, if it does so at one. */
  readonly bind: string | undefined;
  readonly port: number;
  /**
   * Outsiders reach the server at this address; null for nowhere any more.
   *
   * @param notice says so, once the router is not waited for any more
   */
  readonly onChange: (outer: SocketAddress | null, notice: NoticeText | null) => void;
  readonly system?: MappingSystem;
}

/** Resolves when the port is mapped or no router maps it, and after 1 s in any case. Disposing of it removes the mapping. */
export async function mapServerPort(options: MappedPortOptions): Promise<AsyncDisposable> {
  const { bind, port, onChange, system = SYSTEM } = options;
  let isLate = false;
  const mapper = mapPort({
    internalPort: port,
    onMapped: (mapping) => onChange(mapping.outer, isLate ? mappedNotice(mapping) : null),
    onLost: () => onChange(null, isLate ? LOST_NOTICE : null),
    system: { ...system, findPlace: () => placeFor(bind, system) },
  });
  const waited = new AbortController();
  await Promise.race([mapper.attempted, system.clock.sleep(PATIENCE, waited.signal)]);
  waited.abort();
  isLate = true;
  return mapper;
}

/** A router maps to the address that this machine has in its network: the server must listen there. */
function placeFor(bind: string | undefined, { findPlace }: MappingSystem) {
  const place = findPlace();
  const listens = bind === undefined || isAnyAddress(bind) || bind === place?.own;
  return listens ? place : null;
}

function mappedNotice({ protocol, outer }: PortMapping): NoticeText {
  return {
    code: "PORT_MAPPED",
    message: `the router maps the port now (${protocol}): people elsewhere reach this server at ${formatAddress(outer)}`,
    hint: "the invitation has this address from now on",
  };
}

const LOST_NOTICE: NoticeText = {
  code: "PORT_MAPPING_LOST",
  message: "the router no longer maps the port: people elsewhere may not reach this server",
  hint: "charla doctor says what the router answers",
};
