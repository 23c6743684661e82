// The state machine of a member's end of a room, in virtual time: what follows from each event, in each phase.

import { describe, expect, test } from "bun:test";

import type { RoomEvent } from "../../src/chat/events.ts";
import { encodeFrame, type ServerFrame } from "../../src/chat/frames.ts";
import type { MemberFrame, WatchedRoom } from "../../src/chat/member-frames.ts";
import { encodeStored } from "../../src/chat/short-frames.ts";
import { refuseToSay } from "../../src/client/room-client/outbox.ts";
import {
  type Action,
  type ClientEvent,
  connectDelay,
  createRoomClient,
  type ReadRoom,
  type RoomClient,
  type RoomClientOptions,
  wakeAt,
} from "../../src/client/room-client/state.ts";
import { step } from "../../src/client/room-client/step.ts";
import { CharlaError } from "../../src/errors.ts";
import { seededRandom } from "../simulator/random.ts";

const DEVICE = "device-of-this-program";
const NOBODY = new CharlaError("NOBODY_LISTENING", "nobody is listening", "start a server");
const LOST = new CharlaError("SESSION_LOST", "nothing was heard for a minute", "join again");
const OVER = expect.objectContaining({ code: "CONVERSATION_OVER" });
const NOT_CONNECTED = expect.objectContaining({ code: "NOT_CONNECTED" });
const NEVER = Number.POSITIVE_INFINITY;

const TICK: ClientEvent = { type: "tick" };
const CONNECTED: ClientEvent = { type: "connected" };
const LEAVE: ClientEvent = { type: "leave" };
const LEAVE_AT_ONCE: ClientEvent = { type: "leave-at-once" };
const LOSS: ClientEvent = { type: "ended", end: { type: "lost", error: LOST } };
const failed = (isTemporary: boolean): ClientEvent => ({
  type: "connect-failed",
  error: NOBODY,
  isTemporary,
});
const notice = ({ code, message, hint }: CharlaError) =>
  ({ type: "notice", code, message, hint }) as const;
const closed = (reason = ""): ClientEvent => ({ type: "ended", end: { type: "closed", reason } });
const received = (frame: ServerFrame): ClientEvent => ({
  type: "received",
  message: encodeFrame(frame),
});
const say = (number: number, text = `text ${number}`): ClientEvent => ({
  type: "say",
  number,
  text,
});
const withdraw = (number: number): ClientEvent => ({ type: "withdraw", number, reason: "not now" });
const askWho = (request: number): ClientEvent => ({
  type: "ask",
  request,
  question: { type: "who" },
});

const askRename = (request: number, name: string): ClientEvent => ({
  type: "ask",
  request,
  question: { type: "rename", name },
});

const welcome = (last: number, log = "log", name = "Ann"): ClientEvent =>
  received({ type: "welcome", room: "main", name, owner: false, log, last, members: [] });
const entry = (sequence: number): ClientEvent =>
  received({
    type: "message",
    sequence,
    time: 1_000,
    author: "key of Bob",
    name: "Bob",
    device: "device-of-another-one.",
    number: sequence,
    text: `entry ${sequence}`,
  });
const own = (sequence: number, number: number, text = `text ${number}`): ClientEvent =>
  received({
    type: "message",
    sequence,
    time: 1_000,
    author: "key of Ann",
    name: "Ann",
    device: DEVICE,
    number,
    text,
  });
const refused = (number: number): ClientEvent =>
  received({ type: "refused", number, code: "MUTED", message: "you are muted" });

const CONNECT: Action = { type: "connect" };
const CANCEL: Action = { type: "cancel-connect" };
const CLOSE: Action = { type: "close" };
const ABORT: Action = { type: "abort", reason: "" };
const send = (frame: MemberFrame): Action => ({ type: "send", frame });
const sendSay = (number: number, text = `text ${number}`) => send({ type: "say", number, text });
const enter = (after?: { log: string; sequence: number }, name = "Ann") =>
  send({
    type: "enter",
    room: "main",
    name,
    device: DEVICE,
    ...(after === undefined ? {} : { after }),
  });
const at = (sequence: number, log = "log") => ({ log, sequence });
const emit = (event: RoomEvent, shown: ReturnType<typeof at> | null = null): Action => ({
  type: "emit",
  event,
  shown,
});
const ENTERED: Extract<RoomEvent, { type: "entered" }> = {
  type: "entered",
  room: "main",
  name: "Ann",
  owner: false,
  last: 0,
  members: [],
};
const enteredAt = (last: number): RoomEvent => ({ ...ENTERED, last });
const RECONNECTED: RoomEvent = { type: "reconnected" };
const DISCONNECTED: RoomEvent = { type: "disconnected", message: LOST.message };
const bobSaid = (sequence: number) => ({
  type: "message" as const,
  from: "Bob",
  text: `entry ${sequence}`,
  sequence,
  time: 1_000,
  fingerprint: "key of Bob",
});
const shows = (sequence: number, log = "log") => emit(bobSaid(sequence), at(sequence, log));
const showsPast = (sequence: number, log = "log") =>
  emit({ ...bobSaid(sequence), past: true }, at(sequence, log));
/** What the device has shown before. */
const showsAgain = (sequence: number) => emit({ ...bobSaid(sequence), past: true });
const said = (number: number) => emit({ type: "said", text: `text ${number}` });
const waits = (number: number) => emit({ type: "waiting", for: "server", text: `text ${number}` });
const delivered = (number: number, sequence: number): Action[] => [
  emit({ type: "delivered", text: `text ${number}`, sequence, time: 1_000 }, at(sequence)),
  { type: "stored", number },
];
const names = (named: readonly number[], event: RoomEvent): Action => ({
  type: "emit",
  event,
  shown: null,
  named,
});
const notStored = (number: number, keep: boolean, error: unknown = OVER): Action => ({
  type: "not-stored",
  number,
  error,
  keep,
});
const over = (
  reason: Extract<RoomEvent, { type: "ended" }>["reason"],
  ...unsaid: string[]
): Action => ({
  type: "over",
  event: { type: "ended", reason, unsaid, ...(unsaid.length === 0 ? {} : { kept: unsaid }) },
  error: null,
});
const unanswered = (request: number, error: unknown): Action => ({
  type: "fail-question",
  request,
  error,
});
const enteredLog = (log = "log"): Action => ({ type: "entered-log", log });
const leavingNotice = (what: string) =>
  emit({
    type: "notice",
    code: "LEAVING",
    message: `leaving once ${what} on the server`,
    hint: "Ctrl-C leaves at once",
  });

const create = (options: Partial<RoomClientOptions> = {}) =>
  createRoomClient(
    {
      room: "main",
      name: "Ann",
      device: DEVICE,
      unstored: [],
      cursor: null,
      random: () => 0.5,
      ...options,
    },
    0,
  );

/** Lets these happen, one after the other, at the same time. */
function happen(client: RoomClient, now: number, ...events: ClientEvent[]): readonly Action[] {
  return events.flatMap((event) => step(client, event, now));
}

/** What is done once a connection is back, after somebody was renamed in it. */
function afterRename(name: string, from = "Ann-2"): readonly Action[] {
  const client = entering();
  happen(client, 0, welcome(0, "log", "Ann-2"));
  happen(client, 0, received({ type: "renamed", from, to: name }), LOSS);
  return happen(client, 60_000, TICK, CONNECTED);
}

/** Those actions that were not looked at come before the ones that are. */
const connecting = (options?: Partial<RoomClientOptions>) => after(create(options), TICK);
const entering = (options?: Partial<RoomClientOptions>) => after(create(options), TICK, CONNECTED);
const joined = (options?: Partial<RoomClientOptions>) =>
  after(create(options), TICK, CONNECTED, welcome(0));
function after(client: RoomClient, ...events: ClientEvent[]): RoomClient {
  happen(client, 0, ...events);
  return client;
}

const watch = (...rooms: WatchedRoom[]): ClientEvent => ({ type: "watch", rooms });
const sendWatch = (...rooms: WatchedRoom[]): Action => ({
  type: "send",
  frame: { type: "watch", rooms },
});

const lunch = { room: "lunch", after: 3 };
const news = (...rooms: (ReadRoom & { unread: number })[]): ClientEvent =>
  received({
    type: "news",
    rooms: rooms.map(({ room, after: from, unread }) => {
      return { room, after: from, unread, mentions: 0 };
    }),
  });
const read = (...rooms: ReadRoom[]): ClientEvent => ({ type: "read", rooms });
const look = (...rooms: string[]): Action => ({ type: "look", log: "log", rooms });
const sent = (actions: readonly Action[]) => actions.filter(({ type }) => type === "send");

describe("news of other rooms", () => {
  test("is asked for in the room, and again over each next connection", () => {
    const client = entering();
    expect(happen(client, 0, watch(lunch))).toEqual([]);
    expect(happen(client, 0, welcome(0))).toContainEqual(sendWatch(lunch));
    expect(happen(client, 0, watch({ room: "tea" }))).toEqual([sendWatch({ room: "tea" })]);
    happen(client, 0, LOSS);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0))).toContainEqual(
      sendWatch({ room: "tea" }),
    );
    expect(happen(client, 400, watch(), LOSS)).toContainEqual(sendWatch());
    const again = happen(client, 1_000, TICK, CONNECTED, welcome(0));
    expect(again.filter(({ type }) => type === "send")).toEqual([enter(at(0))]);
  });

  test("is asked for from now on if the server has another log", () => {
    const client = after(joined(), watch(lunch), LOSS);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0, "other"))).toContainEqual(
      sendWatch({ room: "lunch" }),
    );
  });

  test("goes on over the next connection from where the server has begun", () => {
    const client = after(joined(), watch(lunch, { room: "tea" }, { room: "work" }));
    const nothing = { unread: 0, mentions: 0 };
    const tea = { room: "tea", after: 5, ...nothing };
    happen(client, 0, received({ type: "news", rooms: [{ ...lunch, ...nothing }, tea] }));
    happen(client, 0, received({ type: "news", rooms: [tea] }), LOSS);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0))).toContainEqual(
      sendWatch(lunch, { room: "tea", after: 5 }, { room: "work" }),
    );
  });

  test("is given as it comes", () => {
    const rooms = [
      {
        room: "lunch",
        after: 3,
        unread: 2,
        mentions: 1,
        mention: { name: "Bob", text: "Ann?" },
      },
    ];
    expect(happen(joined(), 0, received({ type: "news", rooms }))).toEqual([
      emit({ type: "news", rooms }),
    ]);
  });
});

describe("while something is unread in other rooms", () => {
  const tea = { room: "tea", after: 5 };

  function watching() {
    const client = joined({ hasOtherWindows: true });
    return after(client, watch(lunch, tea), news({ ...lunch, unread: 2 }, { ...tea, unread: 0 }));
  }

  test("it is looked up every two seconds whether it was read in another window", () => {
    const client = watching();
    expect(wakeAt(client)).toBe(2_000);
    expect(happen(client, 1_000, TICK)).toEqual([]);
    // More news doesn't put it off.
    happen(client, 1_000, news({ ...tea, unread: 1 }));
    expect(happen(client, 2_000, TICK)).toEqual([look("lunch", "tea")]);
    expect(happen(client, 2_000, read(lunch, { room: "tea", after: 0 }))).toEqual([]);
    expect(wakeAt(client)).toBe(4_000);
    happen(client, 3_000, news({ ...tea, unread: 0 }));
    expect(happen(client, 4_000, TICK)).toEqual([look("lunch")]);
    happen(client, 5_000, news({ ...lunch, unread: 0 }));
    expect(wakeAt(client)).toBe(NEVER);
  });

  test("what was read there is not news any more, over the next connection either", () => {
    const client = watching();
    happen(client, 2_000, TICK);
    expect(happen(client, 2_000, read({ room: "lunch", after: 4 }))).toEqual([
      sendWatch({ room: "lunch", after: 4 }, tea),
    ]);
    expect(wakeAt(client)).toBe(NEVER);
    happen(client, 2_050, news({ room: "lunch", after: 4, unread: 1 }, { ...tea, unread: 0 }));
    expect(wakeAt(client)).toBe(4_050);
    happen(client, 2_100, LOSS);
    expect(sent(happen(client, 2_475, TICK, CONNECTED, welcome(0)))).toContainEqual(
      sendWatch({ room: "lunch", after: 4 }, tea),
    );
    // Only what is unread now is looked up.
    expect(wakeAt(client)).toBe(NEVER);
  });

  test("nothing is looked up without other windows, nor while the connection is lost or one leaves", () => {
    expect(wakeAt(after(joined(), watch(lunch), news({ ...lunch, unread: 2 })))).toBe(NEVER);
    const lost = after(watching(), LOSS);
    expect(happen(lost, 60_000, TICK)).toEqual([CONNECT]);
    expect(happen(lost, 60_000, read({ room: "lunch", after: 4 }))).toEqual([]);
    const leaving = after(watching(), say(0), LEAVE);
    expect(happen(leaving, 60_000, TICK)).not.toContainEqual(look("lunch"));
    expect(sent(happen(leaving, 60_000, read({ room: "lunch", after: 4 })))).toEqual([]);
  });
});

describe("connecting", () => {
  test("begins at once, and one attempt at a time is made", () => {
    const client = create();
    expect(wakeAt(client)).toBe(0);
    expect(happen(client, 0, TICK)).toEqual([CONNECT]);
    expect(wakeAt(client)).toBe(NEVER);
    expect(happen(client, 60_000, TICK)).toEqual([]);
  });

  test("is tried again after longer and longer waits, from 375 ms on average to 22.5 s", () => {
    const client = connecting();
    let now = 0;
    const delays: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      expect(happen(client, now, failed(true))).toEqual([]);
      const delay = wakeAt(client) - now;
      delays.push(delay);
      expect(happen(client, now + delay - 1, TICK)).toEqual([]);
      now += delay;
      expect(happen(client, now, TICK)).toEqual([CONNECT]);
    }
    expect(delays).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500]);
  });

  test("begins with the shortest wait again once the member was in the room", () => {
    const client = connecting();
    happen(client, 0, failed(true));
    happen(client, 375, TICK, failed(true));
    expect(wakeAt(client)).toBe(375 + 750);
    happen(client, 1_125, TICK, CONNECTED, welcome(0), LOSS);
    expect(wakeAt(client)).toBe(1_125 + 375);
  });

  test("is reported, once for each reason, when something else answers in the server's place", () => {
    const client = after(joined(), LOSS);
    const otherWire = new CharlaError(
      "OTHER_WIRE",
      "it speaks the plain wire",
      "join with --plain",
    );
    const changed = new CharlaError("SERVER_KEY_CHANGED", "another key", "ask");
    const reportedAfter = (error: CharlaError) => {
      const now = wakeAt(client);
      happen(client, now, TICK);
      const failure: ClientEvent = { type: "connect-failed", error, isTemporary: true };
      return happen(client, now, failure).map((action) =>
        action.type === "emit" ? action.event : action.type,
      );
    };
    expect(reportedAfter(otherWire)).toEqual([notice(otherWire)]);
    expect(reportedAfter(NOBODY)).toEqual([]);
    expect(reportedAfter(otherWire)).toEqual([]);
    expect(reportedAfter(changed)).toEqual([notice(changed)]);
    happen(client, wakeAt(client), TICK, CONNECTED, welcome(0), LOSS);
    expect(reportedAfter(changed)).toEqual([notice(changed)]);
  });

  test("is over with the error alone where no other attempt would help, before the member was in the room", () => {
    expect(happen(connecting(), 0, failed(false))).toEqual([
      { type: "over", event: null, error: NOBODY },
    ]);
  });

  test("is over with an end and the error, where the member was in the room before", () => {
    const client = after(joined(), say(0), LOSS);
    happen(client, 375, TICK);
    expect(happen(client, 375, failed(false))).toEqual([
      notStored(0, true),
      {
        type: "over",
        event: { type: "ended", reason: "lost", unsaid: ["text 0"], kept: ["text 0"] },
        error: NOBODY,
      },
    ]);
  });
});

describe("entering", () => {
  test("is asked for again every 2 s until the server welcomes the member", () => {
    const client = connecting();
    expect(happen(client, 100, CONNECTED)).toEqual([enter()]);
    expect(wakeAt(client)).toBe(2_100);
    expect(happen(client, 2_099, TICK)).toEqual([]);
    expect(happen(client, 2_100, TICK)).toEqual([enter()]);
    expect(happen(client, 4_100, TICK)).toEqual([enter()]);
    expect(happen(client, 5_000, welcome(0))).toEqual([emit(ENTERED, at(0))]);
    expect(wakeAt(client)).toBe(NEVER);
  });

  test("is asked for by the attempt to connect, and then only if there is no answer", () => {
    const client = connecting();
    expect(happen(client, 100, { type: "connected", hasAsked: true })).toEqual([]);
    expect(happen(client, 2_099, TICK)).toEqual([]);
    expect(happen(client, 2_100, TICK)).toEqual([enter()]);
    expect(happen(client, 2_200, welcome(0))).toEqual([emit(ENTERED, at(0))]);
  });

  test("goes on from what the device has shown, and shows no entry up to that", () => {
    const client = connecting({ cursor: at(2) });
    expect(happen(client, 0, CONNECTED)).toEqual([enter(at(2))]);
    expect(happen(client, 0, welcome(4), entry(1), entry(2), entry(3), entry(4))).toEqual([
      emit(enteredAt(4), at(2)),
      showsPast(3),
      showsPast(4),
    ]);
  });

  test("for the first time in a room with entries shows those that come", () => {
    expect(happen(entering(), 0, welcome(7), entry(6), entry(7))).toEqual([
      emit(enteredAt(7), at(0)),
      showsPast(6),
      showsPast(7),
    ]);
  });

  test("for the first time, and again before an entry has come, misses nothing of what was said in between", () => {
    const client = connecting();
    expect(happen(client, 0, CONNECTED, welcome(30))).toEqual([
      enter(),
      emit(enteredAt(30), at(10)),
    ]);
    happen(client, 0, LOSS);
    expect(happen(client, 375, TICK, CONNECTED)).toContainEqual(enter(at(10)));
    expect(happen(client, 375, welcome(60), entry(11))).toContainEqual(showsPast(11));
  });

  test("marks what was said before as past, and neither what is said after nor what was missed later", () => {
    const client = connecting({ cursor: at(1) });
    happen(client, 0, CONNECTED, welcome(2));
    expect(happen(client, 0, entry(2), entry(3))).toEqual([showsPast(2), shows(3)]);
    happen(client, 0, LOSS);
    happen(client, 375, TICK, CONNECTED, welcome(5));
    expect(happen(client, 375, entry(4), entry(5))).toEqual([shows(4), shows(5)]);
  });

  test("asks for as many earlier entries as are wanted, and shows no more of them", () => {
    const client = connecting({ history: 1 });
    const first = { type: "enter", room: "main", name: "Ann", device: DEVICE, history: 1 } as const;
    expect(happen(client, 0, CONNECTED)).toEqual([send(first)]);
    // A server that does not know the field sends the last 20.
    expect(happen(client, 0, welcome(7), entry(6), entry(7))).toEqual([
      emit(enteredAt(7), at(6)),
      showsPast(7),
    ]);
  });

  test("with a cursor shows all that was missed, however many earlier entries are wanted", () => {
    const client = connecting({ cursor: at(2), history: 0 });
    expect(happen(client, 0, CONNECTED, welcome(3), entry(3))).toEqual([
      send({
        type: "enter",
        room: "main",
        name: "Ann",
        device: DEVICE,
        after: at(2),
      }),
      emit(enteredAt(3), at(2)),
      showsPast(3),
    ]);
  });

  test("asks for a room that exists only as long as the member was not in it", () => {
    const client = connecting({ existing: true, cursor: at(2) });
    const first = {
      type: "enter",
      room: "main",
      name: "Ann",
      device: DEVICE,
      after: at(2),
    } as const;
    expect(happen(client, 0, CONNECTED)).toEqual([send({ ...first, existing: true })]);
    happen(client, 0, LOSS);
    expect(happen(client, 60_000, TICK, CONNECTED)).toContainEqual(
      send({ ...first, existing: true }),
    );
    happen(client, 60_000, welcome(2), LOSS);
    expect(happen(client, 120_000, TICK, CONNECTED)).toContainEqual(
      send({ ...first, after: at(2) }),
    );
  });

  describe("with a cursor and as many last entries as are wanted in any case", () => {
    const AGAIN = { history: 3, repeatsHistory: true };

    test("shows again those that were shown before, which stay shown, and then goes on", () => {
      const client = connecting({ ...AGAIN, cursor: at(7) });
      expect(happen(client, 0, CONNECTED)).toEqual([enter(at(4))]);
      const entries = [5, 6, 7, 8].map(entry);
      expect(happen(client, 0, welcome(7), ...entries)).toEqual([
        emit(enteredAt(7), at(7)),
        showsAgain(5),
        showsAgain(6),
        showsAgain(7),
        shows(8),
      ]);
    });

    test("of many that were missed shows the last, and how many more there are, also after a lost connection", () => {
      const client = connecting({ missed: 2, cursor: at(3) });
      happen(client, 0, CONNECTED);
      const more = (count: string) =>
        emit({
          type: "notice",
          code: "MISSED_MORE",
          message: `${count} not shown`,
          hint: "/history shows them",
        });
      expect(happen(client, 0, welcome(8), ...[4, 5, 6, 7, 8, 9].map(entry))).toEqual([
        emit(enteredAt(8), at(3)),
        more("3 earlier messages that you missed are"),
        showsPast(7),
        showsPast(8),
        shows(9),
      ]);
      happen(client, 0, LOSS, TICK, CONNECTED);
      const shown = happen(client, 0, welcome(12), ...[10, 11, 12].map(entry));
      expect(shown.slice(-3)).toEqual([
        more("1 earlier message that you missed is"),
        shows(11),
        shows(12),
      ]);
    });

    test("counts those that were missed among them", () => {
      const client = connecting({ ...AGAIN, cursor: at(5) });
      expect(happen(client, 0, CONNECTED)).toEqual([enter(at(2))]);
      const entries = [3, 4, 5, 6, 7].map(entry);
      expect(happen(client, 0, welcome(7), ...entries)).toEqual([
        emit(enteredAt(7), at(5)),
        showsAgain(5),
        showsPast(6),
        showsPast(7),
      ]);
    });

    test("shows all that was missed where that is more", () => {
      const client = connecting({ ...AGAIN, cursor: at(2) });
      expect(happen(client, 0, CONNECTED)).toEqual([enter(at(0))]);
      const entries = [1, 2, 3, 4, 5, 6].map(entry);
      expect(happen(client, 0, welcome(6), ...entries)).toEqual([
        emit(enteredAt(6), at(2)),
        ...[3, 4, 5, 6].map((sequence) => showsPast(sequence)),
      ]);
    });

    test("shows each of them once, also where the connection is lost in between", () => {
      const client = connecting({ ...AGAIN, cursor: at(7) });
      happen(client, 0, CONNECTED, welcome(7), entry(5));
      happen(client, 0, LOSS);
      expect(happen(client, 375, TICK, CONNECTED)).toContainEqual(enter(at(5)));
      expect(happen(client, 375, welcome(8), entry(6), entry(7), entry(8))).toEqual([
        emit(RECONNECTED, at(7)),
        showsAgain(6),
        showsAgain(7),
        shows(8),
      ]);
    });

    test("shows the last ones of a log that was cut short, and from there on what is new", () => {
      const client = connecting({ ...AGAIN, cursor: at(9) });
      expect(happen(client, 0, CONNECTED)).toEqual([enter(at(6))]);
      expect(happen(client, 0, welcome(7), entry(7), entry(8))).toEqual([
        emit(enteredAt(7), at(7)),
        showsAgain(7),
        shows(8),
      ]);
    });
  });

  test("with a cursor in another log shows its last entries, however many are wanted at first", () => {
    const client = connecting({ cursor: at(9), history: 0 });
    expect(happen(client, 0, CONNECTED, welcome(2, "other"), entry(1), entry(2))).toEqual([
      enter(at(9)),
      emit(enteredAt(2)),
      showsPast(1, "other"),
      showsPast(2, "other"),
    ]);
  });

  test("sends what an earlier run of the device has said, oldest first", () => {
    const unstored = [
      { number: 3, text: "three" },
      { number: 5, text: "five" },
    ];
    const client = entering({ unstored });
    expect(happen(client, 0, welcome(0))).toEqual([
      emit(ENTERED, at(0)),
      enteredLog(),
      sendSay(3, "three"),
      sendSay(5, "five"),
    ]);
  });

  test("sends what was said in one conversation only there, and names what stays", () => {
    const unstored = [
      { number: 3, text: "of another", log: "other" },
      { number: 4, text: "named before", log: "other", isNamed: true },
      { number: 5, text: "of this one", log: "log" },
      { number: 6, text: "of what it is a copy of", log: "copy.log" },
    ] as const;
    const client = entering({ unstored });
    const otherConversation = new CharlaError(
      "OTHER_CONVERSATION",
      "this is a new conversation of the same server; a message that was written for another one is not sent here",
      "kept, and sent when you join that one again; if this one replaces it, write it again",
    );
    expect(happen(client, 0, welcome(0, "log"))).toEqual([
      emit(ENTERED, at(0)),
      names([3], { ...notice(otherConversation), kept: ["of another"] }),
      sendSay(5, "of this one"),
      sendSay(6, "of what it is a copy of"),
    ]);
    expect(happen(client, 0, LOSS, say(7))).toEqual([emit(DISCONNECTED), waits(7)]);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0, "third.log"))).toEqual([
      CONNECT,
      enter(at(0)),
      emit(RECONNECTED, at(0, "third.log")),
      sendSay(5, "of this one"),
      sendSay(6, "of what it is a copy of"),
      sendSay(7),
    ]);
  });

  test("gives up what was said in this run for another conversation, and says so once", () => {
    const unstored = [{ number: 3, text: "of an earlier run", log: "log" }];
    const client = after(joined({ unstored }), LOSS, say(4), say(5));
    const ofEach = new CharlaError(
      "OTHER_CONVERSATION",
      "this is a new conversation of the same server; a message that was written for another one is not sent here",
      "write it again if this one replaces it",
    );
    const ofAll = new CharlaError(
      "OTHER_CONVERSATION",
      "this is a new conversation of the same server; 3 messages that were written for another one are not sent here",
      "write them again if this one replaces it; one is from before this start, and kept: sent when you join that one again",
    );
    expect(happen(client, 375, TICK, CONNECTED, welcome(0, "other"))).toEqual([
      CONNECT,
      enter(at(0)),
      emit(RECONNECTED, at(0, "other")),
      notStored(4, false, ofEach),
      notStored(5, false, ofEach),
      names([3], { ...notice(ofAll), kept: ["of an earlier run"] }),
    ]);
    expect(happen(client, 400, say(6), LOSS)).toEqual([
      sendSay(6),
      emit({ type: "said", text: "text 6" }),
      emit(DISCONNECTED),
    ]);
    const again = happen(client, 1_500, TICK, CONNECTED, welcome(0, "log"));
    expect(again.slice(3)).toEqual([notStored(6, false, ofEach), names([], notice(ofEach))]);
  });

  test("is not kept for the next run where the one who said it says it again", () => {
    const unstored = [{ number: 3, text: "three", log: "log" }];
    const client = after(joined({ unstored, keepsUnsaid: false }), LOSS, say(4));
    expect(happen(client, 0, LEAVE_AT_ONCE)).toEqual([
      notStored(3, true),
      notStored(4, false),
      {
        type: "over",
        event: { type: "ended", reason: "left", unsaid: ["three", "text 4"], kept: ["three"] },
        error: null,
      },
    ]);
  });

  test("is not kept for the next run where the log is gone with its server", () => {
    const stopped: ClientEvent = {
      type: "ended",
      end: { type: "lost", error: LOST, isStopped: true },
    };
    const unstored = [{ number: 3, text: "three", log: "log" }];
    const inTemporary = (...events: ClientEvent[]) =>
      after(
        create({ unstored }),
        TICK,
        CONNECTED,
        welcomed({ temporary: true }),
        say(4),
        ...events,
      );
    const gone = (reason: "left" | "peer-left"): Action[] => [
      notStored(3, false),
      notStored(4, false),
      { type: "over", event: { type: "ended", reason, unsaid: ["three", "text 4"] }, error: null },
    ];
    expect(happen(inTemporary(stopped), 0, LEAVE_AT_ONCE)).toEqual(gone("left"));
    expect(happen(inTemporary(), 0, closed())).toEqual(gone("peer-left"));
    const error = new CharlaError("WRONG_SECRET", "not this invitation", "ask for another");
    const refused: ClientEvent = { type: "connect-failed", error, isTemporary: false };
    const taken = inTemporary(LOSS);
    happen(taken, 60_000, TICK);
    expect(happen(taken, 60_000, refused)).toContainEqual(notStored(4, false));

    // It may be the network alone; and a server that keeps its log, or still has this one, may have taken its place.
    expect(happen(inTemporary(LOSS), 0, LEAVE_AT_ONCE)).toContainEqual(notStored(4, true));
    expect(happen(after(joined(), say(4), stopped), 0, LEAVE_AT_ONCE)[0]).toEqual(
      notStored(4, true),
    );
    const back = inTemporary(stopped);
    happen(back, 60_000, TICK, CONNECTED, welcomed({ temporary: true }), LOSS);
    expect(happen(back, 60_000, LEAVE_AT_ONCE)).toContainEqual(notStored(4, true));
  });

  test("does not wait, when it leaves, for what stays for another conversation", () => {
    const client = after(joined(), LOSS, say(0), LEAVE);
    happen(client, 375, TICK, CONNECTED);
    const actions = happen(client, 375, welcome(0, "other"), closed());
    expect(actions.map(({ type }) => type)).toEqual([
      "emit",
      "not-stored",
      "emit",
      "close",
      "over",
    ]);
    expect(actions.at(-1)).toEqual(over("left"));
  });

  test("that the connection does not outlive is no return to the room", () => {
    const client = entering();
    expect(happen(client, 0, LOSS)).toEqual([emit(DISCONNECTED)]);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0))).toEqual([
      CONNECT,
      enter(),
      emit(ENTERED, at(0)),
    ]);
  });
});

describe("a message", () => {
  test("is sent, sent again every 2 s until it is stored, and then no more", () => {
    const client = joined();
    expect(happen(client, 100, say(0))).toEqual([sendSay(0), said(0)]);
    expect(wakeAt(client)).toBe(2_100);
    expect(happen(client, 2_099, TICK)).toEqual([]);
    expect(happen(client, 2_100, TICK)).toEqual([sendSay(0)]);
    expect(happen(client, 4_100, TICK)).toEqual([sendSay(0)]);
    expect(happen(client, 4_200, own(1, 0))).toEqual(delivered(0, 1));
    expect(wakeAt(client)).toBe(NEVER);
    expect(happen(client, 9_000, TICK, own(1, 0))).toEqual([]);
  });

  test("that waits behind others is not sent again before the oldest, 2 s after the last was sent", () => {
    const client = joined();
    happen(client, 0, say(0));
    happen(client, 1_900, say(1));
    expect(wakeAt(client)).toBe(3_900);
    expect(happen(client, 3_900, TICK)).toEqual([sendSay(0)]);
    expect(happen(client, 4_000, own(1, 0))).toEqual(delivered(0, 1));
    expect(happen(client, 5_900, TICK)).toEqual([sendSay(1)]);
  });

  test("waits while there is no connection, and is sent in its order when the member is in the room", () => {
    const client = connecting();
    expect(happen(client, 0, say(0))).toEqual([waits(0)]);
    expect(happen(client, 0, CONNECTED, say(1))).toEqual([enter(), waits(1)]);
    expect(happen(client, 0, welcome(0), say(2))).toEqual([
      emit(ENTERED, at(0)),
      enteredLog(),
      sendSay(0),
      sendSay(1),
      sendSay(2),
      said(2),
    ]);
  });

  test("that is not known to be stored is sent again over the next connection, and delivered once", () => {
    const client = after(joined(), say(0), say(1), say(2), own(1, 0));
    expect(happen(client, 0, LOSS, say(3))).toEqual([emit(DISCONNECTED), waits(3)]);
    expect(happen(client, 375, TICK, CONNECTED, welcome(2))).toEqual([
      CONNECT,
      enter(at(1)),
      emit(RECONNECTED, at(1)),
      sendSay(1),
      sendSay(2),
      sendSay(3),
    ]);
    expect(happen(client, 400, own(1, 0), own(2, 1), own(3, 2), own(2, 1), own(4, 3))).toEqual([
      ...delivered(1, 2),
      ...delivered(2, 3),
      ...delivered(3, 4),
    ]);
  });

  test("that was stored in another run is delivered, though entries after it were shown", () => {
    const client = entering({ cursor: at(8), unstored: [{ number: 0, text: "text 0" }] });
    expect(happen(client, 0, welcome(8), own(5, 0))).toEqual([
      emit(enteredAt(8), at(8)),
      enteredLog(),
      sendSay(0),
      emit({ type: "delivered", text: "text 0", sequence: 5, time: 1_000, earlier: true }),
      { type: "stored", number: 0 },
    ]);
  });

  test("of the same number from another device is a message like any other", () => {
    const client = after(joined(), say(1));
    expect(happen(client, 0, entry(1))).toEqual([shows(1)]);
    expect(wakeAt(client)).toBe(2_000);
  });

  test("that is refused is not sent again, and the device forgets it", () => {
    const client = after(joined(), say(0));
    const error = expect.objectContaining({
      code: "REFUSED",
      message: "you are muted",
      hint: "only the owner or an operator can /unmute you",
    });
    expect(happen(client, 0, refused(0), refused(0), refused(7))).toEqual([
      notStored(0, false, error),
    ]);
    expect(wakeAt(client)).toBe(NEVER);
    expect(happen(client, 0, LOSS)).toEqual([emit(DISCONNECTED)]);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0))).toEqual([
      CONNECT,
      enter(at(0)),
      emit(RECONNECTED, at(0)),
    ]);
  });

  test("can be withdrawn until it was sent, and no longer", () => {
    const client = after(entering(), say(0), say(1));
    expect(happen(client, 0, withdraw(0))).toEqual([notStored(0, false, "not now")]);
    expect(happen(client, 0, welcome(0))).toEqual([emit(ENTERED, at(0)), enteredLog(), sendSay(1)]);
    expect(happen(client, 0, withdraw(1), withdraw(0), withdraw(7))).toEqual([]);
    expect(happen(client, 0, LOSS, withdraw(1))).toEqual([emit(DISCONNECTED)]);
    expect(happen(client, 375, TICK, CONNECTED, welcome(0)).at(-1)).toEqual(sendSay(1));
  });

  test("of an earlier run cannot be withdrawn: it may have been sent", () => {
    const client = entering({ unstored: [{ number: 0, text: "text 0" }] });
    expect(happen(client, 0, withdraw(0))).toEqual([]);
  });

  test("is refused when it is too long, when too many wait, and when the member leaves", () => {
    const client = joined();
    expect(refuseToSay(client, "x".repeat(10_000))).toBeNull();
    expect(refuseToSay(client, "x".repeat(10_001))).toMatchObject({ code: "MESSAGE_TOO_LONG" });
    for (let number = 0; number < 1_000; number += 1) happen(client, 0, say(number));
    expect(refuseToSay(client, "one more")).toMatchObject({ code: "TOO_MANY_WAITING" });
    happen(client, 0, LEAVE);
    expect(refuseToSay(client, "")).toMatchObject({ code: "CONVERSATION_OVER" });
    happen(client, 0, LOSS);
    expect(refuseToSay(client, "")).toMatchObject({ code: "CONVERSATION_OVER" });
  });
});

/** What is to be kept: the log, and of the entry the sequence number and the text. */
const keepsOf = (actions: readonly Action[]) =>
  actions.flatMap((action) =>
    action.type === "keep" ? [[action.log, action.entry.sequence, action.entry.text]] : [],
  );

const noted = (number: number): ClientEvent => ({
  type: "noted",
  note: encodeStored(number, 70 + number),
});
const stored = (number: number): Action => ({ type: "stored", number });
/** When the last message was said, in the following. */
const SAID = 1_000;

function saying(...numbers: number[]): RoomClient {
  const client = joined();
  happen(client, SAID, ...numbers.map((number) => say(number)));
  return client;
}

describe("a note that messages are stored (docs/protocol.md s. 18.5)", () => {
  test("ends the waiting for those up to its number, and each is delivered where it comes back in the log", () => {
    const client = saying(1, 2, 3);
    expect(happen(client, SAID, noted(2), noted(2))).toEqual([stored(1), stored(2)]);
    const back = [entry(1), own(2, 1), own(3, 2), own(4, 3)];
    expect(happen(client, SAID, ...back)).toEqual([
      shows(1),
      ...delivered(1, 2).slice(0, 1),
      ...delivered(2, 3).slice(0, 1),
      ...delivered(3, 4),
    ]);
    expect(wakeAt(client)).toBe(NEVER);
    expect(client.echoing.size).toBe(0);
  });

  test("has them not sent again, neither after a while nor over the next connection", () => {
    const client = saying(1, 2);
    happen(client, SAID, noted(1));
    expect(sent(happen(client, SAID + 2_000, TICK))).toEqual([sendSay(2)]);
    happen(client, SAID + 2_000, LOSS);
    expect(sent(happen(client, 60_000, TICK, CONNECTED, welcome(0)))).toEqual([
      enter(at(0)),
      sendSay(2),
    ]);
    expect(happen(client, 60_000, own(1, 1))).toEqual(delivered(1, 1).slice(0, 1));
  });

  test("makes nobody wait for more than 1,000 messages, for stored ones are not among these", () => {
    const client = joined();
    for (let number = 0; number < 1_000; number += 1) happen(client, 0, say(number));
    expect(refuseToSay(client, "one more")).not.toBeNull();
    happen(client, 0, noted(999));
    expect(refuseToSay(client, "one more")).toBeNull();
  });

  test("lets the member leave once they have come back, or have not for 2 s, as when they were deleted", () => {
    const client = saying(1, 2);
    happen(client, SAID, noted(2));
    expect(happen(client, SAID, LEAVE)).toEqual([]);
    expect(happen(client, SAID, own(1, 1), own(2, 2)).at(-1)).toEqual(CLOSE);
    const other = saying(1, 2);
    happen(other, SAID, LEAVE, noted(2));
    happen(other, SAID + 500, own(1, 1));
    expect(happen(other, SAID + 1_000, TICK).filter(({ type }) => type === "close")).toEqual([]);
    expect(wakeAt(other)).toBe(SAID + 2_500);
    expect(happen(other, SAID + 2_500, TICK)).toEqual([CLOSE]);
  });

  test("counts them neither as unsaid at the end, nor in another log", () => {
    const client = saying(1);
    happen(client, SAID, noted(1));
    expect(happen(client, SAID, LEAVE_AT_ONCE, closed())).toEqual([ABORT, over("left")]);
    const other = saying(1);
    happen(other, SAID, noted(1), LOSS);
    happen(other, 60_000, TICK, CONNECTED, welcome(0, "other"));
    expect(happen(other, 60_000, LEAVE)).toEqual([CLOSE]);
  });

  test("says nothing when it is none, or comes outside the room", () => {
    const client = saying(1);
    const note = new TextEncoder().encode('{"later":1}');
    expect(happen(client, SAID, { type: "noted", note }, LOSS, noted(1)).slice(1)).toEqual([]);
  });
});

describe("entries", () => {
  test("that come again over another connection are not shown again", () => {
    const client = after(joined(), entry(1), entry(2), LOSS);
    expect(happen(client, 375, TICK, CONNECTED)).toEqual([CONNECT, enter(at(2))]);
    expect(happen(client, 375, welcome(3), entry(1), entry(2), entry(3))).toEqual([
      emit(RECONNECTED, at(2)),
      shows(3),
    ]);
  });

  test("are kept once, this end's own among them, where that is wanted", () => {
    const client = after(joined({ keepsEntries: true }), say(0));
    expect(keepsOf(happen(client, 0, entry(1), own(2, 0), entry(3)))).toEqual([
      ["log", 1, "entry 1"],
      ["log", 2, "text 0"],
      ["log", 3, "entry 3"],
    ]);
    happen(client, 0, LOSS);
    happen(client, 375, TICK, CONNECTED, welcome(4));
    expect(keepsOf(happen(client, 375, entry(3), entry(4)))).toEqual([["log", 4, "entry 4"]]);
    expect(keepsOf(happen(joined(), 0, entry(1)))).toEqual([]);
  });

  test("of another log are shown, whatever was shown of the one before", () => {
    const client = after(joined(), entry(9), LOSS);
    expect(happen(client, 375, TICK, CONNECTED)).toEqual([CONNECT, enter(at(9))]);
    expect(happen(client, 375, welcome(2, "other"), entry(1), entry(2))).toEqual([
      emit(RECONNECTED),
      shows(1, "other"),
      shows(2, "other"),
    ]);
  });

  test("of a log that was cut short are shown from where it was cut", () => {
    const client = after(joined(), entry(9), LOSS);
    happen(client, 375, TICK, CONNECTED);
    expect(happen(client, 375, welcome(5), entry(5), entry(6))).toEqual([
      emit(RECONNECTED, at(5)),
      shows(6),
    ]);
  });

  test("are not shown twice after a second welcome, and what is not stored is sent again", () => {
    const client = after(joined(), entry(1), say(0));
    expect(happen(client, 50, welcome(1), entry(1), entry(2))).toEqual([
      emit(RECONNECTED, at(1)),
      sendSay(0),
      shows(2),
    ]);
    expect(wakeAt(client)).toBe(2_050);
  });

  test("that another window of the same person has changed its name is this one's new name", () => {
    expect(afterRename("Anna")).toContainEqual(enter(at(0), "Anna"));
    expect(afterRename("Anna", "Bob")).toContainEqual(enter(at(0), "Ann"));
  });

  test("and news of members are emitted as they come", () => {
    const client = joined();
    const eve = { name: "Eve", fingerprint: "key of Eve", away: false };
    expect(
      happen(
        client,
        0,
        received({ type: "joined", ...eve }),
        received({ type: "away", name: "Eve", away: true }),
        received({ type: "renamed", from: "Eve", to: "Eva" }),
        received({ type: "left", name: "Eva", reason: "removed" }),
      ),
    ).toEqual([
      emit({ type: "joined", peer: "Eve", fingerprint: "key of Eve", away: false }),
      emit({ type: "away", peer: "Eve", away: true }),
      emit({ type: "renamed", from: "Eve", to: "Eva" }),
      emit({ type: "left", peer: "Eva", reason: "removed" }),
    ]);
  });
});

test("a notice of the server is emitted as the event of that name, with the hint that it has", () => {
  const client = joined();
  const full = { type: "notice", code: "FULL", message: "the disk is 80 % full" } as const;
  expect(
    happen(client, 0, received(full), received({ ...full, hint: "delete something" })),
  ).toEqual([emit(full), emit({ ...full, hint: "delete something" })]);
});

const rights = (operator: boolean, muted: boolean) =>
  ({ type: "rights", operator, muted }) as const;
const welcomed = (given: { operator?: boolean; muted?: boolean; temporary?: boolean }) =>
  received({
    type: "welcome",
    room: "main",
    name: "Ann",
    owner: false,
    ...given,
    log: "log",
    last: 0,
    members: [],
  });

describe("what a member may do", () => {
  test("is part of the event of entering, and an event of its own when it changes", () => {
    const client = entering();
    const event = { ...ENTERED, operator: true, muted: true };
    expect(happen(client, 0, welcomed({ operator: true, muted: true }))).toEqual([
      emit(event, at(0)),
    ]);
    const same = received(rights(true, true));
    expect(happen(client, 0, same, received(rights(true, false)))).toEqual([
      emit(rights(true, false)),
    ]);
  });

  test("may have changed while the connection was lost", () => {
    const client = joined();
    happen(client, 0, LOSS);
    expect(happen(client, 375, TICK, CONNECTED, welcomed({ operator: true })).slice(2)).toEqual([
      emit(RECONNECTED, at(0)),
      emit(rights(true, false)),
    ]);
  });
});

const bytes = (text: string): ClientEvent => ({
  type: "received",
  message: new TextEncoder().encode(text),
});

test("a frame of a later version is ignored, and one that breaks the protocol ends the channel", () => {
  const client = joined();
  expect(happen(client, 0, bytes('{"type":"dance"}'))).toEqual([]);
  expect(happen(client, 0, bytes('{"type":"left"}'))).toEqual([
    { type: "abort", reason: "left: name is not valid" },
  ]);
  expect(happen(client, 0, LOSS)).toEqual([emit(DISCONNECTED)]);
  expect(happen(client, 375, TICK)).toEqual([CONNECT]);
});

describe("leaving", () => {
  test("while an attempt is made cancels it, and closes the channel that it still gives", () => {
    const client = connecting();
    expect(happen(client, 0, LEAVE)).toEqual([CANCEL, over("left")]);
    expect(happen(client, 0, CONNECTED)).toEqual([CLOSE]);
    expect(happen(client, 0, failed(true), welcome(0), closed(), LEAVE, TICK)).toEqual([]);
  });

  test("between two attempts is over at once", () => {
    const client = after(connecting(), failed(true));
    expect(happen(client, 0, LEAVE)).toEqual([over("left")]);
    expect(wakeAt(client)).toBe(NEVER);
  });

  test.each([
    ["entering", entering],
    ["joined", joined],
  ])("while %s closes the channel, and is over when that has ended", (_, create) => {
    const client = create();
    expect(happen(client, 0, LEAVE)).toEqual([CLOSE]);
    expect(wakeAt(client)).toBe(NEVER);
    expect(happen(client, 0, closed("goodbye"))).toEqual([over("left")]);
  });

  test("shows what comes until the channel has ended", () => {
    const client = after(joined(), LEAVE);
    expect(happen(client, 0, entry(1), closed())).toEqual([shows(1), over("left")]);
  });

  test("waits until everything is stored, and says after a second what it waits for, once", () => {
    const client = after(joined(), say(0), say(1));
    expect(happen(client, 100, LEAVE)).toEqual([]);
    expect(wakeAt(client)).toBe(1_100);
    expect(happen(client, 1_100, TICK)).toEqual([leavingNotice("2 messages are")]);
    expect(wakeAt(client)).toBe(2_000);
    expect(happen(client, 2_000, TICK)).toEqual([sendSay(0)]);
    expect(happen(client, 2_100, own(1, 0))).toEqual(delivered(0, 1));
    expect(happen(client, 2_200, own(2, 1))).toEqual([...delivered(1, 2), CLOSE]);
    expect(happen(client, 2_300, closed())).toEqual([over("left")]);
  });

  test("says of a single message that it is one", () => {
    const client = after(joined(), say(0), LEAVE);
    expect(happen(client, 1_000, TICK)).toEqual([leavingNotice("a message is")]);
  });

  test("waits for what is refused no longer", () => {
    const client = after(joined(), say(0), LEAVE);
    expect(happen(client, 0, refused(0)).at(-1)).toEqual(CLOSE);
  });

  test("waits for the first attempt when something is to be said", () => {
    const client = after(connecting(), say(0), LEAVE);
    expect(happen(client, 0, CONNECTED, welcome(0), own(1, 0), closed())).toEqual([
      enter(),
      emit(ENTERED, at(0)),
      enteredLog(),
      sendSay(0),
      ...delivered(0, 1),
      CLOSE,
      over("left"),
    ]);
  });

  test("ends with the reason where that attempt fails", () => {
    const client = after(connecting(), say(0), LEAVE);
    expect(happen(client, 0, failed(true))).toEqual([
      notStored(0, false),
      { type: "over", event: null, error: NOBODY },
    ]);
  });

  test("asks to be let in again, as it does otherwise", () => {
    const client = after(entering(), say(0), LEAVE);
    expect(happen(client, 2_000, TICK)).toEqual([enter(), leavingNotice("a message is")]);
  });

  test("waits no longer when the connection is lost, or cannot be made again", () => {
    const lost = after(joined(), say(0), LEAVE);
    expect(happen(lost, 0, LOSS)).toEqual([notStored(0, true), over("left", "text 0")]);
    const again = after(joined(), say(0), LOSS);
    happen(again, 375, TICK, LEAVE);
    expect(happen(again, 375, failed(true))).toEqual([notStored(0, true), over("left", "text 0")]);
  });

  test("a second time is done at once: the channel is aborted", () => {
    const client = after(joined(), say(0), LEAVE);
    expect(happen(client, 0, LEAVE)).toEqual([ABORT]);
    expect(happen(client, 0, closed())).toEqual([notStored(0, true), over("left", "text 0")]);
    const closing = after(joined(), LEAVE);
    expect(happen(closing, 0, LEAVE)).toEqual([ABORT]);
  });

  test("at once does not wait for what is not stored", () => {
    const event = { type: "ended", reason: "left", unsaid: ["text 0"] } as const;
    const dropped = { type: "over", event, error: null } as const;
    expect(happen(after(connecting(), say(0)), 0, LEAVE_AT_ONCE)).toEqual([
      CANCEL,
      notStored(0, false),
      dropped,
    ]);
    for (const [client, end] of [
      [after(entering(), say(0)), dropped],
      [after(joined(), say(0)), over("left", "text 0")],
    ] as const) {
      expect(happen(client, 0, LEAVE_AT_ONCE)).toEqual([ABORT]);
      expect(happen(client, 0, LOSS).at(-1)).toEqual(end);
    }
    expect(happen(create(), 0, LEAVE_AT_ONCE)).toEqual([over("left")]);
  });

  test("is not what the message `bye` means: it is stored, and the next one is sent", () => {
    const client = joined();
    expect(happen(client, 0, say(0, "bye"))).toEqual([
      sendSay(0, "bye"),
      emit({ type: "said", text: "bye" }),
    ]);
    expect(happen(client, 0, own(1, 0, "bye"))).toEqual([
      emit({ type: "delivered", text: "bye", sequence: 1, time: 1_000 }, at(1)),
      { type: "stored", number: 0 },
    ]);
    expect(happen(client, 0, say(1))).toEqual([sendSay(1), emit({ type: "said", text: "text 1" })]);
  });

  test("with a `bye` that is not stored leaves it with the device, as it does every message", () => {
    const client = after(joined(), say(0), say(1, "bye"), LEAVE);
    expect(happen(client, 0, LOSS)).toEqual([
      notStored(0, true),
      notStored(1, true),
      over("left", "text 0", "bye"),
    ]);
  });

  test("shows what is to stand below what was said before when that is shown, and once", () => {
    const event = { type: "invitation", invitation: "charla://h/main#K" } as const;
    const client = entering({ belowPast: event });
    expect(happen(client, 0, welcome(2))).toEqual([emit(enteredAt(2), at(0))]);
    expect(happen(client, 0, entry(1))).toEqual([showsPast(1)]);
    expect(happen(client, 0, entry(2), entry(3))).toEqual([showsPast(2), emit(event), shows(3)]);
    const empty = entering({ belowPast: event });
    expect(happen(empty, 0, welcome(0), entry(1))).toEqual([
      emit(event),
      emit(ENTERED, at(0)),
      shows(1),
    ]);
  });

  test("keeps no goodbye for the next run, which was withdrawn as soon as it was sent", () => {
    const client = after(joined(), say(0), say(1, "bye"), withdraw(1), LEAVE);
    expect(happen(client, 0, LOSS)).toEqual([
      notStored(0, true),
      notStored(1, false),
      {
        type: "over",
        event: { type: "ended", reason: "left", unsaid: ["text 0", "bye"], kept: ["text 0"] },
        error: null,
      },
    ]);
  });

  test("is over when the last message is withdrawn that it waits for", () => {
    const client = after(connecting(), say(0), LEAVE);
    expect(happen(client, 0, withdraw(0))).toEqual([
      notStored(0, false, "not now"),
      CANCEL,
      over("left"),
    ]);
  });

  test("leaves with the device what an earlier run has said, also where no server was reached", () => {
    const client = after(connecting({ unstored: [{ number: 0, text: "old" }] }), say(1));
    expect(happen(client, 0, failed(false))).toEqual([
      notStored(0, true),
      notStored(1, false),
      { type: "over", event: null, error: NOBODY },
    ]);
  });
});

describe("a session that the server ends for a fault", () => {
  const fault: ClientEvent = { type: "ended", end: { type: "failed", reason: "a bug" } };

  test("is made again by a member that was in the room, and what it asked is not answered", () => {
    const client = after(joined(), askWho(1));
    expect(happen(client, 0, fault)).toEqual([
      unanswered(1, NOT_CONNECTED),
      emit({ type: "disconnected", message: "a bug" }),
    ]);
    expect(happen(client, 60_000, TICK, CONNECTED, welcome(0)).at(-1)).toEqual(
      emit(RECONNECTED, at(0)),
    );
  });

  test("is the end of a member that is not in the room yet, with the reason", () => {
    expect(happen(entering(), 0, fault)).toEqual([
      emit({ type: "notice", code: "SERVER_SAYS", message: "a bug" }),
      over("peer-left"),
    ]);
  });
});

describe("a connection that is lost again before the member is back in the room", () => {
  test("as at a server that is closing, is reported once; and again after the member was in", () => {
    const client = joined();
    expect(happen(client, 0, LOSS)).toEqual([emit(DISCONNECTED)]);
    expect(happen(client, 60_000, TICK, CONNECTED, LOSS)).not.toContainEqual(emit(DISCONNECTED));
    expect(happen(client, 120_000, TICK, CONNECTED, welcome(0)).at(-1)).toEqual(
      emit(RECONNECTED, at(0)),
    );
    expect(happen(client, 120_000, LOSS)).toEqual([emit(DISCONNECTED)]);
  });

  test("is reported when the server then says why", () => {
    const fault: ClientEvent = { type: "ended", end: { type: "failed", reason: "a bug" } };
    const client = after(joined(), LOSS);
    const later = happen(client, 60_000, TICK, CONNECTED, fault, TICK);
    expect(later).toContainEqual(emit({ type: "disconnected", message: "a bug" }));
  });
});

describe("the server's goodbye", () => {
  test.each([
    ["entering", entering],
    ["joined", joined],
  ])("is the end while %s, with the reason as a notice", (_, create) => {
    const notice: RoomEvent = { type: "notice", code: "SERVER_SAYS", message: "closed for today" };
    expect(happen(create(), 0, closed("closed for today"))).toEqual([
      emit(notice),
      over("peer-left"),
    ]);
    expect(happen(create(), 0, closed())).toEqual([over("peer-left")]);
  });

  test("while leaving is the end of that, with what is not known to be stored", () => {
    const client = after(joined(), say(0), LEAVE);
    expect(happen(client, 0, closed("full"))).toEqual([
      emit({ type: "notice", code: "SERVER_SAYS", message: "full" }),
      notStored(0, true),
      over("left", "text 0"),
    ]);
  });
});

describe("a refusal", () => {
  const error = new CharlaError("KICKED", "you were kicked by Bob", "join again");
  const refusal: ClientEvent = { type: "ended", end: { type: "refused", error } };

  test("of a member that was never in the room is its error alone, and the end", () => {
    const client = entering();
    expect(happen(client, 0, refusal)).toEqual([{ type: "over", event: null, error }]);
    expect(wakeAt(client)).toBe(NEVER);
  });

  test("of one that is in it ends it as removed with what is not known to be stored, also while it leaves", () => {
    const ended = {
      type: "ended",
      reason: "removed",
      unsaid: ["text 0"],
      kept: ["text 0"],
    } as const;
    const removed: Action[] = [notStored(0, true), { type: "over", event: ended, error }];
    expect(happen(after(joined(), say(0)), 0, refusal)).toEqual(removed);
    expect(happen(after(joined(), say(0), LEAVE), 0, refusal)).toEqual(removed);
  });

  test("of one that has closed the channel means nothing any more", () => {
    expect(happen(after(joined(), LEAVE), 0, refusal)).toEqual([over("left")]);
  });
});

describe("a question", () => {
  test("is sent in the room, and answered by its number, once", () => {
    const client = joined();
    expect(happen(client, 0, askWho(4), askWho(5))).toEqual([
      send({ type: "who", request: 4 }),
      send({ type: "who", request: 5 }),
    ]);
    const answer = { type: "people" as const, request: 5, members: [] };
    expect(happen(client, 0, received(answer), received(answer))).toEqual([
      { type: "answer", request: 5, answer },
    ]);
  });

  test("cannot be asked without a connection, nor when it is over", () => {
    const lost = after(joined(), LOSS);
    for (const client of [create(), connecting(), entering(), lost]) {
      expect(happen(client, 0, askWho(0))).toEqual([unanswered(0, NOT_CONNECTED)]);
    }
    for (const client of [after(joined(), LEAVE), after(connecting(), LEAVE)]) {
      expect(happen(client, 0, askWho(0))).toEqual([unanswered(0, OVER)]);
    }
  });

  test("may be asked while leaving waits for what is not stored", () => {
    const client = after(joined(), say(0), LEAVE);
    expect(happen(client, 0, askWho(0))).toEqual([send({ type: "who", request: 0 })]);
  });

  test("fails when the connection is lost", () => {
    const client = after(joined(), askWho(0), askWho(1));
    expect(happen(client, 0, LOSS)).toEqual([
      unanswered(0, NOT_CONNECTED),
      unanswered(1, NOT_CONNECTED),
      emit(DISCONNECTED),
    ]);
  });

  test("is one of at most a hundred that wait", () => {
    const client = joined();
    for (let request = 0; request < 100; request += 1) happen(client, 0, askWho(request));
    const full = expect.objectContaining({ code: "TOO_MANY_WAITING" });
    expect(happen(client, 0, askWho(100))).toEqual([unanswered(100, full)]);
    happen(client, 0, received({ type: "people", request: 0, members: [] }));
    expect(happen(client, 0, askWho(101))).toEqual([send({ type: "who", request: 101 })]);
  });

  test("that is not waited for any more fails with the reason, and its answer is ignored", () => {
    const client = after(joined(), askWho(0));
    const stop: ClientEvent = { type: "stop-asking", request: 0, reason: "too slow" };
    expect(happen(client, 0, stop, stop)).toEqual([unanswered(0, "too slow")]);
    expect(happen(client, 0, received({ type: "people", request: 0, members: [] }))).toEqual([]);
  });

  test("for another name gives the one with which the member comes in again, if it is done", () => {
    const client = joined();
    const taken = { type: "failed", request: 1, code: "NAME_TAKEN", message: "taken" } as const;
    happen(client, 0, askRename(0, "Anna"), received({ type: "done", request: 0 }));
    happen(client, 0, askRename(1, "Bob"), received(taken), LOSS);
    expect(happen(client, 375, TICK, CONNECTED)).toEqual([CONNECT, enter(at(0), "Anna")]);
  });
});

describe("the wait before another attempt", () => {
  test("is up to twice the one before, and at most half a minute", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => connectDelay(attempts, 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect(connectDelay(2_000, 1)).toBe(30_000);
  });

  test("is at most five seconds for two minutes after the server was reached last", () => {
    const asked: number[] = [];
    const retryDelay = (_attempts: number, _random: number, longest: number) => {
      asked.push(longest);
      return 1_000;
    };
    const client = after(joined({ retryDelay }), LOSS);
    happen(client, 119_000, TICK, failed(true));
    happen(client, 121_000, TICK, failed(true));
    expect(asked).toEqual([5_000, 5_000, 30_000]);
    expect(connectDelay(9, 1, 5_000)).toBe(5_000);
  });

  test("is half left to chance", () => {
    expect([connectDelay(1, 0), connectDelay(1, 0.5), connectDelay(1, 1)]).toEqual([250, 375, 500]);
    expect([connectDelay(9, 0), connectDelay(9, 1)]).toEqual([15_000, 30_000]);
  });
});

/** What a driver would have at hand after the actions; throws when one of them cannot be carried out. */
function createDriver() {
  let attempting = false;
  let open = false;
  let over = false;
  const waiting = new Set<string>();
  const settle = (what: string) => {
    if (!waiting.delete(what)) throw new Error(`${what} is settled twice`);
  };
  return {
    waiting,
    state: () => (over ? "over" : attempting ? "attempting" : open ? "open" : "idle"),
    expect: (event: ClientEvent) => {
      if (event.type === "connected") [attempting, open] = [false, true];
      if (event.type === "connect-failed") attempting = false;
      if (event.type === "ended") open = false;
      if (event.type === "say") waiting.add(`message ${event.number}`);
      if (event.type === "ask") waiting.add(`question ${event.request}`);
    },
    carryOut(action: Action) {
      if (over && action.type !== "fail-question") throw new Error(`${action.type} after the end`);
      switch (action.type) {
        case "connect":
          if (attempting || open) throw new Error("a second attempt, or a second channel");
          attempting = true;
          break;
        case "cancel-connect":
          if (!attempting) throw new Error("there is no attempt");
          attempting = false;
          break;
        case "send":
        case "close":
        case "abort":
          if (!open) throw new Error(`${action.type} without a channel`);
          break;
        case "stored":
        case "not-stored":
          settle(`message ${action.number}`);
          break;
        case "answer":
        case "fail-question":
          settle(`question ${action.request}`);
          break;
        case "over":
          if (open || attempting) throw new Error("something is left open");
          over = true;
          break;
        case "emit":
        case "keep":
        case "look":
        case "entered-log":
          break;
      }
    },
  };
}

test("whatever happens in whatever order, actions can be carried out, and everything is settled once", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seededRandom(seed);
    const client = create({ random: () => random.fraction(), hasOtherWindows: true });
    const driver = createDriver();
    let now = 0;
    let number = 0;
    let sequence = 0;
    for (let count = 0; count < 60 && driver.state() !== "over"; count += 1) {
      const possible: ClientEvent[] = [TICK, TICK, TICK, say(number), askWho(number)];
      possible.push(withdraw(random.between(0, number)));
      possible.push({ type: "stop-asking", request: random.between(0, number), reason: "" });
      if (random.chance(0.1)) possible.push(LEAVE, say(number, "bye"), LEAVE_AT_ONCE);
      if (driver.state() === "attempting") possible.push(CONNECTED, CONNECTED, failed(true));
      if (driver.state() === "attempting" && random.chance(0.05)) possible.push(failed(false));
      if (driver.state() === "open") {
        const log = random.chance(0.1) ? "other" : "log";
        possible.push(welcome(sequence, log), welcome(sequence, log), entry(sequence + 1), LOSS);
        possible.push(own(sequence, random.between(0, number)), refused(random.between(0, number)));
        if (random.chance(0.1)) possible.push(closed("goodbye"));
        possible.push(news({ ...lunch, unread: random.between(0, 1) }));
      }
      if (random.chance(0.1)) {
        possible.push(watch(lunch), read({ room: "lunch", after: random.between(0, 9) }));
      }
      const event = possible[random.between(0, possible.length - 1)] ?? TICK;
      if (event.type === "say" && refuseToSay(client, event.text) !== null) continue;
      if (event.type === "tick") now = Math.max(now, Math.min(wakeAt(client), now + 60_000));
      if (event.type === "say" || event.type === "ask") number += 1;
      if (event.type === "received") sequence += 1;
      driver.expect(event);
      for (const action of step(client, event, now)) driver.carryOut(action);
      // A driver that would wake at once, again and again, would never rest.
      if (event.type === "tick" && wakeAt(client) <= now) throw new Error("it wakes at once");
    }
    for (const event of [LEAVE_AT_ONCE, closed()]) {
      if (driver.state() === "over") break;
      driver.expect(event);
      for (const action of step(client, event, now)) driver.carryOut(action);
    }
    expect([driver.state(), ...driver.waiting]).toEqual(["over"]);
    expect(wakeAt(client)).toBe(NEVER);
  }
});
