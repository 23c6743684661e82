// A conversation in a room of a server (docs/protocol.md s. 18): what is said is kept until the server has it on
// disk, what was missed is fetched, and a lost way is found again. Knows channels, and not how they are made.

import { type Channel, type ChannelHandlers, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { RoomConversation } from "../chat/conversation.ts";
import type { EndReason, RoomEvent } from "../chat/events.ts";
import {
  encodeFrame,
  type MemberFrame,
  readServerFrame,
  type ServerFrame,
} from "../chat/frames.ts";
import { FAREWELL } from "../chat/plain-talk.ts";
import { CharlaError } from "../errors.ts";
import { withoutNewline } from "../net/plain-wire.ts";
import { backoff } from "./backoff.ts";
import { conversationOver, notConnected } from "./conversation-errors.ts";
import type { Cursor, Device } from "./device.ts";
import { createEventQueue } from "./event-queue.ts";
import { createOutbox, type Said } from "./outbox.ts";
import { createRoomRequests } from "./room-requests.ts";

/** How long leaving may take before it is told what for, ms. */
const PATIENCE = 1_000;
/**
 * After how long what is not answered, or not stored, is said again, ms. The server takes it for the same; one that was
 * started anew knows nothing of it, and says so, while who only waits would not notice for a long time.
 */
const SAY_AGAIN = 2_000;

const seconds = (duration: number) => Math.round(duration / 1_000);

export interface RoomOptions {
  readonly room: string;
  /** How others see this member; the server may add to it. */
  readonly name: string;
  readonly device: Device;
  /** From 0 to 1. */
  readonly random: () => number;
  /** After how long what is not answered, or not stored, is said again, ms. */
  readonly sayAgain?: number;
  /** How long to wait before another attempt, ms; backoff.ts where it is left out. */
  readonly waitBefore?: (attempts: number, random: number) => number;
  /** Whether to go on trying after this. */
  persist(error: CharlaError): boolean;
  /**
   * A channel to the server; called again when it was lost.
   *
   * @param cancelled aborts when none is wanted any more
   * @throws {CharlaError} when there is none to be had
   */
  connect(handlers: ChannelHandlers, cancelled: AbortSignal): Promise<ConnectedChannel>;
}

/** A conversation whose program has something to tell as well. */
export interface ToldConversation extends RoomConversation {
  /** Adds an event to those that happen. */
  tell(event: RoomEvent): void;
}

export interface ConnectedChannel {
  readonly channel: Channel;
  readonly ended: Promise<ChannelEnd>;
}

export type ChannelEnd =
  /** The server said goodbye, or has sent this member away; the reason may be empty. */
  | { readonly type: "closed"; readonly reason: string }
  /** The way is lost: another channel may be had. */
  | { readonly type: "lost"; readonly error: CharlaError };

/** Comes into the room, and stays: `events` tells of it, and of every time that the way is lost. */
export function converseInRoom(options: RoomOptions): ToldConversation {
  const { room, device, random, waitBefore = backoff, sayAgain = SAY_AGAIN } = options;
  let { name } = options;
  const queue = createEventQueue<RoomEvent>();
  const outbox = createOutbox(device);
  /** Where an event stands in the log: once its reader has it, it was shown. */
  const places = new WeakMap<RoomEvent, Cursor>();
  /** There while a way to the server is. */
  let line: Channel | null = null;
  /** The same, while the server has let us in. */
  let channel: Channel | null = null;
  /** The log that the server has now. */
  let log = "";
  /** The newest entry that has come; its reader may be behind. */
  let received = device.cursor;
  let entered = false;
  let attempts = 0;
  /** When what is not answered, or not stored, is said again. */
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let patience: (() => void) | null = null;
  let ending: Promise<void> | null = null;
  /** Aborts when nothing is waited for any more, and no way to the server wanted. */
  const over = new AbortController();
  const allStored = () => outbox.count() === 0;
  const stored = Promise.withResolvers<void>();
  const requests = createRoomRequests(
    () => {
      if (over.signal.aborted) throw conversationOver();
      if (channel === null) throw notConnected();
      return channel;
    },
    (mine) => {
      name = mine;
    },
  );

  void visitAgainAndAgain();

  async function visitAgainAndAgain(): Promise<void> {
    while (!over.signal.aborted) {
      try {
        const end = await visit();
        if (over.signal.aborted) return;
        if (end.type === "closed") return serverLeft(end.reason);
        // Who leaves does not wait for a server that may not come back.
        if (ending !== null) return waitNoMore();
        queue.push({ type: "disconnected", message: end.error.message });
      } catch (error) {
        if (!(error instanceof CharlaError)) throw error;
        if (over.signal.aborted) return;
        if (!options.persist(error) || (ending !== null && !entered)) return fail(error);
        if (ending !== null) return waitNoMore();
      }
      attempts += 1;
      await pause(waitBefore(attempts, random()));
    }
  }

  /** One channel, from its beginning to its end. */
  async function visit(): Promise<ChannelEnd> {
    const connected = await options.connect(
      {
        async onMessages(frames) {
          for (const bytes of frames) take(bytes, connected.channel);
          await queue.room();
        },
        onSilent: (duration) => queue.push({ type: "silent", seconds: seconds(duration) }),
        onHeard: (duration) => queue.push({ type: "heard", seconds: seconds(duration) }),
      },
      over.signal,
    );
    if (over.signal.aborted) {
      await connected.channel.close();
      return connected.ended;
    }
    line = connected.channel;
    enterThrough(line);
    const end = await connected.ended;
    line = null;
    channel = null;
    clearTimeout(waiting);
    requests.giveUp(notConnected());
    return end;
  }

  function take(bytes: Uint8Array, from: Channel): void {
    const reading = readServerFrame(bytes);
    if (reading.type === "invalid") return from.abort(ENDED_BY_PROGRAM, reading.why);
    if (reading.type === "frame") apply(reading.frame, from);
  }

  function apply(frame: ServerFrame, from: Channel): void {
    if ("request" in frame) return requests.answer(frame);
    switch (frame.type) {
      case "welcome": {
        const { name: mine, owner, members, last } = frame;
        ({ log } = frame);
        // Of an empty room there is nothing older to be shown, and a log that was cut short has what is new
        // at numbers that were seen before.
        const known = received?.log === log;
        if (known ? (received?.sequence ?? 0) > last : last === 0) {
          received = { log, sequence: last };
        }
        const event: RoomEvent = entered
          ? { type: "reconnected" }
          : { type: "entered", room: frame.room, name: mine, owner, members };
        if (received?.log === log) places.set(event, received);
        queue.push(event);
        entered = true;
        attempts = 0;
        clearTimeout(waiting);
        channel = from;
        for (const said of outbox.all()) sayTo(from, said);
        return;
      }
      case "message":
        return show(frame);
      case "refused":
        return refuse(frame.number, frame.code, frame.message);
      case "joined":
        return queue.push({ type: "joined", peer: frame.name, fingerprint: frame.fingerprint });
      case "left":
        return queue.push({ type: "left", peer: frame.name, reason: frame.reason });
      case "away":
        return queue.push({ type: "away", peer: frame.name, away: frame.away });
      case "renamed":
        return queue.push({ type: "renamed", from: frame.from, to: frame.to });
    }
  }

  function enterThrough(to: Channel): void {
    const after = received === null ? {} : { after: received };
    tell(to, { type: "enter", room, name, device: device.id, ...after });
    waiting = setTimeout(() => {
      if (channel === null && line === to) enterThrough(to);
    }, sayAgain);
  }

  function sayTo(to: Channel, { number, text }: Said): void {
    tell(to, { type: "say", number, text });
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const oldest = outbox.all().next().value;
      if (oldest !== undefined && channel === to) sayTo(to, oldest);
    }, sayAgain);
  }

  /** What came before, over a channel that was lost, is not shown again. */
  function show(frame: Extract<ServerFrame, { type: "message" }>): void {
    const { sequence, time, author, name: from, text, number } = frame;
    const isNew = received?.log !== log || sequence > received.sequence;
    if (isNew) received = { log, sequence };
    const said = frame.device === device.id ? outbox.find(number) : undefined;
    if (said === undefined && !isNew) return;
    const event: RoomEvent =
      said === undefined
        ? { type: "message", from, text, sequence, time, fingerprint: author }
        : { type: "delivered", text, sequence };
    if (isNew) places.set(event, { log, sequence });
    queue.push(event);
    if (said === undefined) return;
    outbox.stored(said);
    rest();
  }

  function refuse(number: number, code: string, message: string): void {
    const said = outbox.find(number);
    if (said === undefined) return;
    const hint = `the server's word for it is ${code}`;
    outbox.refused(said, new CharlaError("REFUSED", message, hint));
    rest();
  }

  /** With nothing left to say again, and perhaps nothing to stay for. */
  function rest(): void {
    if (!allStored()) return;
    clearTimeout(waiting);
    if (ending !== null) stored.resolve();
  }

  function pause(duration: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, duration);
      patience = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  function fail(error: CharlaError): void {
    ending ??= Promise.resolve();
    waitNoMore();
    const unsaid = giveUp();
    // Whoever was never let in has no conversation that could end.
    if (entered) queue.push({ type: "ended", reason: "lost", unsaid });
    queue.fail(error);
  }

  function serverLeft(why: string): void {
    if (why !== "") queue.push({ type: "notice", code: "SERVER_SAYS", message: why });
    waitNoMore();
    void finish("peer-left");
  }

  function waitNoMore(): void {
    over.abort(conversationOver());
    stored.resolve();
    patience?.();
  }

  /** Once everything is stored; or at once, when it is asked for again. */
  function finish(reason: EndReason): Promise<void> {
    // Who leaves need not read what there is, and a channel ends once all of it is taken.
    queue.letGo();
    if (ending === null) ending = leave(reason);
    else {
      waitNoMore();
      line?.abort(ENDED_BY_PROGRAM, "");
    }
    return ending;
  }

  async function leave(reason: EndReason): Promise<void> {
    if (!allStored() && !over.signal.aborted) {
      const leaving = setTimeout(tellWhatIsWaitedFor, PATIENCE);
      await stored.promise;
      clearTimeout(leaving);
    }
    waitNoMore();
    await line?.close();
    queue.end({ type: "ended", reason, unsaid: giveUp() });
  }

  function tellWhatIsWaitedFor(): void {
    const count = outbox.count();
    queue.push({
      type: "notice",
      code: "LEAVING",
      message: `leaving once ${count === 1 ? "a message is" : `${count} messages are`} on the server`,
      hint: "Ctrl-C again leaves at once",
    });
  }

  function giveUp(): string[] {
    clearTimeout(waiting);
    requests.giveUp(conversationOver());
    return outbox.giveUp(entered);
  }

  /** An event that its reader asks to be followed by another, or by none, was shown. */
  async function* eventsUntilShown(): AsyncGenerator<RoomEvent, void, undefined> {
    for await (const event of queue.events) {
      try {
        yield event;
      } finally {
        const place = places.get(event);
        if (place !== undefined) device.shown(place);
      }
    }
  }

  return {
    events: { [Symbol.asyncIterator]: eventsUntilShown },
    async say(written) {
      if (ending !== null) throw conversationOver();
      const said = outbox.put(withoutNewline(written));
      const { text } = said;
      if (channel === null) {
        queue.push({ type: "waiting", for: "server", text });
      } else {
        sayTo(channel, said);
        queue.push({ type: "said", text });
      }
      if (text === FAREWELL) void finish("said-bye");
      await said.stored.promise;
    },
    ...requests.questions,
    tell: (event) => queue.push(event),
    leave: () => finish("left"),
    [Symbol.asyncDispose]: () => finish("left"),
  };
}

function tell(channel: Channel, frame: MemberFrame): void {
  void channel.sayAll([encodeFrame(frame)]);
}
