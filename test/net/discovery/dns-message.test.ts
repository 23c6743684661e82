import { describe, expect, test } from "bun:test";

import {
  decodeMessage,
  type DnsMessage,
  encodeMessage,
  isSameName,
} from "../../../src/net/discovery/dns-message.ts";
import { recordsOf, SERVICE_TYPE } from "../../../src/net/discovery/service.ts";

const NOTHING = { id: 0, questions: [], answers: [], authorities: [], additionals: [] };

const SERVICE = {
  instance: "ana on laptop",
  host: "charla-1f0c9a2b-12345",
  port: 12345,
  fingerprint: "SHA256:mlXgEBHGj9bRDuhuAgFM2/j9NSpAuCsYBjKqHEIK7f4",
  isOpen: true,
};

const ANSWER: DnsMessage = {
  ...NOTHING,
  isResponse: true,
  answers: recordsOf(SERVICE, "192.168.1.5"),
};

const fromHex = (hex: string) => Uint8Array.fromHex(hex.replaceAll(/\s/g, ""));

/** A response with one record of `_charla._udp.local`, of this type and with this data. */
const withRecord = (type: string, data: string, length = data.replaceAll(" ", "").length / 2) =>
  fromHex(`0000 8400 0000 0001 0000 0000 075f636861726c61 045f756470 056c6f63616c 00
    ${type} 0001 00000e10 ${length.toString(16).padStart(4, "0")} ${data}`);

test("a question is written as RFC 1035 s. 4 has it", () => {
  const question = encodeMessage({
    ...NOTHING,
    isResponse: false,
    questions: [{ name: SERVICE_TYPE, type: "PTR" }],
  });
  expect(question.toHex()).toBe(
    "000000000001000000000000075f636861726c61045f756470056c6f63616c00000c0001",
  );
});

test("what is written is read again, with dots and any letters in a name", () => {
  const ana = { ...SERVICE, instance: "ána. on 💻 laptop.local" };
  for (const answers of [recordsOf(SERVICE, "10.0.0.1"), recordsOf(ana, "255.255.255.255")]) {
    const message: DnsMessage = {
      id: 0xabcd,
      isResponse: false,
      questions: [{ name: ["a"], type: "ANY" }],
      answers,
      authorities: answers.slice(1),
      additionals: answers.slice(2),
    };
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  }
});

test("names are compared without the case of ASCII letters, label by label", () => {
  expect(isSameName(["_CHARLA", "local"], ["_charla", "LOCAL"])).toBe(true);
  expect(isSameName(["É"], ["é"])).toBe(false);
  expect(isSameName(["a.b"], ["a", "b"])).toBe(false);
  expect(isSameName(["a"], ["a", "b"])).toBe(false);
});

test("a pointer stands for the end of a name that came before", () => {
  const message = decodeMessage(withRecord("000c", "03616e61 c00c"));
  expect(message?.answers).toEqual([
    {
      type: "PTR",
      name: SERVICE_TYPE,
      target: ["ana", ...SERVICE_TYPE],
      ttl: 3_600,
      flush: false,
    },
  ]);
});

test("records of other types are skipped", () => {
  expect(decodeMessage(withRecord("001c", "00".repeat(16)))?.answers).toEqual([]);
});

describe("no message is", () => {
  test.each([
    ["a name with a pointer to itself", withRecord("000c", "c02a")],
    ["a name with a pointer forwards", withRecord("000c", "c0ff")],
    ["a name with a label that is too long", withRecord("000c", `40 ${"61".repeat(64)} 00`)],
    ["a name of more than 255 bytes", withRecord("000c", `${`3f${"61".repeat(63)}`.repeat(5)} 00`)],
    ["a record that is longer than the datagram", withRecord("0001", "0a000001", 5)],
    ["a header that is cut off", fromHex("0000 8400 0000 0001 0000")],
    ["one that announces more than 64 records", fromHex("0000 8400 0000 0041 0000 0000")],
    ["one without the records that it announces", fromHex("0000 8400 0000 0001 0000 0000")],
    ["an empty datagram", new Uint8Array()],
  ])("%s", (_what, datagram) => {
    expect(decodeMessage(datagram)).toBeNull();
  });

  test("an answer that is cut off anywhere", () => {
    const whole = encodeMessage(ANSWER);
    for (let length = 0; length < whole.byteLength; length++) {
      expect(decodeMessage(whole.subarray(0, length))).toBeNull();
    }
  });
});

test("whatever comes is read without an error", () => {
  const whole = encodeMessage(ANSWER);
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 0x7fff_ffff;
    return seed % below;
  };
  for (let round = 0; round < 5_000; round++) {
    const bytes = Uint8Array.from(whole);
    for (let change = 0; change < 4; change++) bytes[random(bytes.length)] = random(256);
    const message = decodeMessage(bytes);
    if (message !== null) expect(message.answers.length).toBeLessThanOrEqual(64);
  }
});
