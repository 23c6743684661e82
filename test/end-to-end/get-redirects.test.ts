// `charla get` and redirects: which are followed, and with which method, body and headers.

import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { echo, openFetchServer, type ReceivedRequest } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

describe("redirects", () => {
  test("redirects are followed up to ten times, and turn POST into GET", async () => {
    await using server = openFetchServer(async (request) => {
      const left = Number(new URL(request.url).searchParams.get("left"));
      if (left > 0) return Response.redirect(`/?left=${left - 1}`, 302);
      return new Response(`${request.method} ${await request.text()}`);
    });
    expect((await runCharla(["get", `${server.at}/?left=10`])).stdout).toBe("GET ");
    expect((await runCharla(["get", "-d", "a", `${server.at}/?left=1`])).stdout).toBe("GET ");
    const { stderr, status } = await runCharla(["get", `${server.at}/?left=11`]);
    expect(stderr).toStartWith("charla: the server redirects more than 10 times\n");
    expect(status).toBe(1);
  });

  test("a redirect with 307 sends the file again", async () => {
    using folder = newFolder();
    folder.write("f", "x".repeat(300_000));
    await using server = openFetchServer(async (request) => {
      // All of it is read first: a server that answers earlier may close the connection, and the answer be lost.
      const { length } = await request.text();
      if (request.url.endsWith("/a")) return Response.redirect("/b", 307);
      return new Response(`${request.method} ${length}`);
    });
    const { stdout } = await runCharla(["get", "-d", `@${folder.path}/f`, `${server.at}/a`]);
    expect(stdout).toBe("POST 300000");
  });

  test.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [307, "POST", "POST", "a"],
    [308, "PUT", "PUT", "a"],
  ])(
    "a redirect with %d turns %s into %s with the body %p",
    async (status, method, becomes, body) => {
      await using server = openFetchServer((request) =>
        request.url.endsWith("/b") ? echo(request) : Response.redirect("/b", status),
      );
      const { stdout } = await runCharla(["get", "-X", method, "-d", "a", `${server.at}/a`]);
      const received: ReceivedRequest = JSON.parse(stdout);
      expect(received).toMatchObject({ method: becomes, path: "/b", body });
      expect(Object.keys(received.headers).includes("content-type")).toBe(body !== "");
    },
  );

  test("a redirect sends credentials and cookies to the same host only", async () => {
    await using other = openFetchServer(echo);
    await using server = openFetchServer((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/there") return echo(request);
      return Response.redirect(pathname === "/own" ? "/there" : `http://${other.at}/`);
    });
    const args = ["get", "-u", "ann:secret", "-H", "Cookie: a=b", "-H", "X-A: b"];
    const own: ReceivedRequest = JSON.parse(
      (await runCharla([...args, `${server.at}/own`])).stdout,
    );
    expect(own.headers).toMatchObject({
      authorization: `Basic ${btoa("ann:secret")}`,
      cookie: "a=b",
      "x-a": "b",
    });
    const received: ReceivedRequest = JSON.parse(
      (await runCharla([...args, `${server.at}/`])).stdout,
    );
    expect(received.headers).toMatchObject({ "x-a": "b" });
    expect(Object.keys(received.headers)).not.toContain("authorization");
    expect(Object.keys(received.headers)).not.toContain("cookie");
  });

  test("a redirect to a local file is refused", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
    });
    const { stdout, stderr, status } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
    expect(stderr).toContain("redirects to file:///etc/passwd, which is neither http nor https\n");
  });

  test.each([
    ["http:/host/x", '"http:/host/x", which is not a URL'],
    ["a\r\nLocation: /b", 'two places, "a" and "/b"'],
  ])("a redirect to %j is refused", async (location, description) => {
    await using server = await openRawServer((socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    });
    const { stderr, status } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect(stderr).toStartWith(`charla: the server redirects to ${description}\n`);
    expect({ status, requests: server.requests.length }).toEqual({ status: 1, requests: 1 });
  });

  test.each([
    ["Location: /b\r\nlocation: /b", 2, "end"],
    // Nowhere to go: the response is what there is.
    ["Location:", 1, "here"],
    ["Location: \t ", 1, "here"],
  ])("a redirect with %j takes %d requests", async (location, requests, body) => {
    await using server = await openRawServer((socket, request) => {
      const isEnd = request.startsWith("GET /b ");
      socket.end(
        isEnd
          ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"
          : `HTTP/1.1 302 Found\r\nConnection: close\r\n${location}\r\nContent-Length: 4\r\n\r\nhere`,
      );
    });
    const { stdout, status } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect({ stdout, status, requests: server.requests.length }).toEqual({
      stdout: body,
      status: 0,
      requests,
    });
  });

  test("the connection is kept across redirects, unless their bodies are long", async () => {
    let connections = 0;
    await using server = await openRawServer((socket, request) => {
      if (socket.bytesWritten === 0) connections += 1;
      const path = request.split(" ")[1];
      if (path === "/c") return socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
      const [to, length] = path === "/b" ? ["/c", 5_000_000] : ["/b", 5];
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: ${length}\r\n\r\n`);
      return socket.write("x".repeat(length));
    });
    const { stdout } = await runCharla(["get", `127.0.0.1:${server.port}/a`]);
    expect({ stdout, connections }).toEqual({ stdout: "end", connections: 2 });
  });

  test("a server that closes a kept connection under a request is asked again on a new one", async () => {
    await using server = await openRawServer((socket, request) => {
      if (request.startsWith("GET /b ") && socket.bytesWritten > 0) return socket.destroy();
      const isEnd = request.startsWith("GET /b ");
      return socket.write(
        isEnd
          ? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"
          : "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
      );
    });
    const { stdout, status } = await runCharla(["get", `127.0.0.1:${server.port}/a`]);
    expect({ stdout, status }).toEqual({ stdout: "end", status: 0 });
  });

  test("--max-redirs follows as many as it says", async () => {
    await using server = openFetchServer(() => Response.redirect("/", 302));
    const { stderr } = await runCharla(["get", "--max-redirs", "2", server.at]);
    expect(stderr).toStartWith("charla: the server redirects more than 2 times\n");
  });

  test("redirects are shown with -v, without escape sequences", async () => {
    await using server = await openRawServer((socket, request) => {
      socket.end(
        request.startsWith("GET / ")
          ? "HTTP/1.1 302 \x1b[2J\r\nLocation: /\x1b[2J\r\nContent-Length: 0\r\n\r\n"
          : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      );
    });
    const { stdout, stderr } = await runCharla(["get", "-v", `127.0.0.1:${server.port}`]);
    expect(stderr).not.toMatch(/[^\n\x20-\x7e]/);
    expect({ stdout, stderr }).toMatchObject({ stdout: expect.any(String) });
  });
});
