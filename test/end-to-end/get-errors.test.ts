// `charla get` when something is wrong: each mistake and each misbehaving server has its sentence and its hint.

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
import { freeTcpPort } from "../harness/loopback.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { root, run, runCharla } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

describe("what is wrong with the command line", () => {
  test.each([
    [[], "there is no URL to get", "charla get URL"],
    [["a", "b"], "charla gets one URL at a time, not 2", "quote it for the shell"],
    [["ftp://a"], "charla fetches http and https, and not ftp", "http://HOST or https://HOST"],
    [["-o", "a", "-O", "b"], "--output does not go with --remote-name", "leave one of them out"],
    [["-d", "a", "--json", "b", "c"], "--data does not go with --json", "leave one of them out"],
    [["-I", "-d", "a", "b"], "--head does not go with --data", "leave one of them out"],
    [
      ["-X", "GET", "-d", "a", "b"],
      "a request with GET carries no data",
      "leave -X out to send it with POST, or say -X PUT",
    ],
    [["-u", "ann", "b"], "there is no terminal to ask for a password on", "-u USER:PASSWORD"],
    [["--sha256", "abc", "b"], "a SHA-256 is 64 hexadecimal digits", "copy it again, whole"],
    [
      ["--max-bytes", "many", "b"],
      '--max-bytes takes no "many"',
      "it takes bytes, such as 2048, 10M or 2G",
    ],
    [
      ["-d", "a", "-d", "@b", "c"],
      "there is one body, and this asks for several",
      "only -d NAME=VALUE can be said more than once",
    ],
    [
      ["--resume", "-d", "a", "-O", "b"],
      "--resume does not go with --data",
      "leave one of them out",
    ],
    [
      ["--resume", "-O", "-H", "range: bytes=1-", "b"],
      "--resume asks for a range of its own",
      'leave out -H "Range: ..."',
    ],
    [["--json"], "--json needs a value", "see charla get --help"],
    [["-p", "80", "a"], "-p does not go with charla get", /^it goes with /],
    [["--insceure", "a"], "there is no option --insceure", "did you mean --insecure?"],
  ])("%j", async (args, message, hint) => {
    const { stdout, stderr, status } = await runCharla(["get", ...args]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    const [first, second] = stderr.split("\n");
    expect(first).toBe(`charla: ${message}`);
    expect(second?.slice("hint: ".length)).toMatch(hint);
  });

  test.each(["-d", "--cacert"])("a file of %s that is not there", async (option) => {
    const name = option === "-d" ? "@/nowhere" : "/nowhere";
    const { stderr, status } = await runCharla(["get", option, name, "localhost"]);
    expect(stderr).toStartWith("charla: /nowhere cannot be read: ");
    expect(status).toBe(1);
  });

  test("a file of --cacert that holds no certificate", async () => {
    const { stderr } = await runCharla(["get", "--cacert", "package.json", "localhost"]);
    expect(stderr).toStartWith("charla: package.json is no file of certificates\n");
  });
});

async function failed(url: string, ...args: string[]) {
  const { stdout, stderr, status } = await runCharla(["get", ...args, url]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  const [, message = "", hint = ""] = /^charla: (.*)\nhint: (.*)\n$/.exec(stderr) ?? [];
  return { message, hint };
}

describe("what is wrong on the way", () => {
  test("a host that there is not", async () => {
    expect((await failed("http://nowhere.invalid")).message).toBe(
      "there is no host nowhere.invalid, as far as the resolver knows",
    );
  });

  test("a port where nobody listens", async () => {
    const port = await freeTcpPort();
    const told = `nobody listens at localhost, port ${port}`;
    expect((await failed(`localhost:${port}`)).message).toBe(told);
    expect((await failed(`localhost:${port}`, "--http0.9")).message).toBe(told);
  });

  test("a server that says nothing, or stops in the middle", async () => {
    await using silent = await openRawServer(() => {});
    const told = `nothing came from 127.0.0.1:${silent.port} for 0.1 s`;
    const url = `127.0.0.1:${silent.port}`;
    expect((await failed(url, "--timeout", "0.1")).message).toBe(told);
    expect((await failed(url, "--timeout", "0.1", "--http0.9")).message).toBe(told);
    await using stalled = await openRawServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const at = `127.0.0.1:${stalled.port}`;
    const { stdout, stderr } = await runCharla(["get", "--timeout", "0.1", at]);
    expect(stdout).toBe("abc");
    expect(stderr).toStartWith("charla: nothing came from ");
  });

  test.each([
    ["closes at once", ""],
    ["stops before its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"],
    ["stops before the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("a server that %s", async (_what, answer) => {
    await using server = await openRawServer((socket) => socket.end(answer));
    expect((await failed(`127.0.0.1:${server.port}`)).message).toBe(
      `127.0.0.1:${server.port} ended the connection before the answer was whole`,
    );
  });

  test.each([
    // The runtime looks at it when there are 16 bytes.
    ["is none of HTTP", "hello, this is a page\n"],
    ["has escape sequences in its headers", "HTTP/1.1 200 OK\r\nX: \x1b[2J\r\n\r\n"],
    ["has two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ["has a thousand headers", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(1_000)}`],
  ])("an answer that %s", async (_what, answer) => {
    await using server = await openRawServer((socket) => socket.write(answer));
    const { message, hint } = await failed(`127.0.0.1:${server.port}`);
    expect(message).toStartWith(`127.0.0.1:${server.port} does not answer as HTTP wants it`);
    expect(hint).toBe("a server of the lesson's kind answers to --http0.9");
  });

  test("a header without end is not waited for to the end", async () => {
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
      `127.0.0.1:${server.port} does not answer as HTTP wants it`,
    );
  });

  test("an answer that is too short to be any ends with a hint", async () => {
    await using server = await openRawServer((socket) => socket.end("hello\n"));
    const { message, hint } = await failed(`127.0.0.1:${server.port}`);
    expect(message).toEndWith("ended the connection before the answer was whole");
    expect(hint).toBe(
      "try again with --retry 3; it may want https://, or know no more than --http0.9",
    );
  });

  test("stdout that takes no more", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    });
    const main = join(root, "src/cli/main.ts");
    const script = `"$0" "$1" get 127.0.0.1:${server.port} >/dev/full`;
    const { stderr, status } = await run(["bash", "-c", script, process.execPath, main]);
    expect(stderr).toMatch(/^charla: stdout cannot be written: .*\nhint: .*\n$/);
    expect(status).toBe(1);
  });

  test("a body that is not packed as it says", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
    });
    expect((await failed(`127.0.0.1:${server.port}`)).message).toStartWith(
      `the body from 127.0.0.1:${server.port} cannot be unpacked: `,
    );
  });

  test("what a server says of itself is shown, not obeyed", async () => {
    await using server = await openRawServer((socket) => {
      socket.end("HTTP/1.1 404 \u00c2\u009b2J\r\nContent-Length: 0\r\n\r\n", "latin1");
    });
    const { stderr } = await runCharla(["get", `127.0.0.1:${server.port}`]);
    expect(stderr).toContain("answers 404 \\u{9b}2J\n");
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
    ["self-signed", SELF_SIGNED, "is self-signed: nobody vouches for it", false],
    ["of somebody unknown", TRUSTED, "is vouched for by somebody unknown here", false],
    ["expired", EXPIRED, "has expired", true],
    ["for another host", ELSEWHERE, "is for another host", true],
  ])(
    "that is %s is told to be so, and --insecure takes it",
    async (_what, certificate, told, isKnown) => {
      using known = authority();
      await using server = serve(certificate);
      const trust = isKnown ? ["--cacert", known.path] : [];
      const { message } = await failed(server.url, ...trust);
      expect(message).toBe(`the certificate of localhost:${server.port} ${told}`);
      expect((await runCharla(["get", "--insecure", server.url])).stdout).toBe("hello");
    },
  );

  test("that somebody in --cacert vouches for is trusted", async () => {
    using known = authority();
    await using server = serve(TRUSTED);
    const { stdout, status } = await runCharla(["get", "--cacert", known.path, server.url]);
    expect({ stdout, status }).toEqual({ stdout: "hello", status: 0 });
  });

  test("is not what a server without TLS has", async () => {
    const server = Bun.serve({ port: 0, fetch: () => new Response("hello") });
    const { message, hint } = await failed(`https://localhost:${server.port}`);
    expect(message).toBe(`localhost:${server.port} does not speak TLS as it should`);
    expect(hint).toBe("if it is a server without TLS, say http://");
    await server.stop(true);
  });
});
