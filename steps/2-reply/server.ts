// Step 2, the server: prints the message that comes, asks for an answer and sends it back.
//
//   bun steps/2-reply/server.ts [PORT]

const port = Number(process.argv[2] ?? 12345);

const server = await Bun.udpSocket({
  hostname: "::",
  port,
  socket: {
    data(socket, datagram, peerPort, peerAddress) {
      console.log(datagram.toString().replace(/\r?\n$/, ""));

      const answer = prompt("Answer:") ?? "";
      socket.send(answer, peerPort, peerAddress);
      socket.close();
    },
  },
});

console.log(`Waiting on port ${server.port}`);
