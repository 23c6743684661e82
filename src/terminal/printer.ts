// Shows a conversation: messages from others on stdout, everything else on stderr; on a terminal both go
// above the line being typed. Knows the streams, not the conversation's rules.

import type { ConversationEvent, RoomEvent } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";
import type { LineEditor } from "./editor/line-editor.ts";
import type { Io } from "./io.ts";
import { CYAN, DIM, styleFor, writeTo, writeToStdout } from "./output-stream.ts";
import { type Delivery, describeError, describeEvent, unsaidLines } from "./view/event-text.ts";
import { messageText, pipedMessage } from "./view/message-text.ts";
import type { RoomView } from "./view/room-view.ts";
import { visibleText } from "./visible-text.ts";

export interface PrinterOptions {
  /** Every event as a line of JSON on stdout, instead of words. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Prints each message's sender on stderr before it, for conversations with more than one possible sender. */
  readonly showSender?: boolean;
  /** Whether the conversation reports when a message has been delivered; "unknown" by default. */
  readonly delivery?: Delivery;
  /** Messages are typed on a terminal, and not read from a pipe. */
  readonly typed?: boolean;
  /** In a room: ring when a message mentions this person. */
  readonly bell?: boolean;
}

export interface Printer {
  /** @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED: nothing can be shown any more */
  event(event: ConversationEvent): Promise<void>;
  /**
   * Prints a line on stdout, as it is: a command's result.
   *
   * @throws {CharlaError} STDOUT_CLOSED, STDOUT_FAILED
   */
  print(line: string): Promise<void>;
  /** Prints whole lines, as they are: the result of a command that was typed in a room. */
  answer(lines: readonly string[]): Promise<void>;
  /** Errors are shown even if `quiet`. */
  error(error: CharlaError): Promise<void>;
  /** From now on, what goes to the editor's terminal is printed above its line. */
  attach(editor: LineEditor | null): void;
}

/** @param room the room, if the conversation is in one */
export function createPrinter(
  io: Pick<Io, "stdout" | "stderr" | "env">,
  options: PrinterOptions,
  room?: RoomView,
): Printer {
  const {
    json,
    quiet,
    verbose,
    showSender = false,
    delivery = "unknown",
    typed = false,
    bell = false,
  } = options;
  let editor: LineEditor | null = null;
  const dim = (text: string) => styleFor(io, io.stderr)(DIM, text);

  async function write(stream: "stdout" | "stderr", text: string): Promise<void> {
    const output = io[stream];
    if (editor !== null && output.isTTY === true) return editor.printAbove(text);
    if (stream === "stdout") return writeToStdout(output, `${text}\n`);
    // An error of stderr can't be reported anywhere.
    await writeTo(output, `${text}\n`);
  }

  function showMessage(message: Extract<ConversationEvent, { type: "message" }>): Promise<void> {
    const isTerminal = io.stdout.isTTY === true;
    if ("sequence" in message) {
      if (isTerminal) return showRoomMessage(message);
      return write("stdout", pipedMessage(message.from, message.text));
    }
    const visible = visibleText(message.text);
    if (editor === null || !isTerminal) return write("stdout", visible);
    const mark = styleFor(io, io.stdout)(CYAN, "<");
    return write("stdout", `${mark} ${visible.replaceAll("\n", "\n  ")}`);
  }

  /** With its author's name: in a room there are many. */
  function showRoomMessage(message: Extract<RoomEvent, { type: "message" }>): Promise<void> {
    const { from: name, fingerprint, text } = message;
    const style = styleFor(io, io.stdout);
    const separator = room?.separatorBefore(message) ?? null;
    const line = messageText({ name, fingerprint, text }, style);
    if (bell && room?.mentions(message) === true) editor?.ring();
    return write(
      "stdout",
      separator === null || quiet ? line : `${style(DIM, separator)}\n${line}`,
    );
  }

  /** Shown even if `quiet`: it is why the exit status is not 0. Above an editor the messages are still on the screen. */
  function unsaidOf(event: ConversationEvent): string | null {
    if (event.type !== "ended" || event.unsaid.length === 0 || editor !== null) return null;
    return unsaidLines(event, delivery).join("\n");
  }

  return {
    async event(event) {
      room?.update(event);
      if (json) return write("stdout", JSON.stringify(event));
      if (event.type === "message") {
        if (showSender && !quiet) await write("stderr", dim(`from ${event.from}`));
        return showMessage(event);
      }
      // While it lasts, a silence is shown in the prompt.
      if (event.type === "silent" && editor !== null) return;
      const words = quiet ? unsaidOf(event) : describeEvent(event, verbose, delivery, typed);
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
        await write("stdout", event).catch(() => {});
      }
      await write("stderr", describeError(error));
    },
    attach(attached) {
      editor = attached;
    },
  };
}
