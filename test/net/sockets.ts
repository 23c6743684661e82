// UDP sockets on the loopback as the other end in tests. They use node's `dgram` and nothing of src/.

import { createSocket } from "node:dgram";

import { reservePort } from "../harness/ports.ts";
import { createInbox } from "./inbox.ts";

/** Under Node.js, a socket that anyone may send to gets no refusals: see src/net/udp-socket.node.ts. */
export const SERVERS_GET_REFUSALS = process.versions.bun !== undefined;

export type Loopback = "127.0.0.1" | "::1";

export interface BareSocket extends AsyncDisposable {
  readonly port: number;
  /** The next received datagram: its text and its sender. */
  next(): Promise<{ text: string; from: { address: string; port: number } }>;
  send(data: string | Uint8Array, port: number): Promise<void>;
  close(): Promise<void>;
}

/** A socket that is not part of the code under test. */
export async function openBareSocket(address: Loopback = "127.0.0.1"): Promise<BareSocket> {
  // Nobody else is given it once this socket is closed.
  const port = await reservePort();
  const socket = createSocket(address === "::1" ? "udp6" : "udp4");
  const inbox = createInbox<{ text: string; from: { address: string; port: number } }>();
  socket.on("message", (data, from) => {
    inbox.put({ text: data.toString(), from: { address: from.address, port: from.port } });
  });
  // Some tests send to ports where nothing listens: the refusal is not an error of this socket.
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  let closed = false;

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await new Promise<void>((resolve) => socket.close(resolve));
  }
  return {
    port,
    next: () => inbox.next(),
    send: (data, port) =>
      new Promise((resolve, reject) => {
        socket.send(data, port, address, (error) => (error === null ? resolve() : reject(error)));
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
