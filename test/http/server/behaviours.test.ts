// What `charla serve` does on the wire: each row of the table in docs/http.md, with literal bytes on a socket.

import { expect, test } from "bun:test";
import { readFileSync, truncateSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

import { makeCertificate } from "../../../src/http/server/tls/certificate.ts";
import { type FileServer, serveFolder, type ServeOptions } from "../../harness/file-server.ts";
import { root } from "../../harness/program.ts";
import { until } from "../../harness/until.ts";

/** Sent as it is, except END, the end of the client's side; a pattern is waited for. */
type Step = string | RegExp;

interface Row {
  /** As in the table. */
  readonly what: string;
  readonly answer: string;
  readonly options?: ServeOptions;
  /** Each is sent on a connection of its own, and all get the same. */
  readonly sent?: readonly (Step | readonly Step[])[];
  /** The statuses of all responses on a connection. */
  readonly statuses?: readonly number[];
  /** Whether the server closes the connection, which it otherwise keeps. */
  readonly closes?: boolean;
  /** What is true besides. */
  check?(server: FileServer, received: string): void | Promise<void>;
}

const HOST = "Host: localhost\r\n";
const GET = `GET /a HTTP/1.1\r\n${HOST}\r\n`;
/** A request on the same connection, which shows that the one before it was understood to its end. */
const NEXT = `GET /b HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
const put = (name: string, ...lines: string[]) =>
  `PUT /${name} HTTP/1.1\r\n${HOST}${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";
const EXPECT = "Expect: 100-continue";
const CONTINUE = /HTTP\/1\.1 100 Continue\r\n\r\n$/;
const UPLOADS: ServeOptions = { upload: { onConflict: "refuse", limit: 100 } };

/** Everything but the shared files "a" and "b". */
const stored = ({ folder }: FileServer) => folder.list().filter((name) => !/^[ab]$/.test(name));

const ROWS: readonly Row[] = [
  {
    what: "a malformed request line: no version, `http/1.1`, `HTTP/1.10`, two spaces, a tab",
    answer: "400",
    sent: [
      "NONSENSE\r\n\r\n",
      "GET /a\r\n\r\n",
      `GET /a\r\n${HOST}\r\n`,
      `GET /a http/1.1\r\n${HOST}\r\n`,
      `GET /a HTTPS/1.1\r\n${HOST}\r\n`,
      `GET /a HTTP/1.10\r\n${HOST}\r\n`,
      `GET /a HTTP/11\r\n${HOST}\r\n`,
      `GET /a HTTP/1.1x\r\n${HOST}\r\n`,
      `GET /a HTTP/1.1 \r\n${HOST}\r\n`,
      `GET  /a HTTP/1.1\r\n${HOST}\r\n`,
      `GET /a  HTTP/1.1\r\n${HOST}\r\n`,
      `GET\t/a\tHTTP/1.1\r\n${HOST}\r\n`,
      ` GET /a HTTP/1.1\r\n${HOST}\r\n`,
      `GET /a b HTTP/1.1\r\n${HOST}\r\n`,
      `GET /a\x01 HTTP/1.1\r\n${HOST}\r\n`,
      `GE(T /a HTTP/1.1\r\n${HOST}\r\n`,
      // Before the head is complete.
      "NONSENSE\r\n",
      "\x16\x03\x01\x02\0\x01\0",
      "\0",
    ],
    statuses: [400],
    closes: true,
  },
  {
    what: "another major version: `HTTP/2.0`, `HTTP/0.9`",
    answer: "505",
    sent: [
      `GET /a HTTP/2.0\r\n${HOST}\r\n`,
      `GET /a HTTP/0.9\r\n${HOST}\r\n`,
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    statuses: [505],
    closes: true,
  },
  {
    what: "`HTTP/1.2`",
    answer: "as HTTP/1.1 (RFC 9110 s. 2.5)",
    sent: [`GET /a HTTP/1.2\r\n${HOST}\r\n`],
    statuses: [200],
  },
  {
    what: "empty lines before a request, at most four",
    answer: "ignored (RFC 9112 s. 2.2)",
    sent: [`\r\n${GET}`, `\r\n\r\n\r\n\r\n${GET}`],
    statuses: [200],
  },
  {
    what: "a method that is not allowed here, with its body",
    answer: "405 with `Allow`",
    sent: [
      `POST /a HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nx`,
      `DELETE /a HTTP/1.1\r\n${HOST}\r\n`,
      `TRACE /a HTTP/1.1\r\n${HOST}\r\n`,
      `PROPFIND / HTTP/1.1\r\n${HOST}\r\n`,
    ],
    statuses: [405],
    check: (_server, received) => expect(received).toContain("\r\nallow: GET, HEAD, OPTIONS\r\n"),
  },
  {
    what: "a method that neither HTTP nor WebDAV has: `BREW`, `get`",
    answer: "501 (RFC 9110 s. 15.6.2)",
    sent: [`BREW /a HTTP/1.1\r\n${HOST}\r\n`, `get /a HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [501],
  },
  {
    what: "`OPTIONS *`, and OPTIONS of a path",
    answer: "204 with `Allow`",
    sent: [`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, `OPTIONS /a HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [204],
    check(_server, received) {
      expect(received).toContain("\r\nallow: GET, HEAD, OPTIONS\r\n");
      expect(received).not.toContain("content-length");
    },
  },
  {
    what: "a target without a slash: `GET *`, `GET a`, `GET localhost:80`",
    answer: "400",
    sent: ["*", "a", "localhost:80", "ftp://localhost/a"].map(
      (target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`,
    ),
    statuses: [400],
    closes: true,
  },
  {
    what: "CONNECT",
    answer: "501: this is no proxy",
    sent: [`CONNECT localhost:80 HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [501],
    closes: true,
  },
  {
    what: "an absolute target: `GET http://localhost/a`",
    answer: "as its path (RFC 9112 s. 3.2.2)",
    sent: [
      `GET http://localhost/a HTTP/1.1\r\n${HOST}\r\n`,
      `GET http://LOCALHOST:1/a HTTP/1.1\r\n${HOST}\r\n`,
      // Its host counts, whatever Host says.
      "GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
    statuses: [200],
  },
  {
    what: "an absolute target with a foreign host, whatever `Host` says",
    answer: "421",
    sent: [`GET http://evil.example/a HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [421],
  },
  {
    what: "a Host that another site can own",
    answer: "421, which names `--host`",
    sent: ["GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
    statuses: [421],
    check: (_server, received) => expect(received).toContain("--host evil.example"),
  },
  {
    what: "bytes beyond ASCII in a target",
    answer: "as if they were percent-encoded, as curl sends what is typed",
    sent: ["GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    statuses: [404],
    check: (server) => expect(server.log[0]?.target).toBe("/%C3%A9"),
  },
  {
    what: "a path that is not percent-encoded UTF-8: `/%zz`, `/%ff`, `/%00`",
    answer: "400",
    sent: ["/%zz", "/%", "/%ff", "/a%00b"].map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`),
    statuses: [400],
  },
  {
    what: "a target above 16 KiB",
    answer: "414",
    sent: [`GET /${"a".repeat(20_000)}`, `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [414],
    closes: true,
  },
  {
    what: "headers above 16 KiB, or more than 200",
    answer: "431",
    sent: [
      `GET /a HTTP/1.1\r\n${HOST}A: ${"b".repeat(20_000)}`,
      `GET /a HTTP/1.1\r\n${HOST}A: ${"b".repeat(20_000)}\r\n\r\n`,
      `GET /a HTTP/1.1\r\n${HOST}${"A: b\r\n".repeat(201)}\r\n`,
    ],
    statuses: [431],
    closes: true,
  },
  {
    what: "in HTTP/1.1 no Host, two, or one that is empty or has a path, a user or a bad port",
    answer: "400 (RFC 9112 s. 3.2)",
    sent: [
      "GET /a HTTP/1.1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: \r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: localhost/b\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: b@localhost\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: localhost:x\r\n\r\n",
      "GET http://b@localhost/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    statuses: [400],
    closes: true,
  },
  {
    what: "HTTP/1.0, without a Host, too",
    answer: "served, and the connection closed, unless it is `keep-alive`",
    sent: ["GET /a HTTP/1.0\r\n\r\n"],
    statuses: [200],
    closes: true,
    async check(server) {
      const kept = await talk(server, [
        "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
      ]);
      expect(statusesOf(kept)).toEqual([200, 200]);
      expect(kept).toContain("\r\nconnection: keep-alive\r\n");
    },
  },
  {
    what: "a header that is folded, has no colon, a space before it, no name, or a control character",
    answer: "400 (RFC 9112 s. 5)",
    sent: [
      "A: b\r\n c",
      "A",
      "A : b",
      ": b",
      "A(b): c",
      "A: b\0c",
      "A: b\x01c",
      "A: b\rc",
      "A: b\x7f",
    ].map((line) => `GET /a HTTP/1.1\r\n${HOST}${line}\r\n\r\n`),
    statuses: [400],
    closes: true,
  },
  {
    what: "a line that ends in a bare LF",
    answer: "400",
    sent: [
      "GET /a HTTP/1.1\nHost: localhost\n\n",
      `GET /a HTTP/1.1\r\n${HOST}A: b\nC: d\r\n\r\n`,
      `GET /a HTTP/1.1\r\n${HOST}A: b\n`,
    ],
    statuses: [400],
    closes: true,
  },
  {
    what: "a repeated header that is a list",
    answer: "one list (RFC 9110 s. 5.3)",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Connection: x\r\nConnection: y, close\r\n\r\n`],
    statuses: [200],
    closes: true,
  },
  {
    what: "a Content-Length that is no number, or two that differ",
    answer: "400",
    options: UPLOADS,
    sent: ["-1", "+3", "3x", "", "99999999999999999999", "3, 4"]
      .map((length) => put("c", `Content-Length: ${length}`))
      .concat(put("c", "Content-Length: 3", "Content-Length: 4")),
    statuses: [400],
    closes: true,
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "the same Content-Length twice",
    answer: "one (RFC 9110 s. 8.6)",
    options: { upload: { onConflict: "replace", limit: 100 } },
    sent: [
      `${put("c", "Content-Length: 3", "Content-Length: 3")}abc`,
      `${put("c", "Content-Length: 3, 3")}abc`,
    ],
    check: (server) => expect(server.folder.read("c")).toBe("abc"),
  },
  {
    what: "a length and a transfer coding; a coding in HTTP/1.0; one that does not end in chunked, or has it twice",
    answer: "400 (RFC 9112 s. 6.1, 6.3)",
    options: UPLOADS,
    sent: [
      `${put("c", CHUNKED, "Content-Length: 3")}3\r\nabc\r\n0\r\n\r\n`,
      `PUT /c HTTP/1.0\r\n${HOST}${CHUNKED}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      put("c", "Transfer-Encoding: gzip"),
      put("c", "Transfer-Encoding: chunked, gzip"),
      put("c", CHUNKED, CHUNKED),
      put("c", "Transfer-Encoding: "),
    ],
    statuses: [400],
    closes: true,
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "another transfer coding before chunked",
    answer: "501",
    options: UPLOADS,
    sent: [`${put("c", "Transfer-Encoding: gzip, chunked")}3\r\nabc\r\n0\r\n\r\n`],
    statuses: [501],
    closes: true,
  },
  {
    what: "a body with GET",
    answer: "ignored, and the next request is answered",
    sent: [
      `GET /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc${NEXT}`,
      `GET /a HTTP/1.1\r\n${HOST}${CHUNKED}\r\n\r\n3\r\nabc\r\n0\r\n\r\n${NEXT}`,
    ],
    statuses: [200, 200],
    closes: true,
  },
  {
    what: "an upload in chunks, however they arrive",
    answer: "201",
    options: UPLOADS,
    sent: [
      [`${put("c", CHUNKED)}3\r\nabc\r\n002\r\nde\r\n0\r\n\r\n`],
      [put("d", CHUNKED), ..."3\r\nabc\r\n002\r\nde\r\n0\r\n\r\n".split("")],
    ],
    statuses: [201],
    check(server) {
      for (const name of stored(server)) expect(server.folder.read(name)).toBe("abcde");
    },
  },
  {
    what: "chunk extensions, also quoted",
    answer: "ignored (RFC 9112 s. 7.1.1)",
    options: { upload: { onConflict: "replace", limit: 100 } },
    sent: ["3;a", "3;a=b", '3 ; a = "b; \\" c" ; d', "3;a=b;c"].map(
      (line) => `${put("c", CHUNKED)}${line}\r\nabc\r\n0\r\n\r\n`,
    ),
    check: (server) => expect(server.folder.read("c")).toBe("abc"),
  },
  {
    what: "malformed chunk extensions, or more than 16 KiB of them",
    answer: "400, and nothing is stored",
    options: UPLOADS,
    sent: [
      "3;",
      "3;=",
      "3;;a",
      "3;a=",
      '3;a="b',
      "3;a\x01",
      "3;a\rb",
      "3 a",
      "3 ",
      `3;${"a".repeat(5_000)}`,
    ]
      .map((line) => `${put("c", CHUNKED)}${line}\r\nabc\r\n0\r\n\r\n`)
      .concat(`${put("c", CHUNKED)}${`1;${"a".repeat(4_000)}\r\nx\r\n`.repeat(5)}0\r\n\r\n`),
    statuses: [400],
    closes: true,
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "a chunk whose size is no hexadecimal number, too large, or wrong",
    answer: "400, and nothing is stored",
    options: UPLOADS,
    sent: [
      "0x3\r\nabc\r\n0\r\n\r\n",
      "-1\r\nabc\r\n0\r\n\r\n",
      "\r\nabc\r\n0\r\n\r\n",
      "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
      "3\r\nabcd\r\n0\r\n\r\n",
      "3\r\nabc\n0\r\n\r\n",
      "3\nabc\r\n0\r\n\r\n",
    ].map((body) => put("c", CHUNKED) + body),
    statuses: [400],
    closes: true,
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "an upload in chunks with a trailer section",
    answer: "201, and the next request is answered",
    options: UPLOADS,
    sent: [`${put("c", CHUNKED)}3\r\nabc\r\n0\r\nDigest: x\r\nB: c\r\n\r\n${NEXT}`],
    statuses: [201, 200],
    closes: true,
    check: (server) => expect(server.folder.read("c")).toBe("abc"),
  },
  {
    what: "a malformed trailer section",
    answer: "400, and nothing is stored",
    options: UPLOADS,
    sent: ["no colon", "A : b", " a: b", "A: b\0"].map(
      (line) => `${put("c", CHUNKED)}3\r\nabc\r\n0\r\n${line}\r\n\r\n`,
    ),
    statuses: [400],
    closes: true,
    check: (server) => expect(stored(server)).toEqual([]),
  },
  {
    what: "an upload whose connection ends before its length, its last chunk, or the CRLF after that",
    answer: "400, aborted in the log, and nothing is stored",
    options: UPLOADS,
    sent: [
      [`${put("c", "Content-Length: 4")}abc`, "END"],
      [`${put("c", CHUNKED)}3\r\nabc\r\n`, "END"],
      [`${put("c", CHUNKED)}3\r\nabc\r\n0\r\n`, "END"],
      [`${put("c", CHUNKED)}3\r\nabc\r\n0\r\nA: b\r\n`, "END"],
    ],
    statuses: [400],
    closes: true,
    check(server) {
      expect(stored(server)).toEqual([]);
      expect(server.log.every(({ isAborted }) => isAborted)).toBe(true);
    },
  },
  {
    what: "`Expect: 100-continue` with an upload that is wanted",
    answer: "100, and then 201 (RFC 9110 s. 10.1.1)",
    options: UPLOADS,
    sent: [
      [put("c", EXPECT, "Content-Length: 3"), CONTINUE, "abc"],
      [put("d", EXPECT, CHUNKED), CONTINUE, "3\r\nabc\r\n0\r\n\r\n"],
    ],
    statuses: [100, 201],
    check: (server) => expect(stored(server)).toEqual(["c", "d"]),
  },
  {
    what: "`Expect: 100-continue` with one that is refused: too large, a name that is taken, a method that is not allowed",
    answer: "413, 409 or 405, and no 100",
    options: UPLOADS,
    sent: [put("c", EXPECT, "Content-Length: 101")],
    statuses: [413],
    closes: true,
    async check(server) {
      const taken = await talk(server, [put("a", EXPECT, "Content-Length: 3")]);
      expect(statusesOf(taken)).toEqual([409]);
      const method = `DELETE /a HTTP/1.1\r\n${HOST}${EXPECT}\r\nContent-Length: 3\r\n\r\n`;
      expect(statusesOf(await talk(server, [method]))).toEqual([405]);
    },
  },
  {
    what: "`Expect: 100-continue` in HTTP/1.0, without a body, or when the body has come already",
    answer: "no 100",
    options: { upload: { onConflict: "replace", limit: 100 } },
    sent: [
      `PUT /c HTTP/1.0\r\n${HOST}${EXPECT}\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc`,
      put("c", EXPECT, "Content-Length: 0"),
      `${put("c", EXPECT, "Content-Length: 3")}abc`,
    ],
    check: (_server, received) => expect(received).not.toContain("100 Continue"),
  },
  {
    what: "another expectation",
    answer: "417",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`],
    statuses: [417],
    closes: true,
  },
  {
    what: "several requests at once",
    answer: "answered in their order",
    sent: [GET + GET.replace("/a", "/none") + GET.replace("GET", "HEAD") + NEXT],
    statuses: [200, 404, 200, 200],
    closes: true,
    check: (server) =>
      expect(server.log.map(({ method, target }) => `${method} ${target}`)).toEqual([
        "GET /a",
        "GET /none",
        "HEAD /a",
        "GET /b",
      ]),
  },
  {
    what: "`Connection: close`",
    answer: "the connection is closed after the response, which says so",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Connection: keep-alive, Close\r\n\r\n${GET}`],
    statuses: [200],
    closes: true,
    check: (_server, received) => expect(received).toContain("\r\nconnection: close\r\n"),
  },
  {
    what: "a client that ends its side after its requests",
    answer: "all responses, and then the connection is closed",
    sent: [[GET + GET, "END"]],
    statuses: [200, 200],
    closes: true,
  },
  {
    what: "a request that is refused before its body has come",
    answer: "the response, and the connection is closed: nothing that follows is read as a request",
    sent: [[`POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\n`, /\r\n\r\n/, GET]],
    statuses: [405],
    closes: true,
    check: (_server, received) => expect(received).toContain("\r\nconnection: close\r\n"),
  },
  {
    what: "a head that has not come after 12 s",
    answer: "408",
    options: { headSeconds: 0.01 },
    sent: ["GET /a HTTP/1.1\r\nHost: local"],
    statuses: [408],
    closes: true,
  },
  {
    what: "a connection on which nothing happens for 2 minutes",
    answer: "closed",
    options: { headSeconds: 0.01, idleSeconds: 0.01 },
    sent: [[]],
    statuses: [],
    closes: true,
  },
  {
    what: "an upgrade: `Upgrade: h2c`",
    answer: "ignored",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`],
    statuses: [200],
  },
  {
    what: "HEAD",
    answer: "the headers of GET, and no body",
    sent: [`HEAD /a HTTP/1.1\r\n${HOST}\r\n`],
    statuses: [200],
    check(_server, received) {
      expect(received).toContain("\r\ncontent-length: 11\r\n");
      expect(received).toEndWith("\r\n\r\n");
    },
  },
  {
    what: "one range of bytes",
    answer: "206 with these bytes",
    sent: ["bytes=4-6", "bytes=-7", "bytes=4-", "bytes=8-99"].map(
      (range) => `GET /a HTTP/1.1\r\n${HOST}Range: ${range}\r\n\r\n`,
    ),
    statuses: [206],
    check: (_server, received) =>
      expect(received).toMatch(/\r\ncontent-range: bytes \d+-\d+\/11\r\n/),
  },
  {
    what: "several ranges, or another unit",
    answer: "the whole file (RFC 9110 s. 14.2)",
    sent: ["bytes=0-1,4-5", "lines=0-1", "bytes=x"].map(
      (range) => `GET /a HTTP/1.1\r\n${HOST}Range: ${range}\r\n\r\n`,
    ),
    statuses: [200],
    check: (_server, received) => expect(received).toEndWith("the content"),
  },
  {
    what: "a range beyond the end",
    answer: "416 with the length",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Range: bytes=11-\r\n\r\n`],
    statuses: [416],
    check: (_server, received) => expect(received).toContain("\r\ncontent-range: bytes */11\r\n"),
  },
  {
    what: "a body whose length is not known before it is sent",
    answer: "chunks; in HTTP/1.0 up to the end of the connection",
    sent: [`GET /?archive=tar HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`],
    statuses: [200],
    closes: true,
    async check(server, received) {
      expect(received).toContain("\r\ntransfer-encoding: chunked\r\n");
      expect(received).toEndWith("\r\n0\r\n\r\n");
      const old = await talk(server, ["GET /?archive=tar HTTP/1.0\r\n\r\n"]);
      expect(old).not.toContain("transfer-encoding");
      expect(old.slice(old.indexOf("\r\n\r\n") + 4).length % 512).toBe(0);
    },
  },
  {
    what: "a file that becomes shorter while it is sent",
    answer: "the connection is reset at once, and the log says `aborted` and how much was sent",
    async check(server) {
      const path = join(server.folder.path, "large");
      server.folder.write("large", Buffer.alloc(30_000_000, "x"));
      const length = await shrunk(server, GET.replace("/a", "/large"), path);
      expect(length).toBeGreaterThan(0);
      expect(server.log.at(-1)).toMatchObject({ status: 200, isAborted: true });
      expect(server.log.at(-1)?.sent).toBeGreaterThan(0);
      expect(server.log.at(-1)?.sent).toBeLessThan(30_000_000);
    },
  },
  {
    what: "a file that becomes shorter while it is sent in an archive",
    answer: "the archive breaks off: the connection is reset, and nothing is made up",
    async check(server) {
      for (const format of ["tar", "zip"]) {
        const path = join(server.folder.path, "large");
        server.folder.write("large", Buffer.alloc(30_000_000, "x"));
        await shrunk(server, GET.replace("/a", `/?archive=${format}`), path);
        expect(server.log.at(-1)).toMatchObject({ status: 200, isAborted: true });
      }
    },
  },
  {
    what: "a client that disconnects while it is sent a file",
    answer: "the log says `aborted` and how much was sent",
    async check(server) {
      server.folder.write("large", Buffer.alloc(30_000_000, "x"));
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(GET.replace("/a", "/large"));
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
      await until("the log", () => server.log.length === 1);
      const entry = server.log[0];
      expect(entry?.isAborted).toBe(true);
      expect(entry?.sent).toBeGreaterThan(0);
      expect(entry?.sent).toBeLessThan(30_000_000);
    },
  },
  {
    what: "TLS on a port without it",
    answer: "400",
    async check(server) {
      const socket = connectTls({ port: server.port, host: "127.0.0.1" });
      const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
      expect(error).toBeInstanceOf(Error);
      expect(server.log).toMatchObject([{ status: 400, version: null }]);
    },
  },
  {
    what: "HTTP without TLS on a port for TLS",
    answer: "308 to the same address with https",
    options: { tls: makeCertificate(["localhost"], new Date()) },
    sent: ["GET /a?b HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n"],
    statuses: [308],
    closes: true,
    check: (_server, received) =>
      expect(received).toContain("\r\nlocation: https://localhost:8000/a?b\r\n"),
  },
];

test.each(ROWS.map((row) => [row.what, row.answer, row] as const))(
  "%s: %s",
  async (_what, _answer, row) => {
    await using server = await serveFolder(row.options);
    server.folder.write("a", "the content");
    server.folder.write("b", "another");
    let received = "";
    for (const sent of row.sent ?? []) {
      const steps = typeof sent === "object" && !(sent instanceof RegExp) ? sent : [sent];
      received = await talk(server, row.closes === true ? steps : [...steps, "KEPT"]);
      if (row.statuses !== undefined) {
        expect([steps, statusesOf(received)]).toEqual([steps, [...row.statuses]]);
      }
    }
    await row.check?.(server, received);
    // It goes on serving.
    if (row.options?.tls === undefined && row.options?.headSeconds === undefined) {
      expect(statusesOf(await talk(server, [NEXT]))).toEqual([200]);
    }
  },
);

test("docs/http.md has these rows, and no others", () => {
  const document = readFileSync(join(root, "docs/http.md"), "utf8");
  const [, table = ""] =
    /\| what comes +\| what happens +\|\n\|[ -|]+\|\n((?:\|.*\n)+)/.exec(document) ?? [];
  const rows = table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(ROWS.map(({ what, answer }) => [what, answer]));
});

function statusesOf(received: string): number[] {
  return Array.from(received.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
}

/**
 * What is received on a connection until the server closes it; with "KEPT" at the end until the response to one more request
 * has come, which is left out.
 */
function talk(server: FileServer, steps: readonly Step[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const left = [...steps];
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";

  function go(): void {
    for (let step = left[0]; step !== undefined; step = left[0]) {
      if (step instanceof RegExp && !step.test(received)) return;
      left.shift();
      if (step === "END") socket.end();
      else if (step === "KEPT") socket.write("BREW /kept HTTP/1.1\r\nHost: localhost\r\n\r\n");
      else if (typeof step === "string") socket.write(Buffer.from(step, "latin1"));
    }
  }
  socket.on("connect", go);
  socket.on("data", (data) => {
    received += data.toString("latin1");
    go();
    const kept = received.lastIndexOf("HTTP/1.1 501 ");
    if (steps.at(-1) !== "KEPT" || kept === -1 || !received.endsWith("501: unknown method\n"))
      return;
    received = received.slice(0, kept);
    socket.destroy();
  });
  socket.on("end", () => socket.end());
  // A connection that is reset: what was received before counts.
  socket.on("error", () => {});
  socket.on("close", () => resolve(received));
  return promise;
}

/** Requests a file of which a client reads the beginning, and cuts it. How many bytes came before the connection was reset. */
async function shrunk(server: FileServer, request: string, path: string): Promise<number> {
  const entries = server.log.length;
  const socket = connect(server.port, "127.0.0.1");
  const { promise: failed, resolve } = Promise.withResolvers<Error>();
  let length = 0;
  socket.on("error", resolve);
  socket.write(request);
  await new Promise<void>((resume) => {
    socket.on("data", (data) => {
      length += data.length;
      if (length > 1_000_000) resume();
    });
  });
  truncateSync(path, 1_000);
  const error = await failed;
  expect(error.message).toContain("ECONNRESET");
  await until("the log", () => server.log.length > entries);
  return length;
}
