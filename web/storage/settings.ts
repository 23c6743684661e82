// What the page remembers besides the conversations: how the person is called in this browser, and of each room how far they
// have read and what they have written and not sent.

import * as v from "valibot";

import type { Memory } from "../view/page-context.ts";
import type { Database, Key } from "./database.ts";
import { loadLastWords } from "./last-words.ts";

/** A room of a server. */
export interface Place {
  /** The server's key, as the invitation has it. */
  readonly server: string;
  readonly room: string;
}

const NAME: Key = ["name"];
const readRecord = v.object({ room: v.string(), sequence: v.number() });
/** What the outbox (device.ts) has of a message, as far as it matters here. */
const saidRecord = v.object({ number: v.number(), text: v.string() });

export async function loadName(database: Database): Promise<string | null> {
  return asText(await database.get(NAME).catch(() => null));
}

/** Of one server's rooms. What can't be kept is asked for again: nothing here is worth a warning. */
export function openMemory(database: Database, server: string): Memory {
  function save(key: Key, value: unknown): void {
    database.write([[key, value]], "relaxed").catch(() => {});
  }
  return {
    saveName: (name) => save(NAME, name),
    async loadDraft(room) {
      return asText(await database.get(draftKey({ server, room })).catch(() => null)) ?? "";
    },
    saveDraft: (room, text) => save(draftKey({ server, room }), text === "" ? undefined : text),
    async loadRead() {
      const rooms = await database.list(["read", server]).catch(() => []);
      return new Map(
        rooms.flatMap((each) => (v.is(readRecord, each) ? [[each.room, each.sequence]] : [])),
      );
    },
    saveRead: (room, sequence) => save(["read", server, room], { room, sequence }),
    async loadWaiting(room) {
      const messages = await database.list(unstoredKey({ server, room })).catch(() => []);
      const waiting = messages.flatMap((each) => (v.is(saidRecord, each) ? [each] : []));
      const known = new Set(waiting.map(({ number }) => number));
      const lastWords = loadLastWords({ server, room }).filter(({ number }) => !known.has(number));
      return [...waiting, ...lastWords].map(({ text }) => text);
    },
  };
}

/** It is removed with the transaction that keeps the message which was made of it (device.ts). */
export function draftKey({ server, room }: Place): Key {
  return ["draft", server, room];
}

/** The beginning of the keys of the messages that the server has not stored. */
export function unstoredKey({ server, room }: Place): Key {
  return ["unstored", server, room];
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
