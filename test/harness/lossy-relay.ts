// A UDP relay in user space between a client and a server: it loses, delays and reorders datagrams as a
// seed decides, can fall silent, and can take another port, so that the server sees its client move.

import { createSocket, type Socket } from "node:dgram";

import { type SeededRandom, seededRandom } from "../simulator/random.ts";

export interface RelayOptions {
  readonly seed: number;
  /** Of all datagrams, 0 to 1. */
  readonly loss: number;
  /** Each waits up to so many ms, and so may overtake others. */
  readonly jitter: number;
  readonly server: { readonly address: string; readonly port: number };
}

export interface LossyRelay extends AsyncDisposable {
  /** Where the client finds it. */
  readonly port: number;
  /** Datagrams that came, in both directions. */
  readonly seen: Buffer[];
  /** The server sees the client at another port from now on. */
  move(): Promise<void>;
  /** Nothing passes while it is silent. */
  silent: boolean;
}

export async function openLossyRelay(options: RelayOptions): Promise<LossyRelay> {
  const random: SeededRandom = seededRandom(options.seed);
  const front = await bind(options.server.address);
  let back = await bind(options.server.address);
  let client: { address: string; port: number } | null = null;
  const backs = [back];

  const relay: LossyRelay = {
    port: front.address().port,
    seen: [],
    silent: false,
    async move() {
      back = await bind(options.server.address);
      backs.push(back);
      listen(back);
    },
    async [Symbol.asyncDispose]() {
      relay.silent = true;
      await Promise.all(
        [front, ...backs].map((socket) => new Promise<void>((done) => socket.close(done))),
      );
    },
  };

  function pass(datagram: Buffer, send: () => void): void {
    relay.seen.push(datagram);
    if (relay.silent || random.chance(options.loss)) return;
    setTimeout(() => {
      if (!relay.silent) send();
    }, random.fraction() * options.jitter);
  }

  /** What the server sends to any port the client had is for the client; but only the last is in use. */
  function listen(its: Socket): void {
    its.on("message", (datagram) => {
      if (its !== back) return;
      pass(datagram, () => {
        if (client !== null) front.send(datagram, client.port, client.address);
      });
    });
  }

  listen(back);
  front.on("message", (datagram, from) => {
    client = from;
    pass(datagram, () => back.send(datagram, options.server.port, options.server.address));
  });
  return relay;
}

async function bind(address: string): Promise<Socket> {
  const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4" });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}
