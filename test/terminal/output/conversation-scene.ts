// The program's own scene: bytes of keys go through the decoder, and what happens in a room through update and view.

import type { ConversationEvent } from "../../../src/chat/events.ts";
import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import type { InputEvent } from "../../../src/terminal/input/input-event.ts";
import { answered, ask } from "../../../src/terminal/output/questions.ts";
import type { Size } from "../../../src/terminal/rows.ts";
import type { Effect, ScreenEvent } from "../../../src/terminal/state/effects.ts";
import { startState } from "../../../src/terminal/state/state.ts";
import { nextTick, update } from "../../../src/terminal/state/update.ts";
import { type Screen, view } from "../../../src/terminal/view/view.ts";
import type { Emulator } from "../../harness/emulators.ts";
import { entered, IN_A_ROOM, joined, left, NOON, says } from "../state/virtual-screen.ts";
import { createRandomText } from "./random-text.ts";
import type { Scene } from "./scene.ts";

const KEYS: Readonly<Record<string, string>> = {
  enter: "\r",
  backspace: "\x7f",
  left: "\x1b[D",
  right: "\x1b[C",
  up: "\x1b[A",
  down: "\x1b[B",
  home: "\x01",
  end: "\x05",
  "kill to the end": "\x0b",
  "kill the line": "\x15",
  "kill a word": "\x17",
  yank: "\x19",
  undo: "\x1f",
  "alt-enter": "\x1b\r",
  "search back": "\x12",
  abort: "\x07",
  tab: "\t",
  "focus lost": "\x1b[O",
  focus: "\x1b[I",
};

const MAX_DRAFT = 150;
const PEOPLE = ["ben", "eva", "a name of sixteen letters and more", "tom"];

export async function createConversationScene(
  emulator: Emulator,
  answers: { take(): string },
  random: (below: number) => number,
  start: Size,
): Promise<Scene> {
  const someText = createRandomText(random, emulator, true);
  const decoder = createInputDecoder();
  const encoder = new TextEncoder();
  let now = NOON;
  let inquiry = ask({ TERM: "xterm-256color" }, start, null, now);
  decoder.expectCursor(inquiry.cursorReports);
  emulator.write(inquiry.sequence);
  await emulator.settle();
  for (const event of decoder.decode(encoder.encode(answers.take()), now)) {
    if (event.type === "answer") inquiry = answered(inquiry, event.answer);
  }
  // The screen of the emulator is its own, whatever terminal it says it is.
  const capabilities = { ...inquiry.capabilities, narrowing: emulator.narrowing };
  let state = startState(IN_A_ROOM, start, capabilities, now);
  /** Null if something has happened since. */
  let shown: Screen | null = null;
  const unsaid: string[] = [];

  function screen(): Screen {
    shown ??= view(state);
    return shown;
  }

  function dispatch(event: ScreenEvent): void {
    const [next, effects] = update(state, event, now);
    state = next;
    shown = null;
    for (const effect of effects) perform(effect);
  }

  function perform(effect: Effect): void {
    if (effect.type === "say") unsaid.push(effect.text);
    else if (effect.type === "run")
      dispatch({ type: "answered", id: effect.id, outcome: { type: "done" } });
  }

  function emit(...events: readonly ConversationEvent[]): void {
    for (const event of events) dispatch({ type: "conversation", event });
  }

  function input(events: readonly InputEvent[]): void {
    for (const event of events) {
      if (event.type !== "answer") dispatch({ type: "input", event });
    }
  }

  function type(text: string): void {
    input(decoder.decode(encoder.encode(text), now));
  }

  function say(): void {
    const text = someText(1 + random(random(8) === 0 ? 400 : 60));
    emit(says(PEOPLE[random(3)] ?? "", random(5) === 0 ? `${text}\n@ana ${text}` : text, now));
  }

  function wait(ms: number): void {
    const end = now + ms;
    for (;;) {
      const times = [nextTick(state, now), decoder.deadline].filter((time) => time !== null);
      const next = Math.min(...times);
      if (next > end) break;
      now = Math.max(now, next);
      input(decoder.expire(now));
      dispatch({ type: "tick" });
    }
    now = end;
  }

  const happenings: Readonly<Record<string, () => void>> = {
    message: say,
    messages() {
      for (let count = 2 + random(4); count > 0; count -= 1) say();
    },
    delivery() {
      const text = unsaid.shift();
      if (text !== undefined) emit({ type: "delivered", text, sequence: 1, time: now });
    },
    joined: () => emit(joined(PEOPLE[random(PEOPLE.length)] ?? "")),
    left: () => emit(left(PEOPLE[random(PEOPLE.length)] ?? "", random(2) === 0 ? "" : "lost")),
    silence: () => emit({ type: "silent", seconds: 5 }),
    heard: () => emit({ type: "heard", seconds: 12 }),
    disconnected: () => emit({ type: "disconnected", message: "connection lost" }),
    reconnected: () => emit({ type: "reconnected" }),
    notice: () => emit({ type: "notice", code: "X", message: someText(random(100)), hint: "try" }),
    invitation: () => emit({ type: "invitation", invitation: `charla:${"x".repeat(80)}` }),
    help: () => type("\x15/help\r"),
    pause: () => wait(random(40_000)),
    "an hour"() {
      now += 3_600_000;
      dispatch({ type: "tick" });
    },
    paste: () => type(`\x1b[200~${someText(20)}\n${someText(20)}\x1b[201~`),
  };

  emit(entered("ben", "eva", "tom"));
  return {
    capabilities,
    resize: (size) => dispatch({ type: "resize", size }),
    frame: () => screen().frame,
    drawn() {
      const { frame: _frame, ...drawn } = screen();
      const isNewPage = drawn.page !== null && state.page?.waits !== true;
      if (drawn.items > 0 || isNewPage) dispatch({ type: "drawn", ...drawn });
    },
    step() {
      now += random(2_000);
      const kind = random(10);
      if (kind < 2) {
        const names = Object.keys(happenings);
        const name = names[random(names.length)] ?? "";
        happenings[name]?.();
        return name;
      }
      if (kind < 4) {
        const names = Object.keys(KEYS);
        const name = names[random(names.length)] ?? "enter";
        type(KEYS[name] ?? "");
        return name;
      }
      if (state.editing.line.text.length > MAX_DRAFT) {
        type("\r");
        return "enter";
      }
      type(someText(random(12) === 0 ? 40 : 1));
      return "type";
    },
    fill() {
      for (let row = 0; row < state.size.rows; row += 1) emit(says("ben", `before ${row}`, now));
    },
    say,
    beginLine: (length) => type(someText(length)),
    expectCursor: () => decoder.expectCursor(1),
    positions(given) {
      const events = decoder.decode(encoder.encode(given), now);
      input(events);
      return events.flatMap((event) =>
        event.type === "answer" && event.answer.type === "cursor" ? [event.answer] : [],
      );
    },
  };
}
