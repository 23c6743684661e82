// A room on a terminal on which nothing is drawn, since it can't be or --json is wanted: lines are commands or messages, and
// answers are printed below one another. Knows neither keys nor how events are shown (printer.ts).

import type { ConversationEvent } from "../chat/events.ts";
import { defer, type Deferred } from "../deferred.ts";
import { CharlaError } from "../errors.ts";
import { displayWidth } from "./display-width.ts";
import type { Io } from "./io.ts";
import { DIM, styleFor } from "./output-stream.ts";
import { PLAIN } from "./output/capabilities.ts";
import type { Printer } from "./printer.ts";
import type { RoomSwitcher } from "./room-switcher.ts";
import { rowText } from "./rows.ts";
import { runCommand, sayGoodbye } from "./run-command.ts";
import type { Effect, ScreenEvent } from "./state/effects.ts";
import { noticeItems } from "./state/print.ts";
import { startState } from "./state/state.ts";
import type { TranscriptItem } from "./state/transcript.ts";
import { update } from "./state/update.ts";
import { itemRows } from "./view/item-rows.ts";
import { visibleLine } from "./visible-text.ts";

/** Rows of a page that nobody waits for. */
const ROWS = 1_000;

export function openDumbTerminal(
  io: Pick<Io, "stderr" | "env">,
  switcher: RoomSwitcher,
  printer: Printer,
  {
    verbose,
    quit,
    fail,
  }: { verbose: boolean; quit: () => void; fail: (error: unknown) => Promise<void> },
) {
  const settings = {
    isRoom: true,
    showsDelivery: true,
    showsMessages: false,
    quiet: true,
    verbose,
    bell: false,
    notifies: false,
  };
  const size = { columns: io.stderr.columns || 80, rows: ROWS };
  let state = startState(settings, size, PLAIN, Date.now());
  /** Resolves once what was held for the room that is being entered is sent, or given back. */
  let holding: Deferred<void> | null = null;

  /** What is to be done, and what was printed. */
  function dispatch(event: ScreenEvent): [readonly Effect[], readonly TranscriptItem[]] {
    const [next, effects] = update(state, event, Date.now());
    state = { ...next, transcript: [] };
    return [effects, next.transcript];
  }

  function linesOf(item: TranscriptItem): readonly string[] {
    const columns = io.stderr.columns || 80;
    const layout = { columns, rows: ROWS, nameColumns: 1, width: displayWidth, drawsCodes: false };
    if (item.type === "error") return [`charla: ${item.text}`, `hint: ${item.hint}`];
    const dim = (text: string) => styleFor(io, io.stderr)(DIM, text);
    return item.type === "notice"
      ? [dim(item.text)]
      : itemRows(item, layout).map((row) => dim(rowText(row)));
  }

  async function answer(items: readonly TranscriptItem[]): Promise<void> {
    await printer.answer(items.flatMap(linesOf));
  }

  async function performAll(effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) await perform(effect);
  }

  function endHolding(done: Promise<void>): void {
    if (holding === null || state.switching !== null) return;
    holding.resolve(done);
    holding = null;
  }

  async function perform(effect: Effect): Promise<void> {
    const { conversation } = switcher;
    switch (effect.type) {
      case "say":
        try {
          return await conversation.say(effect.text);
        } catch (error) {
          if (error instanceof CharlaError && error.code === "OTHER_CONVERSATION") {
            await answer(noticeItems(`not sent: ${visibleLine(effect.text)}`, null));
          }
          if (!switcher.hasLeft(conversation)) throw error;
          // It was sent in a room that was left before it was delivered there.
          const message = `may not have been delivered: ${effect.text}`;
          throw new CharlaError("NOT_CONNECTED", message, "send it again there");
        }
      case "run": {
        const outcome = await runCommand(effect.command, switcher, state.room, effect.confirmed);
        const [effects, items] = dispatch({ type: "answered", id: effect.id, outcome });
        await answer(items);
        endHolding(Promise.resolve());
        return performAll(effects);
      }
      case "goodbye":
        return sayGoodbye(conversation);
      case "leave":
        return quit();
      default:
    }
  }

  return {
    /** To be called with each event before it is shown. */
    event(event: ConversationEvent): void {
      const held = state.switching?.held ?? [];
      const [effects] = dispatch({ type: "conversation", event });
      if (state.switching !== null) return;
      const lost = event.type === "ended" ? held : [];
      void answer(lost.flatMap((text) => noticeItems(`not sent: ${visibleLine(text)}`, null)));
      // Each is sent before the one before it is stored.
      endHolding(Promise.all(effects.map((effect) => perform(effect).catch(fail))).then(() => {}));
    },
    /** Sends a line or runs it. */
    async enter(line: string): Promise<void> {
      const [effects, items] = dispatch({ type: "line", text: line });
      await answer(items);
      if (state.switching !== null && effects.length === 0) {
        holding ??= defer();
        return holding.promise;
      }
      await performAll(effects);
    },
  };
}
