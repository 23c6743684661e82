import { expect, test } from "bun:test";

import {
  decodeAddress,
  decodeMapping,
  encodeAddressRequest,
  encodeMappingRequest,
} from "../../../src/net/port-mapping/nat-pmp-packets.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

const ADDRESS = bytes("00 80 0000 0000002a cb00710a");
const GRANTED = bytes("00 81 0000 0000002a 3039 303a 00001c20");
const UDP = { transport: "udp", internalPort: 12_345 } as const;

test("the outer address is asked for by two bytes of 0 (RFC 6886 s. 3.2)", () => {
  expect(encodeAddressRequest()).toEqual(bytes("00 00"));
});

test("the answer has epoch and address (RFC 6886 s. 3.2)", () => {
  expect(decodeAddress(ADDRESS)).toEqual({ epoch: 42, outerAddress: "203.0.113.10" });
});

test("a mapping is asked for by opcode 1 for UDP and 2 for TCP (RFC 6886 s. 3.3)", () => {
  const request = { ...UDP, wantedPort: 12_346, lifetime: 7_200 };
  expect(encodeMappingRequest(request)).toEqual(bytes("00 01 0000 3039 303a 00001c20"));
  expect(encodeMappingRequest({ ...request, transport: "tcp" })).toEqual(
    bytes("00 02 0000 3039 303a 00001c20"),
  );
});

test("it is removed by lifetime and outer port 0 (RFC 6886 s. 3.4)", () => {
  expect(encodeMappingRequest({ ...UDP, wantedPort: 12_346, lifetime: 0 })).toEqual(
    bytes("00 01 0000 3039 0000 00000000"),
  );
});

test("the answer has epoch, outer port and lifetime, or why not (RFC 6886 s. 3.3 and 3.5)", () => {
  const answer = { result: 0, epoch: 42, outerPort: 12_346, lifetime: 7_200 };
  expect(decodeMapping(GRANTED, UDP)).toEqual(answer);
  expect(decodeMapping(GRANTED.with(3, 2), UDP)).toEqual({ ...answer, result: 2 });
});

test.each([
  ["another internal port", GRANTED.with(9, 0x3a)],
  ["TCP", GRANTED.with(1, 0x82)],
  ["a request", GRANTED.with(1, 1)],
  ["another version", GRANTED.with(0, 2)],
  ["something longer", bytes("00 81 0000 0000002a 3039 303a 00001c20 00")],
])("an answer for %s is none (RFC 6886 s. 3.3)", (_, answer) => {
  expect(decodeMapping(answer, UDP)).toBe(null);
});

test("what is cut is no answer, nor is an error one with an address (RFC 6886 s. 3.5)", () => {
  for (let length = 0; length < GRANTED.length; length++) {
    expect(decodeMapping(GRANTED.subarray(0, length), UDP)).toBe(null);
  }
  for (let length = 0; length < ADDRESS.length; length++) {
    expect(decodeAddress(ADDRESS.subarray(0, length))).toBe(null);
  }
  expect(decodeAddress(ADDRESS.with(3, 3))).toBe(null);
  expect(decodeAddress(ADDRESS.with(0, 2))).toBe(null);
  expect(decodeAddress(GRANTED)).toBe(null);
});
