// What happened and was not yet taken, in order and bounded: a web stream, whose queue the platform
// keeps. Knows nothing of what the events mean, but for the one that says some were dropped.

import type { ConversationEvent } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";

/** Held for a reader that does not take it, in characters: 250 of the longest messages. */
const MAX_UNREAD = 16 * 1024 * 1024;
/** What an event weighs beside its text, in characters. */
const EVENT_OVERHEAD = 200;

function weight(event: ConversationEvent | undefined): number {
  return EVENT_OVERHEAD + (event !== undefined && "text" in event ? event.text.length : 0);
}

export interface EventQueue {
  readonly events: AsyncIterable<ConversationEvent>;
  /** Adds an event; past the bound it is dropped and counted, unless nothing may be. */
  push(event: ConversationEvent): void;
  /** Resolves when there is room below the bound. */
  room(): Promise<void>;
  /** From now on nobody waits for room: there is little more to come. */
  letGo(): void;
  /** Adds the last one. */
  end(event: ConversationEvent): void;
  /** The reader gets what is left, then `error`. */
  fail(error: CharlaError): void;
}

export interface EventQueueOptions {
  /** Characters held; 200 more for each event. */
  readonly maxUnread?: number;
  /** Past the bound events are dropped; or kept, for who pushes waits for `room` before there are more. */
  readonly past?: "drop" | "keep";
}

export function createEventQueue(options: EventQueueOptions = {}): EventQueue {
  const { maxUnread = MAX_UNREAD, past = "drop" } = options;
  let dropped = 0;
  let reported = 0;
  let open = true;
  let bounded = true;
  let failure: CharlaError | null = null;
  let taken = Promise.withResolvers<void>();
  let controller!: ReadableStreamDefaultController<ConversationEvent>; // set by start, at once
  const stream = new ReadableStream<ConversationEvent>(
    {
      start(its) {
        controller = its;
      },
      pull() {
        taken.resolve();
        taken = Promise.withResolvers();
      },
    },
    {
      highWaterMark: maxUnread,
      size: weight,
    },
  );

  /** Says what was dropped as soon as there is room to say it. */
  function report(): void {
    if (dropped === reported) return;
    reported = dropped;
    controller.enqueue({ type: "dropped", count: dropped });
  }

  function push(event: ConversationEvent): void {
    if (!open) return;
    if (past === "drop" && !hasRoom()) {
      dropped += 1;
      return;
    }
    report();
    controller.enqueue(event);
  }

  function hasRoom(): boolean {
    return (controller.desiredSize ?? 0) > 0;
  }

  function close(): void {
    open = false;
    controller.close();
    taken.resolve();
  }

  return {
    // A stream that errors forgets what it holds: the error waits until all of it is read.
    events: {
      async *[Symbol.asyncIterator]() {
        // A reader may stop and go on later, in another loop.
        yield* stream.values({ preventCancel: true });
        if (failure !== null) throw failure;
      },
    },
    push,
    async room() {
      while (open && bounded && !hasRoom()) await taken.promise;
    },
    letGo() {
      bounded = false;
      taken.resolve();
    },
    end(event) {
      if (!open) return;
      report();
      controller.enqueue(event);
      close();
    },
    fail(error) {
      if (!open) return;
      failure = error;
      report();
      close();
    },
  };
}
