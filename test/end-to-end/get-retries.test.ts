// `charla get --retry`: which requests are sent again, and when.

import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

describe("retries", () => {
  test("--retry sends a request again after a temporary failure, after the time in Retry-After", async () => {
    let responses = 0;
    await using server = openFetchServer(() => {
      responses += 1;
      return responses < 3
        ? new Response("later", { status: 503, headers: { "Retry-After": "0" } })
        : new Response("now");
    });
    expect(await runCharla(["get", "--retry", "2", server.at])).toEqual({
      stdout: "now",
      stderr: `${server.at} responded with 503 Service Unavailable; trying again in 1 s\n`.repeat(
        2,
      ),
      status: 0,
    });
  });

  test("the body of the last response is printed when the retries are used up", async () => {
    await using server = openFetchServer(
      () => new Response("later", { status: 503, headers: { "Retry-After": "0" } }),
    );
    const { stdout, status } = await runCharla(["get", "-q", "--retry", "1", server.at]);
    expect({ stdout, status }).toEqual({ stdout: "later", status: 1 });
  });

  test("--retry never sends a POST twice", async () => {
    let responses = 0;
    await using server = openFetchServer(() => {
      responses += 1;
      return new Response("later", { status: 503, headers: { "Retry-After": "0" } });
    });
    await runCharla(["get", "--retry", "3", "-d", "a", server.at]);
    expect(responses).toBe(1);
  });

  test("a retry resumes a file after a lost connection", async () => {
    using folder = newFolder();
    await using server = await openRawServer(async (socket, request) => {
      const head = 'HTTP/1.1 %\r\nETag: "a"\r\nConnection: close\r\nContent-Length: ';
      if (!request.includes("Range: bytes=4-")) {
        socket.write(`${head.replace("%", "200 OK")}8\r\n\r\nabcd`);
        // Bytes that arrive together with the end of the connection may be lost.
        await until("the part", () => {
          return folder.list().includes("f.part") && folder.read("f.part") === "abcd";
        });
        socket.end();
      } else {
        socket.write(`${head.replace("%", "206 Partial Content")}4\r\n`);
        socket.end("Content-Range: bytes 4-7/8\r\n\r\nefgh");
      }
    });
    const { stderr, status } = await runCharla(
      ["get", "--retry", "1", "-O", `127.0.0.1:${server.port}/f`],
      { cwd: folder.path },
    );
    expect(stderr).toContain("trying again in 1 s\n");
    expect(status).toBe(0);
    expect(server.requests[1]).toContain('If-Range: "a"\r\n');
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "abcdefgh"]);
  });

  test("retries are given up if the server asks for an hour, and the response is printed", async () => {
    await using server = openFetchServer(
      () => new Response("in an hour", { status: 429, headers: { "Retry-After": "3600" } }),
    );
    const { stdout, stderr, status } = await runCharla(["get", "--retry", "1", server.at]);
    expect({ stdout, status }).toEqual({ stdout: "in an hour", status: 1 });
    expect(stderr).toStartWith(`charla: ${server.at} responded with 429 Too Many Requests\n`);
  });

  test("a retry waits until the date in Retry-After", async () => {
    let responses = 0;
    await using server = openFetchServer(() => {
      responses += 1;
      const past = new Date(Date.now() - 60_000).toUTCString();
      return responses === 1
        ? new Response("later", { status: 503, headers: { "Retry-After": past } })
        : new Response("now");
    });
    const { stdout, stderr } = await runCharla(["get", "--retry", "1", server.at]);
    expect({ stdout, stderr }).toEqual({
      stdout: "now",
      stderr: `${server.at} responded with 503 Service Unavailable; trying again in 1 s\n`,
    });
  });

  test("a POST is sent again if no server has received it", async () => {
    const port = await reservePort();
    await using program = charla(["get", "--retry", "5", "-d", "a", `127.0.0.1:${port}`]);
    await program.until("stderr", "no server is listening at 127.0.0.1");
    const server = Bun.serve({
      port,
      hostname: "127.0.0.1",
      fetch: async (request) => new Response(`received ${await request.text()}`),
    });
    expect(await program.exited).toBe(0);
    expect(program.stdout).toBe("received a");
    await server.stop(true);
  });

  test("Ctrl-C ends a wait for the next retry", async () => {
    await using server = openFetchServer(
      () => new Response("later", { status: 503, headers: { "Retry-After": "500" } }),
    );
    await using program = charla(["get", "--retry", "1", server.at]);
    await program.until("stderr", "trying again in 8 min 20 s\n");
    program.signal("SIGINT");
    expect(await program.exited).toBe(130);
  });

  test("a retry starts over if the request asked for a range", async () => {
    using folder = newFolder();
    await using server = await openRawServer(async (socket) => {
      const isFirst = server.requests.length === 1;
      const head = 'HTTP/1.1 206 Partial Content\r\nETag: "a"\r\nConnection: close\r\n';
      socket.write(`${head}Content-Range: bytes 2-5/8\r\nContent-Length: 4\r\n\r\n`);
      socket.write(isFirst ? "cd" : "cdef");
      if (isFirst) await until("the part", () => folder.list().includes("f.part"));
      socket.end();
    });
    const args = ["get", "--retry", "1", "-H", "Range: bytes=2-5", "-O"];
    const { status } = await runCharla([...args, `127.0.0.1:${server.port}/f`], {
      cwd: folder.path,
    });
    expect(status).toBe(0);
    expect(server.requests.map((request) => /Range: .*/.exec(request)?.[0])).toEqual([
      "Range: bytes=2-5",
      "Range: bytes=2-5",
    ]);
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "cdef"]);
  });
});
