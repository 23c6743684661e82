import { expect, test } from "bun:test";

import {
  decodeAnnounce,
  decodeMap,
  encodeAnnounce,
  encodeMap,
  type PcpMapping,
} from "../../../src/net/port-mapping/pcp-packets.ts";

const NONCE = Uint8Array.from({ length: 12 }, (_, index) => index + 1);
const UDP: PcpMapping = { nonce: NONCE, transport: "udp", internalPort: 12_345 };

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** An answer that grants 203.0.113.10:12346 for 7,200 s (RFC 6887 s. 7.2 and 11.1), with some of its bytes changed. */
function granted(changes: Readonly<Record<number, number>> = {}): Uint8Array {
  const answer = bytes(`
    02 81 00 00 00001c20 0000002a 000000000000000000000000
    0102030405060708090a0b0c 11 000000 3039 303a 00000000000000000000ffff cb00710a
  `);
  for (const [at, byte] of Object.entries(changes)) answer[Number(at)] = byte;
  return answer;
}

test("a question for a PCP server has version 2, opcode 0 and the client's address (RFC 6887 s. 7.1 and 14.1)", () => {
  expect(encodeAnnounce("192.168.1.2")).toEqual(
    bytes("02 00 0000 00000000 00000000000000000000ffff c0a80102"),
  );
});

test("a MAP request has lifetime, nonce, protocol and both ports (RFC 6887 s. 11.1)", () => {
  const request = { ...UDP, client: "192.168.1.2", wantedPort: 12_346, lifetime: 7_200 };
  expect(encodeMap(request)).toEqual(
    bytes(`
      02 01 0000 00001c20 00000000000000000000ffff c0a80102
      0102030405060708090a0b0c 11 000000 3039 303a 00000000000000000000ffff 00000000
    `),
  );
  expect(encodeMap({ ...request, transport: "tcp" })[36]).toBe(6);
});

test("a mapping is removed by a request with lifetime 0 and no outer port (RFC 6887 s. 15.1)", () => {
  expect(encodeMap({ ...UDP, client: "10.0.0.2", wantedPort: 12_346, lifetime: 0 })).toEqual(
    bytes(`
      02 01 0000 00000000 00000000000000000000ffff 0a000002
      0102030405060708090a0b0c 11 000000 3039 0000 00000000000000000000ffff 00000000
    `),
  );
});

test("an answer names the outer address and port, lifetime and epoch (RFC 6887 s. 7.2 and 11.1)", () => {
  expect(decodeMap(granted(), UDP)).toEqual({
    result: 0,
    epoch: 42,
    lifetime: 7_200,
    outerPort: 12_346,
    outerAddress: "203.0.113.10",
  });
  expect(decodeMap(granted({ 3: 2 }), UDP)?.result).toBe(2);
  expect(decodeMap(granted({ 4: 255, 5: 255, 6: 255, 7: 255 }), UDP)?.lifetime).toBe(2 ** 32 - 1);
});

test("an outer address that is none of IPv4 is none (RFC 6887 s. 5)", () => {
  expect(decodeMap(granted({ 44: 0x20 }), UDP)?.outerAddress).toBe(null);
});

test("options after an answer are skipped (RFC 6887 s. 7.3)", () => {
  const answer = new Uint8Array(68);
  answer.set(granted());
  answer[60] = 128;
  expect(decodeMap(answer, UDP)?.outerPort).toBe(12_346);
});

test.each([
  ["another nonce", { 24: 0 }],
  ["another nonce's end", { 35: 0 }],
  ["another protocol", { 36: 6 }],
  ["another internal port", { 41: 0x3a }],
  ["another version", { 0: 1 }],
  ["another opcode", { 1: 0x82 }],
  ["a request", { 1: 0x01 }],
])("an answer for %s is none (RFC 6887 s. 8.3 and 11.4)", (_, changes) => {
  expect(decodeMap(granted(changes), UDP)).toBe(null);
});

test("an answer that is cut, too long or no multiple of 4 bytes is none (RFC 6887 s. 8.3)", () => {
  const answer = granted();
  for (let length = 0; length < answer.length; length++) {
    expect(decodeMap(answer.subarray(0, length), UDP)).toBe(null);
  }
  for (const length of [61, 63, 1_104]) {
    const long = new Uint8Array(length);
    long.set(answer);
    expect(decodeMap(long, UDP)).toBe(null);
  }
});

test("an announcement has the epoch, also from a server that knows no such question (RFC 6887 s. 7.4 and 14.1)", () => {
  const announced = bytes("02 80 00 00 00000000 0001e240 000000000000000000000000");
  expect(decodeAnnounce(announced)).toEqual({ epoch: 123_456 });
  expect(decodeAnnounce(announced.with(3, 4))).toEqual({ epoch: 123_456 });
  expect(decodeAnnounce(announced.with(3, 2))).toBe(null);
  expect(decodeAnnounce(announced.with(1, 0))).toBe(null);
  expect(decodeAnnounce(announced.subarray(0, 20))).toBe(null);
  expect(decodeAnnounce(new Uint8Array())).toBe(null);
});

test("a router that knows only NAT-PMP, or another version, says so (RFC 6887 s. 9, RFC 6886 s. 3.5)", () => {
  expect(decodeAnnounce(bytes("00 80 0001 00000005 00000000"))).toBe("other version");
  expect(decodeAnnounce(bytes("02 80 00 01 00000000 00000005 000000000000000000000000"))).toBe(
    "other version",
  );
  // The answer to a NAT-PMP question beside it.
  expect(decodeAnnounce(bytes("00 80 0000 00000005 cb00710a"))).toBe(null);
});
