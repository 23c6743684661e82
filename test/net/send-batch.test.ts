import { expect, test } from "bun:test";

import { sendBatch } from "../../src/net/send-batch.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Sends datagrams to a system that answers each call as the script says: how many, or why none. */
function run(count: number, script: (number | string)[]) {
  const answers = [...script];
  const calls: number[] = [];
  const refused: [at: number, code: string][] = [];
  const earlier: string[] = [];
  sendBatch(count, {
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

test("what the system takes at once is one call", () => {
  expect(run(256, [256])).toEqual({ calls: [0], refused: [], earlier: [] });
});

test("an empty batch is no call", () => {
  expect(run(0, []).calls).toEqual([]);
});

test("one that is refused for itself is left out, and those around it are sent", () => {
  expect(run(5, [2, "EMSGSIZE", "EMSGSIZE", 2])).toEqual({
    calls: [0, 2, 2, 3],
    refused: [[2, "Error: EMSGSIZE"]],
    earlier: [],
  });
});

test("the first, the last and two in a row are left out like any other", () => {
  const twice = ["EMSGSIZE", "EMSGSIZE"];
  const { calls, refused } = run(4, [...twice, 1, ...twice, ...twice]);
  expect(calls).toEqual([0, 0, 1, 2, 2, 3, 3]);
  expect(refused.map(([at]) => at)).toEqual([0, 2, 3]);
});

test("an earlier one's refusal is told, and the one in whose place it was told is sent", () => {
  expect(run(3, ["ECONNREFUSED", 3])).toEqual({
    calls: [0, 0],
    refused: [],
    earlier: ["Error: ECONNREFUSED"],
  });
});

test("an earlier one's refusal may come again after each datagram", () => {
  const { calls, refused, earlier } = run(3, [1, "ECONNREFUSED", 1, "ECONNREFUSED", 1]);
  expect(calls).toEqual([0, 1, 1, 2, 2]);
  expect(refused).toEqual([]);
  expect(earlier).toHaveLength(2);
});

test("a router's word of an earlier one is not this one's own length", () => {
  const { refused, earlier } = run(2, ["EMSGSIZE", 2]);
  expect(refused).toEqual([]);
  expect(earlier).toEqual(["Error: EMSGSIZE"]);
});

test("where the socket's buffer is full, the rest is dropped (EAGAIN is told as none sent)", () => {
  expect(run(5, [2, 0])).toEqual({ calls: [0, 2], refused: [], earlier: [] });
});

test("where the device's buffer is full, the rest is dropped (ENOBUFS)", () => {
  expect(run(5, [2, "ENOBUFS"])).toEqual({ calls: [0, 2], refused: [], earlier: [] });
});

test("a batch of which each is refused ends", () => {
  const { calls, refused } = run(256, Array<string>(512).fill("ENETUNREACH"));
  expect(calls).toHaveLength(512);
  expect(refused).toHaveLength(256);
});
