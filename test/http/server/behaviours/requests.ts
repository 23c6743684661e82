// The heads of requests: start lines, targets, Host and other fields (RFC 9112 s. 2 to 5).

import { expect } from "bun:test";

import { GET, HOST, type Row, statusesOf, talk } from "./row.ts";

export const REQUESTS: readonly Row[] = [
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
];
