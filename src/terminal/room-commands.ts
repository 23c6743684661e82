// What is asked for in a room by its commands: asks the conversation, and tells the answer. Knows no keys, and
// nothing of how a command is written (src/chat/commands.ts).

import { type Command, COMMANDS, usageOf } from "../chat/commands.ts";
import type { RoomConversation, RoomDescription } from "../chat/conversation.ts";
import type { MemberDescription } from "../chat/frames.ts";
import type { LogEntry } from "../chat/log-entry.ts";
import { shownName } from "./shown-name.ts";
import { DIM, styler } from "./style.ts";
import { calendarDay, clockTime } from "./view/clock-text.ts";
import { inColumns } from "./view/columns.ts";
import { describeInvitation } from "./view/event-text.ts";
import { messageText } from "./view/message-text.ts";
import type { RoomScene } from "./view/room-view.ts";
import { visibleLine } from "./visible-text.ts";

export interface CommandStage {
  /** The room one is in now. */
  readonly conversation: RoomConversation;
  readonly scene: RoomScene;
  /** Columns of the window. */
  readonly columns: number;
  /** Answers may be dimmed and coloured. */
  readonly styled: boolean;
  /** Fingerprints are told whole. */
  readonly verbose: boolean;
  /** ms since 1970. */
  readonly now: number;
  goTo(room: string): Promise<void>;
  quit(): void;
}

/** Messages that a search shows. */
const MAX_SHOWN = 20;
/** Letters of a fingerprint that tell people of one room apart. */
const SHORT_FINGERPRINT = 12;

/**
 * Does it; resolves with what there is to tell, ready to be printed.
 *
 * @throws {CharlaError} whatever the conversation throws
 */
export async function obey(command: Command, stage: CommandStage): Promise<readonly string[]> {
  const { conversation, scene, columns, now } = stage;
  const dim = styler(DIM, stage.styled);
  switch (command.type) {
    case "help":
      return listCommands(columns).map(dim);
    case "who":
      return listPeople(await conversation.who(), stage).map(dim);
    case "rooms":
      return listRooms(await conversation.rooms(), stage).map(dim);
    case "join":
      if (command.room === scene.state.room) return [dim(`you are in ${command.room} already`)];
      await stage.goTo(command.room);
      return [];
    case "name":
      await conversation.rename(command.name);
      return [];
    case "history": {
      const before = scene.state.oldest ?? undefined;
      const entries = await conversation.history({ count: command.count, before });
      const [oldest] = entries;
      if (oldest === undefined) return [dim("nothing was said before")];
      scene.sawBackTo(oldest.sequence);
      return listEntries(entries, now, stage.styled);
    }
    case "search": {
      const { words } = command;
      const entries = await conversation.history({ count: MAX_SHOWN, words });
      if (entries.length === 0) return [dim(`nothing was said with: ${words}`)];
      const lines = listEntries(entries, now, stage.styled);
      return entries.length < MAX_SHOWN
        ? lines
        : [...lines, dim(`these are the last ${MAX_SHOWN}`)];
    }
    case "quit":
      stage.quit();
      return [];
    case "kick":
      await conversation.kick(command.name);
      return [];
    case "mute":
      await conversation.mute(command.name, command.muted);
      return [
        dim(
          `${shownName(command.name)} ${command.muted ? "can only listen now" : "can speak again"}`,
        ),
      ];
    case "lock":
      await conversation.lock(command.locked);
      return [dim(command.locked ? "nobody else is let in now" : "others are let in again")];
    case "invite":
      return [dim(describeInvitation(await conversation.invite(command)))];
  }
}

function listCommands(columns: number): string[] {
  const rows = COMMANDS.map((its) => [
    usageOf(its),
    "owner" in its ? `${its.does} (owner)` : its.does,
  ]);
  return [...inColumns(rows, columns), "//TEXT says /TEXT"];
}

function listPeople(
  people: readonly MemberDescription[],
  { scene, columns, verbose }: CommandStage,
): string[] {
  const rows = people.map(({ name, fingerprint, away }) => [
    shownName(name),
    verbose ? visibleLine(fingerprint) : shortFingerprint(fingerprint),
    name === scene.state.name ? "you" : away ? "away" : "",
  ]);
  return inColumns(rows, columns);
}

/** Without the name of the hash, which all have in common. */
function shortFingerprint(fingerprint: string): string {
  const its = visibleLine(fingerprint).replace(/^SHA256:/, "");
  return its.length > SHORT_FINGERPRINT ? `${its.slice(0, SHORT_FINGERPRINT)}…` : its;
}

function listRooms(rooms: readonly RoomDescription[], { scene, columns }: CommandStage): string[] {
  const rows = rooms.map(({ name, members, entries }) => [
    shownName(name),
    `${members} here`,
    entries === 1 ? "1 message" : `${entries} messages`,
    name === scene.state.room ? "you" : "",
  ]);
  return inColumns(rows, columns);
}

/** As messages, each with its time, and with the day where it changes. */
function listEntries(entries: readonly LogEntry[], now: number, styled: boolean): string[] {
  const dim = styler(DIM, styled);
  let day = calendarDay(now);
  return entries.flatMap(({ time, name, author, text }) => {
    const line = `${dim(clockTime(time))} ${messageText({ name, fingerprint: author, text }, styled)}`;
    if (calendarDay(time) === day) return [line];
    day = calendarDay(time);
    return [dim(`-- ${day} --`), line];
  });
}
