// Step 1, the client: sends "hello" and ends.
//
//   bun steps/1-one-way/client.ts [HOST [PORT]]

import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
socket.send("hello", Number(port), host, () => socket.close());
