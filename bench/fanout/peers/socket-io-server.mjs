// The broadcast of ws-server.mjs with socket.io, over WebSockets only.
import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  pingInterval: 600_000,
  pingTimeout: 600_000,
});
server.on("connection", (socket) => {
  socket.on("m", (text) => socket.broadcast.emit("m", text));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(http.address().port));
process.on("SIGUSR2", () => globalThis.gc());
