// Events that were not read yet, in order and bounded: a web stream, whose queue the platform keeps. Knows nothing
// of what the events mean.

import { defer } from "../deferred.ts";
import type { CharlaError } from "../errors.ts";

/** Held for a reader that does not read, in characters: 250 of the longest messages. */
const MAX_UNREAD = 16 * 1024 * 1024;
/** What an event weighs beside its text, in characters. */
const EVENT_OVERHEAD = 200;

/** What an event takes of the bound: its text is what can be long. */
export function eventWeight(event: { readonly type: string; readonly text?: string }): number {
  return EVENT_OVERHEAD + (event.text?.length ?? 0);
}

export interface EventQueueOptions<Event> {
  /** Of all events that are held, by their weight. */
  readonly maxUnread?: number;
  /**
   * The event that reports how many events were dropped in all, past the bound. Without it none is dropped: the one
   * who pushes waits for `belowBound`.
   */
  readonly dropped?: (count: number) => Event;
}

/** @param weight characters that an event takes of the bound */
export function createEventQueue<Event>(
  weight: (event: Event) => number,
  options: EventQueueOptions<Event> = {},
) {
  const { maxUnread = MAX_UNREAD, dropped: droppedEvent } = options;
  let dropped = 0;
  let reported = 0;
  let open = true;
  let bounded = true;
  let failure: CharlaError | null = null;
  let taken = defer<void>();
  let controller!: ReadableStreamDefaultController<Event>; // set by start, at once
  const stream = new ReadableStream<Event>(
    {
      start(started) {
        controller = started;
      },
      pull() {
        taken.resolve();
        taken = defer();
      },
    },
    {
      highWaterMark: maxUnread,
      size: (event) => (event === undefined ? 0 : weight(event)),
    },
  );

  /** Reports what was dropped as soon as there is room for that. */
  function report(): void {
    if (droppedEvent === undefined || dropped === reported) return;
    reported = dropped;
    controller.enqueue(droppedEvent(dropped));
  }

  /** Adds an event; past the bound it is dropped and counted, where `dropped` says how to report that. */
  function push(event: Event): void {
    if (!open) return;
    if (droppedEvent !== undefined && !hasRoom()) {
      dropped += 1;
      return;
    }
    report();
    controller.enqueue(event);
  }

  function hasRoom(): boolean {
    return (controller.desiredSize ?? 0) > 0;
  }

  return {
    // A stream that errors drops what it holds: the error waits until all of it is read.
    events: {
      async *[Symbol.asyncIterator]() {
        // A reader may stop and go on later, in another loop.
        yield* stream.values({ preventCancel: true });
        if (failure !== null) throw failure;
      },
    },
    push,
    /** Resolves when less is held than the bound. */
    async belowBound(): Promise<void> {
      while (open && bounded && !hasRoom()) await taken.promise;
    },
    /** From now on `belowBound` resolves at once: there is little more to come. */
    liftBound(): void {
      bounded = false;
      taken.resolve();
    },
    /** Adds the last one, whether there is room or not; the reader gets what is left, then the error, if there is one. */
    end(event: Event | null, error: CharlaError | null = null): void {
      if (!open) return;
      failure = error;
      report();
      if (event !== null) controller.enqueue(event);
      open = false;
      controller.close();
      taken.resolve();
    },
  };
}
