import { describe, expect, test } from "bun:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";

import {
  codingsOf,
  decompress,
  type Format,
  MalformedCoding,
} from "../../../src/http/client/content-coding.ts";

type Formats = readonly Format[];

const coding = (written: string) => [["content-encoding", written]] as const;

describe("the formats to decompress a body with", () => {
  test.each<[string, Formats]>([
    ["", []],
    ["identity", []],
    ["gzip", ["gzip"]],
    ["x-gzip", ["gzip"]],
    ["GZIP", ["gzip"]],
    ["br", ["brotli"]],
    ["zstd", ["zstd"]],
    ["deflate", ["deflate"]],
    ["br, gzip", ["gzip", "brotli"]],
  ])("Content-Encoding %p is decompressed as %j", (written, formats) => {
    expect(codingsOf(coding(written), true)).toEqual({ formats, unknown: null });
  });

  test.each(["compress", "aws-chunked", "none", "utf-8", "constructor", "gzip, none"])(
    "Content-Encoding %p is unknown, and nothing is decompressed",
    (written) => {
      expect(codingsOf(coding(written), true)).toEqual({ formats: [], unknown: written });
    },
  );

  test("more than two codings are BAD_RESPONSE", () => {
    expect(() => codingsOf(coding("gzip, gzip, gzip"), true)).toThrow(
      expect.objectContaining({ code: "BAD_RESPONSE" }),
    );
  });

  test.each<[string, Formats]>([
    ["text/html", ["gzip"]],
    ["application/gzip", []],
    ["application/x-gzip", []],
    ["application/x-tar; a=b", []],
  ])("gzip of %s that was not requested is decompressed as %j", (type, formats) => {
    const headers = [...coding("gzip"), ["content-type", type] as const];
    expect(codingsOf(headers, false).formats).toEqual(formats);
    expect(codingsOf(headers, true).formats).toEqual(["gzip"]);
  });
});

const TEXT = "hello hello hello";

async function decompressed(bytes: Uint8Array, format: Format) {
  // One byte at a time: the result must not depend on how the body is split.
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const pieces = await Array.fromAsync(decompress(body(), [format]));
  return Buffer.concat(pieces).toString();
}

async function* lostAfter(start: Uint8Array<ArrayBuffer>) {
  yield start;
  throw new RangeError("lost");
}

describe.each([
  ["gzip", "gzip", gzipSync],
  ["brotli", "brotli", brotliCompressSync],
  ["zstd", "zstd", zstdCompressSync],
  ["deflate", "deflate", deflateSync],
  ["raw deflate", "deflate", deflateRawSync],
] as const)("a body in %s", (name, format, compress) => {
  const compressed = compress(Buffer.from(TEXT));

  test(`a body in ${name} is decompressed as it arrives`, async () => {
    expect(await decompressed(compressed, format)).toBe(TEXT);
  });

  test(`a body in ${name} of no bytes is empty`, async () => {
    expect(await decompressed(new Uint8Array(0), format)).toBe("");
  });

  test(`a body in ${name} that is cut off is an error`, async () => {
    expect(decompressed(compressed.subarray(0, -3), format)).rejects.toThrow(MalformedCoding);
  });

  test(`what breaks off a body in ${name} is thrown as it is`, async () => {
    const body = lostAfter(new Uint8Array(compressed.subarray(0, 5)));
    expect(Array.fromAsync(decompress(body, [format]))).rejects.toThrow(new RangeError("lost"));
  });
});

test("a body of several gzip members is all of them (RFC 1952 s. 2.2)", async () => {
  const members = Buffer.concat([gzipSync("hello "), gzipSync("again")]);
  expect(await decompressed(members, "gzip")).toBe("hello again");
});

test("a reader that stops early stops the body", async () => {
  let isStopped = false;
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for (;;) yield new Uint8Array(gzipSync(Buffer.alloc(100_000, "a")));
    } finally {
      isStopped = true;
    }
  }
  for await (const piece of decompress(body(), ["gzip"])) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  expect(isStopped).toBe(true);
});
