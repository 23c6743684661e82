import { describe, expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import {
  concatenateRun,
  createBatchSender,
  type Datagram,
  groupByAddress,
  MAX_RUN_BYTES,
  MAX_RUN_DATAGRAMS,
  sendAll,
  splitIntoRuns,
  type SystemCalls,
} from "../../src/net/udp-gso.ts";

const ONE = { address: "127.0.0.1", port: 1 };
const OTHER_PORT = { address: "127.0.0.1", port: 2 };
const OTHER_HOST = { address: "127.0.0.2", port: 1 };

function of(length: number, to: SocketAddress = ONE): Datagram {
  return { bytes: new Uint8Array(length).fill(length), to };
}

/** The lengths of a batch's parts, runs in brackets. */
function shape(...datagrams: Datagram[]): (number | number[])[] {
  const parts = splitIntoRuns(datagrams);
  expect(parts.flatMap((part) => part.datagrams)).toEqual(datagrams);
  return parts.flatMap<number | number[]>((part) => {
    const lengths = part.datagrams.map(({ bytes }) => bytes.length);
    return part.isRun ? [lengths] : lengths;
  });
}

test("datagrams that come in turns are put together by address, and stay in order for each", () => {
  const inTurns = [of(5), of(6, OTHER_PORT), of(5), of(7, OTHER_HOST), of(4), of(6, OTHER_PORT)];
  const [a, b, c, d, e, f] = inTurns;
  expect<readonly (Datagram | undefined)[]>(groupByAddress(inTurns)).toEqual([a, c, e, b, f, d]);
  expect(shape(...groupByAddress(inTurns))).toEqual([[5, 5, 4], [6, 6], 7]);
});

test("a batch for one address, or with one datagram for each, stays as it is", () => {
  for (const batch of [[], [of(5), of(6), of(5)], [of(5), of(5, OTHER_PORT), of(5, OTHER_HOST)]]) {
    expect(groupByAddress(batch)).toBe(batch);
  }
});

test("an empty batch has no parts, and one datagram is no run", () => {
  expect(splitIntoRuns([])).toEqual([]);
  expect(shape(of(1_200))).toEqual([1_200]);
});

test("datagrams of equal length are a run, and its last one may be shorter", () => {
  expect(shape(of(9), of(9), of(9))).toEqual([[9, 9, 9]]);
  expect(shape(of(9), of(9), of(4))).toEqual([[9, 9, 4]]);
  expect(shape(of(9), of(4))).toEqual([[9, 4]]);
});

test("a shorter datagram ends its run, and a longer one, like a path MTU probe, is in none", () => {
  expect(shape(of(9), of(4), of(9), of(9))).toEqual([
    [9, 4],
    [9, 9],
  ]);
  expect(shape(of(9), of(4), of(4))).toEqual([[9, 4], 4]);
  expect(shape(of(4), of(9), of(9), of(20), of(30))).toEqual([4, [9, 9], 20, 30]);
});

test("a run goes to one address and port, in equal or identical objects", () => {
  expect(shape(of(9), of(9, { ...ONE }))).toEqual([[9, 9]]);
  expect(shape(of(9), of(9, OTHER_PORT), of(9, OTHER_HOST))).toEqual([9, 9, 9]);
  expect(shape(of(9), of(9), of(9, OTHER_PORT), of(9, OTHER_PORT))).toEqual([
    [9, 9],
    [9, 9],
  ]);
});

test("an empty datagram is in no run, where it would be lost", () => {
  expect(shape(of(0), of(0))).toEqual([0, 0]);
  expect(shape(of(9), of(9), of(0), of(9))).toEqual([[9, 9], 0, 9]);
});

test("a run has at most as many datagrams and bytes as the system takes", () => {
  const many = Array.from({ length: 2 * MAX_RUN_DATAGRAMS + 1 }, () => of(100));
  expect(splitIntoRuns(many).map(({ datagrams }) => datagrams.length)).toEqual([64, 64, 1]);
  const long = Array.from({ length: 100 }, () => of(1_472));
  expect(splitIntoRuns(long).map(({ datagrams }) => datagrams.length)).toEqual([44, 44, 12]);
  expect(shape(of(32_743), of(32_743), of(1))).toEqual([[32_743, 32_743, 1]]);
  expect(shape(of(32_743), of(32_743), of(2))).toEqual([[32_743, 32_743], 2]);
  expect(shape(of(32_743), of(32_744))).toEqual([32_743, 32_744]);
  expect(shape(of(65_487), of(65_487))).toEqual([65_487, 65_487]);
});

test("a run is concatenated in its order", () => {
  const run = [[1, 2, 3], [4, 5, 6], [7]].map((bytes) => ({
    bytes: Uint8Array.from(bytes),
    to: ONE,
  }));
  const into = new Uint8Array(MAX_RUN_BYTES);
  expect(concatenateRun(run, into)).toBe(7);
  expect([...into.subarray(0, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 0]);
});

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Sends datagrams with a system that answers each call as the script says: the number sent, or the error. */
function run(count: number, script: (number | string)[]) {
  const answers = [...script];
  const calls: number[] = [];
  const refused: [at: number, code: string][] = [];
  const earlier: string[] = [];
  sendAll(count, {
    send(at) {
      calls.push(at);
      const answer = answers.shift() ?? 0;
      if (typeof answer === "string") throw systemError(answer);
      return answer;
    },
    onRefused: (at, cause) => refused.push([at, String(cause)]),
    onEarlierRefused: (cause) => earlier.push(String(cause)),
  });
  return { calls, refused, earlier };
}

test("a batch that the system takes as a whole is one call", () => {
  expect(run(256, [256])).toEqual({ calls: [0], refused: [], earlier: [] });
});

test("an empty batch makes no call", () => {
  expect(run(0, []).calls).toEqual([]);
});

test("a datagram that is refused twice is left out, and those around it are sent", () => {
  expect(run(5, [2, "EMSGSIZE", "EMSGSIZE", 2])).toEqual({
    calls: [0, 2, 2, 3],
    refused: [[2, "Error: EMSGSIZE"]],
    earlier: [],
  });
});

test("the first, the last and two refused datagrams in a row are left out like any other", () => {
  const twice = ["EMSGSIZE", "EMSGSIZE"];
  const { calls, refused } = run(4, [...twice, 1, ...twice, ...twice]);
  expect(calls).toEqual([0, 0, 1, 2, 2, 3, 3]);
  expect(refused.map(([at]) => at)).toEqual([0, 2, 3]);
});

test("an error about an earlier datagram is reported, and the datagram in whose place it came is sent", () => {
  expect(run(3, ["ECONNREFUSED", 3])).toEqual({
    calls: [0, 0],
    refused: [],
    earlier: ["Error: ECONNREFUSED"],
  });
});

test("an error about an earlier datagram may come after each datagram", () => {
  const { calls, refused, earlier } = run(3, [1, "ECONNREFUSED", 1, "ECONNREFUSED", 1]);
  expect(calls).toEqual([0, 1, 1, 2, 2]);
  expect(refused).toEqual([]);
  expect(earlier).toHaveLength(2);
});

test("EMSGSIZE about an earlier datagram, from a router, does not count as this one's", () => {
  const { refused, earlier } = run(2, ["EMSGSIZE", 2]);
  expect(refused).toEqual([]);
  expect(earlier).toEqual(["Error: EMSGSIZE"]);
});

test("when the socket's buffer is full, the rest is dropped (EAGAIN is reported as none sent)", () => {
  expect(run(5, [2, 0])).toEqual({ calls: [0, 2], refused: [], earlier: [] });
});

test("when the device's buffer is full, the rest is dropped (ENOBUFS)", () => {
  expect(run(5, [2, "ENOBUFS"])).toEqual({ calls: [0, 2], refused: [], earlier: [] });
});

test("a batch of which every datagram is refused ends", () => {
  const { calls, refused } = run(256, Array<string>(512).fill("ENETUNREACH"));
  expect(calls).toHaveLength(512);
  expect(refused).toHaveLength(256);
});

type Answer = number | string;

/** A system that answers as the scripts say, and then sends everything. */
function scripted({ sends = [] as Answer[], cuts = [] as Answer[] } = {}) {
  const calls: string[] = [];
  const reports: string[] = [];
  const answer = (script: Answer[], otherwise: number) => {
    const next = script.shift() ?? otherwise;
    if (typeof next === "string") throw systemError(next);
    return next;
  };
  const system: SystemCalls = {
    send(datagrams) {
      calls.push(datagrams.map(({ bytes }) => bytes.length).join(" "));
      return answer(sends, datagrams.length);
    },
    sendSegmented({ bytes, to }, size) {
      expect(to).toBe(ONE);
      calls.push(`${bytes.length}/${size}`);
      return answer(cuts, 1);
    },
  };
  const sendBatch = createBatchSender(system);
  return {
    calls,
    reports,
    send: (...lengths: number[]) =>
      sendBatch(
        lengths.map((length) => of(length)),
        {
          onRefused: ({ bytes }, cause) => reports.push(`${bytes.length}: ${String(cause)}`),
          onEarlierRefused: (cause) => reports.push(`earlier: ${String(cause)}`),
        },
      ),
  };
}

test("a run is one call, and the datagrams between runs are one, too", () => {
  const { calls, send, reports } = scripted();
  send(5, 9, 9, 9, 4, 20, 30, 40, 40);
  expect(calls).toEqual(["5", "31/9", "20 30", "80/40"]);
  expect(reports).toEqual([]);
});

test("without GSO a batch is one call", () => {
  const calls: number[] = [];
  const sendBatch = createBatchSender({
    send: ({ length }) => calls.push(length) && length,
    sendSegmented: null,
  });
  sendBatch([of(9), of(9), of(4), of(20)], { onRefused() {}, onEarlierRefused() {} });
  expect(calls).toEqual([4]);
});

test.each(["ENOPROTOOPT", "EINVAL", "EIO"])(
  "a run that is refused with %s is sent datagram by datagram, and no further run is tried",
  (code) => {
    const { calls, send, reports } = scripted({ cuts: [code, code] });
    send(9, 9, 4);
    send(9, 9, 4);
    expect(calls).toEqual(["22/9", "22/9", "9 9 4", "9 9 4"]);
    expect(reports).toEqual([]);
  },
);

test("of a run whose datagrams are too long each is reported, and further runs are tried", () => {
  const twice = ["EMSGSIZE", "EMSGSIZE"];
  const { calls, send, reports } = scripted({ cuts: [...twice], sends: [...twice, ...twice, 1] });
  send(9, 9, 4);
  send(8, 8);
  expect(calls).toEqual(["22/9", "22/9", "9 9 4", "9 9 4", "9 4", "9 4", "4", "16/8"]);
  expect(reports).toEqual(["9: Error: EMSGSIZE", "9: Error: EMSGSIZE"]);
});

test("EINVAL for an address that nothing can be sent to (port 0) does not end GSO", () => {
  const twice = ["EINVAL", "EINVAL"];
  const { calls, send, reports } = scripted({ cuts: [...twice], sends: [...twice, ...twice] });
  send(9, 9);
  send(8, 8);
  expect(calls.at(-1)).toBe("16/8");
  expect(reports).toHaveLength(2);
});

test("an error about an earlier datagram is reported, and the run in whose place it came is sent", () => {
  const { calls, send, reports } = scripted({ cuts: ["ECONNREFUSED"] });
  send(9, 9, 20);
  expect(calls).toEqual(["18/9", "18/9", "20"]);
  expect(reports).toEqual(["earlier: Error: ECONNREFUSED"]);
});

describe("a full buffer", () => {
  test.each([
    ["for a run (EAGAIN is reported as none sent)", { cuts: [0] }, ["18/9"]],
    ["for a run in the device's buffer", { cuts: ["ENOBUFS"] }, ["18/9"]],
    ["behind a run", { sends: [0] }, ["18/9", "20"]],
    [
      "for a run that was refused, and its datagrams",
      { cuts: ["EINVAL", "EINVAL"], sends: [1, 0] },
      ["18/9", "18/9", "9 9", "9"],
    ],
  ])("the rest of a batch is dropped when there is no room %s", (_title, script, expected) => {
    const { calls, send, reports } = scripted(script);
    send(9, 9, 20, 30, 30);
    expect(calls).toEqual(expected);
    expect(reports).toEqual([]);
  });
});
