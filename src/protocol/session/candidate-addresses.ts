// Which of the addresses that a peer names may be challenged (docs/protocol.md s. 14.1): a peer must not be able to aim
// this end's datagrams at others. Pure.

import { ipBytes, isMappedIpv4 } from "../../ip-bytes.ts";
import { type SocketAddress, sourcePrefixes } from "../socket-address.ts";

/**
 * @param inUse where the session is: peers on this machine may name its own addresses, and of a relay's network no
 *   address may be challenged
 */
export function mayChallenge(address: SocketAddress, inUse: SocketAddress): boolean {
  if (address.port === 0) return false;
  const bytes = ipBytes(address.address);
  const isIpv4 = bytes.length === 4 || isMappedIpv4(bytes);
  const kind = isIpv4 ? kindOfIpv4(bytes.subarray(-4)) : kindOfIpv6(bytes);
  if (kind === "reserved") return false;
  if (inUse.carrier !== undefined) {
    return kind === "unicast" && sourcePrefixes(address).network !== sourcePrefixes(inUse).network;
  }
  return kind === "unicast" || isLoopback(inUse);
}

type Kind = "unicast" | "loopback" | "reserved";

/** RFC 1122 s. 3.2.1.3, RFC 5771, RFC 3927: 0/8, 127/8, 169.254/16, 224/4 and up. */
function kindOfIpv4([first = 0, second = 0]: Uint8Array): Kind {
  if (first === 127) return "loopback";
  const isLinkLocal = first === 169 && second === 254;
  return first === 0 || first >= 224 || isLinkLocal ? "reserved" : "unicast";
}

/** RFC 4291: ::, ::1, ff00::/8, and fe80::/10, which needs a zone. */
function kindOfIpv6(bytes: Uint8Array): Kind {
  const [first = 0, second = 0] = bytes;
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80)) return "reserved";
  if (bytes.subarray(0, 15).some((byte) => byte !== 0)) return "unicast";
  const last = bytes[15] ?? 0;
  if (last === 1) return "loopback";
  return last === 0 ? "reserved" : "unicast";
}

function isLoopback({ address }: SocketAddress): boolean {
  return address === "::1" || address.startsWith("127.");
}
