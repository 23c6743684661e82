// A WebSocket as literal bytes on a TCP socket (RFC 6455 s. 4, 5), as the other end in tests. Uses nothing of src/.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The example of RFC 6455 s. 1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

export const BINARY = 0x2;
const CLOSE = 0x8;

export interface RawWebSocket extends AsyncDisposable {
  readonly tcp: Socket;
  /** The header of the response. */
  readonly header: string;
  /** Each binary frame that has come. */
  onBinary: (payload: Buffer) => void;
  /** A masked frame (s. 5.3). */
  send(opcode: number, payload: Uint8Array, isLast?: boolean): void;
  /** Resolves with the code of the CLOSE frame when the connection ends; with null when there was none. */
  readonly closed: Promise<number | null>;
}

export interface RawWebSocketOptions {
  readonly host?: string;
  readonly path?: string;
  /** The Host header. */
  readonly name?: string;
  readonly extra?: string;
}

/** The header of the response to a request for a WebSocket, and the connection. */
export async function openRawWebSocket(
  port: number,
  { host = "127.0.0.1", path = "/", name = "relay.example", extra = "" }: RawWebSocketOptions = {},
): Promise<RawWebSocket> {
  const tcp = connect(port, host);
  tcp.on("error", () => {});
  await once(tcp, "connect");
  tcp.write(
    `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${extra}\r\n`,
  );
  let unread = Buffer.alloc(0);
  const head = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<number | null>();
  let isOpen = false;
  let code: number | null = null;
  tcp.on("data", (data: Buffer) => {
    unread = Buffer.concat([unread, data]);
    const end = unread.indexOf("\r\n\r\n");
    if (!isOpen && end !== -1) {
      isOpen = true;
      head.resolve(unread.toString("latin1", 0, end));
      unread = unread.subarray(end + 4);
    }
    if (isOpen) readFrames();
  });
  tcp.on("close", () => {
    head.resolve("");
    closed.resolve(code);
  });

  function readFrames(): void {
    while (unread.length >= 2) {
      const short = (unread[1] ?? 0) & 0x7f;
      const start = short === 126 ? 4 : 2;
      if (unread.length < start) return;
      const length = short === 126 ? unread.readUInt16BE(2) : short;
      if (unread.length < start + length) return;
      const payload = unread.subarray(start, start + length);
      if (unread[0] === (0x80 | BINARY)) raw.onBinary(payload);
      if (unread[0] === (0x80 | CLOSE)) code = payload.readUInt16BE(0);
      unread = unread.subarray(start + length);
    }
  }

  const raw: RawWebSocket = {
    tcp,
    header: await head.promise,
    onBinary: () => {},
    send(opcode, payload, isLast = true) {
      tcp.write(maskedFrame(opcode, payload, isLast));
    },
    closed: closed.promise,
    async [Symbol.asyncDispose]() {
      tcp.destroy();
      await closed.promise;
    },
  };
  return raw;
}

function maskedFrame(opcode: number, payload: Uint8Array, isLast: boolean): Buffer {
  const { length } = payload;
  const first = (isLast ? 0x80 : 0) | opcode;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >>> 8, length & 0xff];
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.from([first, ...size, ...mask, ...masked]);
}
