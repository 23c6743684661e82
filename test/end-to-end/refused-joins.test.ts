// What a person sees whom the server does not let in, or removes: an error with what to do, and status 1.

import { describe, expect } from "bun:test";

import type { RoomConversation } from "../../src/chat/conversation.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { createRoomSwitcher } from "../../src/terminal/room-switcher.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import type { Program } from "../harness/program.ts";
import { rejection } from "../net/rejection.ts";
import { ownerOf } from "../server/admitting.ts";
import { openHere } from "../server/served.ts";

interface RoomWithBen extends AsyncDisposable {
  readonly owner: RoomConversation;
  /** To the room. */
  readonly invitation: string;
  readonly ben: Person;
  /** Ben's program, which is in the room. */
  readonly joined: Program;
}

/** A server with its owner, and a room that Ben has joined. */
async function openRoomWithBen(room: string): Promise<RoomWithBen> {
  await using stack = new AsyncDisposableStack();
  const ben = stack.use(newPerson());
  const server = stack.use(await openHere());
  const owner = await ownerOf(server);
  const invitation = server.invitation(room);
  const joined = stack.use(charla([invitation, "-n", "ben"], { as: ben }));
  await joined.until("stderr", `you are ben in ${room}`);
  const members = stack.move();
  return { owner, invitation, ben, joined, [Symbol.asyncDispose]: () => members.disposeAsync() };
}

describe("a refusal is an error", () => {
  endToEnd("a join of a locked room says so and what to do, and exits with 1", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    await owner.lock(true);
    const invitation = server.invitation("main");
    expect(await runCharla([invitation, "-n", "ben"], { input: "hello\n" })).toEqual({
      stdout: "",
      stderr: expect.stringMatching(/charla: main is locked\nhint: ask its owner to unlock it\n/),
      status: 1,
    });
    const json = await runCharla([invitation, "-n", "ben", "--json"], { input: "hello\n" });
    expect(json.status).toBe(1);
    expect(json.stdout).not.toContain("SERVER_SAYS");
    expect(json.stderr).toContain("charla: main is locked\n");
  });

  endToEnd("a member that is kicked exits with 1 and the reason, and may join again", async () => {
    await using room = await openRoomWithBen("main");
    const { owner, invitation, ben, joined } = room;
    await owner.kick("ben");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain(
      "the server removed you\ncharla: you were kicked by Olga\nhint: you may join again",
    );
    expect((await runCharla([invitation, "-n", "ben"], { as: ben })).status).toBe(0);
  });

  endToEnd("a member whose room is deleted exits with 1 and what to do then", async () => {
    await using room = await openRoomWithBen("garden");
    const { owner, joined } = room;
    await owner.deleteRoom("garden");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain(
      "the server removed you\n" +
        "charla: Olga has deleted the room garden\n" +
        "hint: join another room with --room ROOM, or ask the owner\n",
    );
  });

  endToEnd("a member whose room and the one before are deleted creates neither again", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    const enter = (room: string, existing = false) =>
      joinRoom(server.invitation("main"), { name: "ben", room, existing });
    const switcher = createRoomSwitcher(enter("garden"), enter);
    const events = switcher.events[Symbol.asyncIterator]();
    await events.next();
    await switcher.switchTo("lunch");
    await owner.deleteRoom("garden");
    await owner.deleteRoom("lunch");
    const rest = async () => {
      for (;;) if ((await events.next()).done === true) return;
    };
    expect(await rejection(rest())).toMatchObject({ code: "ROOM_DELETED" });
    expect((await owner.rooms()).map(({ name }) => name)).toEqual(["main"]);
  });

  endToEnd("a banned member exits with 1, and so does every later join", async () => {
    await using room = await openRoomWithBen("main");
    const { owner, invitation, ben, joined } = room;
    await owner.ban("ben");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain("charla: you were banned by Olga\nhint: ");
    const again = await runCharla([invitation, "-n", "benny"], { as: ben });
    expect([again.status, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("charla: you are banned from this server\nhint: ");
  });
});
