// A network between a client and a server on TCP that can be down for a while: nothing passes then, and nothing is refused either,
// as on a phone in a tunnel.

import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** While it is, what was sent waits, as with TCP in such a network; connections that are opened wait as well. */
  setDown(isDown: boolean): void;
}

/** @param port of the server, on 127.0.0.1 as the proxy itself */
export async function openTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isDown = false;

  function add(socket: Socket, other: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("data", (bytes) => other.write(bytes));
    if (isDown) socket.pause();
    // Neither end learns of the other's end while the network is down: a socket that is paused has none.
    socket.on("end", () => other.end());
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      if (!isDown) other.destroy();
    });
  }

  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    add(client, upstream);
    add(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    port: address.port,
    setDown(down) {
      isDown = down;
      for (const socket of sockets) {
        if (down) socket.pause();
        else socket.resume();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
