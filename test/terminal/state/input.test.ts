// What keys and pastes do to the line and to the conversation, and texts that are too long.

import { describe, expect, test } from "bun:test";

import { cpuTime } from "../../harness/cpu-time.ts";
import { entered, openRoom, openVirtualScreen, PLAIN_WIRE, says } from "./virtual-screen.ts";

const pasted = (text: string) => ({ type: "input", event: { type: "paste", text } }) as const;

describe("keys", () => {
  test("Ctrl-C drops the line, which stays on the screen, and pressed twice leaves when there is none", () => {
    const screen = openRoom();
    screen.type("draft");
    screen.press("c", "ctrl");
    expect(screen.printed()).toEqual(["-- > draft^C"]);
    screen.dispatch({ type: "input", event: { type: "paste", text: "x".repeat(40_000) } });
    screen.press("c", "ctrl");
    expect(screen.printed()).toEqual([`-- > ${"x".repeat(400)}…^C`]);
    expect(screen.state.editing.line.text).toBe("");
    screen.wait(100);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([]);
    screen.wait(100);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
  });

  test("Ctrl-C on an empty line asks for another for 2 s, and any other key or a paste takes that back", () => {
    const screen = openRoom();
    const isAsked = () => screen.state.leaving?.type === "asked";
    screen.press("c", "ctrl");
    expect(isAsked()).toBe(true);
    screen.wait(1_999);
    expect(isAsked()).toBe(true);
    screen.wait(1);
    expect(isAsked()).toBe(false);
    for (const takeBack of [
      () => screen.type("x"),
      () => screen.press("left"),
      () => screen.dispatch({ type: "input", event: { type: "paste", text: "x" } }),
    ]) {
      screen.wait(100);
      screen.press("c", "ctrl");
      expect(isAsked()).toBe(true);
      takeBack();
      expect(isAsked()).toBe(false);
      screen.wait(100);
      // It drops what was typed.
      screen.press("c", "ctrl");
      if (isAsked()) screen.press("left");
    }
    screen.focus(false);
    screen.wait(100);
    screen.press("c", "ctrl");
    screen.focus(true);
    screen.emit(says("ben", "meanwhile"));
    expect(isAsked()).toBe(true);
    expect(screen.effects().filter(({ type }) => type === "leave")).toEqual([]);
  });

  test("Ctrl-C leaves at once on the plain wire, and in a room before it was entered", () => {
    const leaves = [{ type: "leave" as const, status: "interrupted" as const }];
    const plain = openVirtualScreen(PLAIN_WIRE);
    plain.emit({ type: "joined", peer: "192.0.2.1:5000" });
    plain.press("c", "ctrl");
    expect(plain.effects()).toEqual(leaves);
    const outside = openVirtualScreen();
    outside.press("c", "ctrl");
    expect(outside.effects()).toEqual(leaves);
  });

  test("Ctrl-C while one is leaving leaves at once, however that began", () => {
    for (const begin of [
      (screen: ReturnType<typeof openRoom>) => screen.press("d", "ctrl"),
      (screen: ReturnType<typeof openRoom>) => screen.enter("/quit"),
      (screen: ReturnType<typeof openRoom>) => screen.enter("bye"),
      (screen: ReturnType<typeof openRoom>) => {
        screen.press("c", "ctrl");
        screen.wait(100);
        screen.press("c", "ctrl");
      },
    ]) {
      const screen = openRoom();
      begin(screen);
      screen.effects();
      screen.wait(100);
      screen.press("c", "ctrl");
      expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
    }
  });

  test("Ctrl-C while the connection is lost asks too", () => {
    const screen = openRoom();
    screen.emit({ type: "disconnected", message: "nothing came for 30 s" });
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([]);
  });

  test.each(["Ctrl-D", "/quit", "a signal"])(
    "a message entered while one is leaving, by %s, is refused and stays on the line",
    (way) => {
      const screen = openRoom("ben");
      if (way === "a signal") screen.dispatch({ type: "leaving" });
      else if (way === "/quit") screen.enter("/quit");
      else screen.press("d", "ctrl");
      screen.effects();
      screen.enter("Z2");
      expect(screen.printed()).toEqual([
        "!! you are leaving, so this is not sent; it is still on the line (Ctrl-C leaves at once; send it when you are back)",
      ]);
      expect(screen.state.editing.line.text).toBe("Z2");
      expect(screen.state.pending).toEqual([]);
      expect(screen.effects()).toEqual([{ type: "keep-line", text: "Z2" }]);
    },
  );

  test("Ctrl-C several times in a paste without brackets is one press", () => {
    const screen = openRoom();
    const isAsked = () => screen.state.leaving?.type === "asked";
    const paste = () => {
      for (let count = 0; count < 50; count += 1) screen.press("c", "ctrl");
    };
    paste();
    expect(isAsked()).toBe(true);
    screen.wait(9);
    screen.press("c", "ctrl");
    expect(isAsked()).toBe(true);
    expect(screen.effects()).toEqual([]);
    screen.wait(10);
    screen.press("c", "ctrl");
    expect(screen.effects()).toEqual([{ type: "leave", status: "interrupted" }]);

    const plain = openVirtualScreen(PLAIN_WIRE);
    plain.emit({ type: "joined", peer: "192.0.2.1:5000" });
    plain.type("draft");
    plain.press("c", "ctrl");
    plain.press("c", "ctrl");
    expect(plain.printed()).toEqual(['-- 192.0.2.1:5000 joined; "bye" ends it', "-- > draft^C"]);
    expect(plain.effects()).toEqual([]);
    plain.wait(10);
    plain.press("c", "ctrl");
    expect(plain.effects()).toEqual([{ type: "leave", status: "interrupted" }]);
  });

  test("Ctrl-D on an empty line leaves", () => {
    const screen = openRoom();
    screen.press("d", "ctrl");
    expect(screen.effects()).toContainEqual({ type: "leave", status: "done" });
  });

  test("that enter a line leave it empty, and keep it for the next start", () => {
    const screen = openRoom();
    screen.type("ab");
    screen.press("return");
    expect(screen.state.editing.line).toEqual({ text: "", cursor: 0 });
    expect(screen.effects()).toEqual([
      { type: "keep-line", text: "ab" },
      { type: "say", id: 1, text: "ab" },
    ]);
  });

  test("that report the focus are not typed, but they are text in a paste", () => {
    const screen = openRoom();
    screen.focus(false);
    expect(screen.state.focused).toBe(false);
    screen.focus(true);
    expect(screen.state).toMatchObject({ focused: true, editing: { line: { text: "" } } });
    screen.dispatch({ type: "input", event: { type: "paste", text: "\u001b[I" } });
    expect(screen.state.editing.line.text).toBe("\u001b[I");
  });

  test("Ctrl-X Ctrl-E opens an editor, and what it leaves is the line", () => {
    const screen = openRoom();
    screen.type("ab");
    screen.press("x", "ctrl");
    screen.press("e", "ctrl");
    expect(screen.effects()).toEqual([{ type: "edit", text: "ab" }]);
    screen.dispatch({ type: "edited", text: "a\nb" });
    expect(screen.state.editing.line.text).toBe("a\nb");
  });

  test("Ctrl-Z and Ctrl-L are left to the driver", () => {
    const screen = openRoom();
    screen.press("z", "ctrl");
    screen.press("l", "ctrl");
    expect(screen.effects()).toEqual([{ type: "suspend" }, { type: "clear-screen" }]);
    expect(screen.printed()).toEqual([]);
  });

  test("Ctrl-Z says first what else it stops", () => {
    const beforeStop = { code: "", message: "the server is stopped", hint: "fg" };
    const screen = openVirtualScreen({ beforeStop });
    screen.press("z", "ctrl");
    expect(screen.effects()).toEqual([{ type: "suspend" }]);
    expect(screen.printed()).toEqual(["-- the server is stopped (fg)"]);
  });
});

describe("Tab", () => {
  test("completes a command, a name and a room, for which the server is asked", () => {
    const screen = openRoom("ben");
    screen.type("/he");
    screen.press("tab");
    expect(screen.state.editing.line).toEqual({ text: "/help ", cursor: 6 });
    screen.press("u", "ctrl");
    screen.type("be");
    screen.press("tab");
    expect(screen.state.editing.line).toEqual({ text: "ben: ", cursor: 5 });
    screen.press("u", "ctrl");
    screen.enter("");
    screen.type("/join lu");
    screen.press("tab");
    const { line } = screen.state.editing;
    expect(screen.effects()).toEqual([{ type: "complete", line, words: "rooms" }]);
    screen.dispatch({ type: "completed", line, words: ["lunch", "main"] });
    expect(screen.state.editing.line.text).toBe("/join lunch ");
  });

  test("lists the candidates the second time, if there are several", () => {
    const screen = openRoom("Anna María", "anselm");
    screen.type("an");
    screen.press("tab");
    expect(screen.printed()).toEqual([]);
    screen.press("tab");
    expect(screen.printed()).toEqual(["-- Anna María  anselm"]);
    screen.type("s");
    screen.press("tab");
    screen.press("tab");
    expect(screen.printed()).toEqual([]);
  });

  test("does nothing if the line has changed by the time of the answer", () => {
    const screen = openRoom();
    screen.type("/join lu");
    screen.press("tab");
    const { line } = screen.state.editing;
    screen.type("x");
    screen.dispatch({ type: "completed", line, words: ["lunch"] });
    expect(screen.state.editing.line.text).toBe("/join lux");
  });
});

test("a text of newlines and a letter is sent at once", () => {
  const screen = openVirtualScreen();
  screen.emit(entered("ben"));
  const newlines = "\n".repeat(200_000);
  const start = cpuTime();
  screen.dispatch({ type: "line", text: `${newlines}x\n\n` });
  expect(cpuTime() - start).toBeLessThan(5_000);
  expect(screen.effects()).toEqual([{ type: "say", id: 1, text: `${newlines}x` }]);
});

describe("a text that is longer than anything that can be sent", () => {
  test("is not taken in a room, and the line stays as it was", () => {
    const screen = openRoom();
    screen.type("draft ");
    screen.dispatch(pasted("ж".repeat(40_000)));
    expect(screen.state.editing.line).toEqual({ text: "draft ", cursor: 6 });
    expect(screen.printed()).toEqual([
      "!! the line would have 40,006 characters, and a message has at most 10,000; it is as it was " +
        "(share it as a file: charla serve)",
    ]);
    screen.dispatch({ type: "edited", text: "ж".repeat(40_001) });
    expect(screen.state.editing.line.text).toBe("draft ");
    expect(screen.printed()).toHaveLength(1);
  });

  test("is not taken as the term of a search either", () => {
    const screen = openRoom();
    screen.type("draft");
    screen.press("r", "ctrl");
    screen.dispatch(pasted("x".repeat(40_001)));
    expect(screen.state.editing.search?.term).toBe("");
    expect(screen.printed()).toHaveLength(1);
  });

  test("cannot be typed, and can be made shorter", () => {
    const screen = openRoom();
    screen.dispatch(pasted("x".repeat(40_000)));
    screen.type("y");
    screen.press("y", "ctrl");
    expect(screen.effects()).toEqual([{ type: "bell" }]);
    expect(screen.state.editing.line.text).toBe("x".repeat(40_000));
    screen.press("backspace");
    screen.type("y");
    expect(screen.state.editing.line.text).toBe(`${"x".repeat(39_999)}y`);
  });

  test("is not taken on the plain wire, where a line may be many messages", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.dispatch(pasted("x".repeat(262_144)));
    screen.dispatch(pasted("y"));
    expect(screen.state.editing.line.text).toBe("x".repeat(262_144));
    expect(screen.printed()).toEqual([
      "!! a line has at most 262,144 characters; it is as it was " +
        "(send a file, line by line: charla --plain HOST < FILE)",
    ]);
  });
});

test("more lines than may wait on the plain wire are not sent, and are on the line again", () => {
  const screen = openVirtualScreen(PLAIN_WIRE);
  const text = "x\n".repeat(50_000);
  screen.enter(text);
  expect(screen.effects().filter(({ type }) => type === "say")).toEqual([]);
  expect(screen.state.editing.line.text).toBe(text);
  expect(screen.printed()).toEqual([
    "!! 50,000 lines are 50,000 messages, and at most 1,000 can be sent at once; none was sent " +
      "(send a file, line by line: charla --plain HOST < FILE)",
  ]);
  screen.press("c", "ctrl");
  screen.printed();
  screen.enter("x\n".repeat(1_000));
  expect(screen.effects().filter(({ type }) => type === "say")).toHaveLength(1_000);
});
