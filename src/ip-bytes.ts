// An IP address as its bytes in network order. Pure, and everybody's: cookies are bound to them, certificates hold them.

/**
 * @param address any spelling that `isIP` of node:net accepts; a zone (RFC 4007 s. 11) is left out
 * @returns 4 bytes of an IPv4 address, 16 of an IPv6 one
 */
export function ipBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number);
  const [bare = ""] = address.split("%");
  const [head = "", tail = ""] = bare.split("::");
  const last = groupBytes(tail);
  const bytes = new Uint8Array(16);
  bytes.set(groupBytes(head));
  bytes.set(last, 16 - last.length);
  return bytes;
}

/** The bytes of groups like `2001:db8` and, at the end, `192.0.2.1` (RFC 4291 s. 2.2). */
function groupBytes(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >>> 8, value & 0xff];
  });
}
