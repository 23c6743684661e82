// Step 5, both ends: they talk and listen at any moment, until both have said "bye".
//
//   bun steps/5-all-in-one/talk.ts --server [PORT]           opens a conversation
//   bun steps/5-all-in-one/talk.ts --client [HOST [PORT]]    joins it

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { createInterface } from "node:readline";

const [mode, ...where] = process.argv.slice(2);
const [host = "localhost", port = "12345"] = mode === "--server" ? ["::", ...where] : where;

const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
if (mode === "--server") {
  socket.bind(Number(port));
  await once(socket, "listening");
  console.log(`Waiting on port ${socket.address().port}`);
  const [first, peer] = await once(socket, "message");
  socket.connect(peer.port, peer.address, () => hear(first));
} else if (mode === "--client") {
  socket.connect(Number(port), host);
} else {
  console.error("usage: bun steps/5-all-in-one/talk.ts [--server|--client]");
  process.exit(2);
}
await once(socket, "connect");

socket.on("error", () => console.error("Nobody is listening there."));
socket.on("message", hear);
for await (const line of createInterface(process.stdin)) {
  socket.send(line);
  if (line === "bye") break;
}

function hear(datagram: Buffer) {
  const message = String(datagram).replace(/\r?\n$/, "");
  console.log(message);
  if (message === "bye") socket.send("bye", () => process.exit());
}
