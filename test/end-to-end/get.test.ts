// `charla get URL` against servers on loopback: the request it sends, and what it prints.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";

import { echo, openFetchServer, type ReceivedRequest } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla, MAIN, run, runCharla as runProcess } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** The request that a server receives. */
async function requested(args: string[], input = "") {
  await using server = openFetchServer(echo);
  const { stdout, stderr, status } = await runCharla(["get", ...args, `${server.at}/p?q`], {
    input,
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const received: ReceivedRequest = JSON.parse(stdout);
  return received;
}

describe("the request", () => {
  test("the request is a GET by charla that accepts compressed bodies", async () => {
    const { method, path, headers } = await requested([]);
    expect({ method, path }).toEqual({ method: "GET", path: "/p?q" });
    expect(headers).toMatchObject({
      accept: "*/*",
      "accept-encoding": "gzip, br, zstd",
      "user-agent": expect.stringMatching(/^charla\/\d/),
    });
  });

  test("the request has the headers that -H sets", async () => {
    const { headers } = await requested(["-H", "X-A: b", "-H", "accept: a/b", "-H", "X-E;"]);
    expect(headers).toMatchObject({ "x-a": "b", accept: "a/b", "x-e": "" });
  });

  test("the request is a POST of a form with -d, which can be given several times", async () => {
    const { method, headers, body } = await requested(["-d", "a=b", "-d", "c=d e"]);
    expect({ method, body }).toEqual({ method: "POST", body: "a=b&c=d e" });
    expect(headers).toMatchObject({ "content-type": "application/x-www-form-urlencoded" });
    expect(headers["content-length"]).toBe("9");
  });

  test("the request is an empty POST with an empty -d", async () => {
    expect(await requested(["-d", ""])).toMatchObject({ method: "POST", body: "" });
  });

  test("with -d the request has the content of a file or of stdin, unchanged", async () => {
    using folder = newFolder();
    folder.write("f", "a\nb\r\n");
    expect((await requested(["-d", `@${folder.path}/f`])).body).toBe("a\nb\r\n");
    expect((await requested(["-d", "-"], "c\nd\n")).body).toBe("c\nd\n");
    expect((await requested(["-d", "@-"], "e")).body).toBe("e");
  });

  test("with --json the request is JSON, and accepts JSON", async () => {
    const { method, headers, body } = await requested(["--json", '{"a":1}', "-X", "put"]);
    expect({ method, body }).toEqual({ method: "PUT", body: '{"a":1}' });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
    });
  });

  test("the request has the credentials of -u, or of the URL", async () => {
    const { headers } = await requested(["-u", "ann:b:c"]);
    expect(headers["authorization"]).toBe(`Basic ${btoa("ann:b:c")}`);
    await using server = openFetchServer(echo);
    const { stdout } = await runCharla(["get", `http://ann:b%20c@${server.at}/`]);
    expect(stdout).toContain(`Basic ${btoa("ann:b c")}`);
  });

  test("with -F the request is a multipart form, which may contain files", async () => {
    using folder = newFolder();
    folder.write("f.bin", Uint8Array.of(0, 1, 255));
    await using server = openFetchServer(async (request) => {
      const form = await request.formData();
      const file = form.get("file");
      if (!(file instanceof File)) return new Response("no file");
      return Response.json([form.get("a"), file.name, [...(await file.bytes())]]);
    });
    const form = ["-F", "a=b c", "-F", `file=@${folder.path}/f.bin;type=image/png`];
    expect((await runCharla(["get", ...form, server.at])).stdout).toBe('["b c","f.bin",[0,1,255]]');
    const { headers, body } = await requested(form);
    const boundary = /boundary=(.*)$/.exec(headers["content-type"] ?? "")?.[1] ?? "none";
    expect(headers["content-length"]).toBe(String(Buffer.from(body).length - 2));
    expect(body).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb c\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n` +
        `Content-Type: image/png\r\n\r\n\0\x01\ufffd\r\n--${boundary}--\r\n`,
    );
  });
});

test("the request goes to the proxy that the environment names", async () => {
  await using proxy = await openRawServer((socket) => {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy");
  });
  const env = { http_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: "", NO_PROXY: "" };
  const { stdout } = await runProcess(["get", "http://nowhere.invalid/a"], { env });
  expect(stdout).toBe("proxy");
  expect(proxy.requests[0]).toStartWith("GET http://nowhere.invalid/a HTTP/1.1\r\n");
});

describe("the output", () => {
  test("the output is the body, byte for byte, and nothing else", async () => {
    await using server = openFetchServer(() => new Response("a\x1b[2J\0b"));
    expect(await runProcess(["get", server.at])).toEqual({
      stdout: "a\x1b[2J\0b",
      stderr: "",
      status: 0,
    });
  });

  test("-i prints the headers, too, and -I only the headers", async () => {
    await using server = openFetchServer(({ method }) => {
      return new Response("body", { headers: { "X-Method": method, "X-A": "b" } });
    });
    const { stdout } = await runCharla(["get", "-i", server.at]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\n(?:.*\n)*X-A: b\n(?:.*\n)*\nbody$/);
    const heads = await runCharla(["get", "-I", server.at]);
    expect(heads.stdout).toContain("X-Method: HEAD\n");
    expect(heads.stdout).toContain("content-length: 4\n");
    expect(heads.stdout).not.toContain("body");
  });

  test("headers that are not ASCII are decoded from UTF-8 or latin1", async () => {
    await using server = await openRawServer((socket, request) => {
      const bytes = request.startsWith("GET /latin1 ") ? "latin1" : "utf8";
      socket.end("HTTP/1.1 200 OK\r\nX: é\r\nContent-Length: 0\r\n\r\n", bytes);
    });
    for (const path of ["utf8", "latin1"]) {
      const { stdout } = await runCharla(["get", "-i", `127.0.0.1:${server.port}/${path}`]);
      expect(stdout).toContain("X: é\n");
    }
  });

  test("-v prints request and response on stderr, without credentials", async () => {
    await using server = openFetchServer(() => new Response("body"));
    const { stdout, stderr } = await runCharla(["get", "-v", "-u", "ann:secret", server.at]);
    expect(stdout).toBe("body");
    expect(stderr).toStartWith(`> GET / HTTP/1.1\n> Host: ${server.at}\n`);
    expect(stderr).toContain("> Authorization: (not shown)\n");
    expect(stderr).toContain("< HTTP/1.1 200 OK\n");
    expect(stderr).not.toContain(btoa("ann:secret"));
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("a body compressed with %s is printed decompressed", async (coding, compress) => {
    const compressed = compress(Buffer.from("hello ".repeat(10_000)));
    await using server = openFetchServer(
      () => new Response(compressed, { headers: { "Content-Encoding": coding } }),
    );
    expect((await runCharla(["get", server.at])).stdout).toBe("hello ".repeat(10_000));
  });

  test("the output is at most --max-bytes long, counted after decompression", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, "a"));
    await using server = openFetchServer(({ url }) =>
      url.endsWith("bomb")
        ? new Response(bomb, { headers: { "Content-Encoding": "gzip" } })
        : new Response("a".repeat(2_000)),
    );
    const compressed = await runCharla(["get", "--max-bytes", "1K", `${server.at}/bomb`]);
    expect(compressed).toEqual({
      stdout: "a".repeat(1_024),
      stderr: "charla: the body is longer than 1024 bytes\nhint: allow more with --max-bytes N\n",
      status: 1,
    });
    const plain = await runCharla(["get", "--max-bytes", "1K", server.at]);
    expect({ ...plain, stderr: "" }).toEqual({ stdout: "", stderr: "", status: 1 });
    expect((await runCharla(["get", "--max-bytes", "2000", server.at])).status).toBe(0);
  });

  test("charla get ends without an error when its reader closes the pipe", async () => {
    await using server = openFetchServer(() => new Response("a".repeat(10_000_000)));
    const script = `"$0" "$1" get ${server.at} | head -c 3; echo "\${PIPESTATUS[0]}"`;
    expect(await run(["bash", "-c", script, process.execPath, MAIN])).toEqual({
      stdout: "aaa0\n",
      stderr: "",
      status: 0,
    });
  });
});

describe("a response of 400 or more", () => {
  test("a response of 400 or more is printed and is an error, unless --no-fail is given", async () => {
    await using server = openFetchServer(() => new Response("no such page", { status: 404 }));
    expect(await runCharla(["get", server.at])).toEqual({
      stdout: "no such page",
      stderr: `charla: ${server.at} responded with 404 Not Found\nhint: check the path\n`,
      status: 1,
    });
    expect(await runCharla(["get", "--no-fail", server.at])).toEqual({
      stdout: "no such page",
      stderr: "",
      status: 0,
    });
  });
});

describe("--http0.9", () => {
  test("--http0.9 sends one line on a TCP socket and prints the first 2,048 bytes", async () => {
    await using server = await openRawServer((socket) => socket.end("x".repeat(5_000)), "\n");
    const url = `127.0.0.1:${server.port}/a%20b?c`;
    const { stdout, status } = await runCharla(["get", "--http0.9", url]);
    expect({ length: stdout.length, status }).toEqual({ length: 2_048, status: 0 });
    expect(server.requests).toEqual(["GET /a%20b?c\n"]);
    const more = await runCharla(["get", "--http0.9", "--max-bytes", "4K", url]);
    expect(more.stdout.length).toBe(4_096);
  });

  test("--http0.9 prints the error of today's servers as it is", async () => {
    await using server = openFetchServer(() => new Response("x"));
    const { stdout } = await runCharla(["get", "--http0.9", server.at]);
    expect(stdout).toMatch(/^HTTP\/1\.1 [45]\d\d /);
  });

  test("--http0.9 is refused together with options that need HTTP/1.1", async () => {
    expect(await runCharla(["get", "--http0.9", "-i", "localhost"])).toMatchObject({
      stderr: "charla: --http0.9 cannot be combined with --include\nhint: leave one of them out\n",
      status: 2,
    });
    expect(await runCharla(["get", "--http0.9", "https://localhost"])).toMatchObject({ status: 2 });
  });
});

describe("Ctrl-C", () => {
  test("Ctrl-C while waiting for a response ends charla get with status 130", async () => {
    await using server = await openRawServer(() => {});
    await using program = charla(["get", "-v", `127.0.0.1:${server.port}`]);
    await program.until("stderr", "> GET");
    program.signal("SIGINT");
    expect(await program.exited).toBe(130);
    expect(program.stdout).toBe("");
  });
});
