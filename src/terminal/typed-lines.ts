// The lines that a person types on a terminal: each is sent, and shown as on its way until the other end has
// it. The prompt shows whose turn it is, and how long nothing has been heard. Knows the editor, not what
// becomes of errors or of the exit status.

import { actionText } from "../chat/commands.ts";
import type { Conversation } from "../chat/conversation.ts";
import type { ConversationEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { openLineEditor } from "./editor/line-editor.ts";
import { type Io, isTerminal } from "./io.ts";
import { mayStyle } from "./output-stream.ts";
import type { Printer } from "./printer.ts";
import type { RoomInput } from "./room-input.ts";
import { actorName } from "./view/message-text.ts";

interface TypedLinesOptions {
  /** Lines are shown as on their way until they have been delivered. */
  readonly showsDelivery: boolean;
  /** The end is shown in words, and with it the messages that may not have been delivered. */
  readonly showsEnd: boolean;
  /** In a room lines may be commands, and a paste of several lines is one message; null elsewhere. */
  readonly room: RoomInput | null;
  onInterrupt: () => void;
  onEnd: () => void;
  onError: (error: unknown) => Promise<void>;
}

interface Message {
  readonly text: string;
}

const MAYBE_LOST = "(may not have been delivered) > ";
const NOT_SENT = "(not sent) > ";

/** Null if there is no terminal to type on, or none to draw on. */
export function openTypedLines(
  io: Pick<Io, "stdin" | "stdout" | "stderr" | "env">,
  conversation: Pick<Conversation, "say">,
  printer: Printer,
  { showsDelivery, showsEnd, room, onInterrupt, onEnd, onError }: TypedLinesOptions,
) {
  const { stdin } = io;
  const output = [io.stdout, io.stderr].find((stream) => stream.isTTY);
  if (!isTerminal(stdin) || output === undefined || io.env["TERM"] === "dumb") return null;

  let prompt = FIRST_PROMPT;
  let pending: readonly Message[] = [];
  let tick: NodeJS.Timeout | undefined;
  const editor = openLineEditor(stdin, output, {
    styles: mayStyle(io, output),
    onLine,
    onInterrupt,
    onEnd,
    ...(room === null
      ? {}
      : { onTab: (line) => room.complete(line), onFocus: (focused) => room.view.focus(focused) }),
  });
  printer.attach(editor);
  showPrompt();

  function onLine(text: string): void {
    if (text.trim() === "") return;
    if (room !== null) return onRoomLine(text.replace(/\n+$/, ""), room);
    if (!showsDelivery) editor.printEntered(promptText(prompt, performance.now()), text);
    // A message on the plain wire is one line: a paste of several is several messages.
    for (const line of text.split("\n")) {
      if (line.trim() !== "") send(line);
    }
  }

  function onRoomLine(text: string, input: RoomInput): void {
    const written = text === "" ? null : input.parse(text);
    if (written?.type === "command") void input.run(written.command);
    if (written?.type !== "say") return;
    if (!showsDelivery) printOwn(written.text);
    send(written.text);
  }

  function send(text: string): void {
    const message = { text };
    if (showsDelivery) setPending([...pending, message]);
    conversation.say(text).catch((error: unknown) => {
      const code = error instanceof CharlaError ? error.code : null;
      // What is still pending at the end is listed there.
      if (code === "SESSION_LOST") drop(MAYBE_LOST, message);
      else if (code !== "CONVERSATION_OVER") drop(NOT_SENT, message);
      return onError(error);
    });
  }

  /** The message was not delivered, and won't be. */
  function drop(reason: string, message: Message): void {
    if (!pending.includes(message)) return;
    setPending(pending.filter((other) => other !== message));
    editor.printEntered(reason, indentLines(message.text));
  }

  function deliver(text: string): void {
    // In a room it may be a message of an earlier session, delivered only now.
    const message = room === null ? pending[0] : pending.find((other) => other.text === text);
    if (message !== undefined) setPending(pending.filter((other) => other !== message));
    if (message !== undefined || room !== null) printOwn(message?.text ?? text);
  }

  function printOwn(text: string): void {
    const action = room === null ? null : actionText(text);
    if (room === null || action === null) editor.printEntered("> ", indentLines(text));
    else editor.printEntered("* ", indentLines(`${actorName(room.view.state.name)} ${action}`));
  }

  function setPending(messages: readonly Message[]): void {
    pending = messages;
    editor.setPending(messages.map(({ text }) => indentLines(text)));
  }

  function showPrompt(): void {
    editor.setPrompt(promptText(prompt, performance.now()));
    clearTimeout(tick);
    // Counts the seconds of a silence; doesn't keep the program running.
    if (prompt.silentSince !== null) tick = setTimeout(showPrompt, 1_000).unref();
  }

  return {
    /** To be called with each event before it is shown. */
    event(event: ConversationEvent): void {
      if (event.type === "delivered" && showsDelivery) deliver(event.text);
      if (event.type === "entered" && room !== null && room.view.state.room !== "") {
        // After a switch to another room, pending messages of the last one aren't known to be delivered.
        for (const message of pending) drop(MAYBE_LOST, message);
      }
      if (event.type === "ended" && showsEnd) {
        setPending(pending.filter(({ text }) => !event.unsaid.includes(text)));
      }
      const next = promptAfter(prompt, event, performance.now());
      if (next !== prompt) {
        prompt = next;
        showPrompt();
      }
    },
    [Symbol.dispose](): void {
      clearTimeout(tick);
      printer.attach(null);
      editor.close();
    },
  };
}

/** Lines after the first are indented by two columns, as those of others are. */
function indentLines(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

/** What stands before the line being typed; times are in ms on any clock that only goes forward. */
interface PromptState {
  readonly turn: "mine" | "theirs";
  /** When the other end was last heard, while that is too long ago; null while it is not. */
  readonly silentSince: number | null;
}

export const FIRST_PROMPT: PromptState = { turn: "mine", silentSince: null };

/** The state after `event`; the same object when the event does not concern the prompt. */
export function promptAfter(
  state: PromptState,
  event: ConversationEvent,
  now: number,
): PromptState {
  switch (event.type) {
    case "turn":
      return { ...state, turn: event.whose };
    case "silent":
      return { ...state, silentSince: now - event.seconds * 1_000 };
    case "heard":
    case "joined":
    case "left":
    case "disconnected":
    case "reconnected":
    case "ended":
      return state.silentSince === null ? state : { ...state, silentSince: null };
    default:
      return state;
  }
}

export function promptText({ turn, silentSince }: PromptState, now: number): string {
  if (silentSince !== null) {
    // Rounded, so that a timer that fires a little early or late still counts every second.
    return `(no contact for ${Math.round((now - silentSince) / 1_000)} s) > `;
  }
  return turn === "mine" ? "> " : "(their turn) > ";
}
