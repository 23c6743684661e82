import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

import { decompress, decompressionFormats } from "../../../src/http/client/content-coding.ts";

type Formats = ReturnType<typeof decompressionFormats>;

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
    expect(decompressionFormats(coding(written), true)).toEqual(formats);
  });

  test.each(["compress", "gzip, gzip, gzip", "constructor"])(
    "Content-Encoding %p is BAD_RESPONSE",
    (written) => {
      expect(() => decompressionFormats(coding(written), true)).toThrow(
        expect.objectContaining({ code: "BAD_RESPONSE" }),
      );
    },
  );

  test.each<[string, Formats]>([
    ["text/html", ["gzip"]],
    ["application/gzip", []],
    ["application/x-gzip", []],
    ["application/x-tar; a=b", []],
  ])("gzip of %s that was not requested is decompressed as %j", (type, formats) => {
    const headers = [...coding("gzip"), ["content-type", type] as const];
    expect(decompressionFormats(headers, false)).toEqual(formats);
    expect(decompressionFormats(headers, true)).toEqual(["gzip"]);
  });
});

async function decompressed(bytes: Uint8Array, format: "gzip" | "brotli" | "zstd" | "deflate") {
  // One byte at a time: the result must not depend on how the body is split.
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const pieces = await Array.fromAsync(decompress(body(), [format]));
  return Buffer.concat(pieces).toString();
}

describe.each([
  ["gzip", gzipSync],
  ["brotli", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["deflate", deflateSync],
] as const)("a body in %s", (format, compress) => {
  const compressed = compress(Buffer.from("hello hello hello"));

  test(`a body in ${format} is decompressed as it arrives`, async () => {
    expect(await decompressed(compressed, format)).toBe("hello hello hello");
  });

  test(`a body in ${format} of no bytes is empty`, async () => {
    expect(await decompressed(new Uint8Array(0), format)).toBe("");
  });

  test(`a body in ${format} that is cut off is an error`, async () => {
    expect(decompressed(compressed.subarray(0, -3), format)).rejects.toThrow(TypeError);
  });
});
