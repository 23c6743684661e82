// A member that does not read what it is sent, over the sealed wire: nobody waits for it.

import { expect, test } from "bun:test";

import { joinRoom } from "../../src/client/join-room.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { joinRaw } from "./raw-member.ts";
import { entered, openHere, SERVER_LIMITS, shownTo } from "./served.ts";
import { deviceOf } from "./server-state.ts";

/** Together longer than what is held for one member: a window of 1 MiB, and 4 MiB that wait for it. */
const COUNT = 800;
const textOf = (number: number) => `${number} `.padEnd(10_000, "x");
const ALL = Array.from({ length: COUNT }, (_, index) => textOf(index + 1));

/** Ann sends more than is held for Eve, who stops reading at her first frame; Bob reads it all. */
async function talkPastEve(unreadFor: number) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await openHere({ limits: { ...SERVER_LIMITS, unreadFor } }));
  const [ann, bob] = ["Ann", "Bob"].map((name) =>
    stack.use(joinRoom(server.invitation("main"), { name, room: "main" })),
  );
  if (ann === undefined || bob === undefined) throw new Error("nobody is there");
  const [seenByAnn, seenByBob] = [shownTo(ann), shownTo(bob)];
  await Promise.all([entered(seenByAnn), entered(seenByBob)]);
  const goesOn = Promise.withResolvers<void>();
  const eve = stack.use(await joinRaw(server, "Eve", goesOn.promise));
  // Closing waits until she has read what she has.
  stack.defer(() => goesOn.resolve());
  eve.say({ type: "enter", room: "main", name: "Eve", device: deviceOf("Eve") });
  await eve.until("welcome");
  await Promise.all(ALL.map((text) => ann.say(text)));
  await until("all of it", () => seenByBob.texts.length === COUNT);
  expect(seenByBob.texts).toEqual(ALL);
  const all = stack.move();
  return { eve, goesOn, seenByBob, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test(
  "a member that does not read is disconnected with the reason, and the others miss nothing",
  async () => {
    // Ann and Bob, in this process, read within that even on a busy machine.
    await using talk = await talkPastEve(3_000);
    const { eve, goesOn, seenByBob } = talk;
    await until("that she is out", () =>
      seenByBob.shown.some((event) => event.type === "left" && event.peer === "Eve"),
    );
    goesOn.resolve();
    expect(await eve.ended).toEqual({
      type: "closed",
      by: "peer",
      code: 1,
      reason: "you left your messages unread for 3 s",
    });
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member that reads on in time gets everything, in order, and has held up nobody",
  async () => {
    await using talk = await talkPastEve(60_000);
    const { eve, goesOn } = talk;
    const texts = () =>
      eve.frames.flatMap((frame) => (frame.type === "message" ? [frame.text] : []));
    expect(texts().length).toBeLessThan(COUNT);
    goesOn.resolve();
    await until("all of it", () => texts().length === COUNT);
    expect(texts()).toEqual(ALL);
  },
  END_TO_END_TIMEOUT,
);
