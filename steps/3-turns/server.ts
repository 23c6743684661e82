// Step 3, the server: hears, then speaks, then hears... until one of the two says "bye".
//
//   bun steps/3-turns/server.ts [PORT]

const port = Number(process.argv[2] ?? 12345);

const server = await Bun.udpSocket({
  hostname: "::",
  port,
  socket: {
    data(socket, datagram, peerPort, peerAddress) {
      const heard = datagram.toString().replace(/\r?\n$/, "");
      console.log(heard);
      if (heard === "bye") return socket.close();

      const said = prompt("You:") ?? "bye"; // an empty line, or the end of input, says bye too
      socket.send(said, peerPort, peerAddress);
      if (said === "bye") socket.close();
    },
  },
});

console.log(`Waiting on port ${server.port}`);
