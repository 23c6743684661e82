// A responder with several pre-shared keys, which decides about each initiator that has one.

import { describe, expect, test } from "bun:test";

import type {
  AcceptedKey,
  Admission,
} from "../../../src/protocol/handshake/responder-handshake.ts";
import { readPacket } from "../../../src/protocol/packets.ts";
import {
  answersTo,
  carryUntilFinish,
  connectToResponder,
  createPair,
  drain,
  flipped,
  hex,
  INITIATOR_KEYS,
  only,
  pass,
  START,
  takeAccepted,
} from "../pair.ts";

const psk = (byte: number) => new Uint8Array(32).fill(byte);
const key = (byte: number): AcceptedKey => ({ psk: psk(byte), id: `key ${byte}` });

/** Accepts these keys while `admits`, and records its calls. */
function recordingAdmission(keys: AcceptedKey[], admits = (_key: AcceptedKey) => true) {
  const asked: string[] = [];
  const admission: Admission = {
    keysFor(claimed) {
      asked.push(`keys for ${hex(claimed).slice(0, 4)}`);
      return keys;
    },
    admit(accepted, peerKey) {
      asked.push(`${accepted.id} by ${hex(peerKey).slice(0, 4)}`);
      return admits(accepted);
    },
  };
  return { admission, asked, keys };
}

const INITIATOR = hex(INITIATOR_KEYS.publicKey).slice(0, 4);

describe("a responder with several keys (docs/protocol.md s. 8)", () => {
  test.each([1, 2, 64])("admits an initiator with key %d, and reports which key it was", (byte) => {
    const { admission, asked } = recordingAdmission(
      Array.from({ length: 64 }, (_, index) => key(index + 1)),
    );
    const pair = createPair({ admission: admission });
    const connected = connectToResponder(pair, psk(byte));
    pass(pair, 500);
    expect(connected.end).toBeNull();
    expect(takeAccepted(pair).admittedBy).toBe(`key ${byte}`);
    expect(asked).toEqual([`keys for ${INITIATOR}`, `key ${byte} by ${INITIATOR}`]);
  });

  test("reports no id for a single key", () => {
    const pair = createPair({ admission: psk(7) });
    connectToResponder(pair, psk(7));
    pass(pair, 500);
    expect(takeAccepted(pair).admittedBy).toBe("");
  });

  test("refuses an initiator with none of them, without asking whether to admit it", () => {
    const { admission, asked } = recordingAdmission([key(1), key(2)]);
    const pair = createPair({ admission: admission });
    const connected = connectToResponder(pair, psk(3));
    pass(pair, 500);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
    expect(asked).toEqual([`keys for ${INITIATOR}`]);
    expect(pair.responder.endpoint.sessions.size).toBe(0);
  });

  test("refuses an initiator whose key admits nobody any more in the same way", () => {
    const used = recordingAdmission([key(1), key(2)], () => false);
    const pair = createPair({ admission: used.admission });
    const connected = connectToResponder(pair, psk(2));
    pass(pair, 500);
    expect(connected.end).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
    expect(pair.responder.endpoint.sessions.size).toBe(0);
    expect(pair.responder.endpoint.accepted).toEqual([]);
  });

  test("still reads finishes of an initiator that it has refused, and admits it later", () => {
    let open = false;
    const { admission } = recordingAdmission([key(1)], () => open);
    const pair = createPair({ admission: admission });
    connectToResponder(pair, psk(1));
    const { finish } = carryUntilFinish(pair);
    const answers = () => answersTo(pair.responder, finish, pair.initiator.address, START);
    expect(readPacket(only(answers()))?.kind).toBe("refusal");
    const changed = answersTo(pair.responder, flipped(finish, 60), pair.initiator.address, START);
    expect(readPacket(only(changed))?.kind).toBe("refusal");
    open = true;
    answers();
    expect(takeAccepted(pair).admittedBy).toBe("key 1");
  });

  test("asks once about a session, however often its finish arrives", () => {
    const { admission, asked } = recordingAdmission([key(1)]);
    const pair = createPair({ admission: admission });
    connectToResponder(pair, psk(1));
    const { finish } = carryUntilFinish(pair);
    for (let time = 0; time < 5; time += 1) {
      answersTo(pair.responder, finish, pair.initiator.address, START);
    }
    pass(pair, 15_000);
    answersTo(pair.responder, finish, pair.initiator.address, pair.now);
    expect(asked.filter((each) => each.startsWith("key 1"))).toHaveLength(1);
    expect(pair.responder.endpoint.accepted).toHaveLength(1);
  });

  test("accepts a key from the moment it is added", () => {
    const { admission, keys } = recordingAdmission([key(1)]);
    const pair = createPair({ admission: admission });
    const early = connectToResponder(pair, psk(2));
    pass(pair, 500);
    keys.push(key(2));
    const late = connectToResponder(pair, psk(2));
    pass(pair, 500);
    expect([early.end?.type, late.end]).toEqual(["handshake-failed", null]);
  });

  test("repeats its refusal of the same finish without trying any key", () => {
    const { admission, asked } = recordingAdmission([key(1)]);
    const pair = createPair({ admission: admission });
    connectToResponder(pair, psk(2));
    const { finish } = carryUntilFinish(pair);
    const first = only(answersTo(pair.responder, finish, pair.initiator.address, START));
    for (let time = 0; time < 20; time += 1) {
      expect(only(answersTo(pair.responder, finish, pair.initiator.address, START))).toEqual(first);
    }
    expect(asked).toHaveLength(1);
  });

  test("tries about 128 keys on the finishes of one handshake, and drops further ones", () => {
    const { admission, asked } = recordingAdmission(
      Array.from({ length: 65 }, (_, index) => key(index + 1)),
    );
    const pair = createPair({ admission: admission });
    connectToResponder(pair, psk(200));
    const { finish } = carryUntilFinish(pair);
    const kinds = [60, 61, 62, 63].map((at) =>
      answersTo(pair.responder, flipped(finish, at), pair.initiator.address, START).map(
        ({ bytes }) => readPacket(bytes)?.kind,
      ),
    );
    expect(kinds).toEqual([["refusal"], ["refusal"], [], []]);
    expect(asked).toHaveLength(2);
    // Another handshake is none the worse for it.
    const connected = connectToResponder(pair, psk(65));
    drain(pair.responder, pair.now);
    pass(pair, 500);
    expect(connected.end).toBeNull();
  });
});
