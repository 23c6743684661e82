// What a server tells a client about the client itself, in a room and outside.

import { expect, test } from "bun:test";

import { connect, enter, openState } from "./server-state.ts";

test("a client outside a room gets the server's time and its own address", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  const client = connect(state, "key of Eve", false, "192.0.2.7:40000");
  const before = Date.now();
  client.say({ type: "look", request: 5 });
  const [seen] = await client.until("seen");
  expect(seen).toEqual({
    type: "seen",
    request: 5,
    time: expect.any(Number),
    address: "192.0.2.7:40000",
  });
  expect(seen?.time).toBeGreaterThanOrEqual(before);
  expect(seen?.time).toBeLessThanOrEqual(Date.now());
  ann.say({ type: "who", request: 1 });
  const [people] = await ann.until("people");
  expect(people?.members.map(({ name }) => name)).toEqual(["Ann"]);
  expect(ann.of("joined")).toEqual([]);
});

test("a client in the same program has no address", async () => {
  const client = connect(openState(), "key of Eve");
  client.say({ type: "look", request: 0 });
  expect(await client.until("seen")).toEqual([
    { type: "seen", request: 0, time: expect.any(Number) },
  ]);
});

test("a member may ask as well, and stays in the room", async () => {
  const state = openState();
  const ann = await enter(state, "Ann");
  ann.say({ type: "look", request: 1 }, { type: "say", number: 0, text: "here" });
  await ann.until("seen");
  expect(await ann.texts(1)).toEqual(["here"]);
});
