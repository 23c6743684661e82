// The edge to WebSockets in a browser: see websocket-client.ts. Proxies and certificates are the browser's own business.

import {
  OPEN_TIMEOUT,
  WEBSOCKET_DATAGRAM_LIMIT,
  type WebSocketClient,
  type WebSocketClientOptions,
} from "./websocket-client.ts";

declare global {
  /** Opened before this script was there; see web/early-socket.ts. */
  var earlySocket: WebSocket | undefined;
}

export function openWebSocketClient(options: WebSocketClientOptions): WebSocketClient {
  const socket = takeEarlySocket(options.url) ?? new WebSocket(options.url);
  socket.binaryType = "arraybuffer";
  let isClosed = false;
  const timer = setTimeout(() => {
    closed("no answer");
    socket.close();
  }, OPEN_TIMEOUT);

  /** A browser closes slowly where nobody answers any more, and does not say why a WebSocket could not be opened. */
  function closed(reason: string): void {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(timer);
    options.onClosed(reason);
  }

  function opened(): void {
    clearTimeout(timer);
    if (!isClosed) options.onOpen();
  }

  if (socket.readyState === WebSocket.OPEN) queueMicrotask(opened);
  else socket.addEventListener("open", opened);
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const isDatagram = data instanceof ArrayBuffer && data.byteLength <= WEBSOCKET_DATAGRAM_LIMIT;
    if (isDatagram) options.onMessage(new Uint8Array(data));
    else socket.close();
  });
  socket.addEventListener("close", () => closed("the connection was closed"));
  return {
    get buffered() {
      return socket.bufferedAmount;
    },
    send(message) {
      // A copy, which TypeScript knows to be of no shared memory.
      socket.send(new Uint8Array(message));
    },
    close() {
      socket.close();
      closed("the connection was closed");
    },
  };
}

/** It is taken once, unless it is closed: the other end does not wait for long. Nothing is sent before this end has sent something. */
function takeEarlySocket({ href }: URL): WebSocket | null {
  const early = globalThis.earlySocket;
  if (early?.url !== href) return null;
  globalThis.earlySocket = undefined;
  return early.readyState <= WebSocket.OPEN ? early : null;
}
