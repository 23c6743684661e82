// A proxy of SOCKS 4, 4a and 5 on loopback, by RFC 1928, RFC 1929 and the memos on SOCKS 4: it notes what it was asked for, and
// connects to one place, whatever that was.

import { connect, createServer, type Socket } from "node:net";

export interface SocksServer extends AsyncDisposable {
  readonly port: number;
  /** What it was asked for, such as `5 name a.example:80` or `4 address 127.0.0.1:80 user`. */
  readonly requests: string[];
}

/** @param login `user:password` that SOCKS 5 requires; null for none */
export async function openSocksServer(
  to: number,
  login: string | null = null,
): Promise<SocksServer> {
  const requests: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    void serve(socket, to, login, requests);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(socket: Socket, to: number, login: string | null, requests: string[]) {
  const next = reader(socket);
  const hello = await next();
  if (hello[0] === 4) {
    const port = hello.readUInt16BE(2);
    const [user = "", name = ""] = hello.subarray(8).toString("latin1").split("\0");
    const isNamed = hello[4] === 0 && hello[5] === 0 && hello[6] === 0;
    const host = isNamed ? `name ${name}` : `address ${hello.subarray(4, 8).join(".")}`;
    requests.push(`4 ${host}:${port}${user === "" ? "" : ` ${user}`}`);
    socket.write(Uint8Array.of(0, 0x5a, 0, 0, 0, 0, 0, 0));
    return join(socket, to);
  }
  if (login === null) socket.write(Uint8Array.of(5, 0));
  else {
    socket.write(Uint8Array.of(5, 2));
    const given = await next();
    const length = given[1] ?? 0;
    const user = given.subarray(2, 2 + length).toString();
    const isRight = `${user}:${given.subarray(3 + length).toString()}` === login;
    socket.write(Uint8Array.of(1, isRight ? 0 : 1));
    if (!isRight) return socket.end();
  }
  const asked = await next();
  const kind = asked[3];
  const end = asked.length - 2;
  const host =
    kind === 3
      ? `name ${asked.subarray(5, end).toString()}`
      : `address ${asked.subarray(4, end).join(".")}`;
  requests.push(`5 ${host}:${asked.readUInt16BE(end)}`);
  // RFC 1928 s. 6: a port of 1 is one that refuses, for a test.
  const isRefused = asked.readUInt16BE(end) === 1;
  socket.write(Uint8Array.of(5, isRefused ? 5 : 0, 0, 1, 0, 0, 0, 0, 0, 0));
  return isRefused ? socket.end() : join(socket, to);
}

/** One message of the handshake each time: a client waits for the answer to each. */
function reader(socket: Socket): () => Promise<Buffer> {
  return () =>
    new Promise((resolve) => {
      socket.once("data", (bytes: Buffer) => {
        socket.pause();
        resolve(bytes);
        queueMicrotask(() => socket.resume());
      });
    });
}

function join(near: Socket, to: number): void {
  const far = connect(to, "127.0.0.1");
  far.on("error", () => near.destroy());
  near.pipe(far).pipe(near);
}
