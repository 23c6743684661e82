// The relay between many members and one server, in a process of its own: `crowd-relay.ts PORT LOSS SEED` prints its
// port. Loses and reorders datagrams in both directions; the server sees another port for each client, as behind a NAT.

import { writeSync } from "node:fs";

import { seededRandom } from "../simulator/random.ts";

const [, , server = "", loss = "", seed = ""] = process.argv;
const HOST = "127.0.0.1";
/** This part of the datagrams is delayed by up to this many ms, so that others overtake them. */
const HELD = 0.1;
const HELD_FOR = 5;

type Socket = Bun.udp.Socket<"buffer">;

const random = seededRandom(Number(seed));
/** The socket that the server sees, by the client's port. */
const backs = new Map<number, Promise<Socket>>();

function pass(send: () => void): void {
  if (random.chance(Number(loss))) return;
  if (random.chance(HELD)) setTimeout(send, random.fraction() * HELD_FOR);
  else send();
}

function openBack(client: number): Promise<Socket> {
  return Bun.udpSocket({
    hostname: HOST,
    socket: {
      data: (_, datagram) => pass(() => void front.send(datagram, client, HOST)),
    },
  });
}

const front: Socket = await Bun.udpSocket({
  hostname: HOST,
  socket: {
    async data(_, datagram, client) {
      const known = backs.get(client) ?? openBack(client);
      backs.set(client, known);
      const back = await known;
      pass(() => void back.send(datagram, Number(server), HOST));
    },
  },
});
writeSync(1, `relays at ${front.port}\n`);
