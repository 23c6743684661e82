// Where what happens is shown: what the other end said on stdout, all else on stderr, and on a
// terminal both above the line being typed. Knows the streams, not the conversation's rules.

import type { ConversationEvent, RoomEvent } from "../chat/events.ts";
import { CharlaError, systemCode } from "../errors.ts";
import type { LineEditor } from "./editor/line-editor.ts";
import type { Io } from "./io.ts";
import { CYAN, DIM, mayStyle, styler } from "./style.ts";
import { type Delivery, describeError, describeEvent } from "./view/event-text.ts";
import { messageText } from "./view/message-text.ts";
import type { RoomScene } from "./view/room-view.ts";
import { visibleText } from "./visible-text.ts";
import { written } from "./write-stream.ts";

export interface PresenterOptions {
  /** Every event as one JSON object a line on stdout, instead of words. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Each message's sender on stderr before it, where the conversation does not make it plain. */
  readonly tellSender?: boolean;
  /** Whether the conversation tells when the other end has a message; "unknown" by default. */
  readonly delivery?: Delivery;
  /** In a room: ring when a message names this person. */
  readonly bell?: boolean;
}

export interface Presenter {
  /** @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED: nothing can be shown any more */
  event(event: ConversationEvent): Promise<void>;
  /**
   * A line on stdout, as it is: what a command was asked for.
   *
   * @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED
   */
  print(line: string): Promise<void>;
  /** What somebody asked for while they talk: whole lines, as they are. */
  answer(lines: readonly string[]): Promise<void>;
  /** Errors are told even to who wants quiet, as far as anyone can be told. */
  error(error: CharlaError): Promise<void>;
  /** From now on, what is shown on the editor's terminal goes above its line. */
  attach(editor: LineEditor | null): void;
}

/** @param scene where the conversation is in a room */
export function createPresenter(io: Io, options: PresenterOptions, scene?: RoomScene): Presenter {
  const { json, quiet, verbose, tellSender = false, delivery, bell = false } = options;
  let editor: LineEditor | null = null;
  const styled = mayStyle(io, io.stderr);
  const dim = styler(DIM, styled);
  const cyan = styler(CYAN, styled);

  async function write(stream: "stdout" | "stderr", text: string): Promise<void> {
    const to = io[stream];
    if (editor !== null && to.isTTY) return editor.printAbove(text);
    const failure = await written(to, `${text}\n`);
    // Where stderr cannot be written there is nobody to tell.
    if (stream === "stdout" && failure !== null) throw stdoutError(failure);
  }

  function showMessage(message: Extract<ConversationEvent, { type: "message" }>): Promise<void> {
    if ("sequence" in message && io.stdout.isTTY) return showSaidBy(message);
    const visible = visibleText(message.text);
    if (editor === null || !io.stdout.isTTY) return write("stdout", visible);
    return write("stdout", `${cyan("<")} ${visible.replaceAll("\n", "\n  ")}`);
  }

  /** In a room there are many who may have said it. */
  function showSaidBy(message: Extract<RoomEvent, { type: "message" }>): Promise<void> {
    const { from: name, fingerprint, text } = message;
    const mark = scene?.markBefore(message.time) ?? null;
    const line = messageText({ name, fingerprint, text }, styled);
    if (bell && scene?.isCalled(message) === true) editor?.ring();
    return write("stdout", mark === null || quiet ? line : `${dim(mark)}\n${line}`);
  }

  return {
    async event(event) {
      scene?.see(event);
      if (json) return write("stdout", JSON.stringify(event));
      if (event.type === "message") {
        if (tellSender && !quiet) await write("stderr", dim(`from ${event.from}`));
        return showMessage(event);
      }
      // The prompt shows a silence while it lasts.
      if (event.type === "silent" && editor !== null) return;
      const words = quiet ? null : describeEvent(event, verbose, delivery);
      if (words !== null) await write("stderr", dim(words));
    },
    print: (line) => write("stdout", line),
    async answer(lines) {
      if (lines.length > 0) await write("stderr", lines.join("\n"));
    },
    async error(error) {
      if (json) {
        const { code, message, hint } = error;
        const event = JSON.stringify({ type: "error", code, message, hint });
        await write("stdout", event).catch(ignore);
      }
      await write("stderr", describeError(error));
    },
    attach(its) {
      editor = its;
    },
  };
}

function ignore(): void {}

function stdoutError(cause: Error): CharlaError {
  if (systemCode(cause) === "EPIPE") {
    return new CharlaError(
      "STDOUT_CLOSED",
      "stdout was closed: nobody reads what is said",
      "keep the program that reads it running, or let stdout be a file",
      { cause },
    );
  }
  return new CharlaError(
    "STDOUT_FAILED",
    `what is said cannot be written to stdout: ${cause.message}`,
    "let stdout be a place with room for it",
    { cause },
  );
}
