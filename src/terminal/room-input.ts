// What is typed in a room: commands are run and their answers shown, Tab completes names, everything else is
// sent. Knows the conversation and the printer, not the keys, nor how a command is written (chat/commands.ts).

import { type Command, commandsFor, type ParsedLine, parseLine } from "../chat/commands.ts";
import { type Conversation, GOODBYE, type RoomConversation } from "../chat/conversation.ts";
import { CharlaError, usageError } from "../errors.ts";
import { completeWord, type Completion, startingWith } from "./editor/completion.ts";
import type { LineBuffer } from "./editor/line-buffer.ts";
import type { Io } from "./io.ts";
import { DIM, styleFor } from "./output-stream.ts";
import type { Printer } from "./printer.ts";
import type { RoomSwitcher } from "./room-switcher.ts";
import { describeInvitation, muteSentences } from "./view/event-text.ts";
import {
  banLines,
  banResultLines,
  commandLines,
  entryLines,
  invitationLines,
  peopleLines,
  roomLines,
} from "./view/room-lists.ts";
import type { RoomView } from "./view/room-view.ts";
import { visibleName } from "./visible-text.ts";

export type RoomInput = ReturnType<typeof createRoomInput>;

/** Messages that a search shows. */
const MAX_FOUND = 20;

/** How long what was asked back can be confirmed, ms: longer ago, it may be forgotten. */
const CONFIRM_WITHIN = 60_000;

const JOIN = /^\/(?:join|delete)\s+(\S*)$/;

export function isRoomConversation(
  conversation: Conversation | RoomConversation,
): conversation is RoomConversation {
  return "who" in conversation;
}

export function createRoomInput(
  io: Pick<Io, "stderr" | "env">,
  switcher: RoomSwitcher,
  view: RoomView,
  printer: Printer,
  { verbose, now, quit }: { verbose: boolean; now: () => number; quit: () => void },
) {
  /** What was asked back after the last line: typed again before that time, it is done. */
  let unconfirmed: { readonly line: string; readonly until: number } | null = null;

  /** What a line means; null, once the error has been shown, if it is a mistyped command. */
  function parse(line: string): ParsedLine | null {
    try {
      const parsed = parseLine(line);
      if (parsed.type === "say") unconfirmed = null;
      return parsed;
    } catch (error) {
      void showError(error);
      return null;
    }
  }

  function askBack(line: string): void {
    unconfirmed = { line, until: now() + CONFIRM_WITHIN };
  }

  async function run(command: Command): Promise<void> {
    const { conversation } = switcher;
    if (!isRoomConversation(conversation)) return;
    try {
      const wasAsked = unconfirmed !== null && now() < unconfirmed.until ? unconfirmed.line : null;
      unconfirmed = null;
      await printer.answer(await runIn(conversation, command, wasAsked));
    } catch (error) {
      await showError(error);
    }
  }

  /** A command that fails is no message that wasn't sent: it doesn't change the exit status. */
  async function showError(error: unknown): Promise<void> {
    if (!(error instanceof CharlaError)) throw error;
    if (error.code !== "CONVERSATION_OVER") await printer.error(error);
  }

  async function runIn(
    conversation: RoomConversation,
    command: Command,
    wasAsked: string | null,
  ): Promise<readonly string[]> {
    const columns = io.stderr.columns || 80;
    const style = styleFor(io, io.stderr);
    const dim = (text: string) => style(DIM, text);
    const { room, name: ownName, oldest, rights } = view.state;
    // Before the room is entered, they may turn out to be the owner.
    const mayBeOwner = rights.owner || room === "";
    switch (command.type) {
      case "help":
        return commandLines(view.state.rights, columns).map(dim);
      case "who":
        return peopleLines(await conversation.who(), ownName, columns, verbose).map(dim);
      case "rooms":
        return roomLines(await conversation.rooms(), room, columns).map(dim);
      case "join":
        if (command.room === room) return [dim(`you are already in ${room}`)];
        await switcher.switchTo(command.room);
        return [];
      case "name":
        await conversation.rename(command.name);
        return [];
      case "history": {
        const { count } = command;
        const entries = await conversation.history({ count, before: oldest ?? undefined });
        const [first] = entries;
        if (first === undefined) return [dim("no earlier messages")];
        view.shownBackTo(first.sequence);
        return entryLines(entries, Date.now(), style);
      }
      case "search": {
        const { words } = command;
        const entries = await conversation.history({ count: MAX_FOUND, words });
        if (entries.length === 0) return [dim(`no messages found with: ${words}`)];
        const lines = entryLines(entries, Date.now(), style);
        return entries.length < MAX_FOUND
          ? lines
          : [...lines, dim(`only the last ${MAX_FOUND} are shown`)];
      }
      case "bye":
        sayGoodbye(conversation);
        quit();
        return [];
      case "quit":
        quit();
        return [];
      case "copy":
        throw usageError(
          "this terminal does not let programs copy",
          "select the invitation with the mouse, and copy it",
        );
      case "kick":
        await conversation.kick(command.name);
        return [];
      case "ban":
        return banResultLines(await conversation.ban(command.name)).map(dim);
      case "unban":
        await conversation.unban(command.name);
        return [dim(`${visibleName(command.name)} may enter again`)];
      case "bans":
        return banLines(await conversation.bans(), columns).map(dim);
      case "op":
        await conversation.op(command.name, command.operator);
        return [];
      case "mute": {
        const { name, muted } = command;
        await conversation.mute(name, muted);
        return muteSentences(name, muted).map(dim);
      }
      case "lock": {
        await conversation.lock(command.locked);
        const state = command.locked
          ? "locked: nobody else can join"
          : "unlocked: others can join again";
        return [dim(`the room is ${state}`)];
      }
      case "delete": {
        if (command.room === room && mayBeOwner) {
          throw new CharlaError("REFUSED", `you are in ${room}`, "/join another room first");
        }
        // The server refuses it to others: they aren't asked first.
        const rooms = mayBeOwner ? await conversation.rooms() : [];
        const deleted = rooms.find(({ name }) => name === command.room);
        const line = `/delete ${command.room}`;
        if (deleted !== undefined && wasAsked !== line) {
          askBack(line);
          const messages = deleted.entries === 1 ? "1 message" : `${deleted.entries} messages`;
          return [dim(`${line} again deletes its ${messages}`)];
        }
        await conversation.deleteRoom(command.room);
        return [dim(`${command.room} is deleted`)];
      }
      case "invites":
        return invitationLines(await conversation.invitations(), columns).map(dim);
      case "revoke":
        await conversation.revoke(command.number);
        return [dim(`invitation ${command.number} lets nobody new in`)];
      case "close":
        if (mayBeOwner && wasAsked !== "/close") {
          askBack("/close");
          return [dim("/close again ends the conversation for everybody; /quit only leaves")];
        }
        await conversation.close();
        return [];
      case "invite":
        return [dim(describeInvitation(await conversation.invite(command)))];
    }
  }

  async function roomNames(): Promise<readonly string[]> {
    const { conversation } = switcher;
    return isRoomConversation(conversation)
      ? (await conversation.rooms()).map(({ name }) => name)
      : [];
  }

  return {
    view,
    parse,
    run,
    /** What Tab makes of a line. */
    complete(line: LineBuffer): Completion | Promise<Completion> {
      const { others: people, rights } = view.state;
      const commands = commandsFor(rights).map(({ name }) => `/${name}`);
      if (!isTypingRoom(line)) return completeInRoom(line, { commands, people, rooms: [] });
      return roomNames().then(
        (rooms) => completeInRoom(line, { commands, people, rooms }),
        // While the server can't be asked, nothing is completed.
        () => ({ line, candidates: [] }),
      );
    },
    /** Sends a line or runs it: for terminals on which nothing can be drawn. */
    async enter(line: string): Promise<void> {
      if (line.trim() === "") return;
      const written = parse(line);
      if (written?.type === "command") await run(written.command);
      if (written?.type !== "say") return;
      const { conversation } = switcher;
      try {
        await conversation.say(written.text);
      } catch (error) {
        if (!switcher.hasLeft(conversation)) throw error;
        // It was sent in a room that was left before it was delivered there.
        const message = `may not have been delivered: ${written.text}`;
        throw new CharlaError("NOT_CONNECTED", message, "send it again there");
      }
    },
  };
}

/** Only if it can be sent now: while the server is away, nobody waits for a goodbye. */
function sayGoodbye(conversation: RoomConversation): void {
  const now = new AbortController();
  // One that isn't stored is among the messages that the event `ended` lists.
  conversation.say(GOODBYE, { signal: now.signal }).catch(() => {});
  now.abort();
}

/** Whether the cursor stands behind a room's name, so that `rooms` are needed to complete it. */
export function isTypingRoom({ text, cursor }: LineBuffer): boolean {
  return JOIN.test(text.slice(0, cursor));
}

export function completeInRoom(
  line: LineBuffer,
  {
    commands,
    people,
    rooms,
  }: {
    readonly commands: readonly string[];
    readonly people: readonly string[];
    readonly rooms: readonly string[];
  },
): Completion {
  const before = line.text.slice(0, line.cursor);
  const room = JOIN.exec(before)?.[1];
  if (room !== undefined) return completeWord(line, room, startingWith(room, rooms), " ");
  const command = /^\/(?!\/)\S*$/.exec(before)?.[0];
  if (command !== undefined) {
    return completeWord(line, command, startingWith(command, commands), " ");
  }
  return completePerson(line, before, people);
}

/** A name may contain blanks, so the longest text before the cursor that begins one is completed. */
function completePerson(line: LineBuffer, before: string, people: readonly string[]): Completion {
  for (const { index } of before.matchAll(/(?<!\S)\S/g)) {
    const typed = before.slice(index);
    const candidates = startingWith(typed, people);
    if (candidates.length > 0) {
      return completeWord(line, typed, candidates, index === 0 ? ": " : " ");
    }
  }
  return { line, candidates: [] };
}
