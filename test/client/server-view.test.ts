// Asking a server what it sees of this end: which answer counts, and what happens when none comes.

import { expect, test } from "bun:test";

import type { Channel, ChannelHandlers } from "../../src/chat/channel.ts";
import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { readMemberFrame } from "../../src/chat/member-frames.ts";
import { createServerViewer } from "../../src/client/server-view.ts";

/** A channel to a server that answers with these frames. */
function channelTo(answers: (request: number) => readonly ServerFrame[]) {
  let handlers: ChannelHandlers | null = null;
  const ended = Promise.withResolvers<unknown>();
  const channel: Channel = {
    sayAll(messages) {
      for (const message of messages) {
        const reading = readMemberFrame(message);
        if (reading.type !== "frame" || reading.frame.type !== "look") throw new Error("no look");
        const { request } = reading.frame;
        queueMicrotask(() => void handlers?.onMessages(answers(request).map(encodeFrame)));
      }
      return true;
    },
    receive: (given) => void (handlers = given),
    close: async () => {},
    abort: () => ended.resolve(""),
    ended: ended.promise,
  };
  return channel;
}

test("a view is the server's answer between two readings of this clock", async () => {
  const channel = channelTo((request) => [
    { type: "seen", request, time: 1_000, address: "192.0.2.7:40000" },
  ]);
  const before = Date.now();
  const view = await createServerViewer(channel)();
  expect(view).toMatchObject({ address: "192.0.2.7:40000", serverTime: 1_000 });
  expect(view?.askedAt).toBeGreaterThanOrEqual(before);
  expect(view?.answeredAt).toBeGreaterThanOrEqual(view?.askedAt ?? Infinity);
});

test("answers to other questions, and other frames, are left alone", async () => {
  const channel = channelTo((request) => [
    { type: "left", name: "Ann", reason: "" },
    { type: "seen", request: request - 1, time: 1 },
    { type: "seen", request, time: 2 },
    { type: "seen", request, time: 3 },
  ]);
  const view = createServerViewer(channel);
  expect(await view()).toMatchObject({ address: null, serverTime: 2 });
  expect(await view()).toMatchObject({ serverTime: 2 });
});

test("a channel that ends gives no view", async () => {
  const channel = channelTo(() => []);
  const view = createServerViewer(channel)();
  channel.abort(0, "");
  expect(await view).toBeNull();
});

test("a server that never answers gives no view", async () => {
  const channel = channelTo(() => []);
  expect(await createServerViewer(channel, 20)()).toBeNull();
});
