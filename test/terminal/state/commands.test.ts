// Commands that are typed, and their answers, also those that are longer than the window.

import { describe, expect, test } from "bun:test";

import {
  drawn,
  NOON,
  openRoom,
  openVirtualScreen,
  PLAIN_WIRE,
  rowsPrinted,
  says,
} from "./virtual-screen.ts";

function openPages() {
  const screen = openRoom("ben");
  screen.enter("/help");
  screen.emit(says("ben", "meanwhile"));
  screen.dispatch(drawn(0, rowsPrinted(22, 30)));
  return screen;
}

describe("/copy", () => {
  const invitation = "charla://192.0.2.1/main#KEY.SECRET";

  test("copies the last invitation that was shown", () => {
    const screen = openRoom();
    screen.emit({ type: "invitation", invitation: "charla://192.0.2.1/main#KEY.OLD" });
    screen.dispatch({
      type: "answered",
      id: 1,
      outcome: { type: "invitation", invitation, page: null },
    });
    screen.enter("/copy");
    expect(screen.effects()).toContainEqual({ type: "copy", text: invitation });
    expect(screen.printed().at(-1)).toBe("-- the invitation was sent to the terminal's clipboard");
  });

  test("says what tmux has to allow, because nobody can ask whether it does", () => {
    const screen = openRoom();
    const capabilities = { ...screen.state.capabilities, multiplexer: "tmux" } as const;
    screen.dispatch({ type: "capabilities", capabilities });
    screen.emit({ type: "invitation", invitation });
    screen.enter("/copy");
    expect(screen.printed().at(-1)).toBe(
      "-- the invitation was sent to the terminal's clipboard (tmux takes it with: set -s set-clipboard on)",
    );
  });

  test("says so if none was shown", () => {
    const screen = openRoom();
    screen.enter("/copy");
    expect(screen.effects().map(({ type }) => type)).not.toContain("copy");
    expect(screen.printed()).toEqual([
      "!! no invitation was shown yet (the owner and operators can make one: ask them)",
    ]);
    screen.emit({ type: "rights", operator: true, muted: false });
    screen.enter("/copy");
    expect(screen.printed()).toEqual(["!! no invitation was shown yet (/invite shows one)"]);
  });

  test("says so if the terminal takes no copies", () => {
    const screen = openRoom();
    screen.emit({ type: "invitation", invitation });
    const capabilities = { ...screen.state.capabilities, clipboard: false };
    screen.dispatch({ type: "capabilities", capabilities });
    screen.enter("/copy");
    expect(screen.effects().map(({ type }) => type)).not.toContain("copy");
    expect(screen.printed().at(-1)).toBe(
      "!! this terminal does not let programs copy (select the invitation with the mouse, and copy it)",
    );
  });
});

describe("a command", () => {
  test("that asks the server is run, and its answer printed", () => {
    const screen = openRoom();
    screen.enter("/who");
    expect(screen.effects()).toContainEqual({
      type: "run",
      id: 1,
      command: { type: "who" },
      confirmed: null,
    });
    screen.dispatch({ type: "answered", id: 1, outcome: { type: "people", people: [] } });
    expect(screen.printed()).toEqual(["answer people"]);
  });

  test("/help is answered at once, with what one may do", () => {
    const screen = openRoom();
    screen.emit({ type: "rights", operator: true, muted: false });
    screen.enter("/help");
    expect(screen.items()).toEqual([
      { type: "answer", answer: { type: "commands", rights: { owner: false, operator: true } } },
    ]);
  });

  test("/help of one command is answered at once, also of one that one may not use", () => {
    const screen = openRoom();
    screen.enter("/help kick");
    expect(screen.items()).toEqual([
      { type: "answer", answer: { type: "command", about: "kick" } },
    ]);
    screen.enter("/help kik");
    expect(screen.printed()).toEqual(["!! there is no command /kik (did you mean /help kick?)"]);
  });

  test("that is mistyped is an error, and so is one that failed", () => {
    const screen = openRoom();
    screen.enter("/etc/hosts");
    const failed = { type: "failed", code: "REFUSED", message: "no", hint: "ask" } as const;
    screen.dispatch({ type: "answered", id: 1, outcome: failed });
    screen.dispatch({ type: "answered", id: 1, outcome: { ...failed, code: "CONVERSATION_OVER" } });
    expect(screen.printed()).toEqual([
      "!! there is no command /etc (/help lists them; //etc/hosts sends it as a message)",
      "!! no (ask)",
    ]);
  });

  test("/quit leaves, and bye says so before", () => {
    const screen = openRoom();
    screen.enter("/quit");
    expect(screen.effects()).toContainEqual({ type: "leave", status: "done" });
    screen.enter("bye");
    expect(screen.effects().slice(-2)).toEqual([
      { type: "goodbye" },
      { type: "leave", status: "done" },
    ]);
  });

  test("/history moves on to older messages, and /search does not", () => {
    const screen = openRoom("ben");
    const entry = { author: "key", name: "ben", text: "x", time: NOON, device: "", number: 1 };
    const outcome = (sequence: number, isOlder: boolean, note: string | null) => ({
      type: "answered" as const,
      id: 1,
      outcome: { type: "entries" as const, entries: [{ ...entry, sequence }], isOlder, note },
    });
    screen.dispatch(outcome(7, true, null));
    expect(screen.state.room.oldest).toBe(7);
    screen.dispatch(outcome(3, false, "only the last 20 are shown"));
    expect(screen.state.room.oldest).toBe(7);
    expect(screen.printed()).toEqual([
      "answer entries",
      "answer entries",
      "-- only the last 20 are shown",
    ]);
  });
});

describe("on the plain wire a command", () => {
  const HINT =
    '-- there are no commands on this wire, only the message "bye": Enter sends the line as it is';

  test("stays on the line, once, and is sent as it is when it is entered again", () => {
    const screen = openVirtualScreen(PLAIN_WIRE);
    screen.emit({ type: "joined", peer: "192.0.2.1:5000" });
    screen.printed();
    screen.enter("/help me ");
    expect(screen.effects().filter(({ type }) => type === "say")).toEqual([]);
    expect(screen.printed()).toEqual([HINT]);
    expect(screen.state.editing.line.text).toBe("/help me ");
    screen.press("return");
    screen.enter("/quit");
    const said = screen.effects().filter(({ type }) => type === "say");
    expect(said).toEqual([
      { type: "say", id: 1, text: "/help me " },
      { type: "say", id: 2, text: "/quit" },
    ]);
  });

  test.each(["//help", "/etc/passwd", "/ 2", "/", "1/2", " /help", "/Help"])(
    "is not what %p looks like",
    (text) => {
      const screen = openVirtualScreen(PLAIN_WIRE);
      screen.enter(text);
      expect(screen.effects()).toContainEqual({ type: "say", id: 1, text });
    },
  );
});

describe("an answer that is longer than the window", () => {
  test("waits for Enter, and what comes meanwhile waits below it", () => {
    const screen = openPages();
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: true });
    screen.press("return");
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: false });
    screen.dispatch(drawn(1));
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toEqual(["ben: meanwhile"]);
  });

  test.each(["q", "escape"])("is left with %s", (name) => {
    const screen = openPages();
    screen.press(name);
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toEqual(["ben: meanwhile"]);
    expect(screen.state.editing.line.text).toBe("");
  });

  test.each(["return", "space", "pagedown"])("goes on with %s", (name) => {
    const screen = openPages();
    screen.press(name);
    expect(screen.state.page).toEqual({ ...rowsPrinted(22, 30), waits: false });
    expect(screen.state.editing.line.text).toBe("");
  });

  test.each(["c", "d"])("is left with Ctrl-%s, which does not leave the conversation", (name) => {
    const screen = openPages();
    screen.effects();
    screen.press(name, "ctrl");
    expect(screen.state.page).toBeNull();
    expect(screen.effects()).toEqual([]);
  });

  test("is left by typing a message", () => {
    const screen = openPages();
    screen.type("hello");
    expect(screen.state.page).toBeNull();
    expect(screen.state.editing.line.text).toBe("hello");
  });

  test("ends by itself when a thousand items wait", () => {
    const screen = openPages();
    for (let index = 0; index < 997; index += 1) screen.emit(says("ben", "more"));
    expect(screen.state.page).not.toBeNull();
    screen.emit(says("ben", "more"), says("ben", "more"));
    expect(screen.state.page).toBeNull();
    expect(screen.printed()).toHaveLength(1_000);
  });
});
