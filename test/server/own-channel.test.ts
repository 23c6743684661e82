// The owner's own channel: that it fails ends nothing for the others.

import { expect, test } from "bun:test";

import { ENDED_BY_PROGRAM, NOT_ADMITTED } from "../../src/chat/channel.ts";
import { converseWith } from "../../src/cli/owner-window.ts";
import { memoryDevice } from "../../src/client/device.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import type { LocalChannel } from "../../src/server/local-channel.ts";
import { until } from "../harness/until.ts";
import { entered, openHere, shownTo } from "./served.ts";

test.each([
  ["the owner's frames break the protocol", ENDED_BY_PROGRAM, "kick: name is not valid"],
  ["there was no place for the owner", NOT_ADMITTED, "main is full"],
])("when %s, the owner enters again and the others go on", async (_, code, reason) => {
  await using server = await openHere();
  const channels: LocalChannel[] = [];
  const connect = () => {
    const channel = server.connect();
    channels.push(channel);
    return channel;
  };
  const owner = converseWith(
    { connect },
    { name: "Olga", room: "main", history: undefined, device: memoryDevice() },
  );
  const seenByOwner = shownTo(owner);
  await entered(seenByOwner);
  await using ann = joinRoom(server.invitation("main"), { name: "Ann" });
  const seenByAnn = shownTo(ann);
  await entered(seenByAnn);
  channels[0]?.abort(code, reason);
  await until("the owner is back", () =>
    seenByOwner.shown.some(({ type }) => type === "reconnected"),
  );
  expect(seenByOwner.shown).toContainEqual({ type: "disconnected", message: reason });
  await ann.say("still here");
  await until("the owner reads", () => seenByOwner.texts.includes("still here"));
  await owner.leave();
});

test("bytes that are no frame end the owner's channel, and not the server", async () => {
  await using server = await openHere();
  const channel = server.connect();
  channel.receive({ onMessages() {} });
  void channel.sayAll([new TextEncoder().encode("hello?")]);
  expect(await channel.ended).toEqual({ code: ENDED_BY_PROGRAM, reason: "a frame is not JSON" });
  await using ann = joinRoom(server.invitation("main"), { name: "Ann" });
  await entered(shownTo(ann));
});

test("an owner who connects while the server is closing is told so at once", async () => {
  await using server = await openHere();
  const closing = server.close();
  expect(await server.connect().ended).toMatchObject({ reason: "the server was stopped" });
  await closing;
});
