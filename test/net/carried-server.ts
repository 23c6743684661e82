// A server that says each message again, by UDP and WebSockets, and those who join it.

import type { SocketAddress } from "../../src/net/address.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import type { SealedLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket, type SealedSocket } from "../../src/net/sealed-socket.ts";
import {
  openSealedSocketAndWebSockets,
  type WebSocketLimits,
  type WebSocketListener,
} from "../../src/net/websocket-listener.ts";
import { respondWith } from "../../src/protocol/responder.ts";

const PSK = new Uint8Array(32).fill(5);
export const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(1));
const CLIENT_KEYS = generateKeyPair(new Uint8Array(32).fill(2));

export const bytes = (text: string) => new TextEncoder().encode(text);
const text = (message: Uint8Array) => new TextDecoder().decode(message);

export interface EchoServer extends AsyncDisposable {
  readonly links: SealedLink[];
  /** Where datagrams of another wire came from. */
  readonly otherWires: SocketAddress[];
  readonly socket: SealedSocket;
  readonly webSockets: WebSocketListener;
  readonly port: number;
}

export async function openEchoServer(
  limits: Partial<WebSocketLimits> = {},
  bind = "127.0.0.1",
): Promise<EchoServer> {
  const links: SealedLink[] = [];
  const otherWires: SocketAddress[] = [];
  const { socket, webSockets } = await openSealedSocketAndWebSockets(
    {
      bind,
      port: 0,
      staticKeys: SERVER_KEYS,
      respond: respondWith({ admission: PSK }),
      onJoined(link) {
        links.push(link);
        return { onMessages: (messages) => void link.sayAll(messages) };
      },
      onOtherWire: (from) => void otherWires.push(from),
    },
    { limits },
  );
  if (webSockets === null) throw new Error("no WebSockets");
  return {
    links,
    otherWires,
    socket,
    webSockets,
    port: socket.local.port,
    async [Symbol.asyncDispose]() {
      // The other end may have left without a word, since its carrier was closed first.
      for (const link of links) link.abort(1, "the test is over");
      await socket.close();
      await webSockets[Symbol.asyncDispose]();
    },
  };
}

export function openClientSocket(): Promise<SealedSocket> {
  return openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: CLIENT_KEYS,
  });
}

export function join(socket: SealedSocket, to: SocketAddress) {
  const heard: string[] = [];
  const link = socket.join(
    { to, psk: PSK, expected: SERVER_KEYS.publicKey },
    { onMessages: (messages) => void heard.push(...messages.map(text)) },
  );
  return { heard, link };
}
