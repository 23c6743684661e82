// The address of one end of a path: what the protocol compares and remembers. Knows no way to write or to look one up.

/** An IP address as text, never an IPv4-mapped one, and a port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return one.port === other.port && one.address === other.address;
}
