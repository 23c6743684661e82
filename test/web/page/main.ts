// The page with a conversation that a test plays: `play` emits events, `heard` has what the page asked and said.

import type { RoomConversation } from "../../../src/chat/conversation.ts";
import type { RoomEvent } from "../../../src/chat/events.ts";
import { CharlaError } from "../../../src/errors.ts";
import { runPage } from "../../../web/view/app.ts";
import type { PageContext } from "../../../web/view/page-context.ts";
import type { Fixture, FixtureOptions } from "../fixture.ts";

declare global {
  interface Window {
    fixture: Fixture;
  }
}

const heard: unknown[] = [];
const opened: string[] = [];
let emit: ((event: RoomEvent) => void) | null = null;
const saying: { readonly text: string; readonly settled: PromiseWithResolvers<void> }[] = [];
let sequence = 0;
/** Resolved while this tab has the room. */
let place = Promise.withResolvers<void>();
place.resolve();
let whenWaiting = () => {};
let running: Disposable | null = null;

async function note(...what: unknown[]): Promise<void> {
  heard.push(what);
}

function conversation(
  { members = [], log = [], owner = false, rooms = ["main"] }: FixtureOptions,
  name: string,
  room: string,
): RoomConversation {
  const queue: RoomEvent[] = [];
  let wake = Promise.withResolvers<void>();
  let isOver = false;
  function push(event: RoomEvent): void {
    queue.push(event);
    isOver ||= event.type === "ended";
    wake.resolve();
  }
  emit = push;
  const last = log.at(-1)?.sequence ?? 0;
  sequence = last;
  push({ type: "entered", room, name, owner, last, members });
  for (const { author: fingerprint, name: from, sequence: at, time, text } of log.slice(-100)) {
    push({ type: "message", from, fingerprint, text, sequence: at, time, past: true });
  }

  async function* events(): AsyncGenerator<RoomEvent> {
    for (;;) {
      yield* queue.splice(0);
      if (isOver) return;
      await wake.promise;
      wake = Promise.withResolvers();
    }
  }

  return {
    events: events(),
    async say(text) {
      heard.push(["say", text]);
      const settled = Promise.withResolvers<void>();
      saying.push({ text, settled });
      await settled.promise;
    },
    async leave() {
      heard.push(["leave"]);
      push({ type: "ended", reason: "left", unsaid: [] });
    },
    async who() {
      return members;
    },
    async rooms() {
      return rooms.map((name) => ({ name, entries: 10, members: 1 }));
    },
    async history({ count, before = Infinity, words }) {
      heard.push(["history", count, before === Infinity ? null : before, words ?? null]);
      const found = log.filter(
        (entry) => entry.sequence < before && (words === undefined || entry.text.includes(words)),
      );
      return found.slice(-count);
    },
    watch: (watched) => void heard.push(["watch", watched]),
    way: () => ({ transport: "websocket", milliseconds: 21 }),
    rename: (wanted) => note("rename", wanted),
    close: () => note("close"),
    kick: (person) => note("kick", person),
    async ban(person) {
      heard.push(["ban", person]);
      return { name: person, fingerprint: "", closed: [] };
    },
    unban: (person) => note("unban", person),
    bans: async () => [],
    invitations: async () => [],
    revoke: (number) => note("revoke", number),
    op: (person, operator) => note("op", person, operator),
    mute: (person, muted) => note("mute", person, muted),
    lock: (locked) => note("lock", locked),
    deleteRoom: (other) => note("delete", other),
    invite: async () => LIMITED,
    createInvitation: async ({ uses } = {}) => ({
      invitation: uses === undefined ? LINK.replace("http:", "charla:") : LIMITED,
      page: null,
    }),
    async [Symbol.asyncDispose]() {},
  };
}

const LIMITED = "charla://192.0.2.7/main#key.limited";
const LINK = `http://192.0.2.7:12345/main#${"k".repeat(43)}.${"s".repeat(22)}`;

window.fixture = {
  heard,
  opened,
  play: (...events) => events.forEach((event) => emit?.(event)),
  deliver(time) {
    for (const { text, settled } of saying.splice(0)) {
      sequence += 1;
      emit?.({ type: "delivered", text, sequence, time });
      settled.resolve();
    }
  },
  refuse(code, message) {
    for (const { settled } of saying.splice(0)) {
      settled.reject(new CharlaError(code, message, "ask the owner"));
    }
  },
  start(options) {
    const { name, hasInvitation = true, isSecure = true, servedBy = "server" } = options;
    const page: PageContext = {
      invitation: hasInvitation
        ? {
            room: "main",
            serverFingerprint: "SHA256:q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c",
            to: (room) => ({
              link: LINK.replace("main", room),
              command: LINK.replace("http:", "charla:").replace("main", room),
            }),
          }
        : null,
      name,
      servedBy,
      isSecure,
      problem: null,
      memory: {
        saveName: (saved) => void heard.push(["name", saved]),
        loadDraft: async () => options.draft ?? "",
        saveDraft: (room, text) => void heard.push(["draft", room, text]),
        loadRead: async () => new Map(Object.entries(options.read ?? {})),
        saveRead: (room, last) => void heard.push(["read", room, last]),
        loadWaiting: async () => [],
      },
      tabs: {
        onWaiting(handler) {
          whenWaiting = handler;
        },
        take() {
          heard.push(["take"]);
          place.resolve();
        },
      },
      async join(joining) {
        heard.push(["join", joining]);
        await place.promise;
        return conversation(options, joining.name, joining.room);
      },
      openInvitation(text) {
        if (!text.includes("#")) {
          throw new CharlaError("INVALID_INVITATION", "that is not a whole invitation", "copy it");
        }
        opened.push(text);
      },
      pageDigest: async () => "0123456789abcdef".repeat(4),
    };
    const root = document.querySelector<HTMLElement>("#page");
    if (root === null) throw new Error("there is no #page");
    running = runPage(root, page);
  },
  getPlace: () => place.resolve(),
  losePlace() {
    place = Promise.withResolvers();
    emit?.({ type: "ended", reason: "left", unsaid: [] });
    whenWaiting();
  },
  stop() {
    running?.[Symbol.dispose]();
    running = null;
    heard.length = 0;
    opened.length = 0;
  },
};
