// Shows a conversation where nothing can be drawn, and what one-shot commands print: messages from others on stdout,
// everything else on stderr. Knows the streams, not the conversation's rules.

import type { ConversationEvent, RoomEvent } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";
import type { Io } from "./io.ts";
import { DIM, mayStyle, styleFor, writeTo, writeToStdout } from "./output-stream.ts";
import { createTheme } from "./output/theme.ts";
import { NOBODY_RETURNS, withoutReturns } from "./returning.ts";
import { enteredRoom, noSeparators, reconnected, separatorBefore } from "./separators.ts";
import { chooseHue } from "./state/colours.ts";
import {
  type Delivery,
  describeError,
  describeEvent,
  keptLines,
  unsaidLines,
} from "./state/event-text.ts";
import { messageText, pipedMessage } from "./view/message-text.ts";
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
  /** Errors are shown even if `quiet`; of those of a pipe that have the same hint, the first with it. */
  error(error: CharlaError): Promise<void>;
}

/** @param clock ms since 1970 */
export function createPrinter(
  io: Pick<Io, "stdout" | "stderr" | "env">,
  options: PrinterOptions,
  clock: () => number = Date.now,
): Printer {
  const { json, quiet, verbose, showSender = false, delivery = "unknown", typed = false } = options;
  const styles = mayStyle(io, io.stdout);
  const theme = createTheme({ background: null, colours: 256, styles });
  let separators = noSeparators(clock());
  let returning = NOBODY_RETURNS;
  /** Of the last error. */
  let shownHint = "";
  const dim = (text: string) => styleFor(io, io.stderr)(DIM, text);

  async function write(stream: "stdout" | "stderr", text: string): Promise<void> {
    if (stream === "stdout") return writeToStdout(io.stdout, `${text}\n`);
    // An error of stderr can't be reported anywhere.
    await writeTo(io.stderr, `${text}\n`);
  }

  function showMessage(message: Extract<ConversationEvent, { type: "message" }>): Promise<void> {
    if (!("sequence" in message)) return write("stdout", visibleText(message.text));
    if (io.stdout.isTTY === true) return showRoomMessage(message);
    return write("stdout", pipedMessage(message.from, message.text));
  }

  /** With its author's name: in a room there are many. */
  function showRoomMessage(message: Extract<RoomEvent, { type: "message" }>): Promise<void> {
    const { from: name, fingerprint, text } = message;
    const style = styleFor(io, io.stdout);
    const [next, separator] = separatorBefore(separators, message, clock());
    separators = next;
    const { open, close } = theme({ person: chooseHue(fingerprint, []) });
    const line = messageText({ name, text }, (shown) => open + shown + close);
    return write(
      "stdout",
      separator === null || quiet ? line : `${style(DIM, separator)}\n${line}`,
    );
  }

  /** Shown even if `quiet`: it is why the exit status is not 0, or it is named only once. */
  function unsaidOf(event: ConversationEvent): string | null {
    const lines =
      event.type === "ended"
        ? unsaidLines(event, delivery)
        : event.type === "notice"
          ? keptLines(event)
          : [];
    return lines.length === 0 ? null : lines.join("\n");
  }

  /** Where nobody reads stdout any more, what is named only once is said in words. */
  async function writeJson(event: ConversationEvent): Promise<void> {
    try {
      await write("stdout", JSON.stringify(event));
    } catch (error) {
      const words = unsaidOf(event);
      if (words !== null) await write("stderr", words);
      throw error;
    }
  }

  return {
    async event(event) {
      if (event.type === "entered") separators = enteredRoom(separators);
      if (event.type === "reconnected") separators = reconnected(separators, clock());
      if (json) return writeJson(event);
      const [next, shown] = withoutReturns(returning, event, clock());
      returning = next;
      if (event.type === "message") {
        if (showSender && !quiet) await write("stderr", dim(`from ${event.from}`));
        return showMessage(event);
      }
      if (shown === null) return;
      const words = quiet ? unsaidOf(shown) : describeEvent(shown, verbose, delivery, typed);
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
      const words = describeError(error, typed || error.hint !== shownHint);
      shownHint = error.hint;
      await write("stderr", words);
    },
  };
}
