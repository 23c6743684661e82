// Step 3, the client: speaks, then hears, then speaks... until one of the two says "bye".
//
//   bun steps/3-turns/client.ts [HOST [PORT]]

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const client = await Bun.udpSocket({
  hostname: "::",
  connect: { hostname: host, port: Number(port) },
  socket: {
    data(socket, datagram) {
      const heard = datagram.toString().replace(/\r?\n$/, "");
      console.log(heard);
      if (heard === "bye") socket.close();
      else speak();
    },
  },
});

function speak() {
  const said = prompt("You:") ?? "bye"; // an empty line, or the end of input, says bye too
  client.send(said);
  if (said === "bye") client.close();
}

speak();
