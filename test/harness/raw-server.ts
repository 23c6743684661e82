// A TCP server that says just what a test wants, and knows nothing of HTTP: for answers that no server should give.

import { createServer, type Socket } from "node:net";

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** Each connection's request: all that came until `answer` was called. */
  readonly requests: string[];
}

/** @param answer called once for each connection, when `end` has come */
export async function openRawServer(
  answer: (socket: Socket, request: string) => unknown,
  end = "\r\n\r\n",
): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let heard = "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      const isNew = !heard.includes(end);
      heard += data.toString("latin1");
      if (!isNew || !heard.includes(end)) return;
      requests.push(heard);
      void answer(socket, heard);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
