// A conversation in a room of a server, for programs: drives the state machine of room-client/ with channels, a timer,
// a device and promises. Knows channels, and not how they are made.

import { conversationOver } from "#conversation-errors";

import {
  type Channel,
  type ChannelHandlers,
  type CurrentWay,
  ENDED_BY_PROGRAM,
} from "../chat/channel.ts";
import type { RoomConversation } from "../chat/conversation.ts";
import type { RoomEvent } from "../chat/events.ts";
import { encodeFrame, type LogEntry } from "../chat/frames.ts";
import type { MemberFrame } from "../chat/member-frames.ts";
import { defer, type Deferred } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { withoutNewline } from "../net/plain-wire.ts";
import { withdrawable } from "./abort.ts";
import type { Device } from "./device.ts";
import { createEventQueue, eventWeight } from "./event-queue.ts";
import { createRequests } from "./requests.ts";
import { enterFrame } from "./room-client/entering.ts";
import { refuseToSay } from "./room-client/outbox.ts";
import {
  type Action,
  type Answer,
  type ChannelEnd,
  type ClientEvent,
  connectionPhase,
  createRoomClient,
  type RoomClientOptions,
  wakeAt,
} from "./room-client/state.ts";
import { step } from "./room-client/step.ts";

export interface RoomConversationOptions extends Pick<
  RoomClientOptions,
  | "room"
  | "name"
  | "history"
  | "repeatsHistory"
  | "existing"
  | "belowPast"
  | "missed"
  | "keepsUnsaid"
  | "random"
  | "resendAfter"
  | "retryDelay"
> {
  /** Keeps what is said until it is stored. */
  readonly device: Device;
  /** Called with each new entry of the room's log, this end's own among them, and with the id of the log. */
  readonly onEntry?: ((log: string, entry: LogEntry) => void) | undefined;
  /** How far other windows of the person have shown a room of the log, as a sequence number; 0 where that is not known. */
  readonly lastRead?: ((room: string, log: string) => number) | undefined;
  /**
   * Checks what the program hands over, before it is sent: a server ends the session in which it gets a frame that is not valid.
   * Without it, the program has checked what it takes from people.
   *
   * @throws {CharlaError} USAGE
   */
  readonly checkFrame?: ((frame: MemberFrame) => void) | undefined;
  /** Leaves at once when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt may succeed after this failure. */
  isTemporary(error: CharlaError): boolean;
  /**
   * Makes a channel to the server; called again when that is lost.
   *
   * @param signal aborts when no channel is wanted any more
   * @param enter the first message on it, which may be sent with the attempt: that saves a round trip
   * @throws {CharlaError} when there is none to be had
   */
  connect(signal: AbortSignal, enter: Uint8Array): Promise<ConnectedChannel>;
}

interface ConnectedChannel {
  readonly channel: Channel;
  readonly ended: Promise<ChannelEnd>;
  /** The first message was sent with the attempt. */
  readonly hasAsked?: boolean | undefined;
}

/** A conversation whose program can add events of its own. */
export interface OwnRoomConversation extends RoomConversation {
  addEvent(event: RoomEvent): void;
}

type Emitted = Pick<Extract<Action, { type: "emit" }>, "event" | "shown" | "named">;

/**
 * Enters the room, and stays: `events` reports that, and every loss of the connection.
 *
 * @throws {CharlaError} USAGE for a name, a room or a history that no server takes
 */
export function openRoomConversation(options: RoomConversationOptions): OwnRoomConversation {
  const { checkFrame, device, signal, room, name, history } = options;
  const { id, unstored, cursor } = device;
  checkFrame?.({ type: "enter", room, name, device: id, after: cursor ?? undefined, history });
  const keepsEntries = options.onEntry !== undefined;
  const hasOtherWindows = options.lastRead !== undefined;
  const client = createRoomClient(
    { ...options, device: id, unstored, cursor, keepsEntries, hasOtherWindows },
    performance.now(),
  );
  const queue = createEventQueue<Emitted>(({ event }) => eventWeight(event));
  /** Those who wait for their messages to be stored, by number, and for answers, by request. */
  const said = new Map<number, Deferred<void>>();
  const asked = new Map<number, Deferred<Answer>>();
  const over = defer<void>();
  let nextRequest = 0;
  let channel: Channel | null = null;
  let attempt: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  const leaveAtOnce = () => dispatch({ type: "leave-at-once" });

  function dispatch(event: ClientEvent): void {
    for (const action of step(client, event, performance.now())) perform(action);
    // A channel ends once everything that came is taken, and a member who leaves need not read it.
    if (client.phase.name === "leaving") queue.liftBound();
    schedule();
  }

  function schedule(): void {
    const at = wakeAt(client);
    // A tick that comes too early does nothing: the timer is not set anew for every message.
    if (at >= timerAt && at !== Number.POSITIVE_INFINITY) return;
    clearTimeout(timer);
    timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const tick = () => {
      timerAt = Number.POSITIVE_INFINITY;
      dispatch({ type: "tick" });
    };
    timer = setTimeout(tick, Math.max(0, Math.ceil(at - performance.now())));
  }

  function perform(action: Action): void {
    switch (action.type) {
      case "connect":
        void connect();
        break;
      case "cancel-connect":
        attempt?.abort(conversationOver());
        break;
      case "send":
        void channel?.sayAll([encodeFrame(action.frame)]);
        break;
      case "close":
        void channel?.close();
        break;
      case "abort":
        channel?.abort(ENDED_BY_PROGRAM, action.reason);
        break;
      case "emit":
        queue.push(action);
        if (action.event.type === "entered" || action.event.type === "reconnected") reportWay();
        break;
      case "keep":
        options.onEntry?.(action.log, action.entry);
        break;
      case "look": {
        const { log } = action;
        const rooms = action.rooms.map((other) => {
          return { room: other, after: options.lastRead?.(other, log) ?? 0 };
        });
        dispatch({ type: "read", rooms });
        break;
      }
      case "entered-log":
        device.entered(action.log);
        break;
      case "stored":
        device.settled(action.number);
        said.get(action.number)?.resolve();
        said.delete(action.number);
        break;
      case "not-stored":
        if (!action.keep) device.settled(action.number);
        said.get(action.number)?.reject(action.error);
        said.delete(action.number);
        break;
      case "answer":
        asked.get(action.request)?.resolve(action.answer);
        asked.delete(action.request);
        break;
      case "fail-question":
        asked.get(action.request)?.reject(action.error);
        asked.delete(action.request);
        break;
      case "over":
        signal?.removeEventListener("abort", leaveAtOnce);
        queue.end(action.event && { event: action.event, shown: null }, action.error);
        over.resolve();
        break;
    }
  }

  async function connect(): Promise<void> {
    attempt = new AbortController();
    let connected: ConnectedChannel;
    try {
      connected = await options.connect(attempt.signal, encodeFrame(enterFrame(client)));
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      const isTemporary = options.isTemporary(error);
      return dispatch({ type: "connect-failed", error, isTemporary });
    }
    ({ channel } = connected);
    dispatch({ type: "connected", hasAsked: connected.hasAsked === true });
    connected.channel.receive(handlers);
    const ended = await connected.ended;
    channel = null;
    dispatch({ type: "ended", end: ended });
  }

  const handlers: ChannelHandlers = {
    async onMessages(messages) {
      for (const message of messages) dispatch({ type: "received", message });
      await queue.belowBound();
    },
    onNote: (note) => dispatch({ type: "noted", note }),
    onSilent: (duration) => addEvent({ type: "silent", seconds: inSeconds(duration) }),
    onHeard: (duration) => addEvent({ type: "heard", seconds: inSeconds(duration) }),
    onWay: reportWay,
  };

  function way(): CurrentWay | null {
    const isIn = connectionPhase(client.phase)?.name === "joined";
    return isIn ? (channel?.way?.() ?? null) : null;
  }

  function reportWay(): void {
    const current = way();
    if (current !== null) addEvent({ type: "way", ...current });
  }

  function addEvent(event: RoomEvent): void {
    queue.push({ event, shown: null });
  }

  async function* events(): AsyncGenerator<RoomEvent, void, undefined> {
    for await (const { event, shown, named = [] } of queue.events) {
      try {
        yield event;
      } finally {
        // A reader that asks for the next event, or stops, has shown this one.
        if (shown !== null) device.shown(shown);
        for (const number of named) device.named(number);
      }
    }
  }

  function leave(): Promise<void> {
    dispatch({ type: "leave" });
    return over.promise;
  }

  signal?.addEventListener("abort", leaveAtOnce);
  dispatch({ type: signal?.aborted === true ? "leave-at-once" : "tick" });
  return {
    events: { [Symbol.asyncIterator]: events },
    async say(written, { signal: withdrawn } = {}) {
      withdrawn?.throwIfAborted();
      const text = withoutNewline(written);
      const refusal = refuseToSay(client, text);
      if (refusal !== null) throw refusal;
      const { number } = device.say(text, client.log === "" ? undefined : client.log);
      const stored = defer<void>();
      said.set(number, stored);
      dispatch({ type: "say", number, text });
      await withdrawable(stored.promise, withdrawn, (reason) => {
        dispatch({ type: "withdraw", number, reason });
      });
    },
    ...createRequests(async (question, { signal: withdrawn } = {}) => {
      withdrawn?.throwIfAborted();
      const request = nextRequest;
      checkFrame?.({ ...question, request });
      nextRequest += 1;
      const answered = defer<Answer>();
      asked.set(request, answered);
      dispatch({ type: "ask", request, question });
      return await withdrawable(answered.promise, withdrawn, (reason) => {
        dispatch({ type: "stop-asking", request, reason });
      });
    }),
    watch(rooms) {
      checkFrame?.({ type: "watch", rooms: [...rooms] });
      dispatch({ type: "watch", rooms });
    },
    way,
    addEvent,
    leave,
    [Symbol.asyncDispose]: leave,
  };
}

const inSeconds = (duration: number) => Math.round(duration / 1_000);
