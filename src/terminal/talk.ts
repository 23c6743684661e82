// A conversation held on a terminal, or in a pipe: what is typed is said, what happens is shown, and
// at the end there is an exit status. Knows nothing of how the conversation travels.

import type { Conversation } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { inputLines } from "./input-lines.ts";
import { type LineEditor, openLineEditor } from "./line-editor.ts";
import { createPresenter, type Presenter, type PresenterOptions } from "./presenter.ts";

export interface TalkOptions extends PresenterOptions {
  /** At the end of the input: leave, or stay and listen. */
  readonly atEndOfInput: "leave" | "stay";
  /** A sentence to begin with. */
  readonly opening?: { readonly code: string; readonly message: string };
}

/** Exit statuses of programs ended by a signal are 128 and its number (POSIX sh, 2.8.2). */
const INTERRUPTED = 130;
const HUNG_UP = 129;

/** Holds the conversation until it ends; returns the exit status. */
export async function talk(conversation: Conversation, options: TalkOptions): Promise<number> {
  const presenter = createPresenter(options);
  // The first cause to end decides the status; a message that could not be said makes 0 a 1.
  let endStatus: number | null = null;
  let failed = false;

  const leave = (status: number) => {
    endStatus ??= status;
    void conversation.leave();
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
  using _signals = onSignals(leave);
  using editor = options.json ? null : openEditor(conversation, presenter, leave, fail);

  if (options.opening !== undefined) await presenter.event({ type: "notice", ...options.opening });
  let over = false;
  if (editor === null) {
    // Input that was cut off because the conversation ended first is no failure.
    sayInput(conversation, options, leave, fail).catch((error: unknown) =>
      over ? undefined : fail(error),
    );
  }
  try {
    for await (const event of conversation.events) {
      if (event.type === "turn")
        editor?.setPrompt(event.whose === "mine" ? "> " : "(their turn) > ");
      if (event.type === "ended" && event.unsaid.length > 0) failed = true;
      await presenter.event(event);
    }
  } catch (error) {
    await fail(error);
    await conversation.leave();
  } finally {
    over = true;
    // Input that nobody will hear any more must not keep the program running.
    process.stdin.destroy();
  }
  return endStatus === null || endStatus === 0 ? Number(failed) : endStatus;
}

/** The editor, where there is a terminal to type on and one to draw on; null where there is not. */
function openEditor(
  conversation: Conversation,
  presenter: Presenter,
  leave: (status: number) => void,
  fail: (error: unknown) => Promise<void>,
): LineEditor | null {
  const output = [process.stdout, process.stderr].find((stream) => stream.isTTY);
  if (!process.stdin.isTTY || output === undefined || process.env["TERM"] === "dumb") return null;
  const editor = openLineEditor(process.stdin, output, {
    onLine(text) {
      // A message has no newline of its own on the plain wire: each line of a paste is one.
      for (const line of text.split("\n")) {
        if (line !== "") conversation.say(line).catch(fail);
      }
    },
    onInterrupt: () => leave(INTERRUPTED),
    onEnd: () => leave(0),
  });
  editor.setPrompt("> ");
  presenter.attach(editor);
  return {
    ...editor,
    [Symbol.dispose]() {
      presenter.attach(null);
      editor.close();
    },
  };
}

/** Says each line of standard input, in order, each after the one before has left. */
async function sayInput(
  conversation: Conversation,
  options: TalkOptions,
  leave: (status: number) => void,
  fail: (error: unknown) => Promise<void>,
): Promise<void> {
  for await (const line of inputLines(process.stdin)) {
    if ("error" in line) await fail(line.error);
    else if (!(await say(conversation, line.text, fail))) return;
  }
  if (options.atEndOfInput === "leave") leave(0);
}

/** Whether there is still somebody to say the next message to. */
async function say(
  conversation: Conversation,
  text: string,
  fail: (error: unknown) => Promise<void>,
): Promise<boolean> {
  try {
    await conversation.say(text);
    return true;
  } catch (error) {
    await fail(error);
    return !(error instanceof CharlaError) || error.code !== "CONVERSATION_OVER";
  }
}

function onSignals(leave: (status: number) => void): Disposable {
  const handlers = {
    SIGINT: () => leave(INTERRUPTED),
    SIGHUP: () => leave(HUNG_UP),
    // Asked to end, it ends: that is no failure.
    SIGTERM: () => leave(0),
  };
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    },
  };
}
