// Bare UDP sockets on the loopback, as the other end of what is tested. They do not use src/: node's
// own `dgram` speaks for the rest of the world.

import { createSocket } from "node:dgram";

import { createInbox } from "./inbox.ts";

export type Loopback = "127.0.0.1" | "::1";

export interface BareSocket extends AsyncDisposable {
  readonly port: number;
  /** The next datagram that arrives: its text, and who sent it. */
  next(): Promise<{ text: string; from: { address: string; port: number } }>;
  send(data: string | Uint8Array, port: number): Promise<void>;
  close(): Promise<void>;
}

/** A socket that belongs to no one under test. */
export async function openBareSocket(address: Loopback = "127.0.0.1"): Promise<BareSocket> {
  const socket = createSocket(address === "::1" ? "udp6" : "udp4");
  const inbox = createInbox<{ text: string; from: { address: string; port: number } }>();
  socket.on("message", (data, from) => {
    inbox.put({ text: data.toString(), from: { address: from.address, port: from.port } });
  });
  // Nobody there to hear it is what some tests want; what it means is not this socket's to say.
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  let closed = false;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await new Promise<void>((resolve) => socket.close(resolve));
  }
  return {
    port: socket.address().port,
    next: () => inbox.next(),
    send: (data, port) =>
      new Promise((resolve, reject) => {
        socket.send(data, port, address, (error) => (error === null ? resolve() : reject(error)));
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A port that somebody listened on a moment ago, and nobody does now. */
export async function closedPort(address: Loopback = "127.0.0.1"): Promise<number> {
  const socket = await openBareSocket(address);
  await socket.close();
  return socket.port;
}
