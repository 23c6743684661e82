// Step 5, both ends: talks and listens at any moment, until one of the two says "bye".
//
//   bun steps/5-all-in-one/talk.ts --server [PORT]    opens a conversation
//   bun steps/5-all-in-one/talk.ts [HOST [PORT]]      joins it

import { lookup } from "node:dns/promises";
import { createInterface } from "node:readline";

const [host = "localhost", port = "12345"] = process.argv.slice(2);
const opens = host === "--server";

// Who joins knows the peer from the start; who opens learns it from the first datagram.
const peerFound = Promise.withResolvers<{ port: number; address: string }>();

const socket = await Bun.udpSocket({
  hostname: "::",
  port: opens ? Number(port) : 0, // 0: any free port
  socket: {
    data(_socket, datagram, peerPort, peerAddress) {
      peerFound.resolve({ port: peerPort, address: peerAddress });
      const message = datagram.toString().replace(/\r?\n$/, "");
      console.log(message);
      if (message === "bye") process.exit();
    },
    error: () => console.error("Nobody is listening there."),
  },
});

if (opens) {
  console.log(`Waiting on port ${socket.port}`);
} else {
  peerFound.resolve({ port: Number(port), address: (await lookup(host)).address });
}

const peer = await peerFound.promise;
for await (const line of createInterface(process.stdin)) {
  socket.send(line, peer.port, peer.address);
  if (line === "bye") process.exit();
}
if (!opens) process.exit();
