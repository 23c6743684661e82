// Does what the screen wants done in the conversation: says, asks and runs commands, and hands on what comes back. Knows no
// terminal.

import type { RoomConversation } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import type { RoomSwitcher } from "./room-switcher.ts";
import { isRoomConversation, runCommand, sayGoodbye } from "./run-command.ts";
import type { Effect, ScreenEvent } from "./state/effects.ts";
import type { RoomState } from "./state/room.ts";

type ConversationEffect = Extract<
  Effect,
  { type: "say" | "run" | "complete" | "ask-rooms" | "ask-people" | "goodbye" }
>;

/** @param fail a message could not be sent */
export function performInConversation(
  effect: ConversationEffect,
  switcher: RoomSwitcher,
  room: RoomState,
  dispatch: (event: ScreenEvent) => void,
  fail: (error: unknown) => Promise<void>,
): void {
  const { conversation } = switcher;
  switch (effect.type) {
    case "say":
      conversation.say(effect.text).catch((error: unknown) => {
        if (!(error instanceof CharlaError)) throw error;
        dispatch({ type: "not-said", id: effect.id, error });
        return fail(error);
      });
      return;
    case "run":
      void runCommand(effect.command, switcher, room, effect.confirmed).then((outcome) => {
        dispatch({ type: "answered", outcome });
      });
      return;
    case "complete":
      return ask(switcher, async (asked) => {
        const rooms = (await asked.rooms()).map(({ name }) => name);
        dispatch({ type: "completed", line: effect.line, rooms });
      });
    case "ask-rooms":
      return ask(switcher, async (asked) => {
        dispatch({ type: "rooms", rooms: await asked.rooms() });
      });
    case "ask-people":
      return ask(switcher, async (asked) => {
        dispatch({ type: "people", people: await asked.who() });
      });
    case "goodbye":
      return sayGoodbye(conversation);
  }
}

/** While the server can't be asked, nothing happens. */
function ask(
  { conversation }: RoomSwitcher,
  question: (room: RoomConversation) => Promise<void>,
): void {
  if (!isRoomConversation(conversation)) return;
  question(conversation).catch((error: unknown) => {
    if (!(error instanceof CharlaError)) throw error;
  });
}
