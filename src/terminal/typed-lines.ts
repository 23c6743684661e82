// What a person types on a terminal: each line is said, and is shown as on its way until the other end
// has it. Knows the editor and the prompt, not what becomes of errors or of the exit status.

import { actionOf, COMMANDS } from "../chat/commands.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { ConversationEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { complete, type Completion, isRoomTyped } from "./editor/completion.ts";
import type { LineBuffer } from "./editor/line-buffer.ts";
import { openLineEditor } from "./editor/line-editor.ts";
import { type Io, isTerminal } from "./io.ts";
import type { Presenter } from "./presenter.ts";
import type { RoomInput } from "./room-input.ts";
import { mayStyle } from "./style.ts";
import { FIRST_PROMPT, promptAfter, promptText } from "./view/prompt.ts";

export interface TypedLines extends Disposable {
  /** To be called with each event before it is shown. */
  event(event: ConversationEvent): void;
}

export interface TypedLinesOptions {
  /** A line is shown as on its way until the other end has it. */
  readonly showsDelivery: boolean;
  /** Whether the end is told in words, and with it the messages that may not have arrived. */
  readonly endIsTold: boolean;
  /** There in a room, where lines may be commands, and several lines of a paste are one message. */
  readonly room: RoomInput | null;
}

export interface TypedLinesHandlers {
  onInterrupt: () => void;
  onEnd: () => void;
  onError: (error: unknown) => Promise<void>;
}

interface Message {
  readonly text: string;
}

const NOT_SURE = "(may not have arrived) > ";
const COMMAND_NAMES = COMMANDS.map(({ name }) => name);

/** Null where there is no terminal to type on, or none to draw on. */
export function openTypedLines(
  { stdin, stdout, stderr, env }: Io,
  conversation: Pick<Conversation, "say">,
  presenter: Presenter,
  { showsDelivery, endIsTold, room }: TypedLinesOptions,
  { onInterrupt, onEnd, onError }: TypedLinesHandlers,
): TypedLines | null {
  const output = [stdout, stderr].find((stream) => stream.isTTY);
  if (!isTerminal(stdin) || output === undefined || env["TERM"] === "dumb") return null;

  let prompt = FIRST_PROMPT;
  let pending: readonly Message[] = [];
  let tick: NodeJS.Timeout | undefined;
  const inRoom =
    room === null
      ? {}
      : {
          onTab: (line: LineBuffer) => completed(line, room),
          onFocus: (looking: boolean) => room.scene.look(looking),
        };
  const editor = openLineEditor(stdin, output, mayStyle({ env }, stderr), {
    onLine,
    onInterrupt,
    onEnd,
    ...inRoom,
  });
  presenter.attach(editor);
  showPrompt();

  function onLine(text: string): void {
    if (text === "") return;
    if (room !== null) return onLineInRoom(text.replace(/\n+$/, ""), room);
    if (!showsDelivery) editor.settle(promptText(prompt, performance.now()), text);
    // A message has no newline of its own on the plain wire: each line of a paste is one.
    for (const line of text.split("\n")) {
      if (line !== "") say({ text: line });
    }
  }

  function onLineInRoom(text: string, its: RoomInput): void {
    const written = text === "" ? null : its.read(text);
    if (written?.type === "command") void its.command(written.command);
    if (written?.type !== "say") return;
    if (!showsDelivery) settleOwn(written.text);
    say(written);
  }

  function say({ text }: Message): void {
    const message = { text };
    if (showsDelivery) setPending([...pending, message]);
    conversation.say(text).catch((error: unknown) => {
      const code = error instanceof CharlaError ? error.code : null;
      // Those that the end overtakes stay pending: it is what tells of them.
      if (code === "SESSION_LOST") drop(NOT_SURE, message);
      else if (code !== "CONVERSATION_OVER") drop("(not said) > ", message);
      return onError(error);
    });
  }

  /** It is not on its way any more, and did not arrive. */
  function drop(prompt: string, message: Message): void {
    if (!pending.includes(message)) return;
    setPending(pending.filter((other) => other !== message));
    editor.settle(prompt, indented(message.text));
  }

  /** The other end has it. */
  function arrive(text: string): void {
    // What is delivered in a room may be of this person's last visit.
    const message = room === null ? pending[0] : pending.find((its) => its.text === text);
    if (message !== undefined) setPending(pending.filter((other) => other !== message));
    if (message !== undefined || room !== null) settleOwn(message?.text ?? text);
  }

  function settleOwn(text: string): void {
    const action = room === null ? null : actionOf(text);
    if (room === null || action === null) editor.settle("> ", indented(text));
    else editor.settle("* ", indented(`${room.scene.state.name} ${action}`));
  }

  function setPending(messages: readonly Message[]): void {
    pending = messages;
    editor.setPending(messages.map(({ text }) => indented(text)));
  }

  function showPrompt(): void {
    editor.setPrompt(promptText(prompt, performance.now()));
    clearTimeout(tick);
    // A silence is counted while it lasts; that alone keeps nothing running.
    if (prompt.silentSince !== null) tick = setTimeout(showPrompt, 1_000).unref();
  }

  return {
    event(event) {
      if (event.type === "delivered" && showsDelivery) arrive(event.text);
      if (event.type === "entered" && room !== null && room.scene.state.room !== "") {
        // Another room: what was on its way to the last one goes there the next time, if at all.
        for (const message of pending) drop(NOT_SURE, message);
      }
      if (event.type === "ended" && endIsTold) {
        setPending(pending.filter(({ text }) => !event.unsaid.includes(text)));
      }
      const next = promptAfter(prompt, event, performance.now());
      if (next !== prompt) {
        prompt = next;
        showPrompt();
      }
    },
    [Symbol.dispose]() {
      clearTimeout(tick);
      presenter.attach(null);
      editor.close();
    },
  };
}

/** The lines after the first stand two columns in, as those of others do. */
function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function completed(line: LineBuffer, room: RoomInput): Completion | Promise<Completion> {
  const known = { commands: COMMAND_NAMES, people: room.scene.state.others, rooms: [] };
  if (!isRoomTyped(line)) return complete(line, known);
  return room.rooms().then(
    (names) => complete(line, { ...known, rooms: names }),
    // Where nobody can be asked, nothing is finished.
    () => ({ line, candidates: [] }),
  );
}
