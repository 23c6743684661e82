// A TCP server that sends exactly what a test wants, and knows nothing of HTTP: for responses that no server should send.

import { createServer, type Socket } from "node:net";

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** Every request so far: what arrived until `respond` was called. */
  readonly requests: string[];
}

/** @param respond called for each request, once its `end` has arrived */
export async function openRawServer(
  respond: (socket: Socket, request: string) => unknown,
  end = "\r\n\r\n",
): Promise<RawServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let received = "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (!received.includes(end)) return;
      const request = received;
      received = "";
      requests.push(request);
      void respond(socket, request);
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
