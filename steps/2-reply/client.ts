// Step 2, the client: sends one message, waits for the answer and prints it.
//
//   bun steps/2-reply/client.ts [HOST [PORT]]

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const client = await Bun.udpSocket({
  hostname: "::",
  connect: { hostname: host, port: Number(port) },
  socket: {
    data(socket, datagram) {
      console.log(datagram.toString().replace(/\r?\n$/, ""));
      socket.close();
    },
  },
});

const message = prompt("Message:") ?? "";
client.send(message);
