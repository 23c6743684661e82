// What a row of the table in docs/http.md is, and how bytes are exchanged with a server.

import { expect } from "bun:test";
import { truncateSync } from "node:fs";
import { connect } from "node:net";

import type { FileServer, ServeOptions } from "../../../harness/file-server.ts";
import { until } from "../../../harness/until.ts";

/** Sent as it is, except END, the end of the client's side; a pattern is waited for. */
export type Step = string | RegExp;

export interface Row {
  /** As in the table. */
  readonly what: string;
  readonly answer: string;
  readonly options?: ServeOptions;
  /** Each is sent on a connection of its own, and all get the same. */
  readonly sent?: readonly (Step | readonly Step[])[];
  /** The statuses of all responses on a connection. */
  readonly statuses?: readonly number[];
  /** Whether the server closes the connection, which it otherwise keeps. */
  readonly closes?: boolean;
  /** What is true besides. */
  check?(server: FileServer, received: string): void | Promise<void>;
}

export const HOST = "Host: localhost\r\n";
export const GET = `GET /a HTTP/1.1\r\n${HOST}\r\n`;
/** A request on the same connection, which shows that the one before it was understood to its end. */
export const NEXT = `GET /b HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

/** A request with a body. */
export function request(start: string, lines: readonly string[], body = ""): string {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const fields = [...lines, ...length].map((line) => `${line}\r\n`).join("");
  return `${start} HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

/** Everything but the shared files "a" and "b". */
export const stored = ({ folder }: FileServer): string[] =>
  folder.list().filter((name) => !/^[ab]$/.test(name));

export function statusesOf(received: string): number[] {
  return Array.from(received.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n<]*\r\n/g), ([, status]) =>
    Number(status),
  );
}

/**
 * What is received on a connection until the server closes it; with "KEPT" at the end until the response to one more request
 * has come, which is left out.
 */
export function talk(server: FileServer, steps: readonly Step[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const left = [...steps];
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";

  function go(): void {
    for (let step = left[0]; step !== undefined; step = left[0]) {
      if (step instanceof RegExp && !step.test(received)) return;
      left.shift();
      if (step === "END") socket.end();
      else if (step === "KEPT") socket.write("BREW /kept HTTP/1.1\r\nHost: localhost\r\n\r\n");
      else if (typeof step === "string") socket.write(Buffer.from(step, "latin1"));
    }
  }
  socket.on("connect", go);
  socket.on("data", (data) => {
    received += data.toString("latin1");
    go();
    const kept = received.lastIndexOf("HTTP/1.1 501 ");
    if (steps.at(-1) !== "KEPT" || kept === -1 || !received.endsWith("501: unknown method\n"))
      return;
    received = received.slice(0, kept);
    socket.destroy();
  });
  socket.on("end", () => socket.end());
  // A connection that is reset: what was received before counts.
  socket.on("error", () => {});
  socket.on("close", () => resolve(received));
  return promise;
}

/** Requests a file of which a client reads the beginning, and cuts it. How many bytes came before the connection was reset. */
export async function shrunk(server: FileServer, request: string, path: string): Promise<number> {
  const entries = server.log.length;
  const socket = connect(server.port, "127.0.0.1");
  const { promise: failed, resolve } = Promise.withResolvers<Error>();
  let length = 0;
  socket.on("error", resolve);
  socket.write(request);
  await new Promise<void>((resume) => {
    socket.on("data", (data) => {
      length += data.length;
      if (length > 1_000_000) resume();
    });
  });
  truncateSync(path, 1_000);
  const error = await failed;
  expect(error.message).toContain("ECONNRESET");
  await until("the log", () => server.log.length > entries);
  return length;
}
