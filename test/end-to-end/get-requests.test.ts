// The options and words of `charla get` that say what is sent, as curl and HTTPie have them, and what a server receives.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";

import { echo, openFetchServer, type ReceivedRequest } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

/** The request that a server receives. `URL` among the arguments is the server's. */
async function requested(args: readonly string[], input = ""): Promise<ReceivedRequest> {
  await using server = openFetchServer(echo);
  const url = `${server.at}/p?q`;
  const { stdout, stderr, status } = await runCharla(
    ["get", ...args.map((arg) => (arg === "URL" ? url : arg))],
    { input },
  );
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return JSON.parse(stdout);
}

describe("what curl calls so", () => {
  test.each<[string[], object]>([
    [["-A", "me/1", "URL"], { headers: { "user-agent": "me/1" } }],
    [["-e", "http://a.example/", "URL"], { headers: { referer: "http://a.example/" } }],
    [["-r", "0-99", "URL"], { headers: { range: "bytes=0-99", "accept-encoding": "identity" } }],
    [["-b", "a=b; c=d", "URL"], { headers: { cookie: "a=b; c=d" } }],
    [["-b", "a=b", "-H", "Cookie: c=d", "URL"], { headers: { cookie: "c=d; a=b" } }],
    [["--data-raw", "@a", "-d", "b", "URL"], { method: "POST", body: "@a&b" }],
    [["--data-binary", "a", "URL"], { method: "POST", body: "a" }],
    [
      ["--data-urlencode", "a=b c&d", "--data-urlencode", "=e=f", "--data-urlencode", "g/h", "URL"],
      { method: "POST", body: "a=b%20c%26d&e%3Df&g%2Fh" },
    ],
    [
      ["-G", "-d", "a=b", "--data-urlencode", "c=d e", "URL"],
      { method: "GET", path: "/p?q&a=b&c=d%20e", body: "" },
    ],
    [["-X", "POST", "URL"], { method: "POST", headers: { "content-length": "0" } }],
    // What charla does anyway.
    [
      ["-fsSL", "--compressed", "--http1.1", "--basic", "--fail-with-body", "URL"],
      { method: "GET" },
    ],
    [["-s4", "URL"], { method: "GET" }],
  ])("charla get %j", async (args, request) => {
    expect(await requested(args)).toMatchObject(request);
  });

  test("--data-urlencode reads files", async () => {
    using folder = newFolder();
    folder.write("f", "é\n");
    const { body } = await requested(["--data-urlencode", `a@${folder.path}/f`, "URL"]);
    expect(body).toBe("a=%C3%A9%0A");
  });

  test("-T sends a file with PUT, into a folder under its own name", async () => {
    using folder = newFolder();
    folder.write("a b", "content");
    const path = join(folder.path, "a b");
    const sent = await requested(["-T", path, "URL"]);
    expect(sent).toMatchObject({ method: "PUT", path: "/p?q", body: "content" });
    expect(sent.headers).not.toContainKey("content-type");
    await using server = openFetchServer(echo);
    const { stdout } = await runCharla(["get", "-T", path, `${server.at}/d/`]);
    expect(JSON.parse(stdout)).toMatchObject({ method: "PUT", path: "/d/a%20b", body: "content" });
  });

  test("stdin that is short has a length, and can be sent again after a redirect", async () => {
    await using server = openFetchServer((request) => {
      return request.url.endsWith("/a") ? Response.redirect("/b", 307) : echo(request);
    });
    const { stdout } = await runCharla(["get", "-T", "-", `${server.at}/a`], { input: "hello" });
    const { headers, body } = JSON.parse(stdout);
    expect([headers["content-length"], body]).toEqual(["5", "hello"]);
  });

  test("stdin that is long is sent while it comes, in chunks", async () => {
    await using server = openFetchServer(async ({ headers, body }) => {
      let length = 0;
      for await (const piece of body ?? []) length += piece.length;
      return new Response(`${headers.get("transfer-encoding")} ${length}`);
    });
    await using program = charla(["get", "-d", "-", server.at]);
    for (let part = 0; part < 30; part += 1) program.type("x".repeat(100_000));
    program.endInput();
    expect(await program.exited).toBe(0);
    expect(program.stdout).toBe("chunked 3000000");
  });

  test("stdin that is long cannot be sent again, and charla says so", async () => {
    await using server = openFetchServer(async (request) => {
      await request.bytes();
      return Response.redirect("/b", 307);
    });
    const input = "x".repeat(2_000_000);
    const { stderr, status } = await runCharla(["get", "-d", "-", server.at], { input });
    expect(stderr).toBe(
      `charla: the server redirects to http://${server.at}/b, which wants the data again, and it came by a pipe\n` +
        "hint: send it from a file: -d @FILE\n",
    );
    expect(status).toBe(1);
  });
});

describe("what HTTPie calls so", () => {
  test.each<[string[], object]>([
    [["POST", "URL"], { method: "POST" }],
    [["URL", "X-A:b", "Accept:text/plain"], { headers: { "x-a": "b", accept: "text/plain" } }],
    [["URL", "a==b c", "d==é"], { method: "GET", path: "/p?q&a=b%20c&d=%C3%A9" }],
    [
      ["URL", "name=ana", "age:=29", 'tags:=["a"]', "big:=12345678901234567890"],
      {
        method: "POST",
        body: '{"name":"ana","age":29,"tags":["a"],"big":12345678901234567890}',
        headers: { "content-type": "application/json", accept: "application/json" },
      },
    ],
    [["PUT", "URL", "a=b"], { method: "PUT", body: '{"a":"b"}' }],
  ])("charla get %j", async (args, request) => {
    expect(await requested(args)).toMatchObject(request);
  });

  test("KEY@FILE sends a form, and KEY=@FILE the content of a file", async () => {
    using folder = newFolder();
    folder.write("f.txt", "content");
    const { headers, body } = await requested(["URL", "a=b", `f@${folder.path}/f.txt`]);
    expect(headers["content-type"]).toStartWith("multipart/form-data; boundary=");
    expect(body).toContain('name="a"\r\n\r\nb\r\n');
    expect(body).toContain('name="f"; filename="f.txt"');
    expect((await requested(["URL", `a=@${folder.path}/f.txt`])).body).toBe('{"a":"content"}');
  });

  test.each([
    [["-d", "x", "URL", "a=b"], "--data cannot be combined with KEY=VALUE after the URL"],
    [["-X", "PUT", "POST", "URL"], "--request cannot be combined with POST"],
    [["GET", "URL", "a=b"], "a GET request cannot carry data"],
    [["URL", "a:=b"], '"a:=b" has no JSON behind its :='],
  ])("charla get %j is a usage error", async (args, message) => {
    const { stderr, status } = await runCharla(["get", ...args]);
    expect(stderr).toStartWith(`charla: ${message}\n`);
    expect(status).toBe(2);
  });
});

describe("where it connects", () => {
  test("--resolve takes another address for a host, and -4 and -6 one family", async () => {
    await using server = openFetchServer(echo);
    const port = server.at.split(":")[1] ?? "";
    const url = `http://a.example:${port}/`;
    const resolved = ["--resolve", `a.example:${port}:127.0.0.1`];
    const { stdout } = await runCharla(["get", ...resolved, url]);
    expect(JSON.parse(stdout).headers.host).toBe(`a.example:${port}`);
    const refused = await runCharla(["get", "-6", ...resolved, url]);
    expect(refused.stderr).toStartWith(
      "charla: the host a.example has no IPv6 address, or is not known\n",
    );
    // The name has addresses of both families, and only one has a server.
    expect((await runCharla(["get", `localhost:${port}`])).status).toBe(0);
    const none = await runCharla(["get", "--resolve", "a:b", url]);
    expect(none).toMatchObject({ status: 2, stdout: "" });
  });

  test("--unix-socket goes to a socket of this machine", async () => {
    using folder = newFolder();
    const path = join(folder.path, "s");
    const server = createServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const { stdout } = await runCharla(["get", "--unix-socket", path, "http://a.example/"]);
    expect(stdout).toBe("ok");
    server.close();
    const nowhere = join(folder.path, "nowhere");
    const { stderr } = await runCharla(["get", "--unix-socket", nowhere, "http://a.example/"]);
    expect(stderr).toStartWith(
      `charla: no server is listening at the socket ${nowhere}: no such file or folder\n`,
    );
  });

  test("-m limits all of it, and --connect-timeout the time until there is a connection", async () => {
    await using silent = await openRawServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const at = `127.0.0.1:${silent.port}`;
    const late = await runCharla(["get", "-m", "0.3", at]);
    expect(late).toMatchObject({
      stderr:
        "charla: it took longer than 0.3 s\nhint: --max-time SECONDS gives it more time, and --resume continues a file\n",
      status: 1,
    });
    // A server that takes the connection, and says nothing in TLS.
    const { stderr } = await runCharla(["get", "--connect-timeout", "0.2", `https://${at}`]);
    expect(stderr).toStartWith(`charla: no connection to ${at} within 0.2 s\n`);
  });
});
