// What is typed in a room, on its way: commands are done and their answers told, a message is said. Knows the
// conversation and the presenter, not the keys.

import { type Command, readWritten, type Written } from "../chat/commands.ts";
import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import { CharlaError } from "../errors.ts";
import type { Io } from "./io.ts";
import type { Presenter } from "./presenter.ts";
import { obey } from "./room-commands.ts";
import type { Journey } from "./room-switcher.ts";
import { mayStyle } from "./style.ts";
import type { RoomScene } from "./view/room-view.ts";

export interface RoomInput {
  readonly scene: RoomScene;
  /** Null, once it is told, when that is a command and a mistyped one. */
  read(line: string): Written | null;
  command(command: Command): Promise<void>;
  /** Names of the rooms that one could go to. */
  rooms(): Promise<readonly string[]>;
  /** For lines that are typed where nothing can be drawn. */
  sayOrObey(line: string): Promise<void>;
}

export function isRoom(
  conversation: Conversation | RoomConversation,
): conversation is RoomConversation {
  return "who" in conversation;
}

/** @param quit leaves without a word */
export function createRoomInput(
  io: Io,
  journey: Journey,
  scene: RoomScene,
  presenter: Presenter,
  { verbose, quit }: { verbose: boolean; quit: () => void },
): RoomInput {
  /** What cannot be done is no message that could not be said: the exit status is none of its business. */
  async function tell(error: unknown): Promise<void> {
    if (!(error instanceof CharlaError)) throw error;
    if (error.code !== "CONVERSATION_OVER") await presenter.error(error);
  }

  function read(line: string): Written | null {
    try {
      return readWritten(line);
    } catch (error) {
      void tell(error);
      return null;
    }
  }

  async function command(its: Command): Promise<void> {
    const { conversation } = journey;
    const goTo = (room: string) => journey.goTo(room);
    if (!isRoom(conversation)) return;
    // Where the answers go.
    const columns = io.stderr.columns || 80;
    const styled = mayStyle(io, io.stderr);
    const now = Date.now();
    try {
      await presenter.answer(
        await obey(its, { conversation, scene, columns, styled, verbose, now, goTo, quit }),
      );
    } catch (error) {
      await tell(error);
    }
  }

  return {
    scene,
    read,
    command,
    async rooms() {
      const { conversation } = journey;
      return isRoom(conversation) ? (await conversation.rooms()).map(({ name }) => name) : [];
    },
    async sayOrObey(line) {
      const written = read(line);
      if (written?.type === "command") await command(written.command);
      if (written?.type !== "say") return;
      const { conversation } = journey;
      try {
        await conversation.say(written.text);
      } catch (error) {
        throw journey.isLeftBehind(conversation) ? leftBehind(written.text) : error;
      }
    },
  };
}

/** It was said in a room that was left before it was heard there. */
function leftBehind(text: string): CharlaError {
  return new CharlaError(
    "NOT_CONNECTED",
    `not known to have arrived: ${text}`,
    "say it again there",
  );
}
