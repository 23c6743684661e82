// The bodies of requests: lengths, chunks, and 100 Continue (RFC 9112 s. 6, 7; RFC 9110 s. 10.1.1).

import { expect } from "bun:test";

import type { ServeOptions } from "../../../harness/file-server.ts";
import { HOST, NEXT, type Row, statusesOf, stored, talk } from "./row.ts";

const put = (name: string, ...lines: string[]) =>
  `PUT /${name} HTTP/1.1\r\n${HOST}${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";
const EXPECT = "Expect: 100-continue";
const CONTINUE = /HTTP\/1\.1 100 Continue\r\n\r\n$/;
const UPLOADS: ServeOptions = { upload: { onConflict: "refuse", limit: 100 } };

export const BODIES: readonly Row[] = [
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
];
