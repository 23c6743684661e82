// Step 4, the client: talks and listens at any moment, until both have said "bye".
//
//   bun steps/4-free/client.ts [HOST [PORT]]

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { createInterface } from "node:readline";

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
socket.connect(Number(port), host);
await once(socket, "connect");

socket.on("error", () => console.error("Nobody is listening there."));
socket.on("message", (datagram) => {
  const message = String(datagram).replace(/\r?\n$/, "");
  console.log(message);
  if (message === "bye") socket.send("bye", () => process.exit());
});

// While this waits for a line, "message" is still emitted: no thread is needed.
for await (const line of createInterface(process.stdin)) {
  socket.send(line);
  if (line === "bye") break; // and go on listening
}
