import { describe, expect, test } from "bun:test";

import type { SocketAddress } from "../../src/net/address.ts";
import {
  arrive,
  decodeText,
  encodeText,
  MAX_TEXT_BYTES,
  notRefused,
  type PlainPeer,
  refuse,
  seekPeer,
  waitForPeer,
} from "../../src/net/plain-wire.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("a text becomes a datagram", () => {
  test("that holds its UTF-8 bytes and nothing else (RFC 3629)", () => {
    expect(encodeText("hi")).toEqual(bytes(0x68, 0x69));
    expect(encodeText("é")).toEqual(bytes(0xc3, 0xa9));
    expect(encodeText("€")).toEqual(bytes(0xe2, 0x82, 0xac));
    expect(encodeText("😀")).toEqual(bytes(0xf0, 0x9f, 0x98, 0x80));
  });

  test("that is empty when the text is", () => {
    expect(encodeText("")).toEqual(bytes());
  });

  test("with U+FFFD for half a surrogate pair, which UTF-8 cannot say (RFC 3629 s. 3)", () => {
    expect(encodeText("a\ud83d")).toEqual(bytes(0x61, 0xef, 0xbf, 0xbd));
  });

  // `encodeText` sends the text as it is; the other end removes the newline, and may read "bye".
  test("that does not end with a newline (docs/protocol.md s. 2)", () => {
    expect(Buffer.from(encodeText("bye\n")).toString()).toBe("bye");
  });

  test("of at most 65,507 bytes: 65,535 less the headers of IPv4 and UDP (RFC 791, RFC 768)", () => {
    expect(MAX_TEXT_BYTES).toBe(65_507);
    expect(encodeText("a".repeat(65_507)).byteLength).toBe(65_507);
  });

  test("or is MESSAGE_TOO_LONG from 65,508 bytes on", () => {
    expect(() => encodeText("a".repeat(65_508))).toThrow(
      expect.objectContaining({
        code: "MESSAGE_TOO_LONG",
        message: "the message is 65508 bytes long; one datagram carries 65507",
        hint: "split it into several messages",
      }),
    );
  });

  test("counted in bytes of UTF-8, not in characters", () => {
    // 32,753 é are 65,506 bytes: one more byte fits, one more é does not.
    expect(encodeText(`${"é".repeat(32_753)}a`).byteLength).toBe(65_507);
    expect(() => encodeText("é".repeat(32_754))).toThrow(
      expect.objectContaining({ code: "MESSAGE_TOO_LONG" }),
    );
  });
});

describe("a datagram becomes a text", () => {
  test("of its UTF-8 (RFC 3629)", () => {
    expect(decodeText(bytes(0x68, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80))).toBe("hé😀");
  });

  test("that is empty when the datagram is", () => {
    expect(decodeText(bytes())).toBe("");
  });

  test.each([
    ["bye\n", "bye"],
    ["bye\r\n", "bye"],
    ["bye", "bye"],
    ["\n", ""],
    ["\r\n", ""],
    ["bye\n\n", "bye\n"],
    ["bye\r\n\r\n", "bye\r\n"],
    ["bye\n\r\n", "bye\n"],
    ["bye\r", "bye\r"],
    ["bye\n\r", "bye\n\r"],
    ["bye\r\r\n", "bye\r"],
    ["\nbye", "\nbye"],
    ["one\ntwo\n", "one\ntwo"],
    ["bye ", "bye "],
    ["bye\u2028", "bye\u2028"],
  ])("without one newline at the end, and no more: %p is %p", (sent, text) => {
    expect(decodeText(Buffer.from(sent))).toBe(text);
  });

  test("with its byte order mark, which is text like any other", () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  // The Unicode Standard, s. 3.9, "U+FFFD substitution of maximal subparts".
  test.each([
    ["a byte that begins nothing", bytes(0x61, 0xff, 0x62), "a\ufffdb"],
    ["a continuation without a beginning", bytes(0x80, 0x61), "\ufffda"],
    ["a character cut short at the end", bytes(0x61, 0xe2, 0x82), "a\ufffd"],
    ["a character cut short by another", bytes(0xf0, 0x9f, 0x98, 0x61), "\ufffda"],
    ["an overlong slash (C0 AF)", bytes(0xc0, 0xaf), "\ufffd\ufffd"],
    ["an overlong NUL in three bytes (E0 80 80)", bytes(0xe0, 0x80, 0x80), "\ufffd\ufffd\ufffd"],
    ["half a surrogate pair (ED A0 80)", bytes(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd"],
    ["a code point past U+10FFFF (F4 90 80 80)", bytes(0xf4, 0x90, 0x80, 0x80), "\ufffd".repeat(4)],
    ["a sealed datagram's first byte (F8)", bytes(0xf8, 0x61), "\ufffda"],
    ["an é in Latin-1", bytes(0x63, 0x61, 0x66, 0xe9), "caf\ufffd"],
  ])("with U+FFFD for %s (RFC 3629 s. 3)", (_what, datagram, text) => {
    expect(decodeText(datagram)).toBe(text);
  });

  test("without its newline also after bytes that are not UTF-8", () => {
    expect(decodeText(bytes(0xff, 0x0d, 0x0a))).toBe("\ufffd");
  });

  test("of its own, whatever the datagram before it ended with", () => {
    expect(decodeText(bytes(0xe2, 0x82))).toBe("\ufffd");
    expect(decodeText(bytes(0xac))).toBe("\ufffd");
  });
});

const ANN: SocketAddress = { address: "192.0.2.1", port: 1 };
const BOB: SocketAddress = { address: "192.0.2.2", port: 1 };
const CAT: SocketAddress = { address: "2001:db8::3", port: 1 };

/** The state after datagrams from each of `senders`. */
function after(state: PlainPeer, ...senders: SocketAddress[]): PlainPeer {
  return senders.reduce((before, from) => arrive(before, from)[0], state);
}

describe("an opener (docs/protocol.md s. 3)", () => {
  test("begins with nobody at the other end", () => {
    expect(waitForPeer()).toMatchObject({ peer: null, reached: false, strangers: 0 });
  });

  test("takes whoever speaks first for its peer", () => {
    const [state, arrival] = arrive(waitForPeer(), ANN);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: ANN, reached: true, strangers: 0 });
  });

  test("goes on hearing its peer", () => {
    const [state, arrival] = arrive(after(waitForPeer(), ANN), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, strangers: 0 });
  });

  test("ignores and counts everyone else", () => {
    const [first, arrival] = arrive(after(waitForPeer(), ANN), BOB);
    expect(arrival).toBe("stranger");
    expect(first).toMatchObject({ peer: ANN, strangers: 1 });
    expect(after(first, CAT, BOB, ANN)).toMatchObject({ peer: ANN, strangers: 3 });
  });

  test("takes another port of its peer's host for a stranger", () => {
    const [, arrival] = arrive(after(waitForPeer(), ANN), { ...ANN, port: 2 });
    expect(arrival).toBe("stranger");
  });

  test("is alone again when its peer is gone", () => {
    const [state, outcome] = refuse(after(waitForPeer(), ANN));
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null, reached: false });
  });

  test("takes the next one to speak after its peer is gone, and remembers its strangers", () => {
    const [alone] = refuse(after(waitForPeer(), ANN, BOB));
    const [state, arrival] = arrive(alone, BOB);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: BOB, reached: true, strangers: 1 });
  });
});

describe("a joiner (docs/protocol.md s. 3)", () => {
  test("of a host with one address has nothing to find out", () => {
    expect(seekPeer([ANN])).toMatchObject({ peer: ANN, alternatives: [], reached: true });
  });

  test("of a host with several tries the first of them first", () => {
    expect(seekPeer([ANN, BOB, CAT])).toMatchObject({
      peer: ANN,
      alternatives: [BOB, CAT],
      reached: false,
    });
  });

  test("goes on to the next address where nobody listens at one", () => {
    const [second, outcome] = refuse(seekPeer([ANN, BOB, CAT]));
    expect(outcome).toBe("next");
    expect(second).toMatchObject({ peer: BOB, alternatives: [CAT], reached: false });

    const [third, last] = refuse(second);
    expect(last).toBe("next");
    expect(third).toMatchObject({ peer: CAT, alternatives: [], reached: true });
  });

  test("has nobody when the last address refuses too", () => {
    const [second] = refuse(seekPeer([ANN, BOB]));
    const [state, outcome] = refuse(second);
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null });
  });

  test("stays with an address that did not refuse in time, and has nobody when it does later", () => {
    const reached = notRefused(seekPeer([ANN, BOB]));
    expect(reached).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(reached)[1]).toBe("gone");
  });

  test("stays with an address that spoke", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(state)[1]).toBe("gone");
  });

  test("takes for a stranger who is not where it speaks to", () => {
    const [state, arrival] = arrive(seekPeer([ANN]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, strangers: 1 });
  });

  test("takes for a stranger an address it has not come to yet", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, reached: false, strangers: 1 });
  });

  // `arrive` does not ask for the role: only an opener's seat is for whoever speaks.
  test("that has nobody left does not take a stranger for its peer", () => {
    const [alone] = refuse(seekPeer([ANN]));
    expect(arrive(alone, BOB)[1]).toBe("stranger");
  });
});

test("no step changes the state it was given", () => {
  const state = Object.freeze(seekPeer(Object.freeze([ANN, BOB])));
  arrive(state, ANN);
  arrive(state, CAT);
  refuse(state);
  notRefused(state);
  expect(state).toEqual(seekPeer([ANN, BOB]));
});
