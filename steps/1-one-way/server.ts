// Step 1, the server: waits for one message, prints it and its sender, and ends.
//
//   bun steps/1-one-way/server.ts [PORT]

import { createSocket } from "node:dgram";
import { once } from "node:events";

const socket = createSocket("udp6").bind(Number(process.argv[2] ?? 12345)); // IPv4 and IPv6
await once(socket, "listening");
console.log(`Waiting on port ${socket.address().port}`);

const [datagram, client] = await once(socket, "message");
const message = String(datagram).replace(/\r?\n$/, ""); // ncat ends each message with a newline
const address = client.address.replace("::ffff:", ""); // which marks IPv4 on an IPv6 socket
console.log(`${message} from ${address} port ${client.port}`);
socket.close();
