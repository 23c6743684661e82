import { describe, expect, test } from "bun:test";

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { ConversationEvent, RoomEvent } from "../../src/chat/events.ts";
import { createEventQueue, eventWeight } from "../../src/client/event-queue.ts";
import { CharlaError } from "../../src/errors.ts";
import { createRoomSwitcher } from "../../src/terminal/room-switcher.ts";

const NOBODY = new CharlaError("NO_ANSWER", "no answer", "look for it");
const entered = (room: string): RoomEvent => ({
  type: "entered",
  room,
  name: "ben",
  owner: false,
  last: 0,
  members: [],
});
const message = (text: string): RoomEvent => ({
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
  const queue = createEventQueue<RoomEvent>(eventWeight);
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
    watch() {},
    way: () => null,
    history: never,
    rename: never,
    kick: never,
    ban: never,
    unban: never,
    bans: never,
    op: never,
    invitations: never,
    revoke: never,
    mute: never,
    close: never,
    lock: never,
    deleteRoom: never,
    invite: never,
    createInvitation: never,
  };
  return { ...queue, conversation, left: () => left };
}

/** A switcher that starts in one room; the others are opened by their names. */
function start(others: Readonly<Record<string, ReturnType<typeof room>>> = {}) {
  const first = room();
  /** The rooms that were not to be created. */
  const existing: string[] = [];
  const switcher = createRoomSwitcher(first.conversation, (name, mustExist) => {
    const other = others[name];
    if (other === undefined) throw new Error(`there is no ${name}`);
    if (mustExist) existing.push(name);
    return other.conversation;
  });
  const events: ConversationEvent[] = [];
  const over = (async () => {
    for await (const event of switcher.events) events.push(event);
  })();
  return { first, switcher, events, over, existing };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

test("without a switch, the events are those of the first room up to its end", async () => {
  const { first, events, over } = start();
  first.push(entered("main"));
  first.end(ended("unsaid"));
  await over;
  expect(events).toEqual([entered("main"), ended("unsaid")]);
});

test("stopping to read the events stops the room's events too", async () => {
  const { conversation } = room();
  let stopped = false;
  async function* someEvents() {
    try {
      yield entered("main");
    } finally {
      stopped = true;
    }
  }
  const switcher = createRoomSwitcher({ ...conversation, events: someEvents() });
  for await (const _ of switcher.events) break;
  expect(stopped).toBe(true);
});

describe("switching to another room", () => {
  test("leaves the first room once the other has been entered, and goes on there", async () => {
    const other = room();
    const { first, switcher, events, over } = start({ other });
    first.push(entered("main"));
    const switching = switcher.switchTo("other");
    const notice = { type: "notice", code: "SERVER_MET", message: "met" } as const;
    other.push(notice);
    first.push(message("still here"));
    await Bun.sleep(0);
    expect(first.left()).toBe(0);
    expect(switcher.conversation).toBe(first.conversation);
    other.push(entered("other"));
    other.push(message("hello"));
    await switching;
    other.end(ended());
    await over;
    expect(first.left()).toBe(1);
    expect(switcher.conversation).toBe(other.conversation);
    expect(events).toEqual([
      entered("main"),
      message("still here"),
      notice,
      entered("other"),
      message("hello"),
      ended(),
    ]);
  });

  test("that fails changes nothing", async () => {
    const other = room();
    const { first, switcher, events, over } = start({ other });
    other.end(null, NOBODY);
    expect(await rejection(switcher.switchTo("other"))).toBe(NOBODY);
    first.push(message("still here"));
    first.end(ended());
    await over;
    expect(events).toEqual([message("still here"), ended()]);
  });

  test("is refused with the server's own words", async () => {
    const other = room();
    const { switcher } = start({ other });
    other.push({ type: "notice", code: "SERVER_SAYS", message: "the room is locked" });
    other.end({ type: "ended", reason: "peer-left", unsaid: [] });
    expect(await rejection(switcher.switchTo("other"))).toMatchObject({
      code: "REFUSED",
      message: "the room is locked",
    });
  });

  test("happens once at a time, and again from the new room", async () => {
    const [one, two] = [room(), room()];
    const { switcher, events, over } = start({ one, two });
    const switching = switcher.switchTo("one");
    expect(await rejection(switcher.switchTo("two"))).toMatchObject({ code: "USAGE" });
    one.push(entered("one"));
    await switching;
    two.push(entered("two"));
    // The first room has been left once its end was read.
    while (switcher.conversation !== one.conversation) await Bun.sleep(0);
    await switcher.switchTo("two");
    two.end(ended());
    await over;
    expect(events).toEqual([entered("one"), entered("two"), ended()]);
  });

  test("is refused until the connection is back", async () => {
    const other = room();
    const { first, switcher, events } = start({ other });
    first.push({ type: "disconnected", message: "nothing came for 30 s" });
    while (events.length < 1) await Bun.sleep(0);
    expect(await rejection(switcher.switchTo("other"))).toMatchObject({
      code: "NOT_CONNECTED",
      message: "the connection to the server is lost; reconnecting",
      hint: "join again once it is back",
    });
    expect(other.left()).toBe(0);
    first.push({ type: "reconnected" });
    while (events.length < 2) await Bun.sleep(0);
    other.push(entered("other"));
    await switcher.switchTo("other");
    expect(first.left()).toBe(1);
  });

  test("is possible again where the connection of the room that was left had been lost meanwhile", async () => {
    const [one, two] = [room(), room()];
    const { first, switcher, events } = start({ one, two });
    const switching = switcher.switchTo("one");
    first.push({ type: "disconnected", message: "nothing came for 30 s" });
    while (events.length < 1) await Bun.sleep(0);
    one.push(entered("one"));
    await switching;
    while (switcher.conversation !== one.conversation) await Bun.sleep(0);
    two.push(entered("two"));
    await switcher.switchTo("two");
    expect(one.left()).toBe(1);
  });

  test("is not possible if there is only one room", async () => {
    const switcher = createRoomSwitcher(room().conversation);
    expect(await rejection(switcher.switchTo("other"))).toMatchObject({ code: "USAGE" });
  });

  test("does not report how the first room was lost, because it was left anyway", async () => {
    const other = room();
    const { first, switcher, events, over } = start({ other });
    other.push(entered("other"));
    first.conversation.leave = async () => first.end(null, NOBODY);
    await switcher.switchTo("other");
    other.end(ended());
    await over;
    expect(events).toEqual([entered("other"), ended()]);
  });
});

const DELETED = new CharlaError("ROOM_DELETED", "ana has deleted the room lunch", "join another");
const REMOVED = { type: "ended", reason: "removed", unsaid: [] } as const;
const NOTICE = { type: "notice", code: "ROOM_DELETED", message: DELETED.message } as const;

/** In lunch, which was entered from main; what is `open`ed after that is the others. */
async function inLunch(others: Readonly<Record<string, ReturnType<typeof room>>>) {
  const lunch = room();
  const started = start({ lunch, ...others });
  started.first.push(entered("main"));
  lunch.push(entered("lunch"));
  while (started.events.length < 1) await Bun.sleep(0);
  await started.switcher.switchTo("lunch");
  while (started.events.length < 2) await Bun.sleep(0);
  started.events.splice(0);
  return { ...started, lunch };
}

describe("a room that is deleted", () => {
  test("is left for the one before, with a notice instead of the end", async () => {
    const main = room();
    const { switcher, events, over, existing, lunch } = await inLunch({ main });
    expect(existing).toEqual([]);
    lunch.end(REMOVED, DELETED);
    main.push(entered("main"));
    main.push(message("welcome back"));
    while (events.length < 3) await Bun.sleep(0);
    expect(switcher.conversation).toBe(main.conversation);
    main.end(ended());
    await over;
    // Also that one may have been deleted: then it is not created again.
    expect(existing).toEqual(["main"]);
    expect(events).toEqual([NOTICE, entered("main"), message("welcome back"), ended()]);
  });

  test("is the end where no other was entered before", async () => {
    const { first, events, over } = start();
    first.push(entered("lunch"));
    first.end(REMOVED, DELETED);
    expect(await rejection(over)).toBe(DELETED);
    expect(events).toEqual([entered("lunch"), REMOVED]);
  });

  test("is the end where the one before can't be entered any more", async () => {
    const main = room();
    const { events, over, lunch } = await inLunch({ main });
    main.end(null, NOBODY);
    lunch.end(REMOVED, DELETED);
    expect(await rejection(over)).toBe(DELETED);
    expect(events).toEqual([NOTICE, REMOVED]);
  });

  test("while another is being entered is left for that one", async () => {
    const other = room();
    const { switcher, events, over, lunch } = await inLunch({ other });
    const switching = switcher.switchTo("other");
    lunch.end(REMOVED, DELETED);
    await Bun.sleep(0);
    other.push(entered("other"));
    await switching;
    other.end(ended());
    await over;
    expect(events).toEqual([NOTICE, entered("other"), ended()]);
  });

  test("and the one before it, deleted as well, are left for the first", async () => {
    const [garden, main] = [room(), room()];
    const { switcher, events, over, lunch } = await inLunch({ garden, main });
    garden.push(entered("garden"));
    await switcher.switchTo("garden");
    while (events.length < 1) await Bun.sleep(0);
    expect(lunch.left()).toBe(1);
    garden.end(REMOVED, DELETED);
    // "lunch" has ended, and is not entered again.
    main.push(entered("main"));
    while (events.length < 3) await Bun.sleep(0);
    main.end(ended());
    await over;
    expect(events).toEqual([entered("garden"), NOTICE, entered("main"), ended()]);
  });

  test("is left once for the one before, also where the server calls that one otherwise, and deletes it", async () => {
    const main = room();
    const { events, over, lunch } = await inLunch({ main });
    main.push(entered("MAIN"));
    main.end(REMOVED, DELETED);
    lunch.end(REMOVED, DELETED);
    expect(await rejection(over)).toBe(DELETED);
    expect(events).toEqual([NOTICE, entered("MAIN"), REMOVED]);
  });

  test("is the end for somebody who was removed in another way", async () => {
    const kicked = new CharlaError("KICKED", "you were kicked by ana", "ask them");
    const { events, over, lunch } = await inLunch({});
    lunch.end(REMOVED, kicked);
    expect(await rejection(over)).toBe(kicked);
    expect(events).toEqual([REMOVED]);
  });
});

describe("leaving", () => {
  test("also leaves the other room, which has not been entered yet", async () => {
    const other = room();
    const { first, switcher, over } = start({ other });
    const switching = rejection(switcher.switchTo("other"));
    await switcher.leave();
    await over;
    expect(await switching).toMatchObject({ code: "CONVERSATION_OVER" });
    expect([first.left(), other.left()]).toEqual([1, 1]);
  });

  test("because the first room ends gives up the other, even if that is entered later", async () => {
    const other = room();
    const { first, switcher, events, over } = start({ other });
    const switching = switcher.switchTo("other");
    first.end(ended());
    await over;
    other.push(entered("other"));
    expect(other.left()).toBe(1);
    await rejection(switching);
    expect(events).toEqual([ended()]);
  });
});
