// A folder as one file over a socket, as Python's tarfile and zipfile read it, and with clients that disconnect.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, truncateSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { type FileServer, serveFolder } from "../../harness/file-server.ts";
import { run } from "../../harness/program.ts";
import { until } from "../../harness/until.ts";

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

async function serveTree(): Promise<FileServer> {
  const server = await serveFolder();
  mkdirSync(join(server.folder.path, "a b", "deep"), { recursive: true });
  server.folder.write("a b/one.txt", "one");
  server.folder.write("a b/deep/two.txt", "two");
  server.folder.write("a b/.hidden", "hidden");
  server.folder.write("other", "other");
  return server;
}

test("a folder is sent as .tar and .zip, named after it, with everything that its listings show", async () => {
  await using server = await serveTree();
  const names = ["a b/", "a b/deep/", "a b/deep/two.txt", "a b/one.txt"];
  const list = {
    tar: "import tarfile,sys;print([i.name+'/'*i.isdir() for i in tarfile.open(sys.argv[1])])",
    zip: "import zipfile,sys;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(z.namelist())",
  };
  for (const format of ["tar", "zip"] as const) {
    const { status, headers, body } = await server.get(`/a%20b/?archive=${format}`);
    expect(status).toBe(200);
    expect(headers.get("content-disposition")).toBe(`attachment; filename="a b.${format}"`);
    expect(headers.get("content-type")).toBe(
      format === "zip" ? "application/zip" : "application/x-tar",
    );
    server.folder.write("archive", body);
    const archive = join(server.folder.path, "archive");
    const { stdout, stderr } = await run(["python3", "-c", list[format], archive]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout.replaceAll("'", '"'))).toEqual(names);
    const head = await server.get(`/a%20b/?archive=${format}`, {}, "HEAD");
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers.get("content-length")).toBeUndefined();
  }
});

test.each(["/other?archive=zip", "/none/?archive=zip", "/a%20b/.hidden?archive=tar"])(
  "%p is not a folder, and is not archived",
  async (path) => {
    await using server = await serveTree();
    const { headers } = await server.get(path);
    expect(headers.get("content-type")).not.toContain("zip");
    expect(headers.get("content-type")).not.toContain("x-tar");
  },
);

test("an unknown format gets the listing", async () => {
  await using server = await serveTree();
  const { headers } = await server.get("/a%20b/?archive=constructor");
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
});

test.if(process.platform === "linux")("nothing stays open after a client disconnects", async () => {
  await using server = await serveTree();
  truncateSync(join(server.folder.path, "other"), 1_000_000_000);
  server.folder.write("large.txt", "x".repeat(10_000_000));
  await server.get("/");
  const before = descriptors();
  for (const [path, headers] of [
    ["/?archive=tar", ""],
    ["/?archive=zip", ""],
    ["/other", ""],
    ["/large.txt", "Accept-Encoding: gzip\r\n"],
  ] as const) {
    for (let count = 0; count < 5; count++) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
    }
  }
  await until("all to be closed", () => descriptors() <= before);
});
