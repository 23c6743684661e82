// A conversation on a terminal or in a pipe: what is typed is sent, what happens is shown, and at the end
// there is an exit status. Knows nothing of the network.

import type { Conversation, RoomConversation } from "../chat/conversation.ts";
import {
  type ConversationEvent,
  type EventOf,
  noticeEvent,
  type NoticeText,
} from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import type { KeptLines } from "./editor/line-history.ts";
import {
  Interruption,
  type Io,
  isTerminal,
  onSignalToEnd,
  SIGNAL_STATUS,
  type SignalName,
} from "./io.ts";
import { isDumb } from "./known-terminals.ts";
import type { KeptWidths } from "./output/measured-width.ts";
import {
  inputLines,
  inputNotSent,
  MAX_IN_FLIGHT,
  type SendingLines,
  sendLines,
} from "./piped-lines.ts";
import { createPrinter, type Printer, type PrinterOptions } from "./printer.ts";
import { type AtQuit, createRoomSwitcher } from "./room-switcher.ts";
import { isRoomConversation } from "./run-command.ts";
import type { Screen, Terminal } from "./terminal.ts";

export interface TalkOptions extends PrinterOptions {
  /** Ring when a message mentions this person. */
  readonly bell?: boolean;
  /** Desktop notifications; true by default. */
  readonly notifies?: boolean;
  /** At the end of the input: leave, or stay and listen. */
  readonly atEndOfInput: "leave" | "stay";
  /** Shown before anything happens. */
  readonly notices?: readonly NoticeText[];
  /** Something to say before Ctrl-Z stops the program. */
  readonly beforeStop?: NoticeText;
  /** Something to say before the end is shown. */
  readonly atEnd?: () => readonly NoticeText[];
  /** The name that this person wants, which the rooms may give or not. */
  readonly name?: string;
  /** Opens the conversation of another room of the same server, under the wanted name; without it there is only one room. */
  readonly enter?: (room: string, name: string, existing: boolean) => RoomConversation;
  /** In a shell, what searches all that is kept of a room; null, or missing, where nothing is. */
  readonly searchCommand?: (room: string) => string | null;
  /** "others-stay" by default. */
  readonly atQuit?: AtQuit;
  /** Lines typed earlier, to recall; without it, only those of this conversation. */
  readonly keptLines?: KeptLines | undefined;
  /** How wide this terminal draws text, as it has answered before; without it, it is asked. */
  readonly keptWidths?: KeptWidths | undefined;
  /** This person has taken another name. */
  readonly onRenamed?: (name: string) => void;
  /** Nobody reads stdout any more: from now on no message counts as shown. */
  readonly onUnread?: () => void;
}

type Ended = EventOf<"ended">;

/** How long after a signal to end a program that reads stdout or stderr may read nothing, ms. */
const END_WAIT = 1_000;

/** Shows a conversation at the pace of its reader; after a signal to end, only of one that reads. */
function readersPace(printer: Printer) {
  const waiting = new Set<(error: Interruption) => void>();
  let signal: SignalName | null = null;
  let gaveUp: Interruption | null = null;

  function giveUp(by: SignalName): void {
    gaveUp = new Interruption(by);
    for (const reject of waiting) reject(gaveUp);
  }

  async function paced(write: () => Promise<void>): Promise<void> {
    if (gaveUp !== null) throw gaveUp;
    const { promise, reject } = Promise.withResolvers<void>();
    waiting.add(reject);
    const timer = signal === null ? undefined : setTimeout(giveUp, END_WAIT, signal);
    try {
      await Promise.race([write(), promise]);
    } finally {
      clearTimeout(timer);
      waiting.delete(reject);
    }
  }

  return {
    event: (event: ConversationEvent) => paced(() => printer.event(event)),
    // Then the next event fails, or the conversation ends.
    error: (error: CharlaError) => paced(() => printer.error(error)).catch(() => {}),
    /** Why nothing is shown any more. */
    get gaveUp() {
      return gaveUp;
    },
    end(by: SignalName): void {
      signal = by;
      const before = [...waiting];
      setTimeout(() => {
        if (before.some((reject) => waiting.has(reject))) giveUp(by);
      }, END_WAIT).unref();
    },
  };
}

/**
 * The lines of the input, after what the conversation knows of besides.
 *
 * @param withRefused also those that were reported in their place
 */
function withUnsent(
  unsaid: readonly string[],
  sending: SendingLines,
  withRefused: boolean,
): readonly string[] {
  const lines = Array.from(sending.unsent())
    .filter(([number]) => withRefused || !sending.refused.has(number))
    .map(([, text]) => text);
  const others = [...unsaid];
  for (const line of lines) {
    const index = others.indexOf(line);
    if (index !== -1) others.splice(index, 1);
  }
  return [...others, ...lines];
}

/** Null if there is no terminal to type on, or none to draw on, or if a program in a pipe may write among what is drawn. */
function findScreen({
  stdin,
  stdout,
  stderr,
  env,
}: Pick<Io, "stdin" | "stdout" | "stderr" | "env">): Screen | null {
  if (stdout.isPipe === true) return null;
  const output = [stdout, stderr].find((stream) => stream.isTTY);
  if (!isTerminal(stdin) || output === undefined || isDumb(env)) return null;
  return { input: stdin, output };
}

/**
 * Holds the conversation until it ends; returns the exit status.
 *
 * @throws {Interruption} a signal has ended it, and nobody reads what is still to be printed
 */
export async function talk(
  io: Pick<Io, "stdin" | "stdout" | "stderr" | "env" | "onSignal">,
  start: Conversation | RoomConversation,
  options: TalkOptions,
): Promise<number> {
  const { enter, verbose, json } = options;
  /** In the current room, and for the next one: where a person is muted, they keep the name that they had there. */
  let ownName = "";
  let wantedName = options.name ?? "";
  const switcher = createRoomSwitcher(
    start,
    enter === undefined ? undefined : (room, existing) => enter(room, wantedName, existing),
    options,
  );
  const isTyped = io.stdin.isTTY === true;
  const printer = createPrinter(io, { ...options, typed: isTyped });
  // The first cause to leave decides the status; a message that couldn't be sent makes 0 a 1.
  let leaveStatus: number | null = null;
  let failed = false;
  let lines: SendingLines | null = null;

  const leave = (status: number) => {
    leaveStatus ??= status;
    // First: a line that a conversation refuses because it is over is in no count of what to send again.
    void lines?.stop();
    void switcher.leave();
  };
  let shownError: CharlaError | null = null;
  const fail = async (error: unknown) => {
    if (!(error instanceof CharlaError)) throw error;
    // The message came too late: "ended" lists those that weren't sent.
    if (error.code === "CONVERSATION_OVER") return;
    failed = true;
    // Each text is shown where it was typed, and a notice says why, once for all of them.
    if (error.code === "OTHER_CONVERSATION" && isTyped && !json) return;
    // The error that ended the conversation rejects pending messages too, and is shown once.
    if (error === shownError) return;
    shownError = error;
    await display.error(error);
  };
  const reader = readersPace(printer);
  let opened: Terminal | null = null;
  using _signals = onSignalToEnd(io, (status, signal) => {
    if (status === SIGNAL_STATUS.SIGINT && opened?.isSignalForOther() === true) return;
    (opened ?? reader).end(signal);
    leave(status);
  });

  const isRoom = isRoomConversation(start);
  const screen = json ? null : findScreen(io);
  const isDumbTerminal = screen === null && isRoom && isTyped;
  // A conversation in a pipe needs neither, and starts sooner.
  const { openTerminal } = screen === null ? {} : await import("./terminal.ts");
  const { openDumbTerminal } = isDumbTerminal ? await import("./dumb-terminal.ts") : {};
  const showsDelivery = options.delivery === "shown";
  using cleanup = new DisposableStack();
  // Input that is no longer read must not keep the program running.
  cleanup.defer(() => io.stdin.destroy());
  await using terminal =
    screen === null || openTerminal === undefined
      ? null
      : openTerminal(screen, io, switcher, printer, {
          isRoom,
          showsDelivery,
          quiet: options.quiet,
          verbose,
          bell: options.bell === true,
          notifies: options.notifies !== false,
          beforeStop: options.beforeStop,
          keptLines: options.keptLines,
          keptWidths: options.keptWidths,
          leave,
          fail,
        });
  opened = terminal;
  // By a signal that came meanwhile.
  if (leaveStatus !== null) terminal?.end();
  const display = terminal ?? reader;
  const dumb =
    openDumbTerminal?.(io, switcher, printer, { verbose, quit: () => leave(0), fail }) ?? null;

  for (const notice of options.notices ?? []) await display.event(noticeEvent(notice));
  let over = false;
  let isRead = true;
  const begun = Promise.withResolvers<void>();
  if (terminal === null) {
    // A message may take a round trip until it is delivered; one at a time would be slow.
    const inFlight = showsDelivery ? MAX_IN_FLIGHT : 1;
    const say = async (line: string) => {
      // Enter alone says nothing; in a pipe blank lines are part of a text.
      if (isTyped && line.trim() === "") return;
      await (dumb?.enter(line) ?? switcher.conversation.say(line));
    };
    lines = sendLines(inputLines(io.stdin, isRoom), { say }, inFlight, fail);
    // By a signal that came meanwhile.
    if (leaveStatus !== null) void lines.stop();
    lines.done.then(
      async (all) => {
        // Even without anything to send, an error of joining must be shown first.
        await begun.promise;
        if (all && options.atEndOfInput === "leave") leave(0);
      },
      // Input that was cut off because the conversation ended first is no failure.
      (error: unknown) => (over ? undefined : fail(error)),
    );
  }
  /** The end, with what was read and not sent, which the conversation may not know of. */
  async function finish(event: Ended): Promise<Ended> {
    const notices = isRead ? (options.atEnd?.() ?? []) : [];
    for (const notice of notices) await display.event(noticeEvent(notice));
    if (lines === null) return event;
    const next = await lines.stop();
    if (next !== null) await fail(inputNotSent(next));
    return { ...event, unsaid: withUnsent(event.unsaid, lines, json) };
  }

  try {
    for await (const event of switcher.events) {
      if (event.type === "entered" || event.type === "joining") begun.resolve();
      if (event.type === "entered") {
        ownName = event.name;
        if (event.muted !== true || wantedName === "") wantedName = ownName;
      }
      if (event.type === "renamed" && event.from === ownName) {
        ownName = event.to;
        wantedName = ownName;
        options.onRenamed?.(ownName);
      }
      dumb?.event(event);
      try {
        const shown = event.type === "ended" ? await finish(event) : event;
        if (shown.type === "ended" && shown.unsaid.length > 0) failed = true;
        if (!isRead && !(shown.type === "ended" && failed)) continue;
        await display.event(shown);
      } catch (error) {
        if (!(error instanceof CharlaError) || error.code !== "STDOUT_CLOSED") throw error;
        // The reader has enough, as `head` does: that is no failure.
        isRead = false;
        options.onUnread?.();
        leave(0);
      }
    }
  } catch (error) {
    if (error instanceof Interruption) options.onUnread?.();
    else await fail(error);
    await switcher.leave();
  } finally {
    over = true;
    await terminal?.untilReturned();
  }
  // What is still to be written would keep the program running.
  if (reader.gaveUp !== null) throw reader.gaveUp;
  return leaveStatus === null || leaveStatus === 0 ? Number(failed) : leaveStatus;
}
