// A minimal broadcast with ws: each message of a client is sent to all others. Prints its port.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  backlog: 4096,
});
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (message) => {
    for (const client of server.clients)
      if (client !== socket) client.send(message, { binary: false });
  });
});
server.on("listening", () => console.log(server.address().port));
process.on("SIGUSR2", () => globalThis.gc());
