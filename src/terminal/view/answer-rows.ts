// What the commands of a room are answered, as rows: commands, people, rooms, bans, invitations, messages. Pure, but for
// this machine's time zone.

import { commandHelp } from "../../chat/command-help.ts";
import {
  actionText,
  commandsFor,
  commandUsage,
  OTHER_TOPICS,
  type Rights,
} from "../../chat/commands.ts";
import type { Banned } from "../../chat/conversation.ts";
import type { InvitationDescription, MemberDescription } from "../../chat/frames.ts";
import { shortFingerprint } from "../../chat/short-fingerprint.ts";
import { type Row, span } from "../rows.ts";
import { chooseHue } from "../state/colours.ts";
import { banSentences } from "../state/event-text.ts";
import type { Answer, FoundEntry } from "../state/transcript.ts";
import { visibleLabel, visibleName } from "../visible-text.ts";
import { invitationRows } from "./invitation-rows.ts";
import { hang, type ItemLayout, type Layout, MARK_COLUMNS, OWN_INDENT, ownRows } from "./layout.ts";
import { followingRows, nameColumnWidth } from "./message-rows.ts";
import { calendarDay, clockTime, longDate } from "./message-text.ts";
import { tableRows } from "./table.ts";

type AnswerOf<Type extends Answer["type"]> = Extract<Answer, { type: Type }>;

/** Columns of most commands with their arguments; a longer one has its description below it. */
const USAGE_COLUMNS = 13;
/** With fewer columns for descriptions, each stands below its command. */
const MIN_DOES_COLUMNS = 20;

/** The rows of each part of the answer, such as a message or a person. In every window there are the same parts. */
export function answerParts(answer: Answer, layout: ItemLayout): Row[][] {
  switch (answer.type) {
    case "commands":
      return commandRows(answer.rights, layout);
    case "command":
      return commandHelp(answer.about).map((line, index) =>
        index === 0 ? ownRows("   ", [span(line, "strong")], layout) : sentenceRows(line, layout),
      );
    case "people":
      return peopleRows(answer, layout);
    case "rooms":
      return roomRows(answer, layout);
    case "bans":
      return banRows(answer, layout);
    case "banned":
      return bannedRows(answer.banned, layout);
    case "invitations":
      return invitationListRows(answer, layout);
    case "entries":
      return entryRows(answer, layout);
  }
}

/** The commands that somebody may use, by who else may. */
function commandRows(rights: Rights, layout: Layout): Row[][] {
  const commands = commandsFor(rights).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const rowsOf = (chosen: typeof commands) =>
    chosen.map((command) => usageRows(commandUsage(command), command.does, layout));
  const operators = commands.filter(({ operator }) => operator === true);
  const owners = commands.filter(({ owner }) => owner === true);
  const others = commands.filter(({ owner, operator }) => owner !== true && operator !== true);
  const forEverybody = [
    ...rowsOf(others),
    ...OTHER_TOPICS.map(({ usage, does }) => usageRows(usage, does, layout)),
  ];
  if (operators.length + owners.length === 0) return forEverybody;
  return [
    sentenceRows("everybody", layout),
    ...forEverybody,
    sentenceRows("operators", layout),
    ...rowsOf(operators),
    ...(owners.length === 0 ? [] : [sentenceRows("the owner", layout)]),
    ...rowsOf(owners),
  ];
}

/** What a command does stands beside how it is written, or below that where there is no room. */
function usageRows(usage: string, does: string, layout: Layout): Row[] {
  const column = OWN_INDENT + USAGE_COLUMNS + 2;
  const written = span(usage, "strong");
  if (layout.columns - column < MIN_DOES_COLUMNS) {
    const indent = Math.min(MARK_COLUMNS + 2, layout.columns - 1);
    const below = hang([span(" ".repeat(indent))], [span(does)], indent, layout);
    return ownRows("   ", [written], layout).concat(below);
  }
  const head = [span(" ".repeat(OWN_INDENT)), written];
  const gap = USAGE_COLUMNS + 2 - usage.length;
  if (gap >= 2) return hang([...head, span(" ".repeat(gap))], [span(does)], column, layout);
  return [head, ...hang([span(" ".repeat(column))], [span(does)], column, layout)];
}

/** One row for each person, however many windows they have. */
function peopleRows(
  { people, ownName, verbose, colours }: AnswerOf<"people">,
  layout: Layout,
): Row[][] {
  const rows = Map.groupBy(people, ({ fingerprint }) => fingerprint)
    .entries()
    .map(([fingerprint, windows]) => {
      const names = [...new Set(windows.map(({ name }) => name))];
      const person = colours.get(fingerprint) ?? chooseHue(fingerprint, []);
      return [
        span(names.map(visibleName).join(", "), { person }),
        span(describePerson(windows, names.includes(ownName))),
        span(
          verbose ? visibleLabel(fingerprint) : shortFingerprint(visibleLabel(fingerprint)),
          "dim",
        ),
      ];
    });
  return tableRows(["name", "status", "key"], [...rows], layout);
}

function describePerson(windows: readonly MemberDescription[], isSelf: boolean): string {
  const [first] = windows;
  return [
    ...(isSelf ? ["you"] : []),
    ...(first?.owner === true ? ["owner"] : first?.operator === true ? ["operator"] : []),
    ...(first?.muted === true ? ["muted"] : []),
    ...(windows.every(({ away }) => away) ? ["away"] : []),
  ].join(", ");
}

function roomRows({ rooms, current }: AnswerOf<"rooms">, layout: Layout): Row[][] {
  const rows = rooms.map(({ name, members, entries }) => [
    span(visibleName(name), "strong"),
    span(String(members)),
    span(String(entries)),
    span(name === current ? "here" : ""),
  ]);
  return tableRows(["room", "people", "messages", ""], rows, layout);
}

function banRows({ bans }: AnswerOf<"bans">, layout: Layout): Row[][] {
  if (bans.length === 0) return [sentenceRows("nobody is banned", layout)];
  const rows = bans.map(({ name, fingerprint, by, time }) => [
    span(visibleName(name), "strong"),
    // Whole, for it is what /unban takes.
    span(visibleLabel(fingerprint), "dim"),
    span(`by ${visibleName(by)}, ${calendarDay(time)}`),
  ]);
  return tableRows(["name", "key", "banned"], rows, layout);
}

function bannedRows(banned: Banned, layout: ItemLayout): Row[][] {
  const { invitation, page = null } = banned;
  return [
    ...banSentences(banned).map((sentence) => sentenceRows(sentence, layout)),
    ...(invitation === undefined
      ? []
      : [invitationRows({ invitation, page, code: "none" }, layout)]),
  ];
}

function invitationListRows({ invitations }: AnswerOf<"invitations">, layout: Layout): Row[][] {
  if (invitations.length === 0) {
    return [sentenceRows("anyone may join: there are no invitations", layout)];
  }
  const rows = invitations.map((invitation) => [
    span(visibleName(invitation.id), "strong"),
    span(invitation.room === undefined ? "all rooms" : visibleName(invitation.room)),
    span(describeLimits(invitation)),
    span(listGuests(invitation)),
  ]);
  return tableRows(["invitation", "room", "limits", "guests"], rows, layout);
}

function describeLimits({ left, until }: InvitationDescription): string {
  if (left === 0) return "closed";
  return [
    ...(left === undefined ? [] : [`${left} left`]),
    ...(until === undefined ? [] : [`until ${calendarDay(until)} ${clockTime(until)}`]),
  ].join(", ");
}

function listGuests({ guests, count }: InvitationDescription): string {
  const names = guests.map(({ name, fingerprint }) =>
    name === undefined ? shortFingerprint(visibleLabel(fingerprint)) : visibleName(name),
  );
  const more = count > guests.length ? [`${count - guests.length} more`] : [];
  return [...names, ...more].join(", ");
}

/** Messages as in the conversation, with a line for each day. */
function entryRows({ entries, colours }: AnswerOf<"entries">, layout: ItemLayout): Row[][] {
  const { width } = layout;
  const nameColumns = Math.max(
    layout.nameColumns,
    nameColumnWidth(
      entries.map(({ name }) => name),
      width,
    ),
  );
  let last: FoundEntry | null = null;
  let rowsSinceName = 0;
  return entries.map((entry) => {
    const { time, name, author, text, mentions } = entry;
    const isNewDay = last === null || calendarDay(last.time) !== calendarDay(time);
    const follows =
      !isNewDay && last?.author === author && last.name === name && actionText(last.text) === null;
    last = entry;
    const message = {
      type: "message",
      time,
      name,
      colour: colours.get(author) ?? chooseHue(author, []),
      text,
      mentions,
      follows,
    } as const;
    const following = followingRows(message, rowsSinceName, { ...layout, nameColumns });
    ({ rowsSinceName } = following);
    return [
      ...(isNewDay ? ownRows("   ", [span(longDate(time), "dim")], layout) : []),
      ...following.rows,
    ];
  });
}

function sentenceRows(sentence: string, layout: Layout): Row[] {
  return ownRows("   ", [span(sentence, "dim")], layout);
}
