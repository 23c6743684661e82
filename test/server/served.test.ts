// Members and a server over real sockets. Killed while they talk: killed-server.test.ts, killed-members.test.ts.

import { expect, test } from "bun:test";

import { joinRoom } from "../../src/client/join-room.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { until } from "../harness/until.ts";
import { entered, openHere, shownTo } from "./served.ts";

test(
  "three members see the same messages in the same order, and the server's goodbye",
  async () => {
    const server = await openHere();
    const members = ["Ann", "Bob", "Carl"].map((name) =>
      joinRoom(server.invitation("main"), { name, room: "main" }),
    );
    const seen = members.map(shownTo);
    for (const its of seen) await entered(its);
    await Promise.all(
      members.flatMap((member, index) =>
        Array.from({ length: 50 }, (_, number) => member.say(`${index} says ${number}`)),
      ),
    );
    await until("all of it", () => seen.every((its) => its.texts.length === 150));
    const [first] = seen.map((its) => its.texts);
    expect(new Set(first).size).toBe(150);
    expect(seen[1]?.texts).toEqual(first ?? []);
    expect(seen[2]?.texts).toEqual(first ?? []);
    for (const index of [0, 1, 2]) {
      const own = first?.filter((text) => text.startsWith(`${index} `));
      expect(own).toEqual(Array.from({ length: 50 }, (_, number) => `${index} says ${number}`));
    }
    await server.close();
    for (const { ended, shown } of seen) {
      await ended;
      expect(shown.at(-1)).toEqual({ type: "ended", reason: "peer-left", unsaid: [] });
    }
  },
  END_TO_END_TIMEOUT,
);

test(
  "a member that breaks the protocol is out, and the others talk on",
  async () => {
    await using server = await openHere();
    const ann = joinRoom(server.invitation("main"), { name: "Ann", room: "main" });
    const seenByAnn = shownTo(ann);
    await entered(seenByAnn);
    const eve = joinRoom(server.invitation("main"), { name: "Eve\u001b[31m", room: "main" });
    const seenByEve = shownTo(eve);
    await seenByEve.ended;
    expect(seenByEve.shown).toEqual([
      {
        type: "notice",
        code: "SERVER_SAYS",
        message: "enter: name is not as it should be",
      },
      { type: "ended", reason: "peer-left", unsaid: [] },
    ]);
    await ann.say("still here");
    await until("that it is shown", () => seenByAnn.texts.length > 0);
    expect(seenByAnn.texts).toEqual(["still here"]);
    await ann.leave();
  },
  END_TO_END_TIMEOUT,
);
