// The same as scripted-talk.ts in a room: questions go to the test as "(asked) QUESTION" and get answers made up
// here. Events happen in the room that was opened last; the one called "none" can't be joined.
//
//   bun scripted-room.ts SOCKET TALK-OPTIONS

import { connect } from "node:net";
import { createInterface } from "node:readline";

import type { RoomConversation } from "../../src/chat/conversation.ts";
import type { MemberDescription } from "../../src/chat/frames.ts";
import type { LogEntry } from "../../src/chat/log-entry.ts";
import { processIo } from "../../src/cli/io.ts";
import { CharlaError } from "../../src/errors.ts";
import { talk, type TalkOptions } from "../../src/terminal/talk.ts";
import { createScriptedConversation, type ScriptedConversation } from "./scripted-conversation.ts";

const [path = "", options = "{}"] = process.argv.slice(2);
const given: Partial<TalkOptions> = JSON.parse(options);
const socket = connect(path);
let latest: ScriptedConversation;

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

function openRoom(room: string): RoomConversation {
  const scripted = createScriptedConversation(socket);
  const ask = (question: string) => void socket.write(`${JSON.stringify(`(asked) ${question}`)}\n`);
  latest = scripted;
  if (room === "none") scripted.fail(new CharlaError("NO_ANSWER", "no answer", "look for it"));
  return {
    ...scripted.conversation,
    who: async () => PEOPLE,
    rooms: async () => [
      { name: "main", entries: 1, members: 2 },
      { name: "lunch-time", entries: 1_234, members: 0 },
      { name: "lunch-place", entries: 5, members: 10 },
    ],
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
    async mute(name, muted) {
      ask(`mute ${name} ${muted}`);
    },
    async lock(locked) {
      ask(`lock ${locked}`);
    },
    async invite({ uses, seconds } = {}) {
      ask(`invite ${uses} ${seconds}`);
      return "charla://192.0.2.1/main#KEY.SECRET";
    },
  };
}

// Only the test at the other end writes here.
createInterface(socket).on("line", (line) => latest.emit(JSON.parse(line)));

process.exitCode = await talk(processIo(), openRoom("main"), {
  json: false,
  quiet: false,
  verbose: false,
  atEndOfInput: "leave",
  delivery: "shown",
  enter(room, name) {
    socket.write(`${JSON.stringify(`(asked) enter ${room} as ${name}`)}\n`);
    return openRoom(room);
  },
  ...given,
});
socket.destroy();
