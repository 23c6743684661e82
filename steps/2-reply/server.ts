// Step 2, the server: waits for one message, prints it and its sender, answers and ends.
//
//   bun steps/2-reply/server.ts [PORT]

import { createSocket } from "node:dgram";
import { once } from "node:events";

const socket = createSocket("udp6").bind(Number(process.argv[2] ?? 12345));
await once(socket, "listening");
console.log(`Waiting on port ${socket.address().port}`);

const [datagram, client] = await once(socket, "message");
const message = String(datagram).replace(/\r?\n$/, "");
const address = client.address.replace("::ffff:", "");
console.log(`${message} from ${address} port ${client.port}`);

socket.send("qué tal?", client.port, client.address, () => socket.close());
