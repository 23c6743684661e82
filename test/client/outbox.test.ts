import { describe, expect, test } from "bun:test";

import {
  createOutbox,
  giveUp,
  type Outbox,
  put,
  type Said,
  takeArrived,
} from "../../src/client/outbox.ts";
import { CharlaError } from "../../src/errors.ts";
import { rejection } from "../wire/rejection.ts";

const GONE = new CharlaError("SESSION_LOST", "the other end is gone", "join again");

const textsOf = (messages: readonly Said[]) => messages.map(({ text }) => text);

/** An outbox with these messages on their way, each with where it ends; null has not left. */
function underWay(...ends: (number | null)[]): Outbox {
  const outbox = createOutbox();
  for (const [index, end] of ends.entries()) put(outbox, `message ${index}`).end = end;
  outbox.underWay.push(...outbox.waiting.splice(0));
  return outbox;
}

test("what is put in waits, in order, and has neither left nor arrived", () => {
  const outbox = createOutbox();
  for (const text of ["one", "", "two"]) put(outbox, text);
  expect(textsOf(outbox.waiting)).toEqual(["one", "", "two"]);
  expect(outbox.waiting.map(({ end }) => end)).toEqual([null, null, null]);
  expect(outbox.underWay).toEqual([]);
  expect(outbox.arrivedUpTo).toBe(0);
  expect(takeArrived(outbox)).toEqual([]);
});

describe("what has arrived", () => {
  test("is what ends at or before the bytes that have", () => {
    const outbox = underWay(10, 20, 30);
    outbox.arrivedUpTo = 9;
    expect(takeArrived(outbox)).toEqual([]);
    outbox.arrivedUpTo = 20;
    expect(textsOf(takeArrived(outbox))).toEqual(["message 0", "message 1"]);
    expect(textsOf(outbox.underWay)).toEqual(["message 2"]);
  });

  test("is taken out once", () => {
    const outbox = underWay(10, 20);
    outbox.arrivedUpTo = 10;
    expect(textsOf(takeArrived(outbox))).toEqual(["message 0"]);
    expect(takeArrived(outbox)).toEqual([]);
    outbox.arrivedUpTo = 20;
    expect(textsOf(takeArrived(outbox))).toEqual(["message 1"]);
    expect(takeArrived(outbox)).toEqual([]);
  });

  test("is nothing that has not left, nor anything after it: order is kept", () => {
    const outbox = underWay(10, null, 30);
    outbox.arrivedUpTo = 30;
    expect(textsOf(takeArrived(outbox))).toEqual(["message 0"]);
    expect(textsOf(outbox.underWay)).toEqual(["message 1", "message 2"]);
  });

  test("is nothing that still waits for somebody", () => {
    const outbox = createOutbox();
    put(outbox, "waits").end = 5;
    outbox.arrivedUpTo = 100;
    expect(takeArrived(outbox)).toEqual([]);
    expect(textsOf(outbox.waiting)).toEqual(["waits"]);
  });
});

describe("what is given up", () => {
  test("is told by its texts, rejects with the error, and is not there any more", async () => {
    const outbox = underWay(10, null);
    const promises = outbox.underWay.map(({ arrived }) => arrived.promise);
    expect(giveUp(outbox.underWay, GONE)).toEqual(["message 0", "message 1"]);
    expect(outbox.underWay).toEqual([]);
    for (const promise of promises) expect(await rejection(promise)).toBe(GONE);
    expect(giveUp(outbox.underWay, GONE)).toEqual([]);
  });

  test("and nobody waits for is no error that nobody handles", async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    const outbox = underWay(10);
    giveUp(outbox.underWay, GONE);
    await new Promise((done) => setImmediate(done));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });

  test("leaves what waits as it is", () => {
    const outbox = underWay(10);
    put(outbox, "for the next");
    giveUp(outbox.underWay, GONE);
    expect(textsOf(outbox.waiting)).toEqual(["for the next"]);
  });
});

describe("1,000 messages wait at most", () => {
  const TOO_MANY = {
    code: "TOO_MANY_WAITING",
    message: "1000 messages wait already",
    hint: "wait until the other end has them",
  };

  test("for somebody to hear them", () => {
    const outbox = createOutbox();
    for (let count = 0; count < 1_000; count += 1) put(outbox, `${count}`);
    expect(() => put(outbox, "one more")).toThrow(expect.objectContaining(TOO_MANY));
    expect(outbox.waiting).toHaveLength(1_000);
  });

  test("with those that are on their way; one that has arrived makes room for one", () => {
    const outbox = underWay(...Array.from({ length: 999 }, (_, index) => index + 1));
    put(outbox, "the thousandth");
    expect(() => put(outbox, "one more")).toThrow(expect.objectContaining(TOO_MANY));
    outbox.arrivedUpTo = 1;
    takeArrived(outbox);
    put(outbox, "one more");
    expect(() => put(outbox, "and another")).toThrow(expect.objectContaining(TOO_MANY));
  });
});
