// Step 4, the server: talks and listens at any moment, until one of the two says "bye".
//
//   bun steps/4-free/server.ts [PORT]

import { createInterface } from "node:readline";

const port = Number(process.argv[2] ?? 12345);

// Nobody can be spoken to before the first datagram has told where the peer is.
const firstDatagram = Promise.withResolvers<{ port: number; address: string }>();

const socket = await Bun.udpSocket({
  hostname: "::",
  port,
  socket: {
    data(_socket, datagram, peerPort, peerAddress) {
      firstDatagram.resolve({ port: peerPort, address: peerAddress });
      const message = datagram.toString().replace(/\r?\n$/, "");
      console.log(message);
      if (message === "bye") process.exit();
    },
    error: () => console.error("Nobody is listening there."),
  },
});

console.log(`Waiting on port ${socket.port}`);
const peer = await firstDatagram.promise;

for await (const line of createInterface(process.stdin)) {
  socket.send(line, peer.port, peer.address);
  if (line === "bye") process.exit();
}
