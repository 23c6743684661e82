// What the tests use of "bun:test", on node:test and the package `expect`: for test files that are bundled to run under
// Node.js (run-tests.ts). A test that takes another function of it fails to bundle, or says that it is not one.

import {
  after,
  afterEach,
  before,
  beforeEach,
  describe as nodeDescribe,
  test as nodeTest,
} from "node:test";
import { format, isDeepStrictEqual } from "node:util";

import { expect as jestExpect } from "expect";

type Body = (...given: unknown[]) => void | Promise<void>;

/** ms; tests of Bun's may be given another after their body. */
const TIMEOUT = 60_000;

jestExpect.extend({
  toBeWithin: (received: number, from: number, to: number) => ({
    pass: received >= from && received < to,
    message: () => `${received} is not from ${from} to ${to}`,
  }),
  toStartWith: (received: string, start: string) => ({
    pass: received.startsWith(start),
    message: () => `${JSON.stringify(received)} does not start with ${JSON.stringify(start)}`,
  }),
  toEndWith: (received: string, end: string) => ({
    pass: received.endsWith(end),
    message: () => `${JSON.stringify(received)} does not end with ${JSON.stringify(end)}`,
  }),
  toBeEmpty: (received: string | readonly unknown[]) => ({
    pass: received.length === 0,
    message: () => `${format(received)} is not empty`,
  }),
});

type Matcher = (...expected: unknown[]) => unknown;

/** Jest's takes 20 us for each value: some tests look at a million, nearly all of which are as expected. */
const AT_A_GLANCE: Record<string, (value: unknown, expected: unknown) => boolean> = {
  toBe: Object.is,
  toEqual: isDeepStrictEqual,
  toBeNull: (value) => value === null,
};

const quick = (value: unknown) =>
  new Proxy(AT_A_GLANCE, {
    get: (glance, name: string) => {
      const thorough = (): Matcher => Reflect.get(jestExpect(value), name);
      const passes = glance[name];
      if (passes === undefined) return thorough();
      return (...expected: unknown[]) => passes(value, expected[0]) || thorough()(...expected);
    },
  });
// With `expect.any` and its like.
const expect = Object.assign(quick, jestExpect);

function run(title: string, body: Body, timeout = TIMEOUT): void {
  void nodeTest(title, { timeout }, async () => await body());
}

/** A row that is a list is spread, for the title as well (%s); the fields of one that is an object are named ($name). */
function forEachRow(add: (title: string, body: Body, timeout?: number) => void) {
  return (rows: readonly unknown[]) =>
    (title: string, body: Body, timeout?: number): void => {
      for (const row of rows) {
        const given: unknown[] = Array.isArray(row) ? row : [row];
        const named = title.replaceAll(/\$(\w+)/g, (whole, name: string) =>
          typeof row === "object" && row !== null && name in row
            ? format(Object.entries(row).find(([key]) => key === name)?.[1])
            : whole,
        );
        const places = named.match(/%[sdifjoOp]/g)?.length ?? 0;
        const text = format(named.replaceAll("%p", "%j"), ...given.slice(0, places));
        add(text, async () => await body(...given), timeout);
      }
    };
}

const skipped: Body = () => {};
const skip = (title: string): void => void nodeTest(title, { skip: true }, () => skipped());
const group = (title: string, body: Body): void => void nodeDescribe(title, () => void body());

export const test = Object.assign(run, {
  each: forEachRow(run),
  skip,
  skipIf: (condition: boolean) => (condition ? skip : run),
});
export const describe = Object.assign(group, {
  each: forEachRow(group),
  skipIf: (condition: boolean) => (condition ? skip : group),
});
export { after as afterAll, afterEach, before as beforeAll, beforeEach, expect };
