// Finds out on a socket of its own whether datagrams to an address are refused (ICMP port unreachable): the runtime reports such
// errors without the address that they are about, and a session's socket may send to several.

import { randomBytes } from "#crypto";
import { unref } from "#timers";
import { openUdpSocket } from "#udp-socket";

import { defer } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { CONNECTION_ID_LENGTH, HELLO_NOISE_LENGTH, writeHello } from "../protocol/packets.ts";
import { BASE_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import type { SocketAddress } from "./address.ts";

/**
 * Sends one hello without a cookie, for which a server keeps nothing.
 *
 * @param patience how long a refusal may take, ms
 * @returns why no program is listening there; null when something answers, or nothing, or no socket can be opened
 */
export async function findRefusal(
  to: SocketAddress,
  patience: number,
): Promise<CharlaError | null> {
  const found = defer<CharlaError | null>();
  try {
    using socket = await openUdpSocket({
      port: 0,
      singlePeer: true,
      onDatagram: () => found.resolve(null),
      onError(error) {
        if (error.code === "NOBODY_LISTENING") found.resolve(error);
      },
    });
    const [id, noise] = [randomBytes(CONNECTION_ID_LENGTH), randomBytes(HELLO_NOISE_LENGTH)];
    const bytes = writeHello(id, new Uint8Array(0), noise, randomBytes(BASE_DATAGRAM_SIZE));
    socket.sendMany([{ bytes, to: { address: to.address, port: to.port } }]);
    const timer = setTimeout(() => found.resolve(null), patience);
    unref(timer);
    const refusal = await found.promise;
    clearTimeout(timer);
    return refusal;
  } catch (error) {
    if (error instanceof CharlaError) return null;
    throw error;
  }
}
