// A conversation held on a terminal, or in a pipe: what is typed is said, what happens is shown, and
// at the end there is an exit status. Knows nothing of how the conversation travels.

import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import { inputLines } from "./input-lines.ts";
import { type Io, SIGNAL_STATUS } from "./io.ts";
import { MAX_ON_THE_WAY, sayLines } from "./piped-lines.ts";
import { createPresenter, type PresenterOptions } from "./presenter.ts";
import { createRoomInput, isRoom } from "./room-input.ts";
import { startJourney } from "./room-switcher.ts";
import { openTypedLines } from "./typed-lines.ts";
import { createRoomScene } from "./view/room-view.ts";

export interface TalkOptions extends PresenterOptions {
  /** At the end of the input: leave, or stay and listen. */
  readonly atEndOfInput: "leave" | "stay";
  /** What there is to say to begin with. */
  readonly openings?: readonly Opening[];
  /**
   * Opens the conversation of another room of the same server, under the name that one has now; without it there is
   * one room only.
   */
  readonly enter?: (room: string, name: string) => RoomConversation;
}

/** A sentence about the conversation, before it begins. */
export interface Opening {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Holds the conversation until it ends; returns the exit status. */
export async function talk(
  io: Io,
  start: Conversation | RoomConversation,
  options: TalkOptions,
): Promise<number> {
  const scene = createRoomScene(Date.now);
  const { enter } = options;
  const journey = startJourney(
    start,
    enter === undefined ? undefined : (room) => enter(room, scene.state.name),
  );
  const presenter = createPresenter(io, options, scene);
  // The first cause to end decides the status; a message that could not be said makes 0 a 1.
  let endStatus: number | null = null;
  let failed = false;

  const leave = (status: number) => {
    endStatus ??= status;
    void journey.leave();
  };
  let told: CharlaError | null = null;
  const fail = async (error: unknown) => {
    if (!(error instanceof CharlaError)) throw error;
    // Said too late: the end tells which messages were not said.
    if (error.code === "CONVERSATION_OVER") return;
    failed = true;
    // What a message met may be what ended the conversation: one error, told once.
    if (error === told) return;
    told = error;
    await presenter.error(error);
  };
  using _signals = onSignals(io, leave);
  const showsDelivery = options.delivery === "shown";
  const { verbose, json } = options;
  const room =
    isRoom(start) && !json
      ? createRoomInput(io, journey, scene, presenter, { verbose, quit: () => leave(0) })
      : null;
  const say = (text: string) => journey.conversation.say(text);
  using typed = json
    ? null
    : openTypedLines(
        io,
        { say },
        presenter,
        { showsDelivery, endIsTold: !options.quiet, room },
        { onInterrupt: () => leave(SIGNAL_STATUS.SIGINT), onEnd: () => leave(0), onError: fail },
      );

  for (const { code, message, hint } of options.openings ?? []) {
    const its = hint === undefined ? { code, message } : { code, message, hint };
    await presenter.event({ type: "notice", ...its });
  }
  let over = false;
  const begun = Promise.withResolvers<void>();
  if (typed === null) {
    // Where a message is done only when the other end has it, waiting for each would be slow.
    const ahead = showsDelivery ? MAX_ON_THE_WAY : 1;
    const typedBlind = io.stdin.isTTY ? room : null;
    const sayLine = (line: string) => typedBlind?.sayOrObey(line) ?? say(line);
    sayLines(inputLines(io.stdin), { say: sayLine }, ahead, fail).then(
      async (all) => {
        // Whoever has nothing to say is told as well when there is nobody to join.
        await begun.promise;
        if (all && options.atEndOfInput === "leave") leave(0);
      },
      // Input that was cut off because the conversation ended first is no failure.
      (error: unknown) => (over ? undefined : fail(error)),
    );
  }
  try {
    for await (const event of journey.events) {
      if (event.type === "entered" || event.type === "joining") begun.resolve();
      typed?.event(event);
      if (event.type === "ended" && event.unsaid.length > 0) failed = true;
      await presenter.event(event);
    }
  } catch (error) {
    await fail(error);
    await journey.leave();
  } finally {
    over = true;
    // Input that nobody will hear any more must not keep the program running.
    io.stdin.destroy();
  }
  return endStatus === null || endStatus === 0 ? Number(failed) : endStatus;
}

function onSignals(io: Io, leave: (status: number) => void): Disposable {
  const handlers = new DisposableStack();
  handlers.use(io.onSignal("SIGINT", () => leave(SIGNAL_STATUS.SIGINT)));
  handlers.use(io.onSignal("SIGHUP", () => leave(SIGNAL_STATUS.SIGHUP)));
  // Asked to end, it ends: that is no failure.
  handlers.use(io.onSignal("SIGTERM", () => leave(0)));
  return handlers;
}
