// A folder served in this process on a free port, with requests to it written byte for byte on a socket.

import { connect } from "node:net";

import { type FileServerOptions, openFileServer } from "../../src/http/server/file-server.ts";
import type { RequestEntry } from "../../src/http/server/request-log.ts";
import { type Folder, newFolder } from "./folder.ts";

export interface FileServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly folder: Folder;
  /** The log so far. */
  readonly log: RequestEntry[];
  /** Requests a path exactly as written. Responses are not decompressed, redirects not followed. */
  get(path: string, headers?: Record<string, string>, method?: string): Promise<FileServerResponse>;
  /** Sends these bytes, and resolves with everything that is received until the server closes the connection. */
  raw(request: string): Promise<string>;
}

export interface FileServerResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly text: string;
}

export type ServeOptions = Partial<Omit<FileServerOptions, "folder" | "addresses" | "port">>;

/** @param folder removed with the server; a new one by default */
export async function serveFolder(
  options: ServeOptions = {},
  folder: Folder = newFolder(),
): Promise<FileServer> {
  const log: RequestEntry[] = [];
  const server = await openFileServer({
    folder: folder.path,
    addresses: ["127.0.0.1"],
    port: 0,
    dotfiles: false,
    followSymlinks: false,
    listing: true,
    spa: false,
    crossOrigin: false,
    credentials: null,
    upload: null,
    manage: false,
    tls: null,
    hosts: [],
    trustedProxies: [],
    log: (entry) => log.push(entry),
    ...options,
  });
  const { port } = server;

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    folder,
    log,
    async get(path, headers = {}, method = "GET") {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const request = `${method} ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n${lines.join("")}\r\n`;
      return parseResponse(await exchange(port, request));
    },
    raw: async (request) => (await exchange(port, request)).toString("latin1"),
    async [Symbol.asyncDispose]() {
      await server.close(0);
      folder[Symbol.dispose]();
    },
  };
}

/** Everything that is received on a connection until the server closes it. */
export function exchange(port: number, request: string | Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (piece) => pieces.push(Buffer.from(piece)));
    // A server that refuses a body resets the connection; what it sent before counts.
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(pieces)));
    socket.write(request);
  });
}

/** @throws if the response is malformed or incomplete */
export function parseResponse(bytes: Buffer): FileServerResponse {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  if (end === -1 || Number.isNaN(status))
    throw new Error(`no response: ${bytes.toString("latin1")}`);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunked(rest) : rest;
  return { status, headers, body, text: body.toString("utf8") };
}

/** RFC 9112 s. 7.1 */
function unchunked(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  if (bytes.length === 0) return bytes;
  throw new Error("the last chunk is missing");
}
