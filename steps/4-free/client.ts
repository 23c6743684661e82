// Step 4, the client: talks and listens at any moment, until one of the two says "bye".
//
//   bun steps/4-free/client.ts [HOST [PORT]]

import { createInterface } from "node:readline";

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const socket = await Bun.udpSocket({
  hostname: "::",
  connect: { hostname: host, port: Number(port) },
  socket: {
    data(_socket, datagram) {
      const message = datagram.toString().replace(/\r?\n$/, "");
      console.log(message);
      if (message === "bye") process.exit();
    },
    error: () => console.error("Nobody is listening there."),
  },
});

// Waiting for a line does not stop `data` from being called meanwhile.
for await (const line of createInterface(process.stdin)) {
  socket.send(line);
  if (line === "bye") break;
}
process.exit();
