// Step 1, the client: asks for one message, sends it and ends.
//
//   bun steps/1-one-way/client.ts [HOST [PORT]]

const [host = "localhost", port = "12345"] = process.argv.slice(2);

const message = prompt("Message:") ?? "";

const socket = await Bun.udpSocket({
  hostname: "::", // lets the server be an IPv4 or an IPv6 host
  connect: { hostname: host, port: Number(port) },
});
socket.send(message);
socket.close();
