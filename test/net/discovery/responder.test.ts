import { describe, expect, test } from "bun:test";

import type { DnsMessage, DnsRecord } from "../../../src/net/discovery/dns-message.ts";
import {
  createResponder,
  type Responder,
  type Sending,
} from "../../../src/net/discovery/responder.ts";
import { recordsOf, type Service, SERVICE_TYPE } from "../../../src/net/discovery/service.ts";

const SERVICE: Service = {
  instance: "ana on laptop",
  host: "charla-1f0c9a2b-12345",
  port: 12345,
  fingerprint: "SHA256:mlXgEBHGj9bRDuhuAgFM2/j9NSpAuCsYBjKqHEIK7f4",
  isOpen: true,
};
/** Of somebody who was given the same name. */
const OTHER: Service = { ...SERVICE, host: "charla-0a0b0c0d-9000", port: 9000 };
const BROWSER = { address: "10.0.0.9", port: 5353 };
const NOTHING = { id: 0, questions: [], answers: [], authorities: [], additionals: [] };
const QUESTION: DnsMessage = {
  ...NOTHING,
  isResponse: false,
  questions: [{ name: SERVICE_TYPE, type: "PTR" }],
};

const responseOf = (service: Service): DnsMessage => ({
  ...NOTHING,
  isResponse: true,
  answers: recordsOf(service, "10.0.0.9"),
});

const probeOf = (service: Service): DnsMessage => ({
  ...NOTHING,
  isResponse: false,
  questions: [{ name: [service.instance, ...SERVICE_TYPE], type: "ANY" }],
  authorities: recordsOf(service, "10.0.0.9").slice(1),
});

interface Sent {
  readonly at: number;
  readonly to: Sending["to"];
  readonly message: DnsMessage;
}

/** Lets time pass until `end`, ms, and returns what was sent. */
function run(responder: Responder, end: number): Sent[] {
  const sent: Sent[] = [];
  for (;;) {
    const at = responder.nextTimeout;
    if (at === null || at > end) return sent;
    for (const { to, message } of responder.expire(at)) {
      sent.push({ at, to, message: message("10.0.0.1") });
    }
  }
}

/** Without waits that are random. */
const open = (service = SERVICE) => createResponder(service, 0, () => 0);

function openOwner(): Responder {
  const responder = open();
  run(responder, 10_000);
  return responder;
}

/** The name under which it is announced from now on. */
function nameAfter(responder: Responder, end: number): string | undefined {
  return run(responder, end)
    .flatMap(({ message }) => (message.isResponse ? message.answers : []))
    .map((record: DnsRecord) => (record.type === "PTR" ? record.target[0] : undefined))
    .findLast((name) => name !== undefined);
}

describe("a name", () => {
  test("is asked for three times, 250 ms apart, and then announced twice, a second apart", () => {
    const sent = run(open(), 60_000);
    expect(sent.map(({ at, message }) => [at, message.isResponse])).toEqual([
      [0, false],
      [250, false],
      [500, false],
      [750, true],
      [1_750, true],
    ]);
    expect(sent[0]?.message).toMatchObject({
      questions: [
        { name: ["ana on laptop", ...SERVICE_TYPE], type: "ANY" },
        { name: ["charla-1f0c9a2b-12345", "local"], type: "ANY" },
      ],
      authorities: recordsOf(SERVICE, "10.0.0.1", { flush: false }).slice(1),
    });
    expect(sent[3]?.message).toMatchObject({
      answers: recordsOf(SERVICE, "10.0.0.1"),
    });
    expect(sent.every(({ to }) => to === null)).toBe(true);
  });

  test("that somebody has gets a number", () => {
    const responder = open();
    run(responder, 300);
    responder.receive(responseOf(OTHER), BROWSER, 300);
    expect(nameAfter(responder, 10_000)).toBe("ana on laptop (2)");
  });

  test("of 63 bytes is shortened for its number", () => {
    const long = "ä".repeat(31);
    const responder = open({ ...SERVICE, instance: long });
    responder.receive(responseOf({ ...OTHER, instance: long }), BROWSER, 10);
    expect(nameAfter(responder, 10_000)).toBe(`${"ä".repeat(29)} (2)`);
  });

  test("that two want at once goes to the one whose data are later", () => {
    const first = open();
    first.receive(probeOf(OTHER), BROWSER, 10);
    expect(nameAfter(first, 10_000)).toBe("ana on laptop");
    const second = open(OTHER);
    second.receive(probeOf(SERVICE), BROWSER, 10);
    expect(nameAfter(second, 10_000)).toBe("ana on laptop (2)");
  });

  test("that one has is defended at once against somebody who asks for it", () => {
    const responder = openOwner();
    expect(responder.receive(probeOf(OTHER), BROWSER, 10_000)).toEqual([]);
    expect(run(responder, 20_000)).toMatchObject([{ at: 10_000, message: { isResponse: true } }]);
  });

  test("that somebody else announces as well is asked for again, and kept if nobody answers", () => {
    const responder = openOwner();
    responder.receive(responseOf(OTHER), BROWSER, 10_000);
    expect(nameAfter(responder, 20_000)).toBe("ana on laptop");
    responder.receive(responseOf(OTHER), BROWSER, 20_000);
    responder.receive(responseOf(OTHER), BROWSER, 20_300);
    expect(nameAfter(responder, 30_000)).toBe("ana on laptop (2)");
  });

  test("is not taken from itself by its own messages, which come back", () => {
    const responder = open();
    for (const { message } of run(responder, 60_000)) {
      expect(responder.receive(message, { address: "10.0.0.1", port: 5353 }, 60_000)).toEqual([]);
    }
    expect(nameAfter(responder, 70_000)).toBe("ana on laptop");
  });

  test("is given up where somebody takes twenty of them", () => {
    const responder = open();
    for (let number = 1; number <= 20; number++) {
      const instance = number === 1 ? OTHER.instance : `${OTHER.instance} (${number})`;
      responder.receive(responseOf({ ...OTHER, instance }), BROWSER, number);
    }
    expect(responder.nextTimeout).toBeNull();
    expect(responder.end()).toEqual([]);
    responder.receive(QUESTION, BROWSER, 1_000);
    expect(responder.nextTimeout).toBeNull();
  });
});

describe("a question", () => {
  test("is answered to all, 20 to 120 ms later", () => {
    for (const [random, delay] of [
      [0, 20],
      [1, 120],
    ] as const) {
      const responder = createResponder(SERVICE, 0, () => random);
      run(responder, 10_000);
      responder.receive(QUESTION, BROWSER, 10_000);
      expect(run(responder, 20_000)).toMatchObject([
        { at: 10_000 + delay, to: null, message: { answers: recordsOf(SERVICE, "10.0.0.1") } },
      ]);
    }
  });

  test("and a thousand more are answered once a second", () => {
    const responder = openOwner();
    const times: number[] = [];
    for (let at = 10_000; at < 13_000; at += 3) {
      times.push(...run(responder, at).map((sent) => sent.at));
      expect(responder.receive(QUESTION, BROWSER, at)).toEqual([]);
    }
    expect(times).toEqual([10_020, 11_020, 12_020]);
  });

  test("of a program that asks once is answered to it alone, for 10 s, with its own question", () => {
    const responder = openOwner();
    const asker = { address: "10.0.0.9", port: 40_000 };
    const [sending, ...others] = responder.receive({ ...QUESTION, id: 77 }, asker, 10_000);
    expect(others).toEqual([]);
    expect(sending?.to).toEqual(asker);
    expect(sending?.message("10.0.0.1")).toEqual({
      ...NOTHING,
      id: 77,
      isResponse: true,
      questions: QUESTION.questions,
      answers: recordsOf(SERVICE, "10.0.0.1", { maxTtl: 10, flush: false }),
    });
    expect(responder.nextTimeout).toBeNull();
  });

  test("asked many times over is answered with each record once", () => {
    const responder = openOwner();
    const questions = Array.from({ length: 60 }, () => QUESTION.questions).flat();
    const asker = { address: "10.0.0.9", port: 40_000 };
    const [sending] = responder.receive({ ...QUESTION, questions }, asker, 10_000);
    expect(sending?.message("10.0.0.1").answers).toHaveLength(4);
  });

  test("of such programs is answered 20 times at once, and 10 times a second", () => {
    const responder = openOwner();
    const answered = (at: number) =>
      Array.from({ length: 100 }, (_, port) =>
        responder.receive(QUESTION, { address: "10.0.0.9", port: 40_000 + port }, at),
      ).flat().length;
    expect([10_000, 10_001, 11_001].map(answered)).toEqual([20, 0, 10]);
  });

  test("of somebody who knows the answer is not answered, unless that is old", () => {
    const responder = openOwner();
    const [pointer] = recordsOf(SERVICE, "10.0.0.1");
    const known = (ttl: number): DnsMessage => ({
      ...QUESTION,
      answers: pointer === undefined ? [] : [{ ...pointer, ttl }],
    });
    responder.receive(known(2_250), BROWSER, 10_000);
    expect(responder.nextTimeout).toBeNull();
    responder.receive(known(2_249), BROWSER, 10_000);
    expect(responder.nextTimeout).toBe(10_020);
  });

  test("about something else, or before the name is owned, is not answered", () => {
    const responder = openOwner();
    const other: DnsMessage = {
      ...QUESTION,
      questions: [{ name: ["_http", "_tcp", "local"], type: "PTR" }],
    };
    responder.receive(other, BROWSER, 10_000);
    expect(responder.nextTimeout).toBeNull();
    const early = open();
    early.receive(QUESTION, BROWSER, 100);
    expect(run(early, 700).every(({ message }) => !message.isResponse)).toBe(true);
  });
});

test("at the end everything is taken back, if it was announced", () => {
  expect(open().end()).toEqual([]);
  const [goodbye, ...others] = openOwner().end();
  expect(others).toEqual([]);
  const answers = goodbye?.message("10.0.0.1").answers ?? [];
  expect(answers.map(({ type, ttl }) => [type, ttl])).toEqual([
    ["PTR", 0],
    ["SRV", 0],
    ["TXT", 0],
    ["A", 0],
  ]);
});
