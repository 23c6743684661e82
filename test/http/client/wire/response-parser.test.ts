// Responses as literal bytes, and what is read from them (RFC 9112). Each is fed whole and byte by byte: where it is split must
// make no difference.

import { describe, expect, test } from "bun:test";

import { HttpFault } from "../../../../src/http/client/wire/response-head.ts";
import { createResponseParser } from "../../../../src/http/client/wire/response-parser.ts";
import type { Header } from "../../../../src/http/header-fields.ts";

interface Reading {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
  /** Null: it is not complete, and says what else ends the connection in an orderly way would mean. */
  readonly end: { readonly trailers: readonly Header[]; readonly persists: boolean } | null;
  readonly interim: readonly number[];
  readonly excess: string;
}

function readIn(pieces: readonly string[], method: string, closes: boolean): Reading {
  const parser = createResponseParser(method);
  let status = 0;
  let headers: readonly Header[] = [];
  let body = "";
  let end: Reading["end"] = null;
  const interim: number[] = [];
  const events = pieces.flatMap((piece) => parser.push(Buffer.from(piece, "latin1")));
  const last = closes && end === null ? parser.close() : null;
  for (const event of last === null ? events : [...events, last]) {
    switch (event.type) {
      case "interim":
        interim.push(event.head.status);
        break;
      case "head":
        ({ status, headers } = event.head);
        break;
      case "body":
        body += Buffer.from(event.bytes).toString("latin1");
        break;
      case "end":
        end = { trailers: event.trailers, persists: event.persists };
    }
  }
  return { status, headers, body, end, interim, excess: Buffer.from(parser.excess).toString() };
}

/** What a response is read as, if the connection then `closes` in an orderly way. */
function read(response: string, { method = "GET", closes = false } = {}): Reading {
  const whole = readIn([response], method, closes);
  const single = readIn(Array.from(response), method, closes);
  // Only bytes that come together with the end can be seen to be too many.
  expect({ ...single, end: null, excess: "" }).toEqual({ ...whole, end: null, excess: "" });
  expect(single.end === null).toBe(whole.end === null);
  return whole;
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

describe("a body that is complete (RFC 9112 s. 6.3)", () => {
  test.each([
    ["as long as it says", `${OK}Content-Length: 5\r\n\r\nhello`, "hello", true],
    ["empty", `${OK}Content-Length: 0\r\n\r\n`, "", true],
    [
      "as long as two equal headers say",
      `${OK}Content-Length: 2\r\ncontent-length: 2\r\n\r\nab`,
      "ab",
      true,
    ],
    ["as long as a list of one length says", `${OK}Content-Length: 2, 02\r\n\r\nab`, "ab", true],
    ["in chunks", `${CHUNKED}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, "hello!", true],
    ["in chunks with extensions", `${CHUNKED}2;a=b;c="d e"\r\nab\r\n0;e\r\n\r\n`, "ab", true],
    ["in chunks with blanks behind their size", `${CHUNKED}2  \r\nab\r\n0 \r\n\r\n`, "ab", true],
    ["in chunks with zeros before their size", `${CHUNKED}0002\r\nab\r\n000\r\n\r\n`, "ab", true],
    ["in chunks that end in a bare LF", `${CHUNKED}2\nab\n0\n\n`, "ab", true],
    [
      "in chunks, with a length that counts nothing",
      `${OK}Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
      "a",
      false,
    ],
    [
      "in chunks by HTTP/1.0",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      "a",
      false,
    ],
    [
      "with the transfer coding that is none",
      `${OK}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab`,
      "ab",
      true,
    ],
    [
      "as long as it says, with lines that end in a bare LF",
      "HTTP/1.1 200 OK\nContent-Length: 2\n\nab",
      "ab",
      true,
    ],
    [
      "after which the server closes",
      `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nab`,
      "ab",
      false,
    ],
    ["by HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", "ab", false],
    [
      "by HTTP/1.0 that stays",
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab",
      "ab",
      true,
    ],
    ["that a 204 does not have", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", true],
    [
      "that a 304 does not have",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
      "",
      true,
    ],
  ])(
    "a body %s is complete without the end of the connection",
    (_what, response, body, persists) => {
      expect(read(response)).toMatchObject({ body, end: { persists } });
    },
  );

  test("a response to HEAD has no body, whatever length it names", () => {
    const response = `${OK}Content-Length: 5\r\n\r\n`;
    expect(read(response, { method: "HEAD" })).toMatchObject({ body: "", end: { persists: true } });
  });

  test.each([
    ["of HTTP/1.1", `${OK}\r\nhello`],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello"],
  ])("a body %s without a length ends with the connection", (_what, response) => {
    expect(read(response).end).toBeNull();
    expect(read(response, { closes: true })).toMatchObject({
      body: "hello",
      end: { persists: false },
    });
  });

  test("trailers are apart from the headers (RFC 9112 s. 7.1.2)", () => {
    const { headers, end } = read(`${CHUNKED}1\r\na\r\n0\r\nX: y\r\nContent-Length:  9 \r\n\r\n`);
    expect(headers).toEqual([["Transfer-Encoding", "chunked"]]);
    expect(end?.trailers).toEqual([
      ["X", "y"],
      ["Content-Length", "9"],
    ]);
  });

  test("what follows a response is not part of it, and nothing else comes by its connection", () => {
    const { body, end, excess } = read(`${OK}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n`);
    expect({ body, end, excess }).toEqual({
      body: "ab",
      end: { trailers: [], persists: false },
      excess: "HTTP/1.1 200 OK\r\n\r\n",
    });
  });
});

describe("a body that is not complete", () => {
  test.each([
    ["in the first line", "HTTP/1.1 20"],
    ["in its headers", `${OK}Content-Length: 5\r\n`],
    ["before its first byte", `${OK}Content-Length: 5\r\n\r\n`],
    ["before its last byte", `${OK}Content-Length: 5\r\n\r\nhell`],
    ["before its first chunk", CHUNKED],
    ["in the size of a chunk", `${CHUNKED}5`],
    ["in a chunk", `${CHUNKED}5\r\nhell`],
    ["at the end of a chunk", `${CHUNKED}5\r\nhello`],
    ["after a chunk", `${CHUNKED}5\r\nhello\r\n`],
    ["after the size of the last chunk", `${CHUNKED}5\r\nhello\r\n0\r\n`],
    ["in the trailer", `${CHUNKED}0\r\nX: y\r\n`],
    ["before the last LF", `${CHUNKED}0\r\n\r`],
  ])("a response that ends %s is not complete", (_where, response) => {
    expect(read(response, { closes: true }).end).toBeNull();
  });
});

describe("the head", () => {
  test("fields keep their order, their case and their repetitions; values lose the blanks around them", () => {
    const { status, headers } = read(
      "HTTP/1.1 299 Fine, thanks\r\nSet-Cookie: a=b\r\nx-A:\r\nX-a:  b \t\r\nset-cookie: c=d\r\n\r\n",
    );
    expect(status).toBe(299);
    expect(headers).toEqual([
      ["Set-Cookie", "a=b"],
      ["x-A", ""],
      ["X-a", "b"],
      ["set-cookie", "c=d"],
    ]);
  });

  test.each([
    ["a folded line is one line (RFC 9112 s. 5.2)", "X: a\r\n  b\r\n\tc\r\n", ["X", "a b c"]],
    ["a value may begin on a folded line", "X:\r\n a\r\n", ["X", "a"]],
    ["blanks before a colon are none of the name (s. 5.1)", "X \t: a\r\n", ["X", "a"]],
    ["UTF-8 is decoded", "X: \u00c3\u00a9\r\n", ["X", "é"]],
    ["what is not UTF-8 is Latin-1", "X: \u00e9\r\n", ["X", "é"]],
  ])("%s", (_rule, line, header) => {
    expect(read(`${OK}${line}\r\n`).headers).toEqual([[header[0] ?? "", header[1] ?? ""]]);
  });

  test("a folded Content-Length counts", () => {
    expect(read(`${OK}Content-Length:\r\n 2\r\n\r\nab`).end).not.toBeNull();
  });

  test("300 headers are none too many", () => {
    const lines = Array.from({ length: 300 }, (_, index) => `X-${index}: y\r\n`).join("");
    expect(read(`${OK}${lines}\r\n`).headers.length).toBe(300);
  });

  test.each([
    ["HTTP/1.1 200\r\n\r\n", 200],
    ["HTTP/1.1 200 \r\n\r\n", 200],
    ["HTTP/1.0 404 Not Found\r\n\r\n", 404],
    ["HTTP/1.9 999 ?\r\n\r\n", 999],
  ])("the status line of %j is taken", (response, status) => {
    expect(read(response).status).toBe(status);
  });

  test("interim responses come before the final one (RFC 9110 s. 15.2)", () => {
    const response = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nab`;
    expect(read(response)).toMatchObject({ interim: [100, 103], status: 200, body: "ab" });
  });

  test("101 is final: what follows is another protocol", () => {
    const response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\nxyz";
    expect(read(response)).toMatchObject({ status: 101, body: "", excess: "xyz" });
  });

  test("a 2xx to CONNECT begins a tunnel, whatever length it names (RFC 9110 s. 9.3.6)", () => {
    const response = `${OK}Content-Length: 5\r\n\r\nxyz`;
    expect(read(response, { method: "CONNECT" })).toMatchObject({ body: "", excess: "xyz" });
  });
});

/** A transfer coding that was not requested (RFC 9112 s. 6.1): what follows is not the body itself. */
const NOT_REQUESTED = `${OK}Transfer-Encoding: gzip`;

describe("what is no response, or could be read in two ways", () => {
  test.each([
    ["hello", "it has no status line"],
    ["\r\nHTTP/1.1 200 OK\r\n\r\n", "it has no status line"],
    ["HTTP/2 200\r\n\r\n", "it has no status line"],
    ["HTTP/1.1 20 OK\r\n\r\n", "it has no status line"],
    ["HTTP/1.1 099 OK\r\n\r\n", "it has no status line"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "it has no status line"],
    ["HTTP/1.1  200 OK\r\n\r\n", "it has no status line"],
    ["HTTP/1.1 200 \u001b[2J\r\n\r\n", "its status line has a control character"],
    [`${OK}X: a\0b\r\n\r\n`, "a header has a control character"],
    [`${OK}X: a\rb\r\n\r\n`, "a header has a control character"],
    [`${OK}X: \u001b[2J\r\n\r\n`, "a header has a control character"],
    [`${OK} X: a\r\n\r\n`, "its first header begins with a blank"],
    [`${OK}no colon\r\n\r\n`, "a line among its headers is none"],
    [`${OK}: a\r\n\r\n`, "a line among its headers is none"],
    [`${OK}X Y: a\r\n\r\n`, "a line among its headers is none"],
    [`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`, "it has two lengths, 2 and 3"],
    [`${OK}Content-Length: 2, 3\r\n\r\nabc`, "it has two lengths, 2 and 3"],
    [`${OK}Content-Length: 2, +2\r\n\r\nab`, "it has two lengths, 2 and +2"],
    [`${OK}Content-Length: 2x\r\n\r\nab`, 'Content-Length: "2x" is no length'],
    [`${OK}Content-Length: -1\r\n\r\n`, 'Content-Length: "-1" is no length'],
    [`${OK}Content-Length: +2\r\n\r\nab`, 'Content-Length: "+2" is no length'],
    [`${OK}Content-Length: 0x2\r\n\r\nab`, 'Content-Length: "0x2" is no length'],
    [`${OK}Content-Length:\r\n\r\n`, 'Content-Length: "" is no length'],
    [
      `${OK}Content-Length: 9007199254740993\r\n\r\n`,
      'Content-Length: "9007199254740993" is no length',
    ],
    [`${NOT_REQUESTED}\r\n\r\nab`, "Transfer-Encoding: gzip was not requested"],
    [
      `${NOT_REQUESTED}, chunked\r\n\r\n0\r\n\r\n`,
      "Transfer-Encoding: gzip, chunked was not requested",
    ],
    [
      `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "Transfer-Encoding: chunked, chunked was not requested",
    ],
    [
      `${OK}Transfer-Encoding: chunked;a=b\r\n\r\n`,
      "Transfer-Encoding: chunked;a=b was not requested",
    ],
    [`${CHUNKED}hello\r\n`, "a chunk has no size"],
    [`${CHUNKED}\r\n`, "a chunk has no size"],
    [`${CHUNKED}-2\r\nab\r\n`, "a chunk has no size"],
    [`${CHUNKED}0x2\r\nab\r\n`, "a chunk has no size"],
    [`${CHUNKED}2 2\r\nab\r\n`, "a chunk has no size"],
    [`${CHUNKED}2;a\rb\r\nab\r\n`, "a chunk has no size"],
    [`${CHUNKED}fffffffffffffff\r\nab\r\n`, "a chunk has no size"],
    [`${CHUNKED}2\r\nabc\r\n`, "a chunk is longer than its size"],
    [`${CHUNKED}2\r\nab\r3\r\n`, "a chunk is longer than its size"],
    [`${CHUNKED}0\r\nno colon\r\n\r\n`, "a line among its headers is none"],
  ])("%j is a fault: %s", (response, fault) => {
    for (const pieces of [[response], Array.from(response)]) {
      expect(() => readIn(pieces, "GET", false)).toThrow(new HttpFault(fault));
    }
  });

  test.each([
    ["headers", `${OK}${"X: y\r\n".repeat(5_001)}\r\n`, "it has over 5000 headers"],
    ["bytes of one header", `${OK}X: ${"y".repeat(300_000)}`, "its headers are too long"],
    [
      "interim responses",
      "HTTP/1.1 100 \r\n\r\n".repeat(1_001),
      "it consists of interim responses",
    ],
    [
      "bytes of a chunk's size",
      `${CHUNKED}1;${"a".repeat(5_000)}`,
      "a line between its chunks is too long",
    ],
    [
      "trailers",
      `${CHUNKED}0\r\n${"X: y\r\n".repeat(70_000)}`,
      "there is too much between its chunks",
    ],
  ])("too many %s are a fault", (_what, response, fault) => {
    expect(() => readIn([response], "GET", false)).toThrow(new HttpFault(fault));
  });
});
