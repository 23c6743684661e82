import { describe, expect, test } from "bun:test";

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent, RoomEvent } from "../../src/chat/events.ts";
import { createEventQueue } from "../../src/client/event-queue.ts";
import { CharlaError } from "../../src/errors.ts";
import { startJourney } from "../../src/terminal/room-switcher.ts";

const NOBODY = new CharlaError("NO_ANSWER", "no answer", "look for it");
const entered = (room: string): RoomEvent => ({
  type: "entered",
  room,
  name: "ben",
  owner: false,
  members: [],
});
const said = (text: string): RoomEvent => ({
  type: "message",
  from: "ana",
  text,
  sequence: 1,
  time: 0,
  fingerprint: "key of ana",
});
const ended = (...unsaid: string[]): RoomEvent => ({
  type: "ended",
  reason: "left",
  unsaid,
});
const never = () => Promise.reject(new Error("nobody asks that here"));

function room() {
  const queue = createEventQueue<RoomEvent>();
  let left = 0;
  const conversation: RoomConversation = {
    events: queue.events,
    say: async () => {},
    async leave() {
      left += 1;
      queue.end(ended("unsaid"));
    },
    [Symbol.asyncDispose]: never,
    who: never,
    rooms: never,
    history: never,
    rename: never,
    kick: never,
    mute: never,
    lock: never,
    invite: never,
  };
  return { ...queue, conversation, left: () => left };
}

/** A journey from one room, with others to go to by their names. */
function journeying(others: Readonly<Record<string, ReturnType<typeof room>>> = {}) {
  const first = room();
  const journey = startJourney(first.conversation, (name) => {
    const other = others[name];
    if (other === undefined) throw new Error(`there is no ${name}`);
    return other.conversation;
  });
  const told: ConversationEvent[] = [];
  const over = (async () => {
    for await (const event of journey.events) told.push(event);
  })();
  return { first, journey, told, over };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

test("where nobody goes anywhere, what happens is told to its end", async () => {
  const { first, told, over } = journeying();
  first.push(entered("main"));
  first.end(ended("unsaid"));
  await over;
  expect(told).toEqual([entered("main"), ended("unsaid")]);
});

test("whoever stops to listen stops the room's events as well", async () => {
  const { conversation } = room();
  let stopped = false;
  async function* events() {
    try {
      yield entered("main");
    } finally {
      stopped = true;
    }
  }
  const journey = startJourney({ ...conversation, events: events() });
  for await (const _ of journey.events) break;
  expect(stopped).toBe(true);
});

describe("going to another room", () => {
  test("leaves the first one once the other is entered, and goes on there", async () => {
    const other = room();
    const { first, journey, told, over } = journeying({ other });
    first.push(entered("main"));
    const going = journey.goTo("other");
    const notice = { type: "notice", code: "SERVER_MET", message: "met" } as const;
    other.push(notice);
    first.push(said("still here"));
    await Bun.sleep(0);
    expect(first.left()).toBe(0);
    expect(journey.conversation).toBe(first.conversation);
    other.push(entered("other"));
    other.push(said("hello"));
    await going;
    other.end(ended());
    await over;
    expect(first.left()).toBe(1);
    expect(journey.conversation).toBe(other.conversation);
    expect(told).toEqual([
      entered("main"),
      said("still here"),
      notice,
      entered("other"),
      said("hello"),
      ended(),
    ]);
  });

  test("that fails changes nothing", async () => {
    const other = room();
    const { first, journey, told, over } = journeying({ other });
    other.fail(NOBODY);
    expect(await rejection(journey.goTo("other"))).toBe(NOBODY);
    first.push(said("still here"));
    first.end(ended());
    await over;
    expect(told).toEqual([said("still here"), ended()]);
  });

  test("where nobody is let in tells what the server says", async () => {
    const other = room();
    const { journey } = journeying({ other });
    other.push({ type: "notice", code: "SERVER_SAYS", message: "the room is locked" });
    other.end({ type: "ended", reason: "peer-left", unsaid: [] });
    expect(await rejection(journey.goTo("other"))).toMatchObject({
      code: "REFUSED",
      message: "the room is locked",
    });
  });

  test("happens once at a time, and again from there", async () => {
    const [one, two] = [room(), room()];
    const { journey, told, over } = journeying({ one, two });
    const going = journey.goTo("one");
    expect(await rejection(journey.goTo("two"))).toMatchObject({ code: "USAGE" });
    one.push(entered("one"));
    await going;
    two.push(entered("two"));
    // The first leg is left behind once its end was told.
    while (journey.conversation !== one.conversation) await Bun.sleep(0);
    await journey.goTo("two");
    two.end(ended());
    await over;
    expect(told).toEqual([entered("one"), entered("two"), ended()]);
  });

  test("is not possible where there is one room only", async () => {
    const journey = startJourney(room().conversation);
    expect(await rejection(journey.goTo("other"))).toMatchObject({ code: "USAGE" });
  });

  test("does not tell how the first one was lost when it was left anyway", async () => {
    const other = room();
    const { first, journey, told, over } = journeying({ other });
    other.push(entered("other"));
    first.conversation.leave = async () => first.fail(NOBODY);
    await journey.goTo("other");
    other.end(ended());
    await over;
    expect(told).toEqual([entered("other"), ended()]);
  });
});

describe("leaving", () => {
  test("ends the other room as well that was not entered yet", async () => {
    const other = room();
    const { first, journey, over } = journeying({ other });
    const going = rejection(journey.goTo("other"));
    await journey.leave();
    await over;
    expect(await going).toMatchObject({ code: "CONVERSATION_OVER" });
    expect([first.left(), other.left()]).toEqual([1, 1]);
  });

  test("by the first room's own end gives up the other, also when that lets one in too late", async () => {
    const other = room();
    const { first, journey, told, over } = journeying({ other });
    const going = journey.goTo("other");
    first.end(ended());
    await over;
    other.push(entered("other"));
    expect(other.left()).toBe(1);
    await rejection(going);
    expect(told).toEqual([ended()]);
  });
});
