import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

import { codingsOf, unpacked } from "../../../src/http/client/content-coding.ts";

type Formats = ReturnType<typeof codingsOf>;

const coding = (written: string) => [["content-encoding", written]] as const;

describe("how a body is to be unpacked", () => {
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
  ])("%p is %j", (written, formats) => {
    expect(codingsOf(coding(written), true)).toEqual(formats);
  });

  test.each(["compress", "gzip, gzip, gzip", "constructor"])("%p is BAD_RESPONSE", (written) => {
    expect(() => codingsOf(coding(written), true)).toThrow(
      expect.objectContaining({ code: "BAD_RESPONSE" }),
    );
  });

  test.each<[string, Formats]>([
    ["text/html", ["gzip"]],
    ["application/gzip", []],
    ["application/x-gzip", []],
    ["application/x-tar; a=b", []],
  ])("where nobody asked for it, gzip of %s is %j", (type, formats) => {
    const headers = [...coding("gzip"), ["content-type", type] as const];
    expect(codingsOf(headers, false)).toEqual(formats);
    expect(codingsOf(headers, true)).toEqual(["gzip"]);
  });
});

async function unpack(bytes: Uint8Array, format: "gzip" | "brotli" | "zstd" | "deflate") {
  // One byte at a time: nothing depends on how it is cut.
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const byte of bytes) yield Uint8Array.of(byte);
  }
  const pieces = await Array.fromAsync(unpacked(body(), [format]));
  return Buffer.concat(pieces).toString();
}

describe.each([
  ["gzip", gzipSync],
  ["brotli", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["deflate", deflateSync],
] as const)("a body in %s", (format, pack) => {
  const packed = pack(Buffer.from("hello hello hello"));

  test("is unpacked as it comes", async () => {
    expect(await unpack(packed, format)).toBe("hello hello hello");
  });

  test("of no bytes has nothing to unpack", async () => {
    expect(await unpack(new Uint8Array(0), format)).toBe("");
  });

  test("that is cut is no body", async () => {
    expect(unpack(packed.subarray(0, -3), format)).rejects.toThrow(TypeError);
  });
});
