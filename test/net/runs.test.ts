import { expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import {
  type Datagram,
  joinRun,
  MAX_RUN_BYTES,
  MAX_RUN_DATAGRAMS,
  partsOf,
} from "../../src/net/runs.ts";

const ONE = { address: "127.0.0.1", port: 1 };
const OTHER_PORT = { address: "127.0.0.1", port: 2 };
const OTHER_HOST = { address: "127.0.0.2", port: 1 };

function of(length: number, to: SocketAddress = ONE): Datagram {
  return { bytes: new Uint8Array(length), to };
}

/** The parts as lengths, a run in brackets of its own. */
function shape(...datagrams: Datagram[]): (number | number[])[] {
  const parts = partsOf(datagrams);
  expect(parts.flatMap((part) => part.datagrams)).toEqual(datagrams);
  return parts.flatMap<number | number[]>((part) => {
    const lengths = part.datagrams.map(({ bytes }) => bytes.length);
    return part.isRun ? [lengths] : lengths;
  });
}

test("nothing has no parts, and one datagram is no run", () => {
  expect(partsOf([])).toEqual([]);
  expect(shape(of(1_200))).toEqual([1_200]);
});

test("what is equally long is a run, and its last may be shorter", () => {
  expect(shape(of(9), of(9), of(9))).toEqual([[9, 9, 9]]);
  expect(shape(of(9), of(9), of(4))).toEqual([[9, 9, 4]]);
  expect(shape(of(9), of(4))).toEqual([[9, 4]]);
});

test("a shorter one ends its run, and a longer one, as a path MTU probe is, is in none", () => {
  expect(shape(of(9), of(4), of(9), of(9))).toEqual([
    [9, 4],
    [9, 9],
  ]);
  expect(shape(of(9), of(4), of(4))).toEqual([[9, 4], 4]);
  expect(shape(of(4), of(9), of(9), of(20), of(30))).toEqual([4, [9, 9], 20, 30]);
});

test("a run goes to one address and port, whoever wrote the address down", () => {
  expect(shape(of(9), of(9, { ...ONE }))).toEqual([[9, 9]]);
  expect(shape(of(9), of(9, OTHER_PORT), of(9, OTHER_HOST))).toEqual([9, 9, 9]);
  expect(shape(of(9), of(9), of(9, OTHER_PORT), of(9, OTHER_PORT))).toEqual([
    [9, 9],
    [9, 9],
  ]);
});

test("an empty datagram is in no run: it would leave no trace in it", () => {
  expect(shape(of(0), of(0))).toEqual([0, 0]);
  expect(shape(of(9), of(9), of(0), of(9))).toEqual([[9, 9], 0, 9]);
});

test("a run has at most as many datagrams and bytes as the system takes", () => {
  const many = Array.from({ length: 2 * MAX_RUN_DATAGRAMS + 1 }, () => of(100));
  expect(partsOf(many).map(({ datagrams }) => datagrams.length)).toEqual([64, 64, 1]);
  const long = Array.from({ length: 100 }, () => of(1_472));
  expect(partsOf(long).map(({ datagrams }) => datagrams.length)).toEqual([44, 44, 12]);
  expect(shape(of(32_743), of(32_743), of(1))).toEqual([[32_743, 32_743, 1]]);
  expect(shape(of(32_743), of(32_743), of(2))).toEqual([[32_743, 32_743], 2]);
  expect(shape(of(32_743), of(32_744))).toEqual([32_743, 32_744]);
  expect(shape(of(65_487), of(65_487))).toEqual([65_487, 65_487]);
});

test("a run is joined in its order", () => {
  const run = [[1, 2, 3], [4, 5, 6], [7]].map((bytes) => ({
    bytes: Uint8Array.from(bytes),
    to: ONE,
  }));
  const into = new Uint8Array(MAX_RUN_BYTES);
  expect(joinRun(run, into)).toBe(7);
  expect([...into.subarray(0, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 0]);
});
