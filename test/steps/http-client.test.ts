import { describe, expect } from "bun:test";
import { createServer, type Socket } from "node:net";

import { LOOPBACKS } from "../harness/loopback.ts";
import { testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { run, start } from "../harness/program.ts";
import { command, folder } from "./lesson.ts";

/** A bare TCP server, which gives each connection to `talk`. */
async function listen(address: string, talk: (socket: Socket) => void) {
  const server = createServer(talk);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no port was given");
  return {
    port: String(bound.port),
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `count` bytes in which no part looks like another: 0,1,2,3 and so on. */
function digits(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index},`)
    .join("")
    .slice(0, count);
}

describe("the HTTP client step", () => {
  for (const address of LOOPBACKS) {
    testWith([], `At ${address} it asks for / and prints what comes until the end.`, async () => {
      let request = "";
      await using server = await listen(address, (socket) => {
        socket.on("data", (chunk) => {
          request += chunk.toString();
          if (request.endsWith("\r\n\r\n")) socket.end("short answer\n");
        });
      });
      const client = await run(command("TypeScript", "http-client/client", address, server.port));
      expect(client).toEqual({ stdout: "short answer\n", stderr: "", status: 0 });
      expect(request).toBe(`GET / HTTP/1.0\r\nHost: ${address}\r\n\r\n`);
    });

    testWith([], `At ${address} it prints 2,048 bytes of a long answer and closes.`, async () => {
      const closed = Promise.withResolvers<void>();
      await using server = await listen(address, (socket) => {
        socket.on("close", () => closed.resolve());
        socket.on("error", () => closed.resolve());
        socket.resume();
        socket.write(digits(100_000));
      });
      const client = await run(command("TypeScript", "http-client/client", address, server.port));
      expect(client.stdout).toBe(digits(2048));
      expect(client.status).toBe(0);
      await closed.promise;
    });

    testWith(["python3"], `It gets the front page of Python's server at ${address}.`, async () => {
      await using shared = await folder({ "index.html": "<p>é 日本 🎉</p>\n" });
      await using server = start([
        "python3",
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        address,
        "--directory",
        shared.path,
      ]);
      const [, port = ""] = await server.until("stdout", / port (\d+) /);
      const client = await run(command("TypeScript", "http-client/client", address, port));
      expect(client.stdout).toStartWith("HTTP/1.0 200 OK\r\n");
      expect(client.stdout).toEndWith("\r\n\r\n<p>é 日本 🎉</p>\n");
      expect(client.status).toBe(0);
    });
  }

  testWith([], "It prints exactly 2,048 bytes of an answer that comes in odd pieces.", async () => {
    const answer = digits(3000);
    const connected = Promise.withResolvers<Socket>();
    await using server = await listen("127.0.0.1", (socket) => {
      socket.on("error", () => {});
      socket.resume();
      connected.resolve(socket);
    });
    await using client = start(
      command("TypeScript", "http-client/client", "127.0.0.1", server.port),
    );
    const socket = await connected.promise;
    let sent = 0;
    for (const size of [1, 999, 1047]) {
      socket.write(answer.slice(sent, sent + size));
      sent += size;
      // Each piece is printed before the next is sent, so none of them can travel together.
      await client.until("stdout", answer.slice(0, sent));
    }
    socket.write(answer.slice(sent));
    expect(await client.exited).toBe(0);
    expect(client.stdout).toBe(answer.slice(0, 2048));
  });

  testWith([], "It closes after 2,048 bytes even when no more follow.", async () => {
    await using server = await listen("127.0.0.1", (socket) => {
      socket.on("error", () => {});
      socket.resume();
      socket.write(digits(2048));
    });
    const client = await run(command("TypeScript", "http-client/client", "127.0.0.1", server.port));
    expect(client).toEqual({ stdout: digits(2048), stderr: "", status: 0 });
  });

  testWith([], "It gets the list of files from the HTTP server step.", async () => {
    await using shared = await folder({ "hello.txt": "hello\n" });
    await using server = start(command("TypeScript", "http-server/server", "0"), {
      cwd: shared.path,
    });
    const [, port = ""] = await server.until("stdout", /localhost:(\d+)\n/);
    const client = await run(command("TypeScript", "http-client/client", "localhost", port));
    expect(client.stdout).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(client.stdout).toContain('<li><a href="/hello.txt">hello.txt</a></li>');
    expect(client.status).toBe(0);
  });

  testWith([], "It fails and says why when nobody listens.", async () => {
    const port = String(await reservePort());
    const client = await run(command("TypeScript", "http-client/client", "127.0.0.1", port));
    expect(client.status).toBe(1);
    expect(client.stdout).toBe("");
    expect(client.stderr).toContain("ECONNREFUSED");
  });
});
