import { describe, expect, test } from "bun:test";

import type { Datagram } from "../../src/net/runs.ts";
import { createBatchSender, type SendingSystem } from "../../src/net/send-runs.ts";

const TO = { address: "127.0.0.1", port: 1 };

function of(length: number): Datagram {
  return { bytes: new Uint8Array(length).fill(length), to: TO };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

type Answer = number | string;

/** A system that answers as the scripts say, and then takes everything. */
function scripted({ sends = [] as Answer[], cuts = [] as Answer[] } = {}) {
  const calls: string[] = [];
  const told: string[] = [];
  const answer = (script: Answer[], otherwise: number) => {
    const next = script.shift() ?? otherwise;
    if (typeof next === "string") throw systemError(next);
    return next;
  };
  const system: SendingSystem = {
    send(datagrams) {
      calls.push(datagrams.map(({ bytes }) => bytes.length).join(" "));
      return answer(sends, datagrams.length);
    },
    sendCut({ bytes, to }, size) {
      expect(to).toBe(TO);
      calls.push(`${bytes.length}/${size}`);
      return answer(cuts, 1);
    },
  };
  const sendBatch = createBatchSender(system);
  return {
    calls,
    told,
    send: (...lengths: number[]) =>
      sendBatch(lengths.map(of), {
        onRefused: ({ bytes }, cause) => told.push(`${bytes.length}: ${String(cause)}`),
        onEarlierRefused: (cause) => told.push(`earlier: ${String(cause)}`),
      }),
  };
}

test("a run is one call, and what is between runs is one, too", () => {
  const { calls, send, told } = scripted();
  send(5, 9, 9, 9, 4, 20, 30, 40, 40);
  expect(calls).toEqual(["5", "31/9", "20 30", "80/40"]);
  expect(told).toEqual([]);
});

test("where the system cannot cut, a batch is one call", () => {
  const calls: number[] = [];
  const sendBatch = createBatchSender({
    send: ({ length }) => calls.push(length) && length,
    sendCut: null,
  });
  sendBatch([of(9), of(9), of(4), of(20)], { onRefused() {}, onEarlierRefused() {} });
  expect(calls).toEqual([4]);
});

test.each(["ENOPROTOOPT", "EINVAL", "EIO"])(
  "a run that is refused with %s is sent datagram by datagram, and there is no other run",
  (code) => {
    const { calls, send, told } = scripted({ cuts: [code, code] });
    send(9, 9, 4);
    send(9, 9, 4);
    expect(calls).toEqual(["22/9", "22/9", "9 9 4", "9 9 4"]);
    expect(told).toEqual([]);
  },
);

test("a run whose datagrams are too long: each is told of, and others may be cut", () => {
  const twice = ["EMSGSIZE", "EMSGSIZE"];
  const { calls, send, told } = scripted({ cuts: [...twice], sends: [...twice, ...twice, 1] });
  send(9, 9, 4);
  send(8, 8);
  expect(calls).toEqual(["22/9", "22/9", "9 9 4", "9 9 4", "9 4", "9 4", "4", "16/8"]);
  expect(told).toEqual(["9: Error: EMSGSIZE", "9: Error: EMSGSIZE"]);
});

test("an address that nothing may be sent to (EINVAL, port 0) ends no runs to others", () => {
  const twice = ["EINVAL", "EINVAL"];
  const { calls, send, told } = scripted({ cuts: [...twice], sends: [...twice, ...twice] });
  send(9, 9);
  send(8, 8);
  expect(calls.at(-1)).toBe("16/8");
  expect(told).toHaveLength(2);
});

test("an earlier one's refusal is told, and the run in whose place it was told is sent", () => {
  const { calls, send, told } = scripted({ cuts: ["ECONNREFUSED"] });
  send(9, 9, 20);
  expect(calls).toEqual(["18/9", "18/9", "20"]);
  expect(told).toEqual(["earlier: Error: ECONNREFUSED"]);
});

describe("where there is no room, the rest is dropped", () => {
  test.each([
    ["for a run (EAGAIN is told as none sent)", { cuts: [0] }, ["18/9"]],
    ["for a run in the device's buffer", { cuts: ["ENOBUFS"] }, ["18/9"]],
    ["behind a run", { sends: [0] }, ["18/9", "20"]],
    [
      "for a run that was refused, and its datagrams",
      { cuts: ["EINVAL", "EINVAL"], sends: [1, 0] },
      ["18/9", "18/9", "9 9", "9"],
    ],
  ])("%s", (_title, script, expected) => {
    const { calls, send, told } = scripted(script);
    send(9, 9, 20, 30, 30);
    expect(calls).toEqual(expected);
    expect(told).toEqual([]);
  });
});
