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

/** The canonical text (RFC 5952) of 4 or 16 bytes; that of the IPv4 address where they are an IPv4-mapped one. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMappedIpv4(bytes)) return bytes.subarray(12).join(".");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  }
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** RFC 4291 s. 2.5.5.2. */
export function isMappedIpv4(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes.every((byte, at) => at > 11 || byte === (at < 10 ? 0 : 255));
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
