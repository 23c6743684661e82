// The state of a screen with a clock of the test's own: what happens goes in, and what would be printed comes out as lines.

import type { ConversationEvent } from "../../../src/chat/events.ts";
import type { Key } from "../../../src/terminal/input/input-event.ts";
import { PLAIN } from "../../../src/terminal/output/capabilities.ts";
import type { Effect, ScreenEvent } from "../../../src/terminal/state/effects.ts";
import type { People } from "../../../src/terminal/state/room.ts";
import {
  liveNotices,
  startState,
  type State,
  type TalkSettings,
} from "../../../src/terminal/state/state.ts";
import type { PrintedRows, TranscriptItem } from "../../../src/terminal/state/transcript.ts";
import { nextTick, update } from "../../../src/terminal/state/update.ts";

/** Noon on the second of March, by the clock of this machine. */
export const NOON = new Date(2026, 2, 2, 12, 0).getTime();

/** On a terminal, without options. */
export const IN_A_ROOM: TalkSettings = {
  isRoom: true,
  showsDelivery: true,
  showsMessages: true,
  quiet: false,
  verbose: false,
  bell: false,
  notifies: true,
};

export const PLAIN_WIRE: Partial<TalkSettings> = { isRoom: false, showsDelivery: false };

export type VirtualScreen = ReturnType<typeof openVirtualScreen>;

export function openVirtualScreen(settings: Partial<TalkSettings> = {}) {
  let state: State = startState(
    { ...IN_A_ROOM, ...settings },
    { columns: 80, rows: 24 },
    { ...PLAIN, clipboard: true },
    NOON,
  );
  let now = NOON;
  let effects: Effect[] = [];

  function dispatch(event: ScreenEvent): void {
    const [next, wanted] = update(state, event, now);
    state = next;
    effects.push(...wanted);
  }

  return {
    get state() {
      return state;
    },
    get now() {
      return now;
    },
    dispatch,
    emit(...events: readonly ConversationEvent[]): void {
      for (const event of events) dispatch({ type: "conversation", event });
    },
    /** Text, letter by letter. */
    type(text: string): void {
      for (const letter of text)
        dispatch({ type: "input", event: { type: "key", key: key(letter, letter) } });
    },
    press(name: string, modifier: "ctrl" | "meta" | null = null): void {
      const pressed = { ...key(name), ...(modifier === null ? {} : { [modifier]: true }) };
      dispatch({ type: "input", event: { type: "key", key: pressed } });
    },
    enter(text: string): void {
      if (text !== "") dispatch({ type: "input", event: { type: "paste", text } });
      dispatch({ type: "input", event: { type: "key", key: key("return") } });
    },
    focus(focused: boolean): void {
      dispatch({ type: "input", event: { type: "focus", focused } });
    },
    /** So many ms pass, with every tick that the state asks for. */
    wait(this: void, ms: number): void {
      const end = now + ms;
      for (;;) {
        const tick = nextTick(state, now);
        if (tick === null || tick > end) break;
        now = tick;
        dispatch({ type: "tick" });
      }
      now = end;
    },
    /** What has been printed since the last call, as lines. */
    printed(): string[] {
      const { transcript } = state;
      dispatch(drawn(transcript.length));
      return transcript.map(lineOf);
    },
    /** The same items whole. */
    items(): readonly TranscriptItem[] {
      const { transcript } = state;
      dispatch(drawn(transcript.length));
      return transcript;
    },
    /** What has been wanted since the last call. */
    effects(): Effect[] {
      const wanted = effects;
      effects = [];
      return wanted;
    },
    /** The lines that still change. */
    live: () => liveNotices(state).map(({ text }) => text),
  };
}

/** So many rows, each of them a part of its item. */
export function rowsPrinted(shown: number, total: number): PrintedRows {
  const layout = { columns: 80, rows: 24, nameColumns: 1 };
  return { shown, total, next: { parts: shown, rows: 0, layout } };
}

/** So many items were printed, and of the next one so many rows. */
export function drawn(items: number, page: PrintedRows | null = null): ScreenEvent {
  return { type: "drawn", items, page, nameColumns: 1, rowsSinceName: 0 };
}

function key(name: string, text = ""): Key {
  return { name, text, ctrl: false, meta: false, shift: false };
}

function lineOf(item: TranscriptItem): string {
  switch (item.type) {
    case "message":
      return `${item.name}: ${item.text}`;
    case "notice":
      return `-- ${item.text}${item.hint === undefined ? "" : ` (${item.hint})`}`;
    case "error":
      return `!! ${item.text} (${item.hint})`;
    case "mark":
      return `~ ${item.label}`;
    case "date":
      return `day ${new Date(item.time).getDate()}`;
    case "invitation":
      return `invitation ${item.invitation}`;
    case "answer":
      return `answer ${item.answer.type}`;
  }
}

const fingerprintOf = (name: string) => `key of ${name}`;

/** Names by key. */
export function people(...names: readonly string[]): People {
  return new Map(names.map((name) => [fingerprintOf(name), name]));
}

export const entered = (...others: readonly string[]) => ({
  type: "entered" as const,
  room: "main",
  name: "ana",
  owner: false,
  last: 0,
  members: ["ana", ...others].map((name) => ({
    name,
    fingerprint: fingerprintOf(name),
    away: false,
  })),
});

export const joined = (peer: string): ConversationEvent => ({
  type: "joined",
  peer,
  fingerprint: fingerprintOf(peer),
});

export const left = (peer: string, reason = ""): ConversationEvent => ({
  type: "left",
  peer,
  reason,
});

let sequence = 0;

export function says(
  from: string,
  text: string,
  time: number = NOON,
  past = false,
): ConversationEvent {
  sequence += 1;
  const message = { type: "message", from, text, sequence, time, fingerprint: fingerprintOf(from) };
  return { ...message, type: "message", ...(past ? { past } : {}) };
}

/** Entered with `others` there, which is printed. */
export function openRoom(...others: readonly string[]) {
  const screen = openVirtualScreen();
  screen.emit(entered(...others));
  screen.printed();
  screen.effects();
  return screen;
}
