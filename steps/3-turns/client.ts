// Step 3, the client: speaks, then listens, then speaks... until either says "bye".
//
//   bun steps/3-turns/client.ts [HOST [PORT]]

import { createSocket } from "node:dgram";
import { on, once } from "node:events";
import { isIPv6 } from "node:net";
import { createInterface } from "node:readline";

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
socket.connect(Number(port), host);
await once(socket, "connect");

const keyboard = createInterface(process.stdin)[Symbol.asyncIterator]();
const network = on(socket, "message");
while (true) {
  const { value: said = "bye" } = await keyboard.next(); // the end of input says bye too
  await new Promise((sent) => socket.send(said, sent));
  if (said === "bye") break;

  const { value: [datagram] = [] } = await network.next();
  const heard = String(datagram).replace(/\r?\n$/, "");
  console.log(heard);
  if (heard === "bye") break;
}
process.exit();
