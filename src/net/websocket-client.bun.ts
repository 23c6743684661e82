// The edge to WebSockets under Bun, on its own client, which speaks CONNECT to proxies: see websocket-client.ts. Its twin for
// Node.js is websocket-client.node.ts.

import {
  OPEN_TIMEOUT,
  WEBSOCKET_DATAGRAM_LIMIT,
  type WebSocketClient,
  type WebSocketClientOptions,
} from "./websocket-client.ts";
import { describeFailure, type WebSocketFailure } from "./websocket-failure.ts";

/** Codes of RFC 6455 s. 7.4.1. */
const UNSUPPORTED_DATA = 1003;
const TOO_LONG = 1009;
/** What Bun 1.4.5 says before the reason. */
const PREFIX = /^WebSocket connection to '[^']*' failed: /;

export function openWebSocketClient(options: WebSocketClientOptions): WebSocketClient {
  const { url, proxy } = options;
  const settings: Bun.WebSocketOptions = {
    perMessageDeflate: false,
    // The datagrams are sealed (docs/protocol.md s. 19.6).
    tls: { rejectUnauthorized: false },
    ...(proxy === null ? {} : { proxy }),
  };
  const socket = new WebSocket(url, settings);
  socket.binaryType = "arraybuffer";
  let failure: WebSocketFailure = { code: "", message: "the connection was closed" };
  const timer = setTimeout(() => {
    failure = { code: "ETIMEDOUT", message: "no answer" };
    socket.terminate();
  }, OPEN_TIMEOUT);

  socket.addEventListener("open", () => {
    clearTimeout(timer);
    options.onOpen();
  });
  socket.addEventListener("message", ({ data }) => {
    if (!(data instanceof ArrayBuffer)) socket.close(UNSUPPORTED_DATA);
    // Bun 1.4.5 can't be given a limit of its own; the longest that it takes has 128 MiB.
    else if (data.byteLength > WEBSOCKET_DATAGRAM_LIMIT) socket.close(TOO_LONG);
    else options.onMessage(new Uint8Array(data));
  });
  socket.addEventListener("error", ({ message, error }) => {
    if (failure.code === "ETIMEDOUT") return;
    failure = { code: codeOf(error, message), message: message.replace(PREFIX, "") };
  });
  socket.addEventListener("close", () => {
    clearTimeout(timer);
    options.onClosed(describeFailure(failure));
  });
  return {
    get buffered() {
      return socket.bufferedAmount;
    },
    send(message) {
      // A copy, which TypeScript knows to be of no shared memory.
      socket.send(new Uint8Array(message));
    },
    close() {
      if (socket.readyState === WebSocket.OPEN) socket.close();
      else socket.terminate();
    },
  };
}

function codeOf(error: unknown, message: string): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return /\b(E[A-Z_]+)$/.exec(message)?.[1] ?? "";
}
