// A UDP relay between a client and a server. It loses, delays and reorders datagrams as its seed decides, can
// drop everything for a while, and can change its port, so that the server sees its client move.

import { createSocket, type Socket } from "node:dgram";

import { type SeededRandom, seededRandom } from "../simulator/random.ts";

export interface RelayOptions {
  readonly seed: number;
  /** The fraction of datagrams that are lost, 0 to 1. */
  readonly loss: number;
  /** Each datagram is delayed by up to so many ms, and so may overtake others. */
  readonly jitter: number;
  readonly server: { readonly address: string; readonly port: number };
}

export interface LossyRelay extends AsyncDisposable {
  /** The port for the client. */
  readonly port: number;
  /** All datagrams received, in both directions. */
  readonly seen: Buffer[];
  /** How many of them it has lost, those that came while it was silent not counted. */
  readonly lost: number;
  /** From now on the server sees the client at another port. */
  move(): Promise<void>;
  /** While true, everything is dropped. */
  silent: boolean;
}

export async function openLossyRelay(options: RelayOptions): Promise<LossyRelay> {
  const random: SeededRandom = seededRandom(options.seed);
  const front = await bind(options.server.address);
  let back = await bind(options.server.address);
  let client: { address: string; port: number } | null = null;
  const backs = [back];

  let lost = 0;

  const relay: LossyRelay = {
    get lost() {
      return lost;
    },
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
    if (relay.silent) return;
    if (random.chance(options.loss)) {
      lost += 1;
      return;
    }
    setTimeout(() => {
      if (!relay.silent) send();
    }, random.fraction() * options.jitter);
  }

  /** The server may still send to an earlier port of the client: only the last is in use. */
  function listen(socket: Socket): void {
    socket.on("message", (datagram) => {
      if (socket !== back) return;
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
