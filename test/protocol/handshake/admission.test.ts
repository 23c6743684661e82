// An opener that takes several pre-shared keys, and decides about each who comes with one.

import { describe, expect, test } from "bun:test";

import type { AcceptedKey, Admission } from "../../../src/protocol/handshake/admission.ts";
import { readPacket } from "../../../src/protocol/packets.ts";
import {
  answersTo,
  arrivedAt,
  createPair,
  drain,
  flipped,
  hex,
  JOINER_KEYS,
  joinOpener,
  only,
  pass,
  START,
  untilFinish,
} from "../pair.ts";

const psk = (byte: number) => new Uint8Array(32).fill(byte);
const key = (byte: number): AcceptedKey => ({ psk: psk(byte), admitsTo: `key ${byte}` });

/** Takes these keys, as long as `admits`, and tells what it was asked. */
function admission(keys: AcceptedKey[], admits = (_key: AcceptedKey) => true) {
  const asked: string[] = [];
  const its: Admission = {
    keysFor(claimed) {
      asked.push(`keys for ${hex(claimed).slice(0, 4)}`);
      return keys;
    },
    admit(accepted, peerKey) {
      asked.push(`${accepted.admitsTo} by ${hex(peerKey).slice(0, 4)}`);
      return admits(accepted);
    },
  };
  return { its, asked, keys };
}

const JOINER = hex(JOINER_KEYS.publicKey).slice(0, 4);

describe("an opener with several keys (docs/protocol.md s. 8)", () => {
  test.each([1, 2, 64])("lets in who has the %d., and knows which it was", (byte) => {
    const { its, asked } = admission(Array.from({ length: 64 }, (_, index) => key(index + 1)));
    const pair = createPair({ openWith: its });
    const joined = joinOpener(pair, psk(byte));
    pass(pair, 500);
    expect(joined.end).toBeNull();
    expect(arrivedAt(pair).admittedTo).toBe(`key ${byte}`);
    expect(asked).toEqual([`keys for ${JOINER}`, `key ${byte} by ${JOINER}`]);
  });

  test("knows of a single key that it is for everything", () => {
    const pair = createPair({ openWith: psk(7) });
    joinOpener(pair, psk(7));
    pass(pair, 500);
    expect(arrivedAt(pair).admittedTo).toBeNull();
  });

  test("refuses who has none of them, without being asked to let them in", () => {
    const { its, asked } = admission([key(1), key(2)]);
    const pair = createPair({ openWith: its });
    const joined = joinOpener(pair, psk(3));
    pass(pair, 500);
    expect(joined.end).toEqual({ type: "join-failed", failure: "wrong-secret" });
    expect(asked).toEqual([`keys for ${JOINER}`]);
    expect(pair.opener.endpoint.sessions.size).toBe(0);
  });

  test("refuses who has one that admits nobody any more in the same way", () => {
    const used = admission([key(1), key(2)], () => false);
    const pair = createPair({ openWith: used.its });
    const joined = joinOpener(pair, psk(2));
    pass(pair, 500);
    expect(joined.end).toEqual({ type: "join-failed", failure: "wrong-secret" });
    expect(pair.opener.endpoint.sessions.size).toBe(0);
    expect(pair.opener.endpoint.arrived).toEqual([]);
  });

  test("goes on reading finishes of one whom it has turned away, and lets them in later", () => {
    let open = false;
    const { its } = admission([key(1)], () => open);
    const pair = createPair({ openWith: its });
    joinOpener(pair, psk(1));
    const { finish } = untilFinish(pair);
    const answers = () => answersTo(pair.opener, finish, pair.joiner.address, START);
    expect(readPacket(only(answers()))?.kind).toBe("refusal");
    const changed = answersTo(pair.opener, flipped(finish, 60), pair.joiner.address, START);
    expect(readPacket(only(changed))?.kind).toBe("refusal");
    open = true;
    answers();
    expect(arrivedAt(pair).admittedTo).toBe("key 1");
  });

  test("asks once about a session, however often its finish comes", () => {
    const { its, asked } = admission([key(1)]);
    const pair = createPair({ openWith: its });
    joinOpener(pair, psk(1));
    const { finish } = untilFinish(pair);
    for (let time = 0; time < 5; time += 1) {
      answersTo(pair.opener, finish, pair.joiner.address, START);
    }
    pass(pair, 15_000);
    answersTo(pair.opener, finish, pair.joiner.address, pair.now);
    expect(asked.filter((each) => each.startsWith("key 1"))).toHaveLength(1);
    expect(pair.opener.endpoint.arrived).toHaveLength(1);
  });

  test("takes a key from the moment on in which it is one of them", () => {
    const { its, keys } = admission([key(1)]);
    const pair = createPair({ openWith: its });
    const early = joinOpener(pair, psk(2));
    pass(pair, 500);
    keys.push(key(2));
    const late = joinOpener(pair, psk(2));
    pass(pair, 500);
    expect([early.end?.type, late.end]).toEqual(["join-failed", null]);
  });

  test("says the same again to a finish that it has refused, and looks at no key for it", () => {
    const { its, asked } = admission([key(1)]);
    const pair = createPair({ openWith: its });
    joinOpener(pair, psk(2));
    const { finish } = untilFinish(pair);
    const first = only(answersTo(pair.opener, finish, pair.joiner.address, START));
    for (let time = 0; time < 20; time += 1) {
      expect(only(answersTo(pair.opener, finish, pair.joiner.address, START))).toEqual(first);
    }
    expect(asked).toHaveLength(1);
  });

  test("holds the finishes of one handshake against some 128 keys, and answers no other any more", () => {
    const { its, asked } = admission(Array.from({ length: 65 }, (_, index) => key(index + 1)));
    const pair = createPair({ openWith: its });
    joinOpener(pair, psk(200));
    const { finish } = untilFinish(pair);
    const kinds = [60, 61, 62, 63].map((at) =>
      answersTo(pair.opener, flipped(finish, at), pair.joiner.address, START).map(
        ({ bytes }) => readPacket(bytes)?.kind,
      ),
    );
    expect(kinds).toEqual([["refusal"], ["refusal"], [], []]);
    expect(asked).toHaveLength(2);
    // Another handshake is none the worse for it.
    const joined = joinOpener(pair, psk(65));
    drain(pair.opener, pair.now);
    pass(pair, 500);
    expect(joined.end).toBeNull();
  });
});
