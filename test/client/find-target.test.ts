// How a server proves who it is to somebody who joins it by its address: by the key that it had the first time.

import { expect, test } from "bun:test";

import { sealedTarget } from "../../src/client/find-target.ts";
import { newPerson } from "../harness/person.ts";

const KEY = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);
const WHERE = "192.0.2.1:12345";

test("a server is new once, also when the connection to it is made again", () => {
  using ben = newPerson();
  const { target, met } = sealedTarget(WHERE, ben.env);
  expect(target.trust.expected).toBeNull();
  expect(met(KEY)).toBe(true);
  expect(met(KEY)).toBe(false);
  expect(target.trust.expected).toEqual(KEY);
  expect(target.trust.refused(OTHER, WHERE)).toMatchObject({
    code: "SERVER_KEY_CHANGED",
    message: expect.stringContaining(`THE KEY OF ${WHERE} HAS CHANGED`),
  });
  const again = sealedTarget(WHERE, ben.env);
  expect(again.target.trust.expected).toEqual(KEY);
  expect(again.met(KEY)).toBe(false);
});

test("a server whose key can't be remembered is reported once, and has to keep its key", () => {
  using ben = newPerson();
  const { target, met } = sealedTarget(WHERE, { ...ben.env, XDG_CONFIG_HOME: "/dev/null" });
  expect(() => met(KEY)).toThrow(expect.objectContaining({ code: "FOLDER_NOT_WRITABLE" }));
  expect(met(KEY)).toBe(false);
  expect(target.trust.expected).toEqual(KEY);
  expect(target.trust.refused(OTHER, WHERE)).toMatchObject({
    code: "SERVER_KEY_CHANGED",
    message: expect.stringContaining("another key than when it was joined"),
  });
});
