// `charla get` into files: a file gets its name when it is complete, and an incomplete one can be resumed.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { openFetchServer } from "../harness/fetch-server.ts";
import { type Folder, newFolder } from "../harness/folder.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const CONTENT = "0123456789".repeat(10_000);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

interface ServedFile {
  content: string;
  etag: string;
  /** The Range of each request. */
  readonly ranges: (string | null)[];
}

/** Serves a file with ranges, in its current state. */
function serve(served: ServedFile) {
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

function file(content = CONTENT): ServedFile {
  return { content, etag: '"one"', ranges: [] };
}

/** A folder with the part of an interrupted run. */
function part(content: string, url: string, validator = '"one"') {
  const folder = newFolder();
  folder.write("file.txt.part", content);
  folder.write("file.txt.part.json", JSON.stringify({ url, validator }));
  return folder;
}

describe("a file", () => {
  test("a file gets the name from the URL with -O, and any name with -o", async () => {
    using folder = newFolder();
    await using server = serve(file());
    const { stdout, stderr, status } = await runCharla(["get", "-O", server.url], {
      cwd: folder.path,
    });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
    expect(stderr).toMatch(/^saved file\.txt: 97\.7 KiB in \d+\.\d s\n$/);
    await runCharla(["get", "-q", "-o", "other", server.url], { cwd: folder.path });
    expect(folder.list()).toEqual(["file.txt", "other"]);
    expect([folder.read("file.txt"), folder.read("other")]).toEqual([CONTENT, CONTENT]);
  });

  test("a file replaces an existing one, whose permissions and links stay", async () => {
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

  test("a link to a file that does not exist yet stays, and the file comes to be", async () => {
    using folder = newFolder();
    mkdirSync(join(folder.path, "d"));
    symlinkSync("d/link", join(folder.path, "link"));
    symlinkSync("real", join(folder.path, "d", "link"));
    symlinkSync("loop", join(folder.path, "loop"));
    await using server = serve(file());
    await runCharla(["get", "-o", "link", server.url], { cwd: folder.path });
    expect([folder.list(), folder.read("d/real")]).toEqual([["d", "link", "loop"], CONTENT]);
    expect(lstatSync(join(folder.path, "link")).isSymbolicLink()).toBe(true);
    const { stderr } = await runCharla(["get", "-o", "loop", server.url], { cwd: folder.path });
    expect(stderr).toStartWith("charla: cannot write loop: too many symbolic links\n");
  });

  test("a folder in the place of the part is an error, and stays", async () => {
    using folder = newFolder();
    mkdirSync(join(folder.path, "f.part", "x"), { recursive: true });
    await using server = serve(file());
    for (const more of [[], ["--resume"]]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { stderr, status } = await runCharla(["get", ...more, "-o", "f", server.url], {
        cwd: folder.path,
      });
      expect(stderr).toStartWith("charla: cannot write f: ");
      expect(stderr.split("\n").length).toBe(3);
      expect([status, folder.list()]).toEqual([1, ["f.part"]]);
    }
  });

  test("a file is not changed by a 404, whose body is printed", async () => {
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

  test("a file is not changed by a 304", async () => {
    using folder = newFolder();
    folder.write("f", "before");
    await using server = openFetchServer(({ headers }) => {
      return new Response(null, { status: headers.get("if-none-match") === '"a"' ? 304 : 200 });
    });
    const run = await runCharla(["get", "-H", 'If-None-Match: "a"', "-o", "f", server.at], {
      cwd: folder.path,
    });
    const stderr = `${server.at}: not changed\n`;
    expect(run).toEqual({ stdout: "", stderr, status: 0 });
    expect([folder.list(), folder.read("f")]).toEqual([["f"], "before"]);
  });

  test("a file may be empty", async () => {
    using folder = newFolder();
    await using server = openFetchServer(() => new Response(""));
    await runCharla(["get", "-o", "f", server.at], { cwd: folder.path });
    expect([folder.list(), folder.read("f")]).toEqual([["f"], ""]);
  });

  test("a file is requested uncompressed, and -i prints the headers", async () => {
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

  test("a device can be written, and stays one", async () => {
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
  ])("with -O the file of the URL %s is called %s in the current folder", async (path, name) => {
    using outer = newFolder();
    mkdirSync(join(outer.path, "a", "b"), { recursive: true });
    await using server = serve(file());
    const url = new URL(server.url).origin;
    const cwd = join(outer.path, "a", "b");
    const { stderr } = await runCharla(["get", "-O", `${url}/${path}`], { cwd });
    expect(stderr).toStartWith(`saved ${name}: `);
    const all = readdirSync(outer.path, { recursive: true, encoding: "utf8" });
    expect(new Set(all)).toEqual(new Set(["a", "a/b", `a/b/${name}`]));
  });

  test("with -O a file replaces a symbolic link instead of following it", async () => {
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

  test("with -o - the file is printed on stdout", async () => {
    await using server = serve(file());
    expect((await runCharla(["get", "-o", "-", server.url])).stdout).toBe(CONTENT);
  });
});

describe("a file that cannot be written", () => {
  test.each([
    ["nowhere/f", "FILE_NOT_WRITABLE", "cannot write nowhere/f: no such file or folder"],
    ["d", "FILE_NOT_WRITABLE", "cannot write d: it is a folder"],
    ["f/g", "FILE_NOT_WRITABLE", "cannot write f/g: its folder is a file"],
    ["n".repeat(300), "FILE_NOT_WRITABLE", `cannot write ${"n".repeat(300)}: the name is too long`],
    ["/dev/full", "DISK_FULL", "no space left for /dev/full"],
  ])("writing to %s is the error %s", async (name, _code, message) => {
    using folder = newFolder();
    folder.write("f", "");
    mkdirSync(join(folder.path, "d"));
    await using server = serve(file());
    const { stderr, status } = await runCharla(["get", "-o", name, server.url], {
      cwd: folder.path,
    });
    expect(stderr).toContain(`charla: ${message}\n`);
    expect(status).toBe(1);
    expect(folder.list()).toEqual(["d", "f"]);
  });
});

describe("the checksum", () => {
  test("a file with the right checksum gets its name", async () => {
    using folder = newFolder();
    await using server = serve(file());
    const args = ["get", "-q", "-O", "--sha256", sha256(CONTENT).toUpperCase(), server.url];
    expect((await runCharla(args, { cwd: folder.path })).status).toBe(0);
    expect(folder.list()).toEqual(["file.txt"]);
  });

  test("a file with a wrong checksum is removed, and an existing file stays", async () => {
    using folder = newFolder();
    folder.write("file.txt", "before");
    await using server = serve(file());
    const args = ["get", "-O", "--sha256", sha256("other"), server.url];
    const { stderr, status } = await runCharla(args, { cwd: folder.path });
    expect(stderr).toStartWith(
      `charla: the checksum is wrong: the SHA-256 of the body is ${sha256(CONTENT)}\n`,
    );
    expect(status).toBe(1);
    expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], "before"]);
  });

  test("the checksum is checked for stdout, too", async () => {
    await using server = serve(file());
    const right = await runCharla(["get", "--sha256", sha256(CONTENT), server.url]);
    expect(right).toEqual({ stdout: CONTENT, stderr: "", status: 0 });
    expect((await runCharla(["get", "--sha256", sha256("other"), server.url])).status).toBe(1);
  });
});

async function resume(served: ServedFile, folder: Folder, url: string): Promise<string> {
  const args = ["get", "--resume", "-O", "--sha256", sha256(served.content), url];
  const { stderr, status } = await runCharla(args, { cwd: folder.path });
  expect({ stderr, status }).toEqual({
    stderr: expect.stringMatching(/^(?:.*\n)*saved file\.txt: /),
    status: 0,
  });
  expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], served.content]);
  return stderr;
}

describe("--resume", () => {
  test("--resume fetches the rest", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(CONTENT.slice(0, 60_000), server.url);
    expect(await resume(served, folder, server.url)).not.toContain("fetching everything");
    expect(served.ranges).toEqual(["bytes=60000-"]);
  });

  test("--resume fetches everything if the file has changed", async () => {
    const served = { ...file("changed"), etag: '"two"' };
    await using server = serve(served);
    using folder = part(CONTENT.slice(0, 60_000), server.url);
    expect(await resume(served, folder, server.url)).toContain("fetching everything\n");
  });

  test("--resume fetches nothing if the part is complete", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(CONTENT, server.url);
    await resume(served, folder, server.url);
    expect(served.ranges).toEqual(["bytes=100000-"]);
  });

  test("--resume starts over if the part is longer than the file", async () => {
    const served = file();
    await using server = serve(served);
    using folder = part(`${CONTENT}more`, server.url);
    await resume(served, folder, server.url);
    expect(served.ranges).toEqual(["bytes=100004-", null]);
  });

  test.each([
    ["of another URL", (url: string) => part(CONTENT.slice(0, 9), `${url}2`), true],
    ["with a malformed note", (url: string) => part(CONTENT.slice(0, 9), url, "a\nb"), true],
    ["that is empty", (url: string) => part("", url), false],
    ["that is missing", () => newFolder(), false],
  ])("--resume starts from the beginning with a part %s", async (_what, left, isLost) => {
    const served = file();
    await using server = serve(served);
    using folder = left(server.url);
    const message = "cannot resume file.txt.part: it is part of something else";
    expect((await resume(served, folder, server.url)).includes(message)).toBe(isLost);
    expect(served.ranges).toEqual([null]);
  });

  test.each([
    [
      "is compressed",
      "Content-Encoding: gzip\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nefgh",
    ],
    ["is another part", "Content-Range: bytes 3-7/8\r\nContent-Length: 5\r\n\r\ndefgh"],
    [
      "is of another file",
      'ETag: "two"\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nefgh',
    ],
  ])("--resume rejects a rest that %s, and fetches everything", async (_what, rest) => {
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
    const printed = await resume(file("ABCDEFGH"), folder, url);
    expect(printed).toContain("the server cannot continue after 4 B, or the file has changed");
    expect(server.requests.length).toBe(2);
  });

  test.each([
    [
      "ends too early",
      "2\r\nef\r\n0\r\n\r\n",
      "closed the connection before the response was complete",
    ],
    [
      "is too long",
      "6\r\nefghij\r\n0\r\n\r\n",
      "sent more than it announced: 10 bytes instead of 8",
    ],
  ])("--resume rejects a rest that %s", async (_what, chunks, message) => {
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
    expect(stderr).toContain(`${message}\n`);
    expect(status).toBe(1);
    expect(folder.list()).not.toContain("file.txt");
  });

  test("--resume keeps the part if the server no longer has the file", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
    });
    const url = `http://127.0.0.1:${server.port}/file.txt`;
    using folder = part("abcd", url);
    const { stdout, stderr, status } = await runCharla(["get", "--resume", "-O", url], {
      cwd: folder.path,
    });
    expect({ stdout, status }).toEqual({ stdout: "no", status: 1 });
    expect(stderr).toContain("4 B are in file.txt.part\n");
    expect(folder.read("file.txt.part")).toBe("abcd");
  });

  test("--resume needs a file", async () => {
    expect(await runCharla(["get", "--resume", "localhost"])).toMatchObject({
      stderr: "charla: --resume needs a file\nhint: add -O or -o FILE\n",
      status: 2,
    });
  });
});

test("without --resume an existing part is replaced", async () => {
  const served = file();
  await using server = serve(served);
  using folder = part("else", server.url);
  await runCharla(["get", "-O", server.url], { cwd: folder.path });
  expect(served.ranges).toEqual([null]);
  expect([folder.list(), folder.read("file.txt")]).toEqual([["file.txt"], CONTENT]);
});

describe("an incomplete file", () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 10\r\n\r\n';

  test.each([
    ["Ctrl-C", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
  ] as const)(
    "an incomplete file is kept as a part after %s, with a hint how to resume",
    async (_what, signal, status) => {
      using folder = newFolder();
      await using server = await openRawServer((socket) => socket.write(`${HEAD}abcd`));
      const url = `127.0.0.1:${server.port}/`;
      await using program = charla(["get", "-v", "-o", "f", url], { cwd: folder.path });
      await program.until("stderr", "Content-Length: 10");
      await until(
        "the part",
        () => folder.list().includes("f.part") && folder.read("f.part") === "abcd",
      );
      program.signal(signal);
      expect(await program.exited).toBe(status);
      expect(program.stderr).toEndWith(
        "4 B are in f.part\nhint: the same command with --resume fetches the rest\n",
      );
      expect(folder.list()).toEqual(["f.part", "f.part.json"]);
    },
  );

  test("an incomplete file is kept as a part after a lost connection, with the error", async () => {
    using folder = newFolder();
    await using server = await openRawServer(async (socket) => {
      socket.write(`${HEAD}abcd`);
      // Bytes that arrive together with the end of the connection may be lost.
      await until(
        "the part",
        () => folder.list().includes("f.part") && folder.read("f.part") === "abcd",
      );
      socket.end();
    });
    const url = `127.0.0.1:${server.port}/f`;
    const { stderr, status } = await runCharla(["get", "-O", url], { cwd: folder.path });
    expect(status).toBe(1);
    expect(stderr).toContain("4 B are in f.part\n");
    expect(stderr).toContain("closed the connection before the response was complete\n");
    expect(folder.list()).toEqual(["f.part", "f.part.json"]);
  });

  test("a file longer than --max-bytes is removed", async () => {
    using folder = newFolder();
    const server = Bun.serve({
      port: 0,
      // Without Content-Length.
      fetch: () => new Response(new Blob([CONTENT]).stream()),
    });
    const url = `127.0.0.1:${server.port}/f`;
    const args = ["get", "--max-bytes", "10", "-O", url];
    const { stderr, status } = await runCharla(args, { cwd: folder.path });
    expect({ stderr, status }).toMatchObject({
      stderr: "charla: the body is longer than 10 bytes\nhint: allow more with --max-bytes N\n",
      status: 1,
    });
    expect(folder.list()).toEqual([]);
    await server.stop(true);
  });
});
