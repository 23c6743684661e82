// The edge: UDP sockets that send to, and hear, the group of multicast DNS on each network of this machine. A network that
// refuses is left out: nothing here fails for want of one. IPv4 only: whoever has IPv6 on a LAN has addresses of its own.

import { createSocket, type Socket } from "node:dgram";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

import { isOnOwnNetwork } from "../own-addresses.ts";
import { decodeMessage, type DnsMessage, encodeMessage } from "./dns-message.ts";
import { type Endpoint, MDNS_PORT, type Sending } from "./responder.ts";

const GROUP = "224.0.0.251";
/** Hops: answers that came from farther away would be refused by some (RFC 6762 s. 11). */
const TTL = 255;
/** Networks; a machine with more has bridges for containers. */
const MAX_NETWORKS = 16;

export interface MulticastOptions {
  /** Of this machine, one for each network. */
  readonly addresses: readonly string[];
  /** `MDNS_PORT` to hear what is said to the group; 0 to hear answers to oneself only. */
  readonly port: typeof MDNS_PORT | 0;
  onMessage(this: void, message: DnsMessage, from: Endpoint): void;
}

export interface Multicast extends Disposable {
  send(sending: Sending): void;
  /** Resolves once all that was sent is on its way. */
  flushed(): Promise<void>;
}

/** The IPv4 addresses of this machine's networks, one each, without its own loopback. */
export function networkAddresses(
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  const addresses = Object.values(interfaces).flatMap((infos = []) => {
    const own = infos.find(({ family, internal }) => family === "IPv4" && !internal);
    return own === undefined ? [] : [own.address];
  });
  return addresses.slice(0, MAX_NETWORKS);
}

export async function openMulticast({
  addresses,
  port,
  onMessage,
}: MulticastOptions): Promise<Multicast> {
  const opened = await Promise.all(addresses.map((address) => openOn(address, port)));
  const links = opened.filter((link) => link !== null);
  const [receiver] = links;
  for (const { socket } of links) {
    // Of sockets for the group one hears all that is said on any network; those for answers get each their own.
    if (port !== 0 && socket !== receiver?.socket) continue;
    socket.on("message", (datagram, { address, port: from }) => {
      const message = decodeMessage(datagram);
      if (message !== null) onMessage(message, { address, port: from });
    });
  }
  if (port !== 0 && receiver !== undefined) {
    for (const { address } of links) tryTo(() => receiver.socket.addMembership(GROUP, address));
  }
  const sent = new Set<Promise<void>>();

  function sendOn({ socket, address }: Link, { to, message }: Sending): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    sent.add(promise);
    const done = () => {
      sent.delete(promise);
      resolve();
    };
    const bytes = encodeMessage(message(address));
    // An error of one datagram is no more than its loss.
    if (!tryTo(() => socket.send(bytes, to?.port ?? MDNS_PORT, to?.address ?? GROUP, done))) done();
  }

  return {
    send(sending) {
      const { to } = sending;
      if (to === null) for (const link of links) sendOn(link, sending);
      else {
        const link = findLink(links, to.address, networkInterfaces());
        if (link !== undefined) sendOn(link, sending);
      }
    },
    async flushed() {
      await Promise.all(sent);
    },
    [Symbol.dispose]() {
      for (const { socket } of links) tryTo(() => socket.close());
    },
  };
}

interface Link {
  readonly socket: Socket;
  readonly address: string;
}

/** Null where the system opens no such socket. */
function openOn(address: string, port: number): Promise<Link | null> {
  const { promise, resolve } = Promise.withResolvers<Link | null>();
  const socket = createSocket({ type: "udp4", reuseAddr: port !== 0 });
  socket.on("error", () => {
    tryTo(() => socket.close());
    resolve(null);
  });
  // Bound to the group, it takes no answers from other programs of this machine; Windows can't do that.
  const own = port === 0 ? address : process.platform === "win32" ? "0.0.0.0" : GROUP;
  const isBinding = tryTo(() =>
    socket.bind(port, own, () => {
      const isReady = tryTo(() => {
        socket.setMulticastInterface(address);
        socket.setMulticastTTL(TTL);
        socket.unref();
      });
      if (!isReady) tryTo(() => socket.close());
      resolve(isReady ? { socket, address } : null);
    }),
  );
  if (!isBinding) resolve(null);
  return promise;
}

/**
 * By which an answer goes to one program; undefined for one that is on no network of this machine: a question may name any
 * sender, and must not have others sent what is longer than it (RFC 6762 s. 11).
 */
export function findLink<L extends Pick<Link, "address">>(
  links: readonly L[],
  to: string,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
): L | undefined {
  if (!isOnOwnNetwork(to, interfaces)) return undefined;
  return links.find(({ address }) => isNear(address, to)) ?? links[0];
}

/** By the first three bytes, which two addresses of a home network share: a guess, for the address that an answer names. */
function isNear(one: string, other: string): boolean {
  return one.startsWith(other.slice(0, other.lastIndexOf(".") + 1));
}

/** Whether it went well; calls of a socket throw where the network has gone. */
function tryTo(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
