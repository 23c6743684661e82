// What the unit tests use of bun:test, on node:test and Jest's expect, so that they run under Node.js too. Knows no test.

import {
  after,
  afterEach,
  before,
  beforeEach,
  describe as nodeDescribe,
  test as nodeTest,
} from "node:test";
import { format, isDeepStrictEqual } from "node:util";

import { expect as expectThoroughly } from "expect";

export { after as afterAll, afterEach, before as beforeAll, beforeEach };

/** Decide without Jest, which takes 20 us for each value: some tests look at a million, and nearly all are right. */
const AT_A_GLANCE: Record<string, (value: unknown, expected: unknown) => boolean> = {
  toBe: Object.is,
  toEqual: isDeepStrictEqual,
  toBeNull: (value) => value === null,
  toBeGreaterThan: (value, limit) => Number(value) > Number(limit),
  toBeGreaterThanOrEqual: (value, limit) => Number(value) >= Number(limit),
  toBeLessThan: (value, limit) => Number(value) < Number(limit),
  toBeLessThanOrEqual: (value, limit) => Number(value) <= Number(limit),
};

class Expectation {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
  get not() {
    return expectThoroughly(this.value).not;
  }
}

const matchers = Object.keys(expectThoroughly(null)).filter((name) => name.startsWith("to"));
const OWN = {
  toBeWithin: (value: unknown, from: number, to: number) =>
    Number(value) >= from && Number(value) < to,
  toEndWith: (value: unknown, end: string) => String(value).endsWith(end),
  toBeEmpty: (value: unknown) => Object.keys(value as object).length === 0,
};
for (const [name, passes] of Object.entries(OWN) as [string, (...all: unknown[]) => boolean][]) {
  expectThoroughly.extend({
    [name]: (value: unknown, ...expected: unknown[]) => ({
      pass: passes(value, ...expected),
      message: () => `${name}: ${format(value, ...expected)}`,
    }),
  });
}
for (const name of [...matchers, ...Object.keys(OWN)]) {
  const passes = AT_A_GLANCE[name];
  Object.defineProperty(Expectation.prototype, name, {
    value(this: Expectation, ...expected: unknown[]) {
      if (passes?.(this.value, expected[0]) === true) return;
      const thorough = expectThoroughly(this.value) as unknown as Record<string, Body>;
      thorough[name]?.(...(expected as never[]));
    },
  });
}

export const expect = Object.assign((value: unknown) => new Expectation(value), {
  any: expectThoroughly.any,
  closeTo: expectThoroughly.closeTo,
  objectContaining: expectThoroughly.objectContaining,
  stringContaining: expectThoroughly.stringContaining,
  stringMatching: expectThoroughly.stringMatching,
});

type Body = (...values: never[]) => unknown;
type Define = (title: string, body: () => unknown, options: { skip: boolean }) => unknown;

function withVariants(define: Define) {
  const variant = (skip: boolean) => (title: string, body: Body) =>
    define(title, () => body(), { skip });
  return Object.assign(variant(false), {
    skip: variant(true),
    skipIf: variant,
    each: (cases: readonly unknown[]) => (title: string, body: Body) => {
      for (const one of cases) {
        const values = (Array.isArray(one) ? one : [one]) as never[];
        const filled = format(title.replaceAll("%p", "%j"), ...values);
        define(filled, () => body(...values), { skip: false });
      }
    },
  });
}

export const test = withVariants((title, body, options) =>
  nodeTest(title, options, async () => {
    await body();
  }),
);
export const describe = withVariants((title, body, options) =>
  nodeDescribe(title, options, () => void body()),
);
