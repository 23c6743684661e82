// What a person and an invitation have used of their rates, in virtual time.

import { describe, expect, test } from "bun:test";

import { Allowances } from "../../src/server/allowances.ts";
import type { ActionLimit } from "../../src/server/limits.ts";
import { NO_RATES } from "./rates.ts";

const LIMIT: ActionLimit = {
  person: { perSecond: 1, burst: 5 },
  share: { perSecond: 0.1, burst: 2 },
  invitation: { perSecond: 2, burst: 20 },
};

function openAllowances(maxPeople?: number) {
  const clock = { now: 0 };
  const rates = { ...NO_RATES, frame: LIMIT };
  return { clock, allowances: new Allowances(rates, () => clock.now, maxPeople) };
}

describe("one person", () => {
  test("has one allowance for all sessions", () => {
    const { allowances } = openAllowances();
    const sessions = [1, 2, 3].map(() => allowances.open("Ann", "standing"));
    const waits = [0, 1, 2, 0, 1, 2, 0].map((index) => sessions[index]?.take("frame"));
    expect(waits).toEqual([0, 0, 0, 0, 0, 1_000, 2_000]);
  });

  test("gains nothing by reconnecting", () => {
    const { allowances, clock } = openAllowances();
    const first = allowances.open("Ann", "standing");
    for (let count = 0; count < 5; count += 1) first.take("frame");
    first[Symbol.dispose]();
    clock.now = 1_000;
    // Others come, and whoever has used nothing is forgotten.
    for (let count = 0; count < 10; count += 1) {
      allowances.open(`somebody ${count}`, "standing")[Symbol.dispose]();
    }
    const again = allowances.open("Ann", "standing");
    expect([again.tryTake("frame"), again.tryTake("frame")]).toEqual([0, 1_000]);
  });

  test("is forgotten once everything was earned back", () => {
    const { allowances, clock } = openAllowances();
    for (let count = 0; count < 50; count += 1) {
      const session = allowances.open(`key ${count}`, "standing");
      session.take("frame");
      session[Symbol.dispose]();
    }
    expect(allowances.size).toBe(50);
    clock.now = 60_000;
    for (let count = 0; count < 20; count += 1) {
      allowances.open("Ann", "standing")[Symbol.dispose]();
    }
    expect(allowances.size).toBeLessThanOrEqual(1);
  });

  test("past those that can be remembered shares an allowance with the next", () => {
    const { allowances } = openAllowances(2);
    const sessions = ["Ann", "Bob", "Carl", "Dora"].map((name) => allowances.open(name, "1"));
    const [ann, bob, carl, dora] = sessions;
    for (let count = 0; count < 5; count += 1) carl?.take("frame");
    expect([ann, bob, carl, dora].map((each) => each?.tryTake("frame"))).toEqual([
      0, 0, 1_000, 1_000,
    ]);
    expect(allowances.size).toBe(2);
  });
});

describe("one invitation", () => {
  test("has one allowance for all keys that come by it, however many are made", () => {
    const { allowances } = openAllowances();
    let taken = 0;
    for (let key = 0; key < 50; key += 1) {
      const session = allowances.open(`throw-away ${key}`, "standing");
      for (let count = 0; count < 5; count += 1) if (session.tryTake("frame") === 0) taken += 1;
      session[Symbol.dispose]();
    }
    expect(taken).toBe(20);
    // Another invitation has its own.
    expect(allowances.open("Bob", "1").tryTake("frame")).toBe(0);
  });

  test("that others have used up leaves everybody the share that they have earned", () => {
    const { allowances, clock } = openAllowances();
    const ann = allowances.open("Ann", "standing");
    clock.now = 20_000;
    for (let key = 0; key < 500; key += 1)
      allowances.open(`throw-away ${key}`, "standing").take("frame");
    expect([1, 2].map(() => ann.take("frame"))).toEqual([0, 0]);
    // What others owe takes minutes; the next one of their own share takes 10 s.
    expect(ann.take("frame")).toBe(10_000);
  });

  test("is owed nothing for what was not done because the session had ended", () => {
    const { allowances } = openAllowances();
    for (let key = 0; key < 500; key += 1) {
      using session = allowances.open(`throw-away ${key}`, "standing");
      if (session.take("frame") > 0) session.giveBack("frame");
    }
    const ben = allowances.open("Ben", "standing");
    expect(ben.take("frame")).toBe(500);
  });

  test("gets back what was tried and refused, and so does the person, wherever it was taken", () => {
    const { allowances, clock } = openAllowances();
    for (const now of [0, 20_000]) {
      clock.now = now;
      const ann = allowances.open("Ann", "standing");
      for (let count = 0; count < 100; count += 1) {
        expect(ann.tryTake("frame")).toBe(0);
        ann.refund("frame");
      }
    }
    let taken = 0;
    for (let key = 0; key < 10; key += 1) {
      const session = allowances.open(`new ${key}`, "standing");
      while (session.tryTake("frame") === 0) taken += 1;
    }
    expect(taken).toBe(20);
  });

  test("is not used by the frames of a person's own share", () => {
    const { allowances, clock } = openAllowances();
    const ann = allowances.open("Ann", "standing");
    for (let count = 0; count < 30; count += 1) {
      clock.now += 10_000;
      expect(ann.take("frame")).toBe(0);
    }
    const bob = allowances.open("Bob", "standing");
    clock.now += 1;
    let taken = 0;
    for (let key = 0; key < 10; key += 1) {
      const session = allowances.open(`new ${key}`, "standing");
      while (session.tryTake("frame") === 0) taken += 1;
    }
    expect(taken).toBe(20);
    expect(bob.tryTake("frame")).toBeGreaterThan(0);
  });
});
