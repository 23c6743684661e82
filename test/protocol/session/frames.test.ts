import { describe, expect, test } from "bun:test";

import {
  type FrameHandler,
  isProbing,
  readFrames,
  writeAck,
  writeCandidates,
  writeClose,
  writeFragmentHead,
  writeNote,
  writePathChallenge,
  writePathResponse,
  writePing,
  writePunch,
  writeResetToken,
  writeWindow,
} from "../../../src/protocol/session/frames.ts";

/** The calls of a handler, and whether the frames were valid. */
function read(...bytes: number[]): { calls: unknown[]; sound: boolean } {
  const calls: unknown[] = [];
  const reader: FrameHandler = {
    onPing: () => calls.push("ping"),
    onAck: (ranges, delay) => calls.push(["ack", ranges, delay]),
    onFragment: (offset, piece) => calls.push(["fragment", offset, [...piece]]),
    onWindow: (limit) => calls.push(["window", limit]),
    onPathChallenge: (data) => calls.push(["challenge", [...data]]),
    onPathResponse: (data) => calls.push(["response", [...data]]),
    onClose: (code, reason) => calls.push(["close", code, reason]),
    onResetToken: (token) => calls.push(["token", [...token]]),
    onCandidates: (sequence, addresses) => calls.push(["candidates", sequence, addresses]),
    onPunch: (round) => calls.push(["punch", round]),
    onNote: (number, note) => calls.push(["note", number, ...note]),
  };
  return { sound: readFrames(Uint8Array.from(bytes), reader), calls };
}

function written(write: (into: Uint8Array) => number): number[] {
  const into = new Uint8Array(600);
  return [...into.subarray(0, write(into))];
}

const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];
const SIXTEEN = [...EIGHT, ...EIGHT];

describe("a frame (docs/protocol.md s. 10)", () => {
  test("PADDING is skipped, PING is one byte", () => {
    expect(read(0, 0, 1, 0)).toEqual({ calls: ["ping"], sound: true });
    expect(written((into) => writePing(into, 0))).toEqual([1]);
  });

  // Each takes time however short it is.
  test("may be one of 64 in a packet, PADDING not counted", () => {
    const pings = new Uint8Array(64).fill(1);
    expect(read(0, 0, ...pings, 0, 0)).toEqual({ calls: Array(64).fill("ping"), sound: true });
    expect(read(...pings, 0, 1)).toEqual({ calls: Array(64).fill("ping"), sound: false });
  });

  test("ACK counts its ranges down from the largest (RFC 9000 s. 19.3.1)", () => {
    const ranges = [
      { smallest: 9, largest: 10 },
      { smallest: 5, largest: 5 },
      { smallest: 0, largest: 3 },
    ];
    // Largest 10, delay 64 us, 2 ranges more, 1 more in the first; a gap of 3 and 1; none and 4.
    const bytes = [2, 10, 0x40, 64, 2, 1, 2, 0, 0, 3];
    expect(written((into) => writeAck(into, 0, ranges, 64))).toEqual(bytes);
    expect(writeAck(new Uint8Array(20), 3, ranges, 64)).toBe(3 + bytes.length);
    expect(read(...bytes)).toEqual({ calls: [["ack", ranges, 64]], sound: true });
  });

  test.each([
    ["a first range below 0", [2, 3, 0, 0, 4]],
    ["a gap below 0", [2, 3, 0, 1, 0, 2, 0]],
    ["a range below 0", [2, 5, 0, 1, 0, 0, 4]],
    ["more ranges than anyone remembers", [2, 0x41, 0, 0, 0x40, 64, 0]],
  ])("ACK with %s is invalid", (_what, bytes) => {
    expect(read(...bytes)).toEqual({ calls: [], sound: false });
  });

  test("FRAGMENT carries a part of the stream", () => {
    const head = written((into) => writeFragmentHead(into, 0, 70, 3));
    expect(head).toEqual([3, 0x40, 70, 3]);
    expect(read(...head, 7, 8, 9)).toEqual({ calls: [["fragment", 70, [7, 8, 9]]], sound: true });
    expect(read(...head, 7, 8)).toEqual({ calls: [], sound: false });
  });

  test("FRAGMENT must end below 2^53", () => {
    const last = [0xc0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    expect(read(3, ...last, 0).sound).toBe(true);
    expect(read(3, ...last, 1, 9).sound).toBe(false);
  });

  test("WINDOW, PATH CHALLENGE, PATH RESPONSE and RESET TOKEN are read as they were written", () => {
    const frames = [
      ...written((into) => writeWindow(into, 0, 1_048_576)),
      ...written((into) => writePathChallenge(into, 0, Uint8Array.from(EIGHT))),
      ...written((into) => writePathResponse(into, 0, Uint8Array.from(EIGHT))),
      ...written((into) => writeResetToken(into, 0, Uint8Array.from(SIXTEEN))),
    ];
    expect(frames.slice(0, 6)).toEqual([4, 0x80, 0x10, 0, 0, 5]);
    expect(read(...frames)).toEqual({
      calls: [
        ["window", 1_048_576],
        ["challenge", EIGHT],
        ["response", EIGHT],
        ["token", SIXTEEN],
      ],
      sound: true,
    });
  });

  test("CANDIDATES has addresses of 16 bytes, IPv4 ones mapped, with a port each; PUNCH has a round", () => {
    const addresses = [
      { address: "192.0.2.1", port: 12_345 },
      { address: "2001:db8::7", port: 443 },
    ];
    const frames = [
      ...written((into) => writeCandidates(into, 0, 3, addresses)),
      ...written((into) => writePunch(into, 0, 300)),
    ];
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
    const ipv6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    expect(frames).toEqual([9, 3, 2, ...mapped, 0x30, 0x39, ...ipv6, 1, 0xbb, 10, 0x41, 0x2c]);
    expect(read(...frames)).toEqual({
      calls: [
        ["candidates", 3, addresses],
        ["punch", 300],
      ],
      sound: true,
    });
    expect(read(9, 1, 11, ...new Uint8Array(11 * 18)).sound).toBe(false);
  });

  test("NOTE has a number and at most 64 bytes", () => {
    const note = written((into) => writeNote(into, 0, 300, Uint8Array.of(7, 8)));
    expect(note).toEqual([11, 0x41, 0x2c, 2, 7, 8]);
    expect(read(...note)).toEqual({ calls: [["note", 300, 7, 8]], sound: true });
    expect(read(11, 1, 0x40, 64, ...new Uint8Array(64)).sound).toBe(true);
    expect(read(11, 1, 0x40, 65, ...new Uint8Array(65)).sound).toBe(false);
  });

  test.each([
    ["nothing", [], true],
    ["a challenge, an answer and PADDING", [5, ...EIGHT, 0, 6, ...EIGHT, 0, 0], true],
    ["a PING", [1], false],
    ["a challenge and a PING", [5, ...EIGHT, 1], false],
    ["an ACK and a challenge", [2, 0, 0, 0, 0, 5, ...EIGHT], false],
    ["CANDIDATES", [9, 1, 0], false],
  ])(
    "a packet with %s probes a path and no more: %p is %p (RFC 9000 s. 9.1)",
    (_, bytes, probes) => {
      expect(isProbing(Uint8Array.from(bytes))).toBe(probes);
    },
  );

  test("CLOSE has a reason of at most 256 bytes, truncated between characters", () => {
    expect(written((into) => writeClose(into, 0, 2, "é"))).toEqual([7, 2, 2, 0xc3, 0xa9]);
    const long = written((into) => writeClose(into, 0, 1, `x${"é".repeat(200)}`));
    // 1 + 127 * 2 = 255: the next é would be byte 256 and 257.
    expect(read(...long)).toEqual({ calls: [["close", 1, `x${"é".repeat(127)}`]], sound: true });
    expect(read(7, 1, 0x41, 1, ...Array.from({ length: 257 }, () => 65)).sound).toBe(false);
  });

  test("of an unknown type is invalid, and nothing after it is read", () => {
    expect(read(1, 0x0c, 1)).toEqual({ calls: ["ping"], sound: false });
    expect(read(0xff)).toEqual({ calls: [], sound: false });
  });

  test("that is truncated anywhere is invalid", () => {
    const frames = [
      [2, 10, 0x40, 64, 2, 1, 2, 0, 0, 3],
      [3, 0x40, 70, 3, 7, 8, 9],
      [4, 0x80, 0x10, 0, 0],
      [5, ...EIGHT],
      [6, ...EIGHT],
      [7, 2, 2, 0xc3, 0xa9],
      [8, ...SIXTEEN],
      [9, 0x40, 70, 1, ...new Uint8Array(10), 0xff, 0xff, 192, 0, 2, 1, 0x30, 0x39],
      [10, 0x40, 70],
      [11, 0x40, 70, 2, 7, 8],
    ];
    for (const frame of frames) {
      expect(read(...frame).sound).toBe(true);
      for (let length = 1; length < frame.length; length += 1) {
        expect(read(...frame.slice(0, length))).toEqual({ calls: [], sound: false });
      }
    }
  });
});
