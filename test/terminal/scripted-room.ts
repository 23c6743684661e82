// A room like scripted-conversation.ts: questions go to the test as messages, "(asked) QUESTION", and get answers
// made up here. The room called "none" can't be joined.

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { LogEntry, MemberDescription } from "../../src/chat/frames.ts";
import { CharlaError } from "../../src/errors.ts";
import { createScriptedConversation, type ScriptedConversation } from "./scripted-conversation.ts";

export interface ScriptedRoom extends ScriptedConversation {
  readonly conversation: RoomConversation;
}

const PEOPLE: readonly MemberDescription[] = [
  { name: "ben", fingerprint: "SHA256:benbenbenbenbenben", away: false },
  { name: "Ana María", fingerprint: "SHA256:anaanaanaanaanaana", away: false },
  { name: "日本太郎", fingerprint: "SHA256:tarotarotarotarotaro", away: true },
  { name: "שרה", fingerprint: "SHA256:sarahsarahsarah", away: false },
];

/** 50 of them, a minute apart, the last of them on the first of March at noon. */
const ENTRIES: readonly LogEntry[] = Array.from({ length: 50 }, (_, index) => ({
  sequence: index + 1,
  time: new Date(2026, 2, 1, 11, 11 + index).getTime(),
  author: "SHA256:anaanaanaanaanaana",
  name: "Ana María",
  device: "",
  number: index,
  text: `said ${index + 1}`,
}));

export function createScriptedRoom(room: string, send: (text: string) => void): ScriptedRoom {
  const scripted = createScriptedConversation(send);
  const ask = (question: string) => send(`(asked) ${question}`);
  if (room === "none") scripted.fail(new CharlaError("NO_ANSWER", "no answer", "look for it"));
  const conversation: RoomConversation = {
    ...scripted.conversation,
    who: async () => PEOPLE,
    rooms: async () => [
      { name: "main", entries: 1, members: 2 },
      { name: "lunch-time", entries: 1_234, members: 0 },
      { name: "lunch-place", entries: 5, members: 10 },
    ],
    watch(rooms) {
      ask(`watch ${rooms.map(({ room: other }) => other).join(" ")}`);
    },
    way: () => ({ transport: "udp", milliseconds: 22.6 }),
    async history({ count, before = 51, words }) {
      ask(`history ${count} ${before} ${words ?? ""}`);
      const found = ENTRIES.filter(
        ({ sequence, text }) => sequence < before && text.includes(words ?? ""),
      );
      return found.slice(-count);
    },
    async rename(name) {
      ask(`rename ${name}`);
    },
    async kick(name) {
      ask(`kick ${name}`);
      throw new CharlaError("NOT_THE_OWNER", "only who opened it may kick", "ask them to");
    },
    async ban(name) {
      ask(`ban ${name}`);
      return {
        name,
        fingerprint: "SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE",
        closed: ["standing", "3"],
        invitation: "charla://192.0.2.1/main#KEY.NEW",
      };
    },
    async unban(name) {
      ask(`unban ${name}`);
    },
    bans: async () => [
      {
        fingerprint: "SHA256:lDsIDnJpBVPXpNeJJGKvAUmcEaLw2KDRRh/1sUgcqwE",
        name: "mallory",
        by: "ana",
        time: 1_800_000_000_000,
      },
    ],
    async op(name, operator) {
      ask(`op ${name} ${operator}`);
    },
    async mute(name, muted) {
      ask(`mute ${name} ${muted}`);
    },
    async close() {
      ask("close");
    },
    async lock(locked) {
      ask(`lock ${locked}`);
    },
    async deleteRoom(deleted) {
      ask(`delete ${deleted}`);
    },
    invitations: async () => [
      { id: "standing", count: 1, guests: [{ fingerprint: "SHA256:AAAAAAAAAAAAAAAA" }] },
      { id: "3", room: "main", left: 2, until: 1_800_000_000_000, count: 3, guests: [] },
      { id: "1", room: "den", left: 0, count: 1, guests: [{ fingerprint: "f", name: "ben" }] },
    ],
    async revoke(number) {
      ask(`revoke ${number}`);
    },
    invite: async (limits) => (await conversation.createInvitation(limits)).invitation,
    async createInvitation({ uses, seconds, renew } = {}) {
      ask(renew === true ? "invite renew" : `invite ${uses} ${seconds}`);
      return {
        invitation: "charla://192.0.2.1/main#KEY.SECRET",
        page: "http://192.0.2.1:12345/main#KEY.SECRET",
      };
    },
  };
  return { ...scripted, conversation };
}
