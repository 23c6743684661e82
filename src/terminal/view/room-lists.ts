// What a room's commands show, as lines: commands, people, rooms, messages. Pure, but for the time zone of
// this machine.

import { commandsFor, commandUsage, type Rights } from "../../chat/commands.ts";
import type { Banned } from "../../chat/conversation.ts";
import type {
  BanDescription,
  InvitationDescription,
  LogEntry,
  MemberDescription,
  RoomDescription,
} from "../../chat/frames.ts";
import { layOutTable } from "../display-width.ts";
import { DIM, type Style } from "../output-stream.ts";
import { visibleLine, visibleName } from "../visible-text.ts";
import { banSentences, describeInvitation } from "./event-text.ts";
import { calendarDay, clockTime, messageText } from "./message-text.ts";

/** Letters of a fingerprint that tell the people of one room apart. */
const SHORT_FINGERPRINT = 12;

/** @param columns of the window */
export function commandLines(rights: Rights, columns: number): string[] {
  const rows = commandsFor(rights).map((command) => [commandUsage(command), command.does]);
  return [...layOutTable(rows, columns), "//TEXT sends /TEXT"];
}

/**
 * One line for each person, however many windows they have.
 *
 * @param ownName of the person who asks
 * @param verbose shows fingerprints whole
 */
export function peopleLines(
  people: readonly MemberDescription[],
  ownName: string,
  columns: number,
  verbose: boolean,
): string[] {
  const rows = Map.groupBy(people, ({ fingerprint }) => fingerprint)
    .values()
    .map((windows) => {
      const names = [...new Set(windows.map(({ name }) => name))];
      const [first] = windows;
      const is = [
        ...(names.includes(ownName) ? ["you"] : []),
        ...(first?.owner === true ? ["owner"] : first?.operator === true ? ["operator"] : []),
        ...(first?.muted === true ? ["muted"] : []),
        ...(windows.every(({ away }) => away) ? ["away"] : []),
      ];
      return [
        names.map(visibleName).join(", "),
        verbose
          ? visibleLine(first?.fingerprint ?? "")
          : shortFingerprint(first?.fingerprint ?? ""),
        is.join(", "),
      ];
    });
  return layOutTable([...rows], columns);
}

/** @param current the room that the person who asks is in */
export function roomLines(
  rooms: readonly RoomDescription[],
  current: string,
  columns: number,
): string[] {
  const rows = rooms.map(({ name, members, entries }) => [
    visibleName(name),
    `${members} here`,
    entries === 1 ? "1 message" : `${entries} messages`,
    name === current ? "you" : "",
  ]);
  return layOutTable(rows, columns);
}

export function banLines(bans: readonly BanDescription[], columns: number): string[] {
  if (bans.length === 0) return ["nobody is banned"];
  const rows = bans.map(({ name, fingerprint, by, time }) => [
    visibleName(name),
    // Whole, for it is what /unban takes.
    visibleLine(fingerprint),
    `by ${visibleName(by)}, ${calendarDay(time)}`,
  ]);
  return layOutTable(rows, columns);
}

/** With the new standing invitation, if there is one. */
export function banResultLines(banned: Banned): string[] {
  const { invitation } = banned;
  return [
    ...banSentences(banned),
    ...(invitation === undefined ? [] : [describeInvitation(invitation)]),
  ];
}

export function invitationLines(
  invitations: readonly InvitationDescription[],
  columns: number,
): string[] {
  if (invitations.length === 0) return ["anyone may join: there are no invitations"];
  const rows = invitations.map(({ id, room, left, until, count, guests }) => {
    const names = guests.map(({ name, fingerprint }) => {
      return name === undefined ? shortFingerprint(fingerprint) : visibleName(name);
    });
    const more = count > guests.length ? [`${count - guests.length} more`] : [];
    const uses = left === undefined ? "" : left === 0 ? "closed" : `${left} left`;
    const end = until === undefined || left === 0 ? "" : `until ${describeTime(until)}`;
    return [
      id,
      room === undefined ? "all rooms" : visibleName(room),
      [uses, end].filter((part) => part !== "").join(", "),
      [...names, ...more].join(", "),
    ];
  });
  return layOutTable(rows, columns);
}

function describeTime(time: number): string {
  return `${calendarDay(time)} ${clockTime(time)}`;
}

/** Messages with their times, and a line with the day where it changes. */
export function entryLines(entries: readonly LogEntry[], now: number, style: Style): string[] {
  let day = calendarDay(now);
  return entries.flatMap(({ time, name, author, text }) => {
    const message = messageText({ name, fingerprint: author, text }, style);
    const line = `${style(DIM, clockTime(time))} ${message}`;
    if (calendarDay(time) === day) return [line];
    day = calendarDay(time);
    return [style(DIM, `-- ${day} --`), line];
  });
}

/** Without the name of the hash, which is always the same. */
function shortFingerprint(fingerprint: string): string {
  const digits = visibleLine(fingerprint).replace(/^SHA256:/, "");
  return digits.length > SHORT_FINGERPRINT ? `${digits.slice(0, SHORT_FINGERPRINT)}…` : digits;
}
