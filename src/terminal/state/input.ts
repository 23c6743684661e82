// What a key or another input of the terminal changes: the line being typed, what is sent, which command is run. Pure.

import { type Command, commandsFor, type ParsedLine, parseLine } from "../../chat/commands.ts";
import { MAX_TEXT, MAX_WAITING } from "../../chat/conversation.ts";
import { CharlaError } from "../../errors.ts";
import { type Editing, type EditorCommand, replaceText } from "../editor/editing.ts";
import type { LineBuffer } from "../editor/line-buffer.ts";
import { complete as completeLine, paste, press } from "../editor/line-keys.ts";
import type { InputEvent, Key } from "../input/input-event.ts";
import { visibleLine, visibleName } from "../visible-text.ts";
import { completeInRoom, wordsToAskFor } from "./completion.ts";
import { printHeld, printOwn } from "./conversation-events.ts";
import type { Effect, Failure } from "./effects.ts";
import { endPages, noticeItems, print } from "./print.ts";
import { promptText, type State, type Step } from "./state.ts";
import { asking } from "./unanswered.ts";
import { lookedAt } from "./unread.ts";

/** As in less and more. */
const NEXT_PAGE: ReadonlySet<string> = new Set(["return", "space", "pagedown"]);

/** How long Ctrl-C can be pressed again to leave, ms: long enough to read that it can. */
const LEAVE_WITHIN = 2_000;
/**
 * Ctrl-C that comes so soon after another, in ms, is the same press: both are of a text that was pasted, which a terminal without
 * bracketed pastes sends as keys. Nobody presses a key that quickly, and a key that is held repeats more slowly (30 ms).
 */
const SAME_PRESS = 10;

/** What looks like a command, and not like a path. */
const COMMAND = /^\/[a-z]+(?:\s|$)/;

/** Characters of a dropped line that stay on the screen. */
const MAX_DROPPED = 400;

/** Characters that may be on the line in a room: several times what can be sent, so that there is something to shorten. */
const MAX_IN_ROOM = 4 * MAX_TEXT;
/** On the plain wire, where a line is a message. What is kept of a longer paste (input/paste.ts) is longer than this, too. */
const MAX_ON_PLAIN_WIRE = 256 * 1024;

const BY_LINES = "send a file, line by line: charla --plain HOST < FILE";

export function inputStep(state: State, event: InputEvent, now: number): Step {
  switch (event.type) {
    case "key": {
      const press = state.page === null ? pressKey : pageKey;
      const [next, effects] = press(state, event.key, now);
      // Any other key than the one that was asked for takes the question back.
      return [next.leaving === state.leaving ? withoutQuestion(next) : next, effects];
    }
    case "paste":
      return [withText(withoutQuestion(state), paste(state.editing, event.text)), []];
    case "focus": {
      const { focused } = event;
      const markedNew = state.markedNew && !focused;
      const unseen = focused ? 0 : state.unseen;
      const notified = focused ? null : state.notified;
      const unread = focused ? lookedAt(state.unread, now) : state.unread;
      return [{ ...state, focused, markedNew, unseen, notified, unread }, []];
    }
    // What the terminal can do is known to the driver.
    case "answer":
      return [state, []];
  }
}

function withoutQuestion(state: State): State {
  return state.leaving?.type === "asked" ? { ...state, leaving: null } : state;
}

/** While an answer is printed a page at a time. */
function pageKey(state: State, key: Key, now: number): Step {
  if (NEXT_PAGE.has(key.name)) {
    const page = state.page === null ? null : { ...state.page, waits: false };
    return [{ ...state, page }, []];
  }
  const ended = endPages(state);
  // They would leave the conversation, which is not what they do in a pager.
  const isLeaving = key.ctrl && (key.name === "c" || key.name === "d");
  if (isLeaving || key.name === "q" || key.name === "escape") return [ended, []];
  // Any other key ends the answer, and does what it always does.
  return pressKey(ended, key, now);
}

function pressKey(state: State, key: Key, now: number): Step {
  const [editing, command] = press(state.editing, key);
  if (isTooLong(state, editing)) return [state, [{ type: "bell" }]];
  const next = { ...state, editing };
  return command === null ? [next, []] : editorStep(next, command, now);
}

function editorStep(state: State, command: EditorCommand, now: number): Step {
  switch (command.type) {
    case "enter": {
      const [next, effects] = enterUnlessLeaving(state, command.text, now);
      // As in a shell, a line that begins with a blank is not kept.
      const isKept = /^\S/.test(command.text);
      return [next, isKept ? [{ type: "keep-line", text: command.text }, ...effects] : effects];
    }
    case "interrupt": {
      const [next, effects] =
        command.text === "" ? interrupt(state, now) : [dropLine(state, command.text), []];
      return [{ ...next, interruptedAt: now }, effects];
    }
    case "end":
      return leave(state, "done");
    case "complete":
      return completeStep(state, command.line);
    case "clear-screen":
      return [{ ...state, lastAuthor: null }, [command]];
    case "suspend": {
      const { beforeStop } = state.settings;
      if (beforeStop === undefined) return [state, [command]];
      const { message, hint } = beforeStop;
      return [print(state, ...noticeItems(message, now, hint)), [command]];
    }
    case "edit":
      return [state, [command]];
  }
}

/**
 * Ctrl-C on an empty line is often one too many, so that in a room it is asked back. On the plain wire, before one is in the room, and once
 * one is leaving, it leaves at once.
 */
function interrupt(state: State, now: number): Step {
  const { settings, connection, leaving, interruptedAt } = state;
  const asked: State = { ...state, leaving: { type: "asked", until: now + LEAVE_WITHIN } };
  // The clock may have been set back.
  if (interruptedAt !== null && Math.abs(now - interruptedAt) < SAME_PRESS) {
    return [leaving?.type === "asked" ? asked : state, []];
  }
  const isTalking = settings.isRoom && connection.type !== "connecting";
  const isMeant = leaving !== null && (leaving.type === "begun" || now < leaving.until);
  if (!isTalking || isMeant) return leave(state, "interrupted");
  return [asked, []];
}

function leave(state: State, status: "done" | "interrupted"): Step {
  return [{ ...state, leaving: { type: "begun" } }, [{ type: "leave", status }]];
}

/** Whether a change has made the line longer than makes sense; it can always be shortened. */
function isTooLong({ settings, editing: before }: State, after: Editing): boolean {
  const length = draftLength(after);
  return (
    length > (settings.isRoom ? MAX_IN_ROOM : MAX_ON_PLAIN_WIRE) && length > draftLength(before)
  );
}

function draftLength({ line, search }: Editing): number {
  return Math.max(line.text.length, search?.term.length ?? 0);
}

/** With another text on the line, unless that is too long. */
function withText(state: State, editing: Editing): State {
  if (!isTooLong(state, editing)) return { ...state, editing };
  if (!state.settings.isRoom) {
    return printError(state, {
      message: `a line has at most ${counted(MAX_ON_PLAIN_WIRE)} characters; it is as it was`,
      hint: BY_LINES,
    });
  }
  const length = counted(draftLength(editing));
  return printError(state, {
    message: `the line would have ${length} characters, and a message has at most ${counted(MAX_TEXT)}; it is as it was`,
    hint: "share it as a file: charla serve",
  });
}

function counted(count: number): string {
  return count.toLocaleString("en");
}

/** As in a shell, it stays on the screen, but not all of a long one: undo brings it back. */
function dropLine(state: State, text: string): State {
  const line = Array.from(visibleLine(text));
  const shown = line.length > MAX_DROPPED ? `${line.slice(0, MAX_DROPPED).join("")}…` : text;
  return print(state, ...noticeItems(visibleLine(`${promptText(state)}${shown}^C`), null));
}

/** Once one is leaving, the conversation takes no message any more, and the line may be the only copy of its text. */
function enterUnlessLeaving(state: State, text: string, now: number): Step {
  if (state.leaving?.type !== "begun" || !isMessage(state, text)) {
    return enterLine(state, text, now);
  }
  const refused = printError(state, {
    message: "you are leaving, so this is not sent; it is still on the line",
    hint: "Ctrl-C leaves at once; send it when you are back",
  });
  return [takeEdited(refused, text), []];
}

/** Whether a line is sent: it is not empty, and in a room no command, not even an unknown one. */
function isMessage({ settings }: State, text: string): boolean {
  if (text.trim() === "") return false;
  if (!settings.isRoom) return true;
  try {
    return parseLine(withoutLastNewlines(text)).type === "say";
  } catch {
    return false;
  }
}

export function enterLine(state: State, text: string, now: number): Step {
  if (text.trim() === "") return [state, []];
  if (state.settings.isRoom) return enterInRoom(state, withoutLastNewlines(text), now);
  if (!state.knowsNoCommands && COMMAND.test(text)) return [holdBack(state, text), []];
  // A message on the plain wire is one line: a paste of several is several messages.
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // Datagrams that leave at once in such numbers are lost on their way.
  if (lines.length > MAX_WAITING) {
    const count = counted(lines.length);
    const refused = printError(state, {
      message: `${count} lines are ${count} messages, and at most ${counted(MAX_WAITING)} can be sent at once; none was sent`,
      hint: BY_LINES,
    });
    return [takeEdited(refused, text), []];
  }
  return sayAll(state, lines, now);
}

/** The peer would get it as it is: once, it stays on the line, to be entered again or not. */
function holdBack(state: State, text: string): State {
  const words = `there are no commands on this wire, only the message "bye": Enter sends the line as it is`;
  return takeEdited(print({ ...state, knowsNoCommands: true }, ...noticeItems(words, null)), text);
}

function withoutLastNewlines(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\n") end -= 1;
  return text.slice(0, end);
}

function enterInRoom(state: State, text: string, now: number): Step {
  if (text === "") return [state, []];
  try {
    const parsed = parseLine(text);
    if (isForOtherRoom(state, parsed)) return [hold(state, text), []];
    if (parsed.type === "command") return runCommand(state, parsed.command, now);
    return sayAll({ ...state, unconfirmed: null }, [parsed.text], now);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    return [printError(state, error), []];
  }
}

/** While another room is being entered, all but what is for the screen alone, or leaves. */
function isForOtherRoom({ switching }: State, parsed: ParsedLine): boolean {
  if (switching === null) return false;
  if (parsed.type === "say") return true;
  const { type } = parsed.command;
  return type !== "help" && type !== "copy" && !(isFarewell(type) && switching.held.length === 0);
}

function isFarewell(type: Command["type"]): boolean {
  return type === "bye" || type === "quit";
}

function isFarewellLine(text: string): boolean {
  const parsed = parseLine(text);
  return parsed.type === "command" && isFarewell(parsed.command.type);
}

function hold(state: State, text: string): State {
  const { switching } = state;
  if (switching === null) return state;
  const { room, held } = switching;
  if (held.length < MAX_WAITING) {
    return { ...state, switching: { ...switching, held: [...held, text] } };
  }
  const refused = printError(state, {
    message: `${counted(MAX_WAITING)} lines wait for ${visibleName(room)} already; this one is still on the line`,
    hint: "enter it again once you are there",
  });
  return takeEdited(refused, text);
}

/** The other room was entered: what was held for it is done there. */
export function enterHeld(state: State, now: number): Step {
  const held = state.switching?.held ?? [];
  let next: State = { ...state, switching: null };
  const effects: Effect[] = [];
  // If one of them joins yet another room, those behind it are held for that.
  for (const text of held) {
    const [entered, wanted] = enterLine(next, text, now);
    next = entered;
    effects.push(...wanted);
  }
  return [next, effects];
}

/** The other room can't be entered. Somebody who wanted to leave then leaves. */
export function giveBackHeld(state: State, now: number): Step {
  const held = state.switching?.held ?? [];
  const given = printHeld(state, now, (text) => !isFarewellLine(text));
  return held.some(isFarewellLine) ? leave(given, "done") : [given, []];
}

function sayAll(state: State, texts: readonly string[], now: number): Step {
  const effects = texts.map((text, index): Effect => {
    return { type: "say", id: state.nextId + index, text };
  });
  return [texts.reduce((next, text) => say(next, text, now), state), effects];
}

function say(state: State, text: string, now: number): State {
  const { nextId: id, pending, settings } = state;
  const next = { ...state, nextId: id + 1 };
  // On the plain wire a message waits for the turn, and those behind it.
  const waits = state.turn === "theirs" || pending.length > 0;
  if (!settings.showsDelivery && !waits) return printOwn(next, text, now);
  return { ...next, pending: [...pending, { id, text, isTaken: false }] };
}

function runCommand(state: State, command: Command, now: number): Step {
  const { unconfirmed } = state;
  const confirmed = unconfirmed !== null && now < unconfirmed.until ? unconfirmed.line : null;
  const next = { ...state, unconfirmed: null };
  switch (command.type) {
    case "help": {
      const { about } = command;
      const answer =
        about === undefined
          ? ({ type: "commands", rights: state.room.rights } as const)
          : ({ type: "command", about } as const);
      return [print(next, { type: "answer", answer }), []];
    }
    case "quit":
      return leave(next, "done");
    case "bye": {
      // Those in the room that is being left for another have not been talked to any more.
      if (next.switching !== null) return leave(next, "done");
      const [left, effects] = leave(next, "done");
      return [left, [{ type: "goodbye" }, ...effects]];
    }
    case "copy":
      return copy(next);
    default: {
      const { nextId: id } = next;
      const effects: Effect[] = [{ type: "run", id, command, confirmed }];
      const running = { ...next, nextId: id + 1 };
      if (command.type === "join") {
        return [{ ...running, switching: { id, room: command.room, held: [] } }, effects];
      }
      const unanswered = asking(next.unanswered, id, command.type, now);
      return [{ ...running, unanswered }, effects];
    }
  }
}

function copy(state: State): Step {
  const { invitation, capabilities, room } = state;
  if (invitation === null) {
    const mayInvite = room.rights.owner || room.rights.operator;
    const hint = mayInvite ? "/invite shows one" : "the owner and operators can make one: ask them";
    return [printError(state, { message: "no invitation was shown yet", hint }), []];
  }
  if (!capabilities.clipboard) {
    const message = "this terminal does not let programs copy";
    const hint = "select the invitation with the mouse, and copy it";
    return [printError(state, { message, hint }), []];
  }
  // No terminal says whether it has taken it.
  const hint =
    capabilities.multiplexer === "tmux" ? "tmux takes it with: set -s set-clipboard on" : undefined;
  const copied = noticeItems("the invitation was sent to the terminal's clipboard", null, hint);
  return [print(state, ...copied), [{ type: "copy", text: invitation }]];
}

export function printError(state: State, { message, hint }: Pick<Failure, "message" | "hint">) {
  return print(state, { type: "error", text: visibleLine(message), hint: visibleLine(hint) });
}

function completeStep(state: State, line: LineBuffer): Step {
  if (!state.settings.isRoom) return [state, []];
  const words = wordsToAskFor(line);
  if (words !== null) return [state, [{ type: "complete", line, words }]];
  return [complete(state, line, []), []];
}

/** The line may have changed while the server was asked for `asked`. */
export function complete(state: State, line: LineBuffer, asked: readonly string[]): State {
  if (line !== state.editing.line) return state;
  const { others: people, rights } = state.room;
  const commands = commandsFor(rights).map(({ name }) => name);
  const completion = completeInRoom(line, { commands, people, asked });
  const [editing, candidates] = completeLine(state.editing, line, completion);
  const next = { ...state, editing };
  return candidates === null ? next : print(next, ...noticeItems(candidates, null));
}

/** The line was edited elsewhere. */
export function takeEdited(state: State, text: string): State {
  return withText(state, replaceText(state.editing, text));
}
