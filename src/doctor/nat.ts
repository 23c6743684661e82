// What stands between this machine and a server, as far as the address tells under which the server sees it
// (RFC 4787). Pure.

import { canonicalAddress, DEFAULT_PORT, isLoopback } from "../net/address.ts";
import { type Check, note, ok } from "./check.ts";

const NAME = "nat";

export interface Seen {
  /** HOST:PORT as the server sees the socket. */
  readonly address: string;
  /** The socket's own port. */
  readonly localPort: number;
  /** The same socket as another address of the server sees it; null where there is none. */
  readonly elsewhere: string | null;
  /** All addresses of this machine, in their canonical spelling. */
  readonly own: ReadonlySet<string>;
}

export function describeNat({ address, localPort, elsewhere, own }: Seen): Check {
  const seen = split(address);
  const isOwn = own.has(seen.host) || isLoopback({ address: seen.host, port: 0 });
  const keepsPort = seen.port === localPort;
  if (isOwn && keepsPort) {
    const message = `no NAT on the way: the server sees this machine's own address, ${address}`;
    return ok(NAME, message, { address, translated: false });
  }
  const mapping = elsewhere === null ? null : mappingOf(address, elsewhere);
  const value = { address, localPort, translated: true, keepsPort, mapping };
  const port = keepsPort ? "port kept" : `port ${localPort} changed`;
  if (isOwn) {
    return note(
      NAME,
      `something on this machine stands between: the server sees ${address} (${port})`,
      "nothing has to be done where that is a proxy, a container's network or a VPN of yours",
      value,
    );
  }
  return note(
    NAME,
    `behind a NAT: the server sees this machine at ${address} (${port}); ${MAPPINGS[mapping ?? "unknown"]}`,
    `joining works so; for others to join you, forward UDP port ${DEFAULT_PORT} of the router to this machine, or let them open the conversation`,
    value,
  );
}

type Mapping = "endpoint-independent" | "address-dependent";

/** RFC 4787 s. 4.1; whether a mapping that depends on the address depends on the port, too, is not known. */
const MAPPINGS: Readonly<Record<Mapping | "unknown", string>> = {
  "endpoint-independent":
    "the same for another address of the server (endpoint-independent mapping)",
  "address-dependent": "another for another address of the server (address-dependent mapping)",
  unknown: "whether others see the same, a server with one address cannot tell",
};

function mappingOf(address: string, elsewhere: string): Mapping {
  return address === elsewhere ? "endpoint-independent" : "address-dependent";
}

/** A server may say anything: what is no address is none of ours. */
function split(written: string): { host: string; port: number } {
  const [, bracketed, bare = "", port] =
    /^(?:\[([^\]%]*)[^\]]*\]|([^:]*)):(\d+)$/.exec(written) ?? [];
  return { host: canonicalAddress(bracketed ?? bare), port: Number(port) };
}
