// Step 2, the client: sends "hola", waits for the answer, prints it and its sender, and ends.
//
//   bun steps/2-reply/client.ts [HOST [PORT]]

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
socket.connect(Number(port), host); // so that the system reports when nothing listens there
await once(socket, "connect");
socket.send("hola");

const [datagram, server] = await once(socket, "message");
const message = String(datagram).replace(/\r?\n$/, "");
console.log(`${message} from ${server.address} port ${server.port}`);
socket.close();
