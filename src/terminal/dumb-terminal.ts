// A room on a terminal on which nothing can be drawn: lines are commands or messages, and answers are printed below one
// another. Knows neither keys nor how events are shown (printer.ts).

import type { ConversationEvent } from "../chat/events.ts";
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
import { startState } from "./state/state.ts";
import type { TranscriptItem } from "./state/transcript.ts";
import { update } from "./state/update.ts";
import { itemRows } from "./view/item-rows.ts";

/** Rows of a page that nobody waits for. */
const ROWS = 1_000;

export function openDumbTerminal(
  io: Pick<Io, "stderr" | "env">,
  switcher: RoomSwitcher,
  printer: Printer,
  { verbose, quit }: { verbose: boolean; quit: () => void },
) {
  const settings = {
    isRoom: true,
    showsDelivery: true,
    showsMessages: false,
    quiet: true,
    verbose,
    bell: false,
  };
  const size = { columns: io.stderr.columns || 80, rows: ROWS };
  let state = startState(settings, size, PLAIN, Date.now());

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

  async function perform(effect: Effect): Promise<void> {
    const { conversation } = switcher;
    switch (effect.type) {
      case "say":
        try {
          return await conversation.say(effect.text);
        } catch (error) {
          if (!switcher.hasLeft(conversation)) throw error;
          // It was sent in a room that was left before it was delivered there.
          const message = `may not have been delivered: ${effect.text}`;
          throw new CharlaError("NOT_CONNECTED", message, "send it again there");
        }
      case "run": {
        const outcome = await runCommand(effect.command, switcher, state.room, effect.confirmed);
        const [, items] = dispatch({ type: "answered", outcome });
        return answer(items);
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
      dispatch({ type: "conversation", event });
    },
    /** Sends a line or runs it. */
    async enter(line: string): Promise<void> {
      const [effects, items] = dispatch({ type: "line", text: line });
      await answer(items);
      for (const effect of effects) await perform(effect);
    },
  };
}
