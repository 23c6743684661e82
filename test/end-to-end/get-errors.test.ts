// `charla get` when something goes wrong: each mistake and each misbehaving server has a message and a hint.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import {
  AUTHORITY,
  ELSEWHERE,
  EXPIRED,
  KEY,
  SELF_SIGNED,
  TRUSTED,
} from "../harness/certificates.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { MAIN, run } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

describe("usage errors of charla get", () => {
  test.each([
    [[], "the URL is missing", "write charla get URL"],
    [
      ["-o", "f", "a", "b"],
      "2 URLs need as many files, not 1",
      "give each URL one -o FILE, or use -O",
    ],
    [["ftp://a"], "charla can fetch http and https, not ftp", "use http://HOST or https://HOST"],
    [
      ["-o", "a", "-O", "b"],
      "--output cannot be combined with --remote-name",
      "leave one of them out",
    ],
    [
      ["-d", "a", "--json", "b", "c"],
      "--data cannot be combined with --json",
      "leave one of them out",
    ],
    [["-I", "-d", "a", "b"], "--head cannot be combined with --data", "leave one of them out"],
    [
      ["-X", "GET", "-d", "a", "b"],
      "a GET request cannot carry data",
      "leave -X out to send it with POST, or use -X PUT",
    ],
    [["-u", "ann", "b"], "there is no terminal to ask for the password on", "use -u USER:PASSWORD"],
    [["--sha256", "abc", "b"], "a SHA-256 has 64 hexadecimal digits", "copy all of it"],
    [
      ["--max-bytes", "many", "b"],
      '"many" is not valid for --max-bytes',
      "it takes bytes, such as 2048, 10M or 2G",
    ],
    [
      ["-d", "a", "-d", "@b", "c"],
      "a request has only one body",
      "only -d NAME=VALUE can be given more than once",
    ],
    [
      ["--resume", "-d", "a", "-O", "b"],
      "--resume cannot be combined with --data",
      "leave one of them out",
    ],
    [
      ["--resume", "-O", "-H", "range: bytes=1-", "b"],
      "--resume sets the Range header itself",
      'leave out -H "Range: ..."',
    ],
    [["--json"], "--json needs a value", "see charla get --help"],
    [["-p", "80", "a"], "-p does not go with charla get", /^it goes with /],
    [["--insceure", "a"], "there is no option --insceure", "did you mean --insecure?"],
  ])("charla get with %j is a usage error", async (args, message, hint) => {
    const { stdout, stderr, status } = await runCharla(["get", ...args]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    const [first, second] = stderr.split("\n");
    expect(first).toBe(`charla: ${message}`);
    expect(second?.slice("hint: ".length)).toMatch(hint);
  });

  test.each(["-d", "--cacert"])("a missing file for %s is an error", async (option) => {
    const name = option === "-d" ? "@/nowhere" : "/nowhere";
    const { stderr, status } = await runCharla(["get", option, name, "localhost"]);
    expect(stderr).toStartWith("charla: cannot read /nowhere: ");
    expect(status).toBe(1);
  });

  test("a file for --cacert without a certificate is an error", async () => {
    const { stderr } = await runCharla(["get", "--cacert", "package.json", "localhost"]);
    expect(stderr).toStartWith("charla: package.json is not a file of certificates\n");
  });
});

async function failed(url: string, ...args: string[]) {
  const { stdout, stderr, status } = await runCharla(["get", ...args, url]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  const [, message = "", hint = ""] = /^charla: (.*)\nhint: (.*)\n$/.exec(stderr) ?? [];
  return { message, hint };
}

/** A transfer coding that was not requested (RFC 9112 s. 6.1): what follows is not the body itself. */
const CODED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip";

describe("a failed request", () => {
  test("an unknown host is reported with its name", async () => {
    expect((await failed("http://nowhere.invalid")).message).toBe(
      "the host nowhere.invalid is not known",
    );
  });

  test("a port that no server listens on is reported", async () => {
    const port = await reservePort();
    const expected = `connection refused: no server is listening at localhost, port ${port}`;
    expect((await failed(`localhost:${port}`)).message).toBe(expected);
    expect((await failed(`localhost:${port}`, "--http0.9")).message).toBe(expected);
  });

  test("a server that sends nothing, or stops in the middle, is given up after --timeout", async () => {
    await using silent = await openRawServer(() => {});
    const expected = `no data from 127.0.0.1:${silent.port} for 0.1 s`;
    const url = `127.0.0.1:${silent.port}`;
    expect((await failed(url, "--timeout", "0.1")).message).toBe(expected);
    expect((await failed(url, "--timeout", "0.1", "--http0.9")).message).toBe(expected);
    await using stalled = await openRawServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const at = `127.0.0.1:${stalled.port}`;
    // Long enough for the beginning to come on a busy machine.
    const { stdout, stderr } = await runCharla(["get", "--timeout", "2", at]);
    expect(stdout).toBe("abc");
    expect(stderr).toStartWith("charla: no data from ");
  });

  test.each([
    ["closes the connection at once", ""],
    ["stops before its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"],
    ["stops before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("a server that %s is reported", async (_what, response) => {
    await using server = await openRawServer((socket) => socket.end(response));
    expect((await failed(`127.0.0.1:${server.port}`)).message).toBe(
      `127.0.0.1:${server.port} closed the connection before the response was complete`,
    );
  });

  test.each([
    ["is not HTTP", "hello, this is a page\n"],
    ["is not HTTP and short", "hello\n"],
    ["has escape sequences in its headers", "HTTP/1.1 200 OK\r\nX: \x1b[2J\r\n\r\n"],
    ["has two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["has thousands of headers", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(10_000)}`],
    ["names a transfer coding nobody asked for", `${CODED}\r\n\r\nhello`],
    ["is chunked inside another coding", `${CODED}, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ])("a response that %s is reported as invalid HTTP", async (_what, response) => {
    await using server = await openRawServer((socket) => socket.write(response));
    const { message, hint } = await failed(`127.0.0.1:${server.port}`);
    expect(message).toStartWith(`the response of 127.0.0.1:${server.port} is not valid HTTP`);
    expect(hint).toBe("if it is a server like the lesson's, use --http0.9");
  });

  test("an endless header is given up", async () => {
    const piece = "y".repeat(65_536);
    await using server = await openRawServer((socket) => {
      const go = () => {
        while (socket.write(piece));
      };
      socket.on("drain", go);
      socket.write("HTTP/1.1 200 OK\r\nX: ");
      go();
    });
    expect((await failed(`127.0.0.1:${server.port}`)).message).toStartWith(
      `the response of 127.0.0.1:${server.port} is not valid HTTP`,
    );
  });

  test("a server that closes the connection in the middle of the first line has a hint of its own", async () => {
    await using server = await openRawServer((socket) => socket.end("HTTP/1."));
    const { message, hint } = await failed(`127.0.0.1:${server.port}`);
    expect(message).toEndWith("closed the connection before the response was complete");
    expect(hint).toBe(
      "try again with --retry 3; the server may need https://, or understand only --http0.9",
    );
  });

  test("a stdout that cannot be written is reported", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    });
    const script = `"$0" "$1" get 127.0.0.1:${server.port} >/dev/full`;
    const { stderr, status } = await run(["bash", "-c", script, process.execPath, MAIN]);
    expect(stderr).toMatch(/^charla: cannot write to stdout: .*\nhint: .*\n$/);
    expect(status).toBe(1);
  });

  test("a body that is not in the coding that its header names is reported", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
    });
    expect((await failed(`127.0.0.1:${server.port}`)).message).toStartWith(
      `the body from 127.0.0.1:${server.port} cannot be decompressed: `,
    );
  });

  test("control characters from a server are made visible", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 404 \u00c2\u009b2J\r\nContent-Length: 0\r\n\r\n", "latin1");
    });
    const { stderr } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect(stderr).toContain("responded with 404 \\u{9b}2J\n");
  });
});

function serve(cert: string) {
  const server = Bun.serve({
    port: 0,
    tls: { cert, key: KEY },
    fetch: () => new Response("hello"),
  });
  return {
    url: `https://localhost:${server.port}`,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

function authority() {
  const folder = newFolder();
  folder.write("ca.pem", AUTHORITY);
  return { folder, path: join(folder.path, "ca.pem"), [Symbol.dispose]: folder[Symbol.dispose] };
}

describe("a certificate", () => {
  test.each([
    ["self-signed", SELF_SIGNED, "is self-signed", false],
    ["of an unknown authority", TRUSTED, "is signed by an unknown authority", false],
    ["expired", EXPIRED, "has expired", true],
    ["for another host", ELSEWHERE, "is for another host", true],
  ])(
    "a certificate that is %s is an error, and --insecure accepts it",
    async (_what, certificate, problem, isKnown) => {
      using known = authority();
      await using server = serve(certificate);
      const trust = isKnown ? ["--cacert", known.path] : [];
      const { message } = await failed(server.url, ...trust);
      expect(message).toBe(`the certificate of localhost:${server.port} ${problem}`);
      expect((await runCharla(["get", "--insecure", server.url])).stdout).toBe("hello");
    },
  );

  test("a certificate signed by an authority in --cacert is trusted", async () => {
    using known = authority();
    await using server = serve(TRUSTED);
    const { stdout, status } = await runCharla(["get", "--cacert", known.path, server.url]);
    expect({ stdout, status }).toEqual({ stdout: "hello", status: 0 });
  });

  test("https to a server without TLS is an error with a hint", async () => {
    const server = Bun.serve({ port: 0, fetch: () => new Response("hello") });
    const { message, hint } = await failed(`https://localhost:${server.port}`);
    expect(message).toBe(`the TLS handshake with localhost:${server.port} failed`);
    expect(hint).toBe("if the server has no TLS, use http://");
    await server.stop(true);
  });
});
