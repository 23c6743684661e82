// `charla get` into files: under their name only when they are whole, gone on with when they are not.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { openFetchServer } from "../harness/fetch-server.ts";
import { type Folder, newFolder } from "../harness/folder.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla, runCharla } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const CONTENT = "0123456789".repeat(10_000);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

interface Served {
  content: string;
  etag: string;
  /** Of each request, its Range. */
  readonly ranges: (string | null)[];
}

/** Serves a file with ranges, as it is at the moment. */
function serve(served: Served) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ headers }) {
      const { content, etag } = served;
      const range = headers.get("range");
      served.ranges.push(range);
      const first = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]);
      if (range === null || headers.get("if-range") !== etag) {
        return new Response(content, { headers: { ETag: etag } });
      }
      const total = content.length;
      if (first >= total) {
        return new Response("", { status: 416, headers: { "Content-Range": `bytes */${total}` } });
      }
      return new Response(content.slice(first), {
        status: 206,
        headers: { ETag: etag, "Content-Range": `bytes ${first}-${total - 1}/${total}` },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/file.txt`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

function file(content = CONTENT): Served {
  return { content, etag: '"one"', ranges: [] };
}

/** As a run that was interrupted has left it. */
function part(content: string, url: string, validator = '"one"') {
  const folder = newFolder();
  folder.write("file.txt.part", content);
  folder.write("file.txt.part.json", JSON.stringify({ url, validator }));
  return folder;
}

describe("a file", () => {
  test("is written under the URL's name with -O, under any with -o", async () => {
    using folder = newFolder();
    await using server = serve(file());
    const { stdout, stderr, status } = await runCharla(["get", "-O", server.url], {
      cwd: folder.path,
    });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
    expect(stderr).toMatch(/^file\.txt has it: 97\.7 KiB in \d+\.\d s\n$/);
    await runCharla(["get", "-q", "-o", "other", server.url], { cwd: folder.path });
    expect(folder.list()).toEqual(["file.txt", "other"]);
    expect([folder.read("file.txt"), folder.read("other")]).toEqual([CONTENT, CONTENT]);
  });

  test("replaces what was there, keeps its permissions, and a link to it stays one", async () => {
    using folder = newFolder();
    folder.write("real", "before");
    symlinkSync("real", join(folder.path, "link"));
    Bun.spawnSync(["chmod", "640", join(folder.path, "real")]);
    await using server = serve(file());
    await runCharla(["get", "-o", "link", server.url], { cwd: folder.path });
    expect([folder.list(), folder.read("real")]).toEqual([["link", "real"], CONTENT]);
    expect(lstatSync(join(folder.path, "link")).isSymbolicLink()).toBe(true);
    expect(statSync(join(folder.path, "real")).mode & 0o777).toBe(0o640);
  });

  test("is not touched by an answer of 404, which is printed", async () => {
    using folder = newFolder();
    folder.write("f", "before");
    const server = Bun.serve({ port: 0, fetch: () => new Response("no", { status: 404 }) });
    const at = `127.0.0.1:${server.port}`;
    const run = await runCharla(["get", "-o", "f", at], { cwd: folder.path });
    expect(run).toMatchObject({ stdout: "no", status: 1 });
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "before"]);
    await runCharla(["get", "--no-fail", "-o", "f", at], { cwd: folder.path });
    expect(folder.read("f")).toBe("no");
    await server.stop(true);
  });

  test("is not touched by an answer of 304 to who has it", async () => {
    using folder = newFolder();
    folder.write("f", "before");
    await using server = openFetchServer(({ headers }) => {
      return new Response(null, { status: headers.get("if-none-match") === '"a"' ? 304 : 200 });
    });
    const run = await runCharla(["get", "-H", 'If-None-Match: "a"', "-o", "f", server.at], {
      cwd: folder.path,
    });
    const stderr = `${server.at} says that it has not changed\n`;
    expect(run).toEqual({ stdout: "", stderr, status: 0 });
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "before"]);
  });

  test("of no bytes is a file of no bytes", async () => {
    using folder = newFolder();
    await using server = openFetchServer(() => new Response(""));
    await runCharla(["get", "-o", "f", server.at], { cwd: folder.path });
    expect([folder.list(), folder.read("f")]).toEqual([["f"], ""]);
  });

  test("is asked for as it is, and its headers are printed with -i", async () => {
    using folder = newFolder();
    const server = Bun.serve({
      port: 0,
      fetch: ({ headers }) => new Response(headers.get("accept-encoding")),
    });
    const { stdout } = await runCharla(["get", "-io", "f", `127.0.0.1:${server.port}`], {
      cwd: folder.path,
    });
    expect(stdout).toStartWith("HTTP/1.1 200 OK\n");
    expect(folder.read("f")).toBe("identity");
    await server.stop(true);
  });

  test("may be something that is no file, which stays", async () => {
    await using server = serve(file());
    expect((await runCharla(["get", "-q", "-o", "/dev/null", server.url])).status).toBe(0);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test.each([
    ["..%2f..%2foutside", "_.._outside"],
    ["%2e%2e%2foutside", "_outside"],
    ["a/..%5c..%5coutside", "_.._outside"],
    ["%00%1b%5b2Joutside", "__[2Joutside"],
    ["-rf", "rf"],
    ["~%2foutside", "_outside"],
    [".bashrc", "bashrc"],
    ["..", "index.html"],
    ["a/", "index.html"],
  ])("of the URL %s is, with -O, %s in the folder one is in", async (path, name) => {
    using outer = newFolder();
    mkdirSync(join(outer.path, "a", "b"), { recursive: true });
    await using server = serve(file());
    const url = new URL(server.url).origin;
    const cwd = join(outer.path, "a", "b");
    const { stderr } = await runCharla(["get", "-O", `${url}/${path}`], { cwd });
    expect(stderr).toStartWith(`${name} has it: `);
    const all = readdirSync(outer.path, { recursive: true, encoding: "utf8" });
    expect(new Set(all)).toEqual(new Set(["a", "a/b", `a/b/${name}`]));
  });

  test("that -O names takes the place of a link, which may lead elsewhere", async () => {
    using folder = newFolder();
    folder.write("precious", "before");
    mkdirSync(join(folder.path, "d"));
    symlinkSync("../precious", join(folder.path, "d", "file.txt"));
    symlinkSync("../precious", join(folder.path, "d", "file.txt.part"));
    symlinkSync("../precious", join(folder.path, "d", "file.txt.part.json"));
    await using server = serve(file());
    await runCharla(["get", "-O", server.url], { cwd: join(folder.path, "d") });
    expect([folder.read("precious"), folder.read("d/file.txt")]).toEqual(["before", CONTENT]);
    expect(lstatSync(join(folder.path, "d", "file.txt")).isSymbolicLink()).toBe(false);
    expect(readdirSync(join(folder.path, "d"))).toEqual(["file.txt"]);
  });

  test("is stdout with -o -", async () => {
    await using server = serve(file());
    expect((await runCharla(["get", "-o", "-", server.url])).stdout).toBe(CONTENT);
  });
});

describe("a file that cannot be written is an error", () => {
  test.each([
    ["nowhere/f", "FILE_NOT_WRITABLE", "nowhere/f cannot be written: there is no such folder"],
    ["d", "FILE_NOT_WRITABLE", "d cannot be written: it is a folder"],
    ["f/g", "FILE_NOT_WRITABLE", "f/g cannot be written: what should be its folder is a file"],
    ["/dev/full", "DISK_FULL", "there is no room for more of /dev/full"],
  ])("%s: %s", async (name, _code, told) => {
    using folder = newFolder();
    folder.write("f", "");
    mkdirSync(join(folder.path, "d"));
    await using server = serve(file());
    const { stderr, status } = await runCharla(["get", "-o", name, server.url], {
      cwd: folder.path,
    });
    expect(stderr).toContain(`charla: ${told}\n`);
    expect(status).toBe(1);
    expect(folder.list()).toEqual(["d", "f"]);
  });
});

describe("the checksum", () => {
  test("that is right lets the file have its name", async () => {
    using folder = newFolder();
    await using server = serve(file());
    const args = ["get", "-q", "-O", "--sha256", sha256(CONTENT).toUpperCase(), server.url];
    expect((await runCharla(args, { cwd: folder.path })).status).toBe(0);
    expect(folder.list()).toEqual(["file.txt"]);
  });

  test("that is wrong leaves nothing, and what was there before", async () => {
    using folder = newFolder();
    folder.write("file.txt", "before");
    await using server = serve(file());
    const args = ["get", "-O", "--sha256", sha256("other"), server.url];
    const { stderr, status } = await runCharla(args, { cwd: folder.path });
    expect(stderr).toStartWith(
      `charla: this is not the file that was asked for: its SHA-256 is ${sha256(CONTENT)}\n`,
    );
    expect(status).toBe(1);
    expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], "before"]);
  });

  test("is of what is printed as well", async () => {
    await using server = serve(file());
    const right = await runCharla(["get", "--sha256", sha256(CONTENT), server.url]);
    expect(right).toEqual({ stdout: CONTENT, stderr: "", status: 0 });
    expect((await runCharla(["get", "--sha256", sha256("other"), server.url])).status).toBe(1);
  });
});

async function resume(served: Served, folder: Folder, url: string): Promise<string> {
  const args = ["get", "--resume", "-O", "--sha256", sha256(served.content), url];
  const { stderr, status } = await runCharla(args, { cwd: folder.path });
  expect({ stderr, status }).toEqual({ stderr: expect.stringContaining(" has it: "), status: 0 });
  expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], served.content]);
  return stderr;
}

describe("--resume", () => {
  test("fetches the rest", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(CONTENT.slice(0, 60_000), server.url);
    expect(await resume(served, folder, server.url)).not.toContain("again");
    expect(served.ranges).toEqual(["bytes=60000-"]);
  });

  test("fetches all of it where it has changed", async () => {
    const served = { ...file("changed"), etag: '"two"' };
    await using server = serve(served);
    using folder = part(CONTENT.slice(0, 60_000), server.url);
    expect(await resume(served, folder, server.url)).toContain("fetching all of it\n");
  });

  test("fetches nothing where all is there", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(CONTENT, server.url);
    await resume(served, folder, server.url);
    expect(served.ranges).toEqual(["bytes=100000-"]);
  });

  test("asks again where there is more than there should be", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(`${CONTENT}more`, server.url);
    await resume(served, folder, server.url);
    expect(served.ranges).toEqual(["bytes=100004-", null]);
  });

  test.each([
    ["of another URL", (url: string) => part(CONTENT.slice(0, 9), `${url}2`), true],
    ["of nothing that is known", (url: string) => part(CONTENT.slice(0, 9), url, "a\nb"), true],
    ["that is empty", (url: string) => part("", url), false],
    ["that there is not", () => newFolder(), false],
  ])("begins at the beginning with a part %s", async (_what, left, isLost) => {
    const served = file();
    await using server = serve(served);
    using folder = left(server.url);
    const told = "file.txt.part cannot be gone on with: it is of something else";
    expect((await resume(served, folder, server.url)).includes(told)).toBe(isLost);
    expect(served.ranges).toEqual([null]);
  });

  test.each([
    [
      "is packed",
      "Content-Encoding: gzip\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nefgh",
    ],
    ["is another part", "Content-Range: bytes 3-7/8\r\nContent-Length: 5\r\n\r\ndefgh"],
    [
      "is of another file",
      'ETag: "two"\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nefgh',
    ],
  ])("takes no rest that %s, and fetches all of it", async (_what, rest) => {
    await using server = await openRawServer((socket, request) => {
      const isRest = request.includes("Range: bytes=4-\r\n");
      socket.end(
        isRest
          ? `HTTP/1.1 206 Partial Content\r\nConnection: close\r\n${rest}`
          : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\nABCDEFGH",
      );
    });
    const url = `http://127.0.0.1:${server.port}/file.txt`;
    using folder = part("abcd", url);
    const told = await resume(file("ABCDEFGH"), folder, url);
    expect(told).toContain("the server has no rest after 4 B, or it has changed");
    expect(server.requests.length).toBe(2);
  });

  test.each([
    [
      "ends before it says",
      "2\r\nef\r\n0\r\n\r\n",
      "ended the connection before the answer was whole",
    ],
    [
      "goes on after it says",
      "6\r\nefghij\r\n0\r\n\r\n",
      "sends more than it says: 10 bytes in all, and not 8",
    ],
  ])("takes no rest for whole that %s", async (_what, chunks, told) => {
    await using server = await openRawServer((socket) => {
      socket.end(
        "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" +
          `Content-Range: bytes 4-7/8\r\n\r\n${chunks}`,
      );
    });
    const url = `http://127.0.0.1:${server.port}/file.txt`;
    using folder = part("abcd", url);
    const { stderr, status } = await runCharla(["get", "--resume", "-O", url], {
      cwd: folder.path,
    });
    expect(stderr).toContain(`${told}\n`);
    expect(status).toBe(1);
    expect(folder.list()).not.toContain("file.txt");
  });

  test("keeps what there is where the server has no such file any more", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    });
    const url = `http://127.0.0.1:${server.port}/file.txt`;
    using folder = part("abcd", url);
    const { stdout, stderr, status } = await runCharla(["get", "--resume", "-O", url], {
      cwd: folder.path,
    });
    expect({ stdout, status }).toEqual({ stdout: "no", status: 1 });
    expect(stderr).toContain("4 B of it are in file.txt.part\n");
    expect(folder.read("file.txt.part")).toBe("abcd");
  });

  test("goes with a file only", async () => {
    expect(await runCharla(["get", "--resume", "localhost"])).toMatchObject({
      stderr: "charla: --resume goes with a file\nhint: -O, or -o FILE\n",
      status: 2,
    });
  });
});

test("without --resume a part that is there is of no use", async () => {
  const served = file();
  await using server = serve(served);
  using folder = part("else", server.url);
  await runCharla(["get", "-O", server.url], { cwd: folder.path });
  expect(served.ranges).toEqual([null]);
  expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], CONTENT]);
});

describe("a file that did not come whole", () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 10\r\n\r\n';

  test("after Ctrl-C is a part, and how to go on is told", async () => {
    using folder = newFolder();
    await using server = await openRawServer((socket) => socket.write(`${HEAD}abcd`));
    const url = `127.0.0.1:${server.port}/`;
    await using program = charla(["get", "-v", "-o", "f", url], { cwd: folder.path });
    await program.until("stderr", "content-length: 10");
    await until(
      "the part",
      () => folder.list().includes("f.part") && folder.read("f.part") === "abcd",
    );
    program.signal("SIGINT");
    expect(await program.exited).toBe(130);
    expect(program.stderr).toEndWith(
      "4 B of it are in f.part\nhint: the same command with --resume goes on with it\n",
    );
    expect(folder.list()).toEqual(["f.part", "f.part.json"]);
  });

  test("after a lost connection is a part, with the error", async () => {
    using folder = newFolder();
    await using server = await openRawServer(async (socket) => {
      socket.write(`${HEAD}abcd`);
      // What comes together with the end is not always heard.
      await until(
        "the part",
        () => folder.list().includes("f.part") && folder.read("f.part") === "abcd",
      );
      socket.end();
    });
    const url = `127.0.0.1:${server.port}/f`;
    const { stderr, status } = await runCharla(["get", "-O", url], { cwd: folder.path });
    expect(status).toBe(1);
    expect(stderr).toContain("4 B of it are in f.part\n");
    expect(stderr).toContain("ended the connection before the answer was whole\n");
    expect(folder.list()).toEqual(["f.part", "f.part.json"]);
  });

  test("because it is too long leaves nothing", async () => {
    using folder = newFolder();
    const server = Bun.serve({
      port: 0,
      // Its length is not told.
      fetch: () => new Response(new Blob([CONTENT]).stream()),
    });
    const url = `127.0.0.1:${server.port}/f`;
    const args = ["get", "--max-bytes", "10", "-O", url];
    const { stderr, status } = await runCharla(args, { cwd: folder.path });
    expect({ stderr, status }).toMatchObject({
      stderr: "charla: the body is longer than 10 bytes\nhint: --max-bytes N takes more\n",
      status: 1,
    });
    expect(folder.list()).toEqual([]);
    await server.stop(true);
  });
});
