// Step 3, the server: listens, then speaks, then listens... until either says "bye".
//
//   bun steps/3-turns/server.ts [PORT]

import { createSocket } from "node:dgram";
import { on, once } from "node:events";
import { createInterface } from "node:readline";

const socket = createSocket("udp6").bind(Number(process.argv[2] ?? 12345));
await once(socket, "listening");
console.log(`Waiting on port ${socket.address().port}`);

const keyboard = createInterface(process.stdin)[Symbol.asyncIterator]();
for await (const [datagram, { address, port }] of on(socket, "message")) {
  const heard = String(datagram).replace(/\r?\n$/, "");
  console.log(heard);
  if (heard === "bye") break;

  const { value: said = "bye" } = await keyboard.next(); // the end of input says bye too
  await new Promise((sent) => socket.send(said, port, address, sent));
  if (said === "bye") break;
}
process.exit();
