// A small HTTP client: asks HOST for its front page and prints the first 2,048 bytes that come.
//
//   bun steps/http-client/client.ts HOST [PORT]

import { connect } from "node:net";

const [host = "localhost", port = "80"] = process.argv.slice(2);

const socket = connect(Number(port), host);
socket.write(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);

let left = 2048;
for await (const chunk of socket) {
  process.stdout.write(chunk.subarray(0, left));
  left -= chunk.length;
  if (left <= 0) break;
}
