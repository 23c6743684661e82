// What is typed while another room is being entered.

import { describe, expect, test } from "bun:test";

import { entered, openRoom } from "./virtual-screen.ts";

/** What is done for other reasons. */
const BESIDES: ReadonlySet<string> = new Set(["keep-line", "watch"]);

/** Lines are entered behind `/join lunch`. */
function joining(...lines: readonly string[]) {
  const screen = openRoom();
  screen.enter("/join lunch");
  const effects = screen.effects();
  const id = effects.find((effect) => effect.type === "run")?.id ?? 0;
  screen.printed();
  for (const line of lines) screen.enter(line);
  const wanted = () => screen.effects().filter(({ type }) => !BESIDES.has(type));
  return { screen, id, wanted };
}

describe("while another room is being entered", () => {
  const lunch = { ...entered("ben"), room: "lunch" };
  const failed = { type: "failed", code: "NO_ANSWER", message: "no answer", hint: "wait" } as const;
  test("messages and commands wait for it, and those behind another /join for that", () => {
    const { screen, id, wanted } = joining("soup", "/who", "/join garden", "flowers");
    expect(wanted()).toEqual([]);
    screen.dispatch({ type: "answered", id, outcome: { type: "done" } });
    expect(wanted()).toEqual([]);
    screen.emit(lunch);
    expect(wanted()).toMatchObject([
      { type: "say", text: "soup" },
      { type: "run", command: { type: "who" } },
      { type: "run", command: { type: "join", room: "garden" } },
    ]);
    screen.emit({ ...lunch, room: "garden" });
    expect(wanted()).toMatchObject([{ type: "say", text: "flowers" }]);
  });

  test("that one is back in the room before, because it was deleted, sends nothing there", () => {
    const { screen, wanted } = joining("soup");
    screen.emit(entered("ben"));
    expect(wanted()).toEqual([]);
  });

  test("what is on the line stays there, for the people of that room", () => {
    const { screen } = joining();
    screen.type("is the soup");
    screen.emit(lunch);
    expect(screen.state.editing.line.text).toBe("is the soup");
  });

  test("help is shown at once, and with nothing waiting, bye leaves without a word to the room before", () => {
    const { screen, wanted } = joining("/help", "bye");
    expect(screen.printed()).toEqual(["answer commands"]);
    expect(wanted()).toEqual([{ type: "leave", status: "done" }]);
  });

  test("bye waits behind a message, and leaves whether the room is entered or not", () => {
    const joined = joining("soup", "bye");
    expect(joined.wanted()).toEqual([]);
    joined.screen.emit(lunch);
    expect(joined.wanted()).toMatchObject([
      { type: "say", text: "soup" },
      { type: "goodbye" },
      { type: "leave" },
    ]);
    const { screen, id, wanted } = joining("soup", "bye");
    screen.dispatch({ type: "answered", id, outcome: failed });
    expect(wanted()).toEqual([{ type: "leave", status: "done" }]);
    expect(screen.printed()).toEqual(["!! no answer (wait)", "-- not sent: soup"]);
  });

  test("the end names what was not sent", () => {
    const { screen } = joining("soup");
    screen.emit({ type: "ended", reason: "left", unsaid: [] });
    screen.dispatch({ type: "closed" });
    expect(screen.printed()).toEqual(["-- not sent: soup", "-- you left"]);
  });

  test("as many lines wait as may, and the next stays on the line", () => {
    const { screen, wanted } = joining(...Array.from({ length: 1_000 }, (_, index) => `${index}`));
    screen.enter("one more");
    expect(screen.state.editing.line.text).toBe("one more");
    expect(wanted()).toEqual([]);
    screen.emit(lunch);
    expect(wanted()).toHaveLength(1_000);
  });
});

test("what is on the line when its room is deleted is no line of the room before, and can be recalled", () => {
  const screen = openRoom("ben");
  screen.type("only for ben");
  screen.emit({ type: "notice", code: "ROOM_DELETED", message: "main was deleted" });
  screen.emit({ ...entered("eva"), room: "lunch" });
  expect(screen.state.editing.line.text).toBe("");
  expect(screen.printed().slice(0, 2)).toEqual([
    "-- main was deleted",
    "-- not sent: only for ben",
  ]);
  screen.press("return");
  expect(screen.effects().filter(({ type }) => !BESIDES.has(type))).toEqual([]);
  screen.press("up");
  expect(screen.state.editing.line.text).toBe("only for ben");
});
