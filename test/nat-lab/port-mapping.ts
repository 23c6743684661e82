// A program on a host of the lab that has its router map a port: it answers datagrams and connections there, and prints what
// comes of it, a JSON object a line.

import { join } from "node:path";

import type { Program } from "../harness/program.ts";
import type { Side } from "./lab.ts";

const SOURCE = join(import.meta.dirname, "../../src/net/port-mapping/map-port.ts");

const PROGRAM = `
  import { mapPort } from ${JSON.stringify(SOURCE)};
  const port = 4000;
  const udp = await Bun.udpSocket({ hostname: "0.0.0.0", port, socket: {
    data: (socket, words, from, address) => void socket.send("heard " + words.toString(), from, address),
  } });
  const tcp = Bun.listen({ hostname: "0.0.0.0", port, socket: {
    data: (socket, words) => void socket.end("heard " + words.toString()),
  } });
  const print = (event) => console.log(JSON.stringify(event));
  const start = performance.now();
  const mapping = mapPort({
    internalPort: port,
    onMapped: ({ protocol, outer, tcp }) => print({
      mapped: outer.address + ":" + outer.port, protocol, tcp, ms: Math.round(performance.now() - start),
    }),
    onLost: () => print("lost"),
  });
  process.once("SIGTERM", async () => {
    await mapping[Symbol.asyncDispose]();
    print("removed");
    udp.close();
    tcp.stop();
  });
`;

export const INNER_PORT = 4_000;

export function startMapping(side: Side): Program {
  return side.start([process.execPath, "-e", PROGRAM]);
}
