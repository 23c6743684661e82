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

/** Responds with literal bytes, one a character. */
function openBytesServer(response: string) {
  return openRawServer((socket) => socket.end(Buffer.from(response, "latin1")));
}

describe("the output", () => {
  test("the output is the body, byte for byte, and nothing else", async () => {
    await using server = openFetchServer(() => new Response("a\x1b[2J\0b"));
    expect(await runProcess(["get", server.at])).toEqual({
      stdout: "a\x1b[2J\0b",
      stderr: "",
      status: 0,
    });
  });

  test("-i prints the head before the body, byte for byte, and -I only the head", async () => {
    const head = "HTTP/1.0 299 Fine\r\nx-A:b\r\nX-a:  \u00c3\u00a9\r\n folded\r\n\r\n";
    const printed = head.replace("\u00c3\u00a9", "é");
    await using server = await openBytesServer(`${head}body`);
    const at = `127.0.0.1:${server.port}`;
    expect((await runCharla(["get", "-i", at])).stdout).toBe(`${printed}body`);
    expect((await runCharla(["get", "-I", at])).stdout).toBe(printed);
    expect(server.requests.map((request) => request.split(" ")[0])).toEqual(["GET", "HEAD"]);
  });

  test("-v prints on stderr where it connects, what is sent and received, and how long it took", async () => {
    await using server = await openBytesServer(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
        "HTTP/1.1 200 fine\r\nx-A: \u00e9\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "4\r\nbody\r\n0\r\nX-End: z\r\n\r\n",
    );
    const at = `127.0.0.1:${server.port}`;
    const args = ["get", "-v", "-u", "ann:secret", "-b", "a=b", "-H", "x-B: c", at];
    const { stdout, stderr } = await runCharla(args);
    expect(stdout).toBe("body");
    expect(stderr.replace(/charla\/[\d.]+/, "charla/1").replace(/(?<=\* ms: ).*/, "...")).toBe(
      `* connected to 127.0.0.1, port ${server.port}\n` +
        `> GET / HTTP/1.1\n> Host: ${at}\n> x-B: c\n> User-Agent: charla/1\n> Accept: */*\n` +
        "> Accept-Encoding: gzip, br, zstd\n> Cookie: (not shown)\n> Authorization: (not shown)\n" +
        "< HTTP/1.1 103 Early Hints\n< Link: </a>\n" +
        "< HTTP/1.1 200 fine\n< x-A: é\n< Transfer-Encoding: chunked\n" +
        "< X-End: z\n* ms: ...\n",
    );
    expect(stderr).toMatch(
      /\* ms: looked up [\d.]+, connected [\d.]+, sent [\d.]+, first byte [\d.]+, complete [\d.]+\n$/,
    );
  });

  test("charla --json get prints an object about the response, with its body", async () => {
    await using server = openFetchServer(({ url }) => {
      if (url.endsWith("/a")) return Response.redirect("/b", 302);
      return new Response(url.endsWith("/binary") ? Uint8Array.of(255) : "body", {
        headers: { "X-A": "b" },
      });
    });
    const { stdout, stderr, status } = await runCharla(["--json", "get", `${server.at}/a`]);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const ms = expect.any(Number);
    const object = JSON.parse(stdout);
    expect(object).toMatchObject({
      type: "response",
      url: `http://${server.at}/b`,
      method: "GET",
      version: "1.1",
      status: 200,
      statusText: "OK",
      redirects: [`http://${server.at}/b`],
      address: "127.0.0.1",
      port: Number(server.at.split(":")[1]),
      proxy: null,
      tls: null,
      // The connection of the redirect is used again.
      times: { resolved: null, connected: null, secured: null, sent: ms, firstByte: ms, total: ms },
      received: 4,
      file: null,
      body: "body",
    });
    expect(object.headers[0]).toEqual(["X-A", "b"]);
    const binary = await runCharla(["get", "--report", `${server.at}/binary`]);
    expect(JSON.parse(binary.stdout)).toMatchObject({
      times: { connected: ms },
      bodyBase64: "/w==",
    });
  });

  test("charla --json get says what has failed as an object, too", async () => {
    await using server = openFetchServer(() => new Response("no", { status: 404 }));
    const { stdout, status } = await runCharla(["--json", "get", server.at]);
    const [response, error] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(response).toMatchObject({ type: "response", status: 404, body: "no" });
    expect({ error, status }).toMatchObject({ error: { code: "HTTP_STATUS" }, status: 1 });
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
