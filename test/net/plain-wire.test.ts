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

describe("encodeText", () => {
  test("a text is encoded as its UTF-8 bytes (RFC 3629)", () => {
    expect(encodeText("hi")).toEqual(bytes(0x68, 0x69));
    expect(encodeText("é")).toEqual(bytes(0xc3, 0xa9));
    expect(encodeText("€")).toEqual(bytes(0xe2, 0x82, 0xac));
    expect(encodeText("😀")).toEqual(bytes(0xf0, 0x9f, 0x98, 0x80));
  });

  test("an empty text is encoded as an empty datagram", () => {
    expect(encodeText("")).toEqual(bytes());
  });

  test("half a surrogate pair is encoded as U+FFFD (RFC 3629 s. 3)", () => {
    expect(encodeText("a\ud83d")).toEqual(bytes(0x61, 0xef, 0xbf, 0xbd));
  });

  // `encodeText` sends the text as it is; the other end removes the newline, and may read "bye".
  test("one newline at the end of a text is left out (docs/protocol.md s. 2)", () => {
    expect(Buffer.from(encodeText("bye\n")).toString()).toBe("bye");
  });

  test("a text has at most 65,507 bytes: 65,535 less the headers of IPv4 and UDP (RFC 791, RFC 768)", () => {
    expect(MAX_TEXT_BYTES).toBe(65_507);
    expect(encodeText("a".repeat(65_507)).byteLength).toBe(65_507);
  });

  test("a text of 65,508 bytes is MESSAGE_TOO_LONG", () => {
    expect(() => encodeText("a".repeat(65_508))).toThrow(
      expect.objectContaining({
        code: "MESSAGE_TOO_LONG",
        message: "the message is 65,508 bytes long; one datagram carries 65,507",
        hint: "split it into several messages",
      }),
    );
  });

  test("the length of a text is counted in bytes of UTF-8, not in characters", () => {
    // 32,753 é are 65,506 bytes: one more byte fits, one more é does not.
    expect(encodeText(`${"é".repeat(32_753)}a`).byteLength).toBe(65_507);
    expect(() => encodeText("é".repeat(32_754))).toThrow(
      expect.objectContaining({ code: "MESSAGE_TOO_LONG" }),
    );
  });
});

describe("decodeText", () => {
  test("a datagram is decoded as UTF-8 (RFC 3629)", () => {
    expect(decodeText(bytes(0x68, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80))).toBe("hé😀");
  });

  test("an empty datagram is decoded as an empty text", () => {
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
  ])("one newline at the end of a datagram is dropped, and no more: %p is %p", (sent, text) => {
    expect(decodeText(Buffer.from(sent))).toBe(text);
  });

  test("a byte order mark is kept, as text like any other", () => {
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
  ])("%s is decoded as U+FFFD (RFC 3629 s. 3)", (_what, datagram, text) => {
    expect(decodeText(datagram)).toBe(text);
  });

  test("a newline after bytes that are not UTF-8 is dropped, too", () => {
    expect(decodeText(bytes(0xff, 0x0d, 0x0a))).toBe("\ufffd");
  });

  test("a datagram is decoded independently of the one before", () => {
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

describe("the server of the plain wire (docs/protocol.md s. 3)", () => {
  test("a server has no peer at first", () => {
    expect(waitForPeer()).toMatchObject({ peer: null, reached: false, strangers: 0 });
  });

  test("the sender of the first datagram becomes the server's peer", () => {
    const [state, arrival] = arrive(waitForPeer(), ANN);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: ANN, reached: true, strangers: 0 });
  });

  test("later datagrams of the peer are recognized as the peer's", () => {
    const [state, arrival] = arrive(after(waitForPeer(), ANN), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, strangers: 0 });
  });

  test("datagrams from others are counted as strangers'", () => {
    const [first, arrival] = arrive(after(waitForPeer(), ANN), BOB);
    expect(arrival).toBe("stranger");
    expect(first).toMatchObject({ peer: ANN, strangers: 1 });
    expect(after(first, CAT, BOB, ANN)).toMatchObject({ peer: ANN, strangers: 3 });
  });

  test("another port of the peer's host is a stranger", () => {
    const [, arrival] = arrive(after(waitForPeer(), ANN), { ...ANN, port: 2 });
    expect(arrival).toBe("stranger");
  });

  test("a server has no peer after its peer refused", () => {
    const [state, outcome] = refuse(after(waitForPeer(), ANN));
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null, reached: false });
  });

  test("the next sender becomes the peer after a refusal, and the count of strangers stays", () => {
    const [alone] = refuse(after(waitForPeer(), ANN, BOB));
    const [state, arrival] = arrive(alone, BOB);
    expect(arrival).toBe("new-peer");
    expect(state).toMatchObject({ peer: BOB, reached: true, strangers: 1 });
  });
});

describe("the client of the plain wire (docs/protocol.md s. 3)", () => {
  test("a client of a host with one address has reached its peer", () => {
    expect(seekPeer([ANN])).toMatchObject({ peer: ANN, alternatives: [], reached: true });
  });

  test("a client of a host with several addresses tries the first one first", () => {
    expect(seekPeer([ANN, BOB, CAT])).toMatchObject({
      peer: ANN,
      alternatives: [BOB, CAT],
      reached: false,
    });
  });

  test("a refusal leads to the next address", () => {
    const [second, outcome] = refuse(seekPeer([ANN, BOB, CAT]));
    expect(outcome).toBe("next");
    expect(second).toMatchObject({ peer: BOB, alternatives: [CAT], reached: false });

    const [third, last] = refuse(second);
    expect(last).toBe("next");
    expect(third).toMatchObject({ peer: CAT, alternatives: [], reached: true });
  });

  test("a client has no peer when the last address refuses", () => {
    const [second] = refuse(seekPeer([ANN, BOB]));
    const [state, outcome] = refuse(second);
    expect(outcome).toBe("gone");
    expect(state).toMatchObject({ peer: null });
  });

  test("an address that did not refuse in time is kept; when it refuses later, the client has no peer", () => {
    const reached = notRefused(seekPeer([ANN, BOB]));
    expect(reached).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(reached)[1]).toBe("gone");
  });

  test("an address from which a datagram came is kept", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), ANN);
    expect(arrival).toBe("peer");
    expect(state).toMatchObject({ peer: ANN, reached: true });
    expect(refuse(state)[1]).toBe("gone");
  });

  test("a sender at another address is a stranger", () => {
    const [state, arrival] = arrive(seekPeer([ANN]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, strangers: 1 });
  });

  test("an address that was not tried yet is a stranger", () => {
    const [state, arrival] = arrive(seekPeer([ANN, BOB]), BOB);
    expect(arrival).toBe("stranger");
    expect(state).toMatchObject({ peer: ANN, reached: false, strangers: 1 });
  });

  // Only a server accepts the sender of the first datagram as its peer.
  test("a stranger does not become the peer of a client without one", () => {
    const [alone] = refuse(seekPeer([ANN]));
    expect(arrive(alone, BOB)[1]).toBe("stranger");
  });
});

test("no function changes the state that it gets", () => {
  const state = Object.freeze(seekPeer(Object.freeze([ANN, BOB])));
  arrive(state, ANN);
  arrive(state, CAT);
  refuse(state);
  notRefused(state);
  expect(state).toEqual(seekPeer([ANN, BOB]));
});
