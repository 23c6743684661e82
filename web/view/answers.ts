// Notices, problems and the answers to commands in words. Pure.

import { COMMANDS, commandUsage } from "../../src/chat/commands.ts";
import {
  isolated,
  visibleLine,
  visibleName,
  visibleText,
} from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import type { Answer, Notice, Problem } from "./state.ts";
import type { Times } from "./times.ts";

/** Sentences of a problem that words/ doesn't have are the program's own, in English. */
export function problemText({ code, message, hint }: Problem, words: Words): string {
  const known = words.problems[code];
  if (known !== undefined) return known;
  return visibleText(hint === undefined ? message : `${message}\n${hint}`);
}

export function noticeText(
  notice: Extract<Notice, { type: "renamed" | "left" | "reconnected" }>,
  words: Words,
): string {
  switch (notice.type) {
    case "renamed":
      return words.renamed(visibleName(notice.from), visibleName(notice.to));
    case "left": {
      const name = visibleName(notice.name);
      if (notice.reason === "") return words.left(name, 1);
      return words.leftBecause(name, isolated(visibleLine(notice.reason)));
    }
    case "reconnected":
      return words.reconnected;
  }
}

export function answerText(answer: Answer, words: Words, times: Times): string {
  switch (answer.type) {
    case "help":
      return [
        words.commandList,
        ...COMMANDS.map(
          (command) => `${commandUsage(command)}: ${words.commandDoes(command.name)}`,
        ),
      ].join("\n");
    case "way": {
      const { way } = answer;
      if (way === null) return words.noWay;
      const ms = way.milliseconds;
      const time = ms === undefined ? "" : ` (${Math.round(ms)} ms)`;
      const { relay } = way;
      return (relay === undefined ? words.directWay : words.relayWay(visibleLine(relay))) + time;
    }
    case "banned":
      return bannedSentences(answer, words).join("\n");
    case "unbanned":
      return words.unbanned(visibleName(answer.name));
    case "muted":
      return (answer.muted ? words.nowMuted : words.unmuted)(visibleName(answer.name));
    case "locked":
      return answer.locked ? words.locked : words.unlocked;
    case "deleted":
      return words.deleted(visibleName(answer.room));
    case "revoked":
      return words.revoked(answer.number);
    case "bans":
      return answer.names.length === 0
        ? words.nobodyBanned
        : words.bannedPeople(answer.names.map(visibleName).join(", "));
    case "invitations":
      return answer.invitations
        .map(({ id, count, left, until }) =>
          words.invitationLine(
            id === "standing" ? words.standing : visibleLine(id),
            count,
            left,
            until === null ? null : times.moment(until),
          ),
        )
        .join("\n");
    case "in-room":
      return words.alreadyIn(visibleName(answer.room));
  }
}

/** What a ban has changed, and what it can't keep out. */
function bannedSentences(
  { name, closed, isOpen }: Extract<Answer, { type: "banned" }>,
  words: Words,
): string[] {
  const who = visibleName(name);
  const numbers = closed.filter((id) => id !== "standing").map(visibleName);
  return [
    words.banned(who),
    ...(numbers.length === 0 ? [] : [words.closedBy(numbers.join(", "))]),
    ...(closed.includes("standing") ? [words.standingRenewed(who)] : []),
    ...(closed.length === 0 ? [] : [words.mayComeBack(who)]),
    ...(isOpen ? [words.openToAnyone] : []),
    ...(isOpen || closed.length > 0 ? [] : [words.noneClosed]),
  ];
}
