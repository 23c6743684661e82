// What a person types on a terminal: each line is said, and is shown as on its way until the other end
// has it. Knows the editor and the prompt, not what becomes of errors or of the exit status.

import type { Conversation, ConversationEvent } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { openLineEditor } from "./line-editor.ts";
import type { Presenter } from "./presenter.ts";
import { FIRST_PROMPT, promptAfter, promptText } from "./prompt.ts";

export interface TypedLines extends Disposable {
  /** To be called with each event before it is shown. */
  event(event: ConversationEvent): void;
}

export interface TypedLinesOptions {
  /** A line is shown as on its way until the other end has it. */
  readonly showsDelivery: boolean;
  /** Whether the end is told in words, and with it the messages that may not have arrived. */
  readonly endIsTold: boolean;
}

export interface TypedLinesHandlers {
  onInterrupt: () => void;
  onEnd: () => void;
  onError: (error: unknown) => Promise<void>;
}

interface Message {
  readonly text: string;
}

/** Null where there is no terminal to type on, or none to draw on. */
export function openTypedLines(
  conversation: Conversation,
  presenter: Presenter,
  { showsDelivery, endIsTold }: TypedLinesOptions,
  { onInterrupt, onEnd, onError }: TypedLinesHandlers,
): TypedLines | null {
  const output = [process.stdout, process.stderr].find((stream) => stream.isTTY);
  if (!process.stdin.isTTY || output === undefined || process.env["TERM"] === "dumb") return null;

  let prompt = FIRST_PROMPT;
  let pending: readonly Message[] = [];
  let tick: NodeJS.Timeout | undefined;
  const editor = openLineEditor(process.stdin, output, { onLine, onInterrupt, onEnd });
  presenter.attach(editor);
  showPrompt();

  function onLine(text: string): void {
    if (text === "") return;
    if (!showsDelivery) editor.settle(promptText(prompt, performance.now()), text);
    // A message has no newline of its own on the plain wire: each line of a paste is one.
    for (const line of text.split("\n")) {
      if (line !== "") say({ text: line });
    }
  }

  function say(message: Message): void {
    if (showsDelivery) setPending([...pending, message]);
    conversation.say(message.text).catch((error: unknown) => {
      const code = error instanceof CharlaError ? error.code : null;
      // Those that the end overtakes stay pending: it is what tells of them.
      if (code === "SESSION_LOST") settle("(may not have arrived) > ", message);
      else if (code !== "CONVERSATION_OVER") settle("(not said) > ", message);
      return onError(error);
    });
  }

  /** It is not on its way any more. */
  function settle(prompt: string, message: Message): void {
    if (!pending.includes(message)) return;
    setPending(pending.filter((other) => other !== message));
    editor.settle(prompt, message.text);
  }

  function setPending(messages: readonly Message[]): void {
    pending = messages;
    editor.setPending(messages.map(({ text }) => text));
  }

  function showPrompt(): void {
    editor.setPrompt(promptText(prompt, performance.now()));
    clearTimeout(tick);
    // A silence is counted while it lasts; that alone keeps nothing running.
    if (prompt.silentSince !== null) tick = setTimeout(showPrompt, 1_000).unref();
  }

  return {
    event(event) {
      if (event.type === "delivered") {
        const [oldest, ...rest] = pending;
        if (oldest !== undefined) {
          setPending(rest);
          editor.settle("> ", oldest.text);
        }
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
