// `charla get URL` as people run it, against servers on loopback: what is asked, what is printed, and where.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";

import { echo, type Heard, openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla, root, run, runCharla } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** What a server heard when it was asked so. */
async function asked(args: string[], input = "") {
  await using server = openFetchServer(echo);
  const { stdout, stderr, status } = await runCharla(["get", ...args, `${server.at}/p?q`], {
    input,
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const heard: Heard = JSON.parse(stdout);
  return heard;
}

describe("what is asked", () => {
  test("is GET, by charla, for what can be unpacked", async () => {
    const { method, path, headers } = await asked([]);
    expect({ method, path }).toEqual({ method: "GET", path: "/p?q" });
    expect(headers).toMatchObject({
      accept: "*/*",
      "accept-encoding": "gzip, br, zstd",
      "user-agent": expect.stringMatching(/^charla\/\d/),
    });
  });

  test("has the headers of -H", async () => {
    const { headers } = await asked(["-H", "X-A: b", "-H", "accept: a/b", "-H", "X-E;"]);
    expect(headers).toMatchObject({ "x-a": "b", accept: "a/b", "x-e": "" });
  });

  test("is POST of a form with -d, of all that is given", async () => {
    const { method, headers, body } = await asked(["-d", "a=b", "-d", "c=d e"]);
    expect({ method, body }).toEqual({ method: "POST", body: "a=b&c=d e" });
    expect(headers).toMatchObject({ "content-type": "application/x-www-form-urlencoded" });
    expect(headers["content-length"]).toBe("9");
  });

  test("may be an empty POST", async () => {
    expect(await asked(["-d", ""])).toMatchObject({ method: "POST", body: "" });
  });

  test("is a file's content or stdin's with -d, just as it is", async () => {
    using folder = newFolder();
    folder.write("f", "a\nb\r\n");
    expect((await asked(["-d", `@${folder.path}/f`])).body).toBe("a\nb\r\n");
    expect((await asked(["-d", "-"], "c\nd\n")).body).toBe("c\nd\n");
    expect((await asked(["-d", "@-"], "e")).body).toBe("e");
  });

  test("is JSON with --json, and asks for JSON", async () => {
    const { method, headers, body } = await asked(["--json", '{"a":1}', "-X", "put"]);
    expect({ method, body }).toEqual({ method: "PUT", body: '{"a":1}' });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
    });
  });

  test("names who asks with -u, or as the URL says", async () => {
    const { headers } = await asked(["-u", "ann:b:c"]);
    expect(headers["authorization"]).toBe(`Basic ${btoa("ann:b:c")}`);
    await using server = openFetchServer(echo);
    const { stdout } = await runCharla(["get", `http://ann:b%20c@${server.at}/`]);
    expect(stdout).toContain(`Basic ${btoa("ann:b c")}`);
  });

  test("is a form with a file with -F", async () => {
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
    const { headers, body } = await asked(form);
    const boundary = /boundary=(.*)$/.exec(headers["content-type"] ?? "")?.[1] ?? "none";
    expect(headers["content-length"]).toBe(String(Buffer.from(body).length - 2));
    expect(body).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb c\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n` +
        `Content-Type: image/png\r\n\r\n\0\x01\ufffd\r\n--${boundary}--\r\n`,
    );
  });
});

test("is asked of the proxy that the environment names", async () => {
  await using proxy = await openRawServer((socket) => {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy");
  });
  const env = { http_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: "", NO_PROXY: "" };
  const { stdout } = await runCharla(["get", "http://nowhere.invalid/a"], { env });
  expect(stdout).toBe("proxy");
  expect(proxy.requests[0]).toStartWith("GET http://nowhere.invalid/a HTTP/1.1\r\n");
});

describe("what is printed", () => {
  test("is the body, byte for byte, and nothing else", async () => {
    await using server = openFetchServer(() => new Response("a\x1b[2J\0b"));
    expect(await runCharla(["get", server.at])).toEqual({
      stdout: "a\x1b[2J\0b",
      stderr: "",
      status: 0,
    });
  });

  test("are the headers as well with -i, and only they with -I", async () => {
    await using server = openFetchServer(({ method }) => {
      return new Response("body", { headers: { "X-Method": method, "X-A": "b" } });
    });
    const { stdout } = await runCharla(["get", "-i", server.at]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\n(?:.*\n)*x-a: b\n(?:.*\n)*\nbody$/);
    const heads = await runCharla(["get", "-I", server.at]);
    expect(heads.stdout).toContain("x-method: HEAD\n");
    expect(heads.stdout).toContain("content-length: 4\n");
    expect(heads.stdout).not.toContain("body");
  });

  test("are the headers as they are meant, where they are not ASCII", async () => {
    await using server = await openRawServer((socket, request) => {
      const bytes = request.startsWith("GET /latin1 ") ? "latin1" : "utf8";
      socket.end("HTTP/1.1 200 OK\r\nX: é\r\nContent-Length: 0\r\n\r\n", bytes);
    });
    for (const path of ["utf8", "latin1"]) {
      const { stdout } = await runCharla(["get", "-i", `127.0.0.1:${server.port}/${path}`]);
      expect(stdout).toContain("x: é\n");
    }
  });

  test("with -v is what was asked and answered, on stderr, without credentials", async () => {
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
  ] as const)("is what was packed with %s", async (coding, pack) => {
    const packed = pack(Buffer.from("hello ".repeat(10_000)));
    await using server = openFetchServer(
      () => new Response(packed, { headers: { "Content-Encoding": coding } }),
    );
    expect((await runCharla(["get", server.at])).stdout).toBe("hello ".repeat(10_000));
  });

  test("is no more than --max-bytes, of what is packed small as well", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, "a"));
    await using server = openFetchServer(({ url }) =>
      url.endsWith("bomb")
        ? new Response(bomb, { headers: { "Content-Encoding": "gzip" } })
        : new Response("a".repeat(2_000)),
    );
    const packed = await runCharla(["get", "--max-bytes", "1K", `${server.at}/bomb`]);
    expect(packed).toEqual({
      stdout: "a".repeat(1_024),
      stderr: "charla: the body is longer than 1024 bytes\nhint: --max-bytes N takes more\n",
      status: 1,
    });
    const plain = await runCharla(["get", "--max-bytes", "1K", server.at]);
    expect({ ...plain, stderr: "" }).toEqual({ stdout: "", stderr: "", status: 1 });
    expect((await runCharla(["get", "--max-bytes", "2000", server.at])).status).toBe(0);
  });

  test("ends well where its reader has seen enough", async () => {
    await using server = openFetchServer(() => new Response("a".repeat(10_000_000)));
    const script = `"$0" "$1" get ${server.at} | head -c 3; echo "\${PIPESTATUS[0]}"`;
    const main = join(root, "src/cli/main.ts");
    expect(await run(["bash", "-c", script, process.execPath, main])).toEqual({
      stdout: "aaa0\n",
      stderr: "",
      status: 0,
    });
  });
});

describe("an answer of 400 or more", () => {
  test("is printed, and is an error all the same", async () => {
    await using server = openFetchServer(() => new Response("no such page", { status: 404 }));
    expect(await runCharla(["get", server.at])).toEqual({
      stdout: "no such page",
      stderr: `charla: ${server.at} answers 404 Not Found\nhint: check the path\n`,
      status: 1,
    });
    expect(await runCharla(["get", "--no-fail", server.at])).toEqual({
      stdout: "no such page",
      stderr: "",
      status: 0,
    });
  });
});

describe("--http0.9 is the lesson's request", () => {
  test("a line on a bare socket, and the first 2,048 bytes that come", async () => {
    await using server = await openRawServer((socket) => socket.end("x".repeat(5_000)), "\n");
    const url = `127.0.0.1:${server.port}/a%20b?c`;
    const { stdout, status } = await runCharla(["get", "--http0.9", url]);
    expect({ length: stdout.length, status }).toEqual({ length: 2_048, status: 0 });
    expect(server.requests).toEqual(["GET /a%20b?c\n"]);
    const more = await runCharla(["get", "--http0.9", "--max-bytes", "4K", url]);
    expect(more.stdout.length).toBe(4_096);
  });

  test("what today's servers answer to it is printed as it comes", async () => {
    await using server = openFetchServer(() => new Response("x"));
    const { stdout } = await runCharla(["get", "--http0.9", server.at]);
    expect(stdout).toMatch(/^HTTP\/1\.1 [45]\d\d /);
  });

  test("it goes with no options that it cannot carry", async () => {
    expect(await runCharla(["get", "--http0.9", "-i", "localhost"])).toMatchObject({
      stderr: "charla: --http0.9 does not go with --include\nhint: leave one of them out\n",
      status: 2,
    });
    expect(await runCharla(["get", "--http0.9", "https://localhost"])).toMatchObject({ status: 2 });
  });
});

describe("Ctrl-C", () => {
  test("while an answer is waited for ends it with 130", async () => {
    await using server = await openRawServer(() => {});
    await using program = charla(["get", "-v", `127.0.0.1:${server.port}`]);
    await program.until("stderr", "> GET");
    program.signal("SIGINT");
    expect(await program.exited).toBe(130);
    expect(program.stdout).toBe("");
  });
});
