// `charla get` of several URLs, and files whose names and times come from the server.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";

import { openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** Answers each path with itself, /no with 404. */
function openPathServer() {
  return openFetchServer(({ url }) => {
    const { pathname } = new URL(url);
    return new Response(pathname, { status: pathname === "/no" ? 404 : 200 });
  });
}

describe("several URLs", () => {
  test("bodies of several URLs are printed one after the other, over one connection", async () => {
    let connections = 0;
    await using server = await openRawServer((socket, request) => {
      if (socket.bytesWritten === 0) connections += 1;
      const path = request.split(" ")[1] ?? "";
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
    });
    const at = `127.0.0.1:${server.port}`;
    const { stdout, status } = await runCharla(["get", `${at}/a`, `${at}/b`, `${at}/c`]);
    expect({ stdout, status, connections }).toEqual({
      stdout: "/a/b/c",
      status: 0,
      connections: 1,
    });
  });

  test("one that fails keeps no other from being fetched, and the status is 1", async () => {
    await using server = openPathServer();
    const at = server.at;
    const { stdout, stderr, status } = await runCharla(["get", `${at}/no`, `${at}/b`]);
    expect({ stdout, status }).toEqual({ stdout: "/no/b", status: 1 });
    expect(stderr).toStartWith(`charla: ${at} responded with 404 Not Found\n`);
  });

  test.each([[[]], [["-Z"]]])("each has its file, with %j", async (more) => {
    using folder = newFolder();
    await using server = openPathServer();
    const urls = ["a", "b", "c", "d"].map((name) => `${server.at}/${name}`);
    const run = (...args: string[]) => {
      return runCharla(["get", "-q", ...more, ...args, ...urls], { cwd: folder.path });
    };
    expect(await run("-O")).toEqual({ stdout: "", stderr: "", status: 0 });
    expect(folder.list().map((name) => folder.read(name))).toEqual(["/a", "/b", "/c", "/d"]);
    await run("-o", "1", "-o", "2", "-o", "3", "-o", "4");
    expect(folder.read("3")).toBe("/c");
  });

  test("-Z fetches them side by side", async () => {
    using folder = newFolder();
    const waiting: (() => void)[] = [];
    await using server = openFetchServer(async () => {
      // Nobody gets a response before all have asked.
      const { promise, resolve } = Promise.withResolvers<void>();
      if (waiting.push(resolve) === 3) for (const each of waiting) each();
      await promise;
      return new Response("ok");
    });
    const urls = ["a", "b", "c"].map((name) => `${server.at}/${name}`);
    const { status } = await runCharla(["get", "-ZO", ...urls], { cwd: folder.path });
    expect([status, folder.list()]).toEqual([0, ["a", "b", "c"]]);
  });

  test.each([
    [["-Z", "a", "b"], "bodies of several URLs side by side need files"],
    [["-o", "f", "-o", "f", "a", "b"], "two URLs have the same file"],
    [["-O", "a/x", "b/x"], "two URLs have the same file"],
    [["-o", "f", "-o", "g", "a"], "there are more files than URLs"],
    [["--sha256", "0".repeat(64), "a", "b"], "--sha256 is for one URL"],
  ])("charla get %j is a usage error", async (args, message) => {
    const { stderr, status } = await runCharla(["get", ...args]);
    expect(stderr).toStartWith(`charla: ${message}\n`);
    expect(status).toBe(2);
  });
});

/** Names a file in Content-Disposition. */
function openNamingServer(disposition: string) {
  return openRawServer((socket) => {
    socket.end(
      `HTTP/1.1 200 OK\r\nContent-Disposition: ${disposition}\r\nContent-Length: 3\r\n\r\nnew`,
    );
  });
}

describe("-J", () => {
  test("-J saves under the server's name, which is never that of an existing file", async () => {
    using folder = newFolder();
    folder.write("report.txt", "old");
    await using server = await openNamingServer('attachment; filename="../../report.txt"');
    const run = () => {
      return runCharla(["get", "-OJ", `127.0.0.1:${server.port}/x`], { cwd: folder.path });
    };
    expect((await run()).stderr).toStartWith("saved report.txt.1: 3 B in ");
    expect((await run()).stderr).toStartWith("saved report.txt.2: 3 B in ");
    expect(folder.list()).toEqual(["report.txt", "report.txt.1", "report.txt.2"]);
    expect(["report.txt", "report.txt.1"].map((name) => folder.read(name))).toEqual(["old", "new"]);
  });

  test("-J takes the name of the URL if the server suggests none that can be used", async () => {
    using folder = newFolder();
    await using server = await openNamingServer('attachment; filename=".."');
    const url = `127.0.0.1:${server.port}/x`;
    const { stderr } = await runCharla(["get", "-J", url], { cwd: folder.path });
    expect(stderr).toStartWith("saved x: 3 B in ");
  });
});

test("-R gives a file the time that the server names", async () => {
  using folder = newFolder();
  await using server = openFetchServer(() => {
    return new Response("a", { headers: { "Last-Modified": "Sun, 22 Nov 2015 12:00:00 GMT" } });
  });
  await runCharla(["get", "-R", "-o", "f", server.at], { cwd: folder.path });
  expect(statSync(join(folder.path, "f")).mtimeMs).toBe(Date.UTC(2015, 10, 22, 12));
});

test("-f prints no body of a status of 400 or more, and fails", async () => {
  await using server = openPathServer();
  expect(await runCharla(["get", "-f", `${server.at}/no`])).toEqual({
    stdout: "",
    stderr: `charla: ${server.at} responded with 404 Not Found\nhint: check the path\n`,
    status: 1,
  });
});

describe("the coding of a body", () => {
  test.each(["aws-chunked", "none", "utf-8"])(
    "a body in the unknown coding %s is passed on, with a notice",
    async (coding) => {
      await using server = await openRawServer((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: 2\r\n\r\nab`);
      });
      expect(await runCharla(["get", `127.0.0.1:${server.port}`])).toEqual({
        stdout: "ab",
        stderr: `the body is in the coding "${coding}", which charla does not know: it is passed on as it is\n`,
        status: 0,
      });
    },
  );

  test("--compressed fetches a file compressed, and decompresses it", async () => {
    using folder = newFolder();
    await using server = openFetchServer(({ headers }) => {
      const accepted = headers.get("accept-encoding") ?? "";
      return new Response(Bun.gzipSync(accepted), { headers: { "Content-Encoding": "gzip" } });
    });
    const args = ["get", "-q", "--compressed", "-o", "f", server.at];
    await runCharla(args, { cwd: folder.path });
    expect(folder.read("f")).toBe("gzip, br, zstd");
  });
});
