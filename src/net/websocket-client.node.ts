// The edge to WebSockets under Node.js, on the package `ws`, for Node.js 20 has none: see websocket-client.ts. Its twin for Bun
// is websocket-client.bun.ts.

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { WebSocket } from "ws";

import { systemCode } from "../errors.ts";
import {
  hostOf,
  OPEN_TIMEOUT,
  WEBSOCKET_DATAGRAM_LIMIT,
  type WebSocketClient,
  type WebSocketClientOptions,
} from "./websocket-client.ts";
import { describeFailure, type WebSocketFailure } from "./websocket-failure.ts";

export function openWebSocketClient(options: WebSocketClientOptions): WebSocketClient {
  const { url, proxy } = options;
  let socket: WebSocket | null = null;
  let isOver = false;
  let failure: WebSocketFailure = { code: "", message: "the connection was closed" };

  function open(tunnel: Socket | null): void {
    if (isOver) return void tunnel?.destroy();
    const opened = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: WEBSOCKET_DATAGRAM_LIMIT,
      handshakeTimeout: OPEN_TIMEOUT,
      // The datagrams are sealed (docs/protocol.md s. 19.6).
      rejectUnauthorized: false,
      ...(tunnel === null ? {} : { createConnection: () => tunnel }),
    });
    socket = opened;
    opened.binaryType = "arraybuffer";
    opened.on("open", () => options.onOpen());
    opened.on("message", (data) => {
      if (data instanceof ArrayBuffer) options.onMessage(new Uint8Array(data));
    });
    opened.on("error", fail);
    opened.on("close", end);
  }

  function fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    const isLate = message === "Opening handshake has timed out";
    failure = { code: isLate ? "ETIMEDOUT" : systemCode(cause), message };
  }

  function end(): void {
    if (isOver && socket === null) return;
    isOver = true;
    options.onClosed(describeFailure(failure));
  }

  if (proxy === null) open(null);
  else {
    openTunnel(url, proxy).then(open, (cause: unknown) => {
      fail(cause);
      end();
    });
  }
  return {
    get buffered() {
      return socket?.bufferedAmount ?? 0;
    },
    send: (message) => socket?.send(message),
    close() {
      isOver = true;
      if (socket === null) options.onClosed(describeFailure(failure));
      else socket.close();
    },
  };
}

/** A connection to the URL's host by CONNECT (RFC 9110 s. 9.3.6), with TLS if the URL has. */
async function openTunnel(url: URL, proxy: URL): Promise<Socket> {
  const to = hostOf(url);
  const { username, password } = proxy;
  const credentials = [username, password].map(decodeURIComponent).join(":");
  const authorization =
    username === ""
      ? {}
      : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
  const request = (proxy.protocol === "https:" ? requestHttps : requestHttp)({
    host: proxy.hostname.replaceAll(/[[\]]/g, ""),
    port: proxy.port === "" ? undefined : proxy.port,
    method: "CONNECT",
    path: to,
    headers: { host: to, ...authorization },
    timeout: OPEN_TIMEOUT,
  });
  const tunnel = await new Promise<Socket>((resolve, reject) => {
    request.on("connect", ({ statusCode, statusMessage }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`proxy connection failed: ${statusCode} ${statusMessage}`));
    });
    request.on("response", ({ statusCode, statusMessage }) => {
      reject(new Error(`proxy connection failed: ${statusCode} ${statusMessage}`));
    });
    request.on("timeout", () => request.destroy(new Error("the proxy does not answer")));
    request.on("error", reject);
    request.end();
  });
  if (url.protocol === "ws:") return tunnel;
  const servername = isIP(url.hostname) === 0 && !url.hostname.startsWith("[") ? url.hostname : "";
  return connectTls({ socket: tunnel, servername, rejectUnauthorized: false });
}
