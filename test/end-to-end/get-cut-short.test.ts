// `charla get` of a body that ends in every way a connection can end: what is not complete is never saved as a whole file
// (RFC 9112 s. 6.3, 7.1, 8).

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { AUTHORITY, KEY, TRUSTED } from "../harness/certificates.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const OK = "HTTP/1.1 200 OK\r\n";
const TO_THE_END = `${OK}\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LENGTH = `${OK}Content-Length: 10\r\n\r\n`;

const CUT: readonly (readonly [string, string])[] = [
  ["of unknown length", `${TO_THE_END}hello`],
  ["of unknown length by HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello"],
  ["in the middle of its length", `${LENGTH}hello`],
  ["in the middle of a chunk", `${CHUNKED}8\r\nhello`],
  ["after a chunk", `${CHUNKED}5\r\nhello\r\n`],
  ["in the size of the last chunk", `${CHUNKED}5\r\nhello\r\n0`],
  ["after the size of the last chunk", `${CHUNKED}5\r\nhello\r\n0\r\n`],
  ["in the trailer", `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n`],
];

/** Sends `text`, and ends the connection with `end` once `received` is in the part of the file f. */
function serveCut(text: string, end: (socket: Socket) => void, received: () => boolean) {
  return openRawServer(async (socket) => {
    socket.write(text);
    await until("the part", received);
    end(socket);
  });
}

const reset = (socket: Socket) => void socket.resetAndDestroy();
const close = (socket: Socket) => void socket.end();

describe("a body that is cut", () => {
  test.each([
    ...CUT.map(([where, text]) => [where, "reset", text, reset] as const),
    // Closing is how a body of unknown length ends.
    ...CUT.slice(2).map(([where, text]) => [where, "closed", text, close] as const),
  ])(
    "a body %s, by a connection that is %s, is kept as a part",
    async (_where, _how, text, end) => {
      using folder = newFolder();
      const received = () => folder.list().includes("f.part") && folder.read("f.part") === "hello";
      await using server = await serveCut(text, end, received);
      const url = `127.0.0.1:${server.port}/f`;
      const { stderr, status } = await runCharla(["get", "-O", url], { cwd: folder.path });
      expect(stderr).toStartWith("5 B are in f.part\n");
      expect(stderr).toContain(
        `charla: 127.0.0.1:${server.port} closed the connection before the response was complete\n`,
      );
      expect({ status, files: folder.list() }).toEqual({ status: 1, files: ["f.part"] });
    },
  );

  test("a body that a reset has cut is fetched again with --retry", async () => {
    using folder = newFolder();
    await using server = await openRawServer((socket) => {
      if (server.requests.length > 1) return socket.end(`${TO_THE_END}hello, all`);
      return socket.write(`${TO_THE_END}hello`, () => socket.resetAndDestroy());
    });
    const url = `127.0.0.1:${server.port}/f`;
    const { stderr, status } = await runCharla(["get", "--retry", "1", "-O", url], {
      cwd: folder.path,
    });
    expect(stderr).toContain("; trying again in 1 s\n");
    expect(status).toBe(0);
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "hello, all"]);
  });

  test("what has arrived of a body together with its early end is printed", async () => {
    await using server = await openRawServer((socket) => socket.end(`${LENGTH}hello`));
    const { stdout, status } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect({ stdout, status }).toEqual({ stdout: "hello", status: 1 });
  });
});

/**
 * A server of TLS behind a relay on the path: it sends `text`, and once that is `received` either says that it ends
 * (close_notify), or the relay closes the connection in its place.
 */
async function serveTls(text: string, says: boolean, received: () => boolean) {
  const server = createTlsServer({ cert: TRUSTED, key: KEY }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(text);
      void until("the part", received).then(() => (says ? socket.end() : nearest?.end()));
    });
  });
  let nearest: Socket | null = null;
  const relay = createServer((near) => {
    const far = connect(portOf(server), "127.0.0.1");
    nearest = near;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => {}).on("data", (bytes) => to.write(bytes));
      from.on("end", () => to.end());
    }
  });
  await Promise.all([server, relay].map((each) => once(each.listen(0, "127.0.0.1"), "listening")));
  return {
    port: portOf(relay),
    [Symbol.dispose]() {
      relay.close();
      server.close();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

describe("a body of unknown length over TLS (RFC 8446 s. 6.1)", () => {
  test.each([
    ["is complete when the server says so", true, 0, ["ca.pem", "f"]],
    ["is cut when the connection ends below TLS", false, 1, ["ca.pem", "f.part"]],
  ])("a body over TLS %s", async (_what, says, expected, files) => {
    using folder = newFolder();
    folder.write("ca.pem", AUTHORITY);
    const received = () => folder.list().includes("f.part") && folder.read("f.part") === "hello";
    using server = await serveTls(`${TO_THE_END}hello`, says, received);
    const url = `https://localhost:${server.port}/f`;
    const { stderr, status } = await runCharla(["get", "--cacert", "ca.pem", "-O", url], {
      cwd: folder.path,
    });
    expect({ status, files: folder.list() }).toEqual({ status: expected, files });
    expect(stderr.includes("closed the connection before the response was complete")).toBe(!says);
  });
});

describe("a body that is complete", () => {
  test.each([
    ["of unknown length, closed", `${TO_THE_END}hello`, close],
    ["as long as it says, and reset then", `${OK}Content-Length: 5\r\n\r\nhello`, reset],
    ["with its last chunk, and reset then", `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, reset],
    ["with a trailer", `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n\r\n`, close],
    ["after lines that end in a bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", close],
    [
      "after an interim response",
      `HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n${TO_THE_END}hello`,
      close,
    ],
  ])("a body %s is a success", async (_what, text, end) => {
    await using server = await openRawServer((socket) => socket.write(text, () => end(socket)));
    const { stdout, stderr, status } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect({ stdout, stderr, status }).toEqual({ stdout: "hello", stderr: "", status: 0 });
  });
});
