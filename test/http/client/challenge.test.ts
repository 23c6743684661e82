import { expect, test } from "bun:test";

import { challengesOf } from "../../../src/http/client/challenge.ts";

function read(...values: string[]) {
  const headers = values.map((value) => ["WWW-Authenticate", value] as const);
  return challengesOf(headers, "www-authenticate").map(({ scheme, parameters }) => {
    return [scheme, Object.fromEntries(parameters)];
  });
}

test.each([
  [['Basic realm="a"'], [["basic", { realm: "a" }]]],
  [['Basic realm="a, b=\\"c\\""'], [["basic", { realm: 'a, b="c"' }]]],
  [
    ['NEGOTIATE, Basic Realm = a , charset="UTF-8"'],
    [
      ["negotiate", {}],
      ["basic", { realm: "a", charset: "UTF-8" }],
    ],
  ],
  [
    ["Bearer", 'Digest realm="a",nonce="b"'],
    [
      ["bearer", {}],
      ["digest", { realm: "a", nonce: "b" }],
    ],
  ],
  [[""], []],
])("the challenges of %j are %j (RFC 9110 s. 11.6.1)", (values, challenges) => {
  expect(read(...values)).toEqual(challenges);
});
