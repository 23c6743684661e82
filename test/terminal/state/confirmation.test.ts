// Commands that have to be typed twice: the screen asks back, and the server is asked the second time.

import { describe, expect, test } from "bun:test";

import type { AtQuit, RoomSwitcher } from "../../../src/terminal/room-switcher.ts";
import { runCommand } from "../../../src/terminal/run-command.ts";
import { createScriptedRoom } from "../scripted-room.ts";
import { openVirtualScreen } from "./virtual-screen.ts";

/** The screen of a member of main; `does` gives the answer to a line and what was asked of the server. */
function typing(owner: boolean, atQuit: AtQuit = "others-stay") {
  const asked: string[] = [];
  const screen = openVirtualScreen();
  screen.emit({ type: "entered", room: "main", name: "ana", owner, last: 0, members: [] });
  screen.items();
  const { conversation } = createScriptedRoom("main", (text) => void asked.push(text));
  const switcher: RoomSwitcher = {
    conversation,
    searchCommand: () => null,
    atQuit,
    hasLeft: () => false,
    switchTo: async () => {},
    leave: async () => {},
    events: conversation.events,
  };
  return {
    wait: screen.wait,
    async does(this: void, line: string): Promise<readonly string[]> {
      screen.effects();
      screen.enter(line);
      for (const effect of screen.effects()) {
        if (effect.type !== "run") continue;
        const { room } = screen.state;
        const outcome = await runCommand(effect.command, switcher, room, effect.confirmed);
        screen.dispatch({ type: "answered", id: 1, outcome });
      }
      const answers = screen.items().flatMap((item) => {
        if (item.type === "notice") return [item.text];
        return item.type === "error" ? [item.text, item.hint] : [];
      });
      return [...answers, ...asked.splice(0)];
    },
  };
}

const QUESTION = "/close again ends the conversation for everybody; /quit only leaves";

describe("/close of the owner", () => {
  test("asks once, and does it when it is typed again at once", async () => {
    const { does } = typing(true);
    expect(await does("/close")).toEqual([QUESTION]);
    expect(await does("/close")).toEqual(["(asked) close"]);
  });

  test.each([
    ["others-stay", "/quit only leaves"],
    ["others-wait", "after /quit they wait"],
    ["over-for-all", "/quit does, too"],
  ] as const)("says what /quit does where %s", async (atQuit, what) => {
    const question = `/close again ends the conversation for everybody; ${what}`;
    expect(await typing(true, atQuit).does("/close")).toEqual([question]);
  });

  test("asks again after another line, or a minute", async () => {
    const { does, wait } = typing(true);
    for (const line of ["hello", "/who", "//close"]) {
      expect(await does("/close")).toEqual([QUESTION]);
      await does(line);
    }
    expect(await does("/close")).toEqual([QUESTION]);
    wait(60_000);
    expect(await does("/close")).toEqual([QUESTION]);
    wait(59_999);
    expect(await does("/close")).toEqual(["(asked) close"]);
  });

  test("is not asked of anybody else: the server refuses it", async () => {
    expect(await typing(false).does("/close")).toEqual(["(asked) close"]);
  });
});

describe("/delete", () => {
  test("asks the owner once, and deletes the room when it is typed again at once", async () => {
    const { does } = typing(true);
    expect(await does("/delete lunch-time")).toEqual([
      "/delete lunch-time again deletes its 1234 messages",
    ]);
    expect(await does("/delete lunch-time")).toEqual([
      "lunch-time is deleted",
      "(asked) delete lunch-time",
    ]);
  });

  test("is not asked back when it would be refused: of a guest, and in the room itself", async () => {
    expect(await typing(false).does("/delete lunch-time")).toContain("(asked) delete lunch-time");
    expect(await typing(true).does("/delete main")).toEqual([
      "you are in main",
      "/join another room first",
    ]);
    expect(await typing(false).does("/delete main")).toContain("(asked) delete main");
  });
});
