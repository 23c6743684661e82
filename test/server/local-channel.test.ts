// A channel inside one program: order, bounds, and its end.

import { expect, test } from "bun:test";

import { localChannel } from "../../src/server/local-channel.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const words = (message: Uint8Array) => new TextDecoder().decode(message);

/** An end that keeps what it receives, and is busy with each batch until the promise resolves. */
function listening() {
  const heard: string[] = [];
  let going = Promise.resolve();
  return {
    heard,
    stopUntil: (promise: Promise<void>) => void (going = promise),
    onMessages(messages: readonly Uint8Array[]) {
      heard.push(...messages.map(words));
      return going;
    },
  };
}

test("messages arrive in order, in both directions, also those sent before the other end receives", async () => {
  const [ann, bob] = localChannel();
  const [atAnn, atBob] = [listening(), listening()];
  expect(ann.sayAll([bytes("1"), bytes("2")])).toBe(true);
  bob.receive(atBob);
  expect(ann.sayAll([bytes("3")])).toBe(true);
  void bob.sayAll([bytes("hello")]);
  ann.receive(atAnn);
  await ann.close();
  expect([atBob.heard, atAnn.heard]).toEqual([["1", "2", "3"], ["hello"]]);
});

test("close ends both ends, after all that was sent", async () => {
  const [ann, bob] = localChannel();
  const atBob = listening();
  bob.receive(atBob);
  for (let number = 0; number < 100; number += 1) void ann.sayAll([bytes(`${number}`)]);
  await ann.close();
  expect(atBob.heard).toHaveLength(100);
  expect([await ann.ended, await bob.ended]).toEqual([
    { code: 0, reason: "" },
    { code: 0, reason: "" },
  ]);
  expect([ann.sayAll([bytes("late")]), bob.sayAll([bytes("late")])]).toEqual([false, false]);
});

test("abort ends both ends at once with its reason, and the first one counts", async () => {
  const [ann, bob] = localChannel();
  ann.abort(1, "enough");
  bob.abort(1, "too late");
  expect([await ann.ended, await bob.ended]).toEqual([
    { code: 1, reason: "enough" },
    { code: 1, reason: "enough" },
  ]);
});

test("ended waits until what was sent before has been handled", async () => {
  const [ann, bob] = localChannel();
  const atBob = listening();
  const going = Promise.withResolvers<void>();
  atBob.stopUntil(going.promise);
  bob.receive(atBob);
  void ann.sayAll([bytes("1")]);
  let ended = false;
  void bob.ended.then(() => (ended = true));
  await new Promise((done) => setImmediate(done));
  void ann.sayAll([bytes("2")]);
  ann.abort(1, "enough");
  await new Promise((done) => setImmediate(done));
  expect([atBob.heard, ended]).toEqual([["1"], false]);
  going.resolve();
  expect(await bob.ended).toEqual({ code: 1, reason: "enough" });
  expect(atBob.heard).toEqual(["1", "2"]);
});

test("more than 1,024 waiting messages leave no room, until they are received", async () => {
  const [ann, bob] = localChannel();
  const message = bytes("m");
  expect(ann.sayAll(Array.from({ length: 1_024 }, () => message))).toBe(true);
  const room = ann.sayAll([message]);
  expect(room).toBeInstanceOf(Promise);
  bob.receive(listening());
  expect(await room).toBe(true);
  expect(ann.sayAll([message])).toBe(true);
});

test("waiting for room resolves to false when the channel ends", async () => {
  const [ann, bob] = localChannel();
  const room = ann.sayAll(Array.from({ length: 1_025 }, () => bytes("m")));
  bob.abort(1, "enough");
  expect(await room).toBe(false);
});

test("closing an end whose other end does not receive waits until that ends", async () => {
  const [ann, bob] = localChannel();
  void ann.sayAll([bytes("1")]);
  const closing = ann.close();
  bob.abort(1, "gone");
  await closing;
  expect(await ann.ended).toEqual({ code: 1, reason: "gone" });
});
