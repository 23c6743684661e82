// Responses: files, parts of them, and what breaks off.

import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { until } from "../../../harness/until.ts";
import { GET, HOST, request, type Row, shrunk, talk } from "./row.ts";

export const RESPONSES: readonly Row[] = [
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
    what: "a file that the client has: `If-None-Match`, `If-Modified-Since`",
    answer: "304, without a length",
    sent: [`GET /a HTTP/1.1\r\n${HOST}If-None-Match: *\r\n\r\n`],
    statuses: [304],
    check(_server, received) {
      expect(received).toMatch(/\r\netag: "[^"]+"\r\n/);
      expect(received).not.toMatch(/\r\ncontent-(?:length|type)/);
    },
  },
  {
    what: "`If-Match` or `If-Unmodified-Since` of another version",
    answer: "412 (RFC 9110 s. 13.1)",
    sent: [
      `GET /a HTTP/1.1\r\n${HOST}If-Match: "x"\r\n\r\n`,
      `GET /a HTTP/1.1\r\n${HOST}If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n`,
    ],
    statuses: [412],
  },
  {
    what: "text of 1 KiB or more for a client that accepts zstd, br or gzip",
    answer: "compressed, with `Vary`; also from `FILE.br`, `FILE.zst`, `FILE.gz` beside it",
    async check(server) {
      server.folder.write("text.txt", "a line\n".repeat(1_000));
      const received = await talk(server, [
        request("GET /text.txt", ["Accept-Encoding: gzip", "Connection: close"]),
      ]);
      expect(received).toContain("\r\ncontent-encoding: gzip\r\n");
      expect(received).toContain("\r\nvary: Accept-Encoding\r\n");
    },
  },
  {
    what: "a folder without its slash",
    answer: "301 to it",
    async check(server) {
      mkdirSync(join(server.folder.path, "sub"));
      const received = await talk(server, [request("GET /sub?q=1", ["Connection: close"])]);
      expect(received).toStartWith("HTTP/1.1 301 ");
      expect(received).toContain("\r\nlocation: /sub/?q=1\r\n");
    },
  },
  {
    what: "a path without an extension, `/about`, where there is `about.html`",
    answer: "that page",
    async check(server) {
      server.folder.write("about.html", "about us");
      const received = await talk(server, [request("GET /about", ["Connection: close"])]);
      expect(received).toStartWith("HTTP/1.1 200 ");
      expect(received).toEndWith("about us");
    },
  },
  {
    what: "a path that is not there, where there is `404.html`",
    answer: "404 with that page",
    async check(server) {
      server.folder.write("404.html", "nothing here");
      const received = await talk(server, [request("GET /none.png", ["Connection: close"])]);
      expect(received).toStartWith("HTTP/1.1 404 ");
      expect(received).toEndWith("\r\n\r\nnothing here");
    },
  },
  {
    what: "`..`, hidden names, and links out of the folder",
    answer: "404",
    sent: ["/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc", "/.hidden", "/out/passwd"].map(
      (path) => request(`GET ${path}`, []),
    ),
    statuses: [404],
  },
  {
    what: "a folder, with `Accept: application/json`",
    answer: "its names as JSON, 1,000 at a time, sorted before they are divided",
    sent: [request("GET /?sort=name&order=desc&q=A", ["Accept: application/json"])],
    statuses: [200],
    check: (_server, received) =>
      expect(received).toMatch(
        /\{"path":"\/","entries":\[\{"name":"a","kind":"file","size":11,"modified":"[^"]+"\}\],"total":1,"page":1,"pages":1,"leftOut":0,"next":null\}$/,
      ),
  },
  {
    what: "a request without the password, with `--auth`",
    answer: "401",
    options: { credentials: "ana:x" },
    sent: [
      request("GET /a", ["Connection: close"]),
      request("GET /a", ["Authorization: Basic YW5hOnk=", "Connection: close"]),
    ],
    statuses: [401],
    closes: true,
    check: (_server, received) =>
      expect(received).toContain('\r\nwww-authenticate: Basic realm="charla", charset="UTF-8"\r\n'),
  },
];
