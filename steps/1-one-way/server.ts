// Step 1, the server: waits for one message, prints it and ends.
//
//   bun steps/1-one-way/server.ts [PORT]

const port = Number(process.argv[2] ?? 12345);

const server = await Bun.udpSocket({
  hostname: "::", // every address of this machine, IPv4 and IPv6
  port,
  socket: {
    data(socket, datagram) {
      // ncat ends what it sends with a newline, which is not part of the message.
      console.log(datagram.toString().replace(/\r?\n$/, ""));
      socket.close();
    },
  },
});

console.log(`Waiting on port ${server.port}`);
