// Step 4, the server: talks and listens at any moment, until both have said "bye".
//
//   bun steps/4-free/server.ts [PORT]

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";

const socket = createSocket("udp6").bind(Number(process.argv[2] ?? 12345));
await once(socket, "listening");
console.log(`Waiting on port ${socket.address().port}`);

// The first datagram says who the peer is; from then on the socket is connected to that peer.
const [first, peer] = await once(socket, "message");
socket.connect(peer.port, peer.address, () => hear(first));
await once(socket, "connect");

socket.on("error", () => console.error("Nobody is listening there."));
socket.on("message", hear);

for await (const line of createInterface(process.stdin)) {
  socket.send(line);
  if (line === "bye") break; // and go on listening, until the peer says it too
}

function hear(datagram: Buffer) {
  const message = String(datagram).replace(/\r?\n$/, "");
  console.log(message);
  if (message === "bye") socket.send("bye", () => process.exit());
}
