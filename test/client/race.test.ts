// When attempts to reach a server start (RFC 8305 s. 5), on a clock of the test's own.

import { expect, test } from "bun:test";

import {
  createRace,
  enter,
  fail,
  isLost,
  type Race,
  refuse,
  stall,
  takeNext,
  wakeAt,
} from "../../src/client/race.ts";

interface Named {
  readonly name: string;
  readonly rank: number | null;
}

const direct = (name: string, rank: number): Named => ({ name, rank });
const relay = (name: string): Named => ({ name, rank: null });

/** Starts all that is due, and says what that was. */
function started(race: Race<Named>, now: number): string[] {
  const names: string[] = [];
  for (let next = takeNext(race, now); next !== null; next = takeNext(race, now)) {
    names.push(next.name);
  }
  return names;
}

/** Lets the time pass until nothing waits, and says what started when. */
function startTimes(race: Race<Named>): Record<string, number> {
  const times: Record<string, number> = {};
  for (let now = 0; now < 10_000; now += 10) {
    for (const name of started(race, now)) times[name] = now;
  }
  return times;
}

test("addresses start 250 ms apart, by their rank and not in the order in which they came", () => {
  const race = createRace<Named>(2);
  enter(race, [direct("c", 3), direct("b", 2)]);
  enter(race, [direct("d", 4), direct("a", 1)]);
  expect(startTimes(race)).toEqual({ a: 0, b: 250, c: 500, d: 750 });
  expect(wakeAt(race)).toBe(Number.POSITIVE_INFINITY);
});

test("attempts of the same rank start in the order in which they came", () => {
  const race = createRace<Named>(2);
  enter(race, [direct("a", 1), direct("b", 1)]);
  enter(race, [direct("c", 1)]);
  expect(startTimes(race)).toEqual({ a: 0, b: 250, c: 500 });
});

test("relays start at once, and the first address with them", () => {
  const race = createRace<Named>(3);
  enter(race, [direct("a", 1)]);
  enter(race, [direct("b", 2)]);
  enter(race, [relay("r"), relay("s")]);
  expect(startTimes(race)).toEqual({ r: 0, s: 0, a: 0, b: 250 });
});

test("a relay that is found later starts at once, and delays no address", () => {
  const race = createRace<Named>(2);
  enter(race, [direct("a", 1), direct("b", 2)]);
  expect(started(race, 0)).toEqual(["a"]);
  enter(race, [relay("r")]);
  expect(wakeAt(race)).toBe(Number.NEGATIVE_INFINITY);
  expect(started(race, 100)).toEqual(["r"]);
  expect(wakeAt(race)).toBe(250);
  expect(started(race, 249)).toEqual([]);
  expect(started(race, 250)).toEqual(["b"]);
});

test("an address that is found once all others were tried waits for no more than its turn", () => {
  const race = createRace<Named>(2);
  enter(race, [direct("b", 2)]);
  expect(started(race, 0)).toEqual(["b"]);
  enter(race, [direct("a", 1)]);
  expect(wakeAt(race)).toBe(250);
  const late = createRace<Named>(2);
  enter(late, [direct("b", 2)]);
  expect(started(late, 0)).toEqual(["b"]);
  enter(late, [direct("a", 1)]);
  expect(started(late, 5_000)).toEqual(["a"]);
});

test("an attempt that fails, or can't get through, starts the next one at once", () => {
  const race = createRace<Named>(1);
  const [a, b] = [direct("a", 1), direct("b", 2)];
  enter(race, [a, b, direct("c", 3), direct("d", 4)]);
  expect(started(race, 0)).toEqual(["a"]);
  fail(race, a, 10);
  expect(wakeAt(race)).toBe(10);
  expect(started(race, 10)).toEqual(["b"]);
  stall(race, b, 30);
  expect(started(race, 30)).toEqual(["c"]);
  expect(started(race, 279)).toEqual([]);
  expect(started(race, 280)).toEqual(["d"]);
});

test("one that has failed after it could not get through starts no other a second time", () => {
  const race = createRace<Named>(1);
  const a = direct("a", 1);
  enter(race, [a, direct("b", 2), direct("c", 3)]);
  started(race, 0);
  stall(race, a, 10);
  stall(race, a, 15);
  expect(started(race, 15)).toEqual(["b"]);
  fail(race, a, 20);
  expect(wakeAt(race)).toBe(265);
});

test("a relay that fails starts no address before its time", () => {
  const race = createRace<Named>(2);
  const r = relay("r");
  enter(race, [r]);
  enter(race, [direct("a", 1), direct("b", 2)]);
  expect(started(race, 0)).toEqual(["r", "a"]);
  fail(race, r, 10);
  expect(wakeAt(race)).toBe(250);
});

test("it is lost when all have failed, and not while a name is looked up", () => {
  const race = createRace<Named>(3);
  const [a, b] = [direct("a", 1), direct("b", 2)];
  enter(race, [a, b]);
  started(race, 0);
  fail(race, a, 10);
  expect(isLost(race, 10)).toBe(false);
  started(race, 10);
  fail(race, b, 20);
  expect(isLost(race, 20)).toBe(false);
  fail(race, null, 30);
  expect(isLost(race, 30)).toBe(false);
  enter(race, []);
  expect(isLost(race, 40)).toBe(true);
});

test("those that can't get through are waited for, unless another has failed", () => {
  const race = createRace<Named>(1);
  const [a, b] = [direct("a", 1), direct("b", 2)];
  enter(race, [a, b]);
  started(race, 0);
  stall(race, a, 10);
  started(race, 10);
  stall(race, b, 20);
  expect(isLost(race, 7_999)).toBe(false);
  fail(race, b, 8_000);
  expect(isLost(race, 8_000)).toBe(true);
});

test("a race of nobody is lost", () => {
  expect(isLost(createRace(0), 0)).toBe(true);
});

test("once the server has refused us, others have two seconds more, from when the last one started", () => {
  const race = createRace<Named>(1);
  const [a, b] = [direct("a", 1), direct("b", 2)];
  enter(race, [a, b, direct("c", 3)]);
  expect(started(race, 0)).toEqual(["a"]);
  fail(race, a, 10);
  refuse(race, 10);
  expect(started(race, 10)).toEqual(["b"]);
  expect(wakeAt(race)).toBe(260);
  expect(isLost(race, 260)).toBe(false);
  expect(started(race, 260)).toEqual(["c"]);
  expect(wakeAt(race)).toBe(2_260);
  expect(isLost(race, 2_259)).toBe(false);
  expect(isLost(race, 2_260)).toBe(true);
});

test("a second refusal gives the others no more time", () => {
  const race = createRace<Named>(1);
  const [a, b] = [direct("a", 1), direct("b", 2)];
  enter(race, [a, b]);
  started(race, 0);
  started(race, 250);
  fail(race, a, 1_000);
  refuse(race, 1_000);
  refuse(race, 2_000);
  expect(wakeAt(race)).toBe(3_000);
  expect(isLost(race, 3_000)).toBe(true);
});
