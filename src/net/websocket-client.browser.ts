// The edge to WebSockets in a browser: see websocket-client.ts. Proxies and certificates are the browser's own business.

import {
  OPEN_TIMEOUT,
  WEBSOCKET_DATAGRAM_LIMIT,
  type WebSocketClient,
  type WebSocketClientOptions,
} from "./websocket-client.ts";

export function openWebSocketClient(options: WebSocketClientOptions): WebSocketClient {
  const socket = new WebSocket(options.url);
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

  socket.addEventListener("open", () => {
    clearTimeout(timer);
    if (!isClosed) options.onOpen();
  });
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
