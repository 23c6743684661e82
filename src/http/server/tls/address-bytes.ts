// An IP address as bytes in network order, as certificates hold it (RFC 5280 s. 4.2.1.6).

/** @param address as node:net takes it for one, without a zone */
export function addressBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split(".").map(Number));
  // The URL parser writes every spelling the same way: in groups of hexadecimal digits, with at most one "::".
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail = ""] = canonical.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const missing = Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from(
    [...before, ...missing, ...after].flatMap((group) => [group >> 8, group & 0xff]),
  );
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
