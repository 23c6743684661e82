// Does what the screen wants done in the conversation: says and asks, runs the commands that are typed in a room, and says what
// became of them. Knows the conversation, and nothing of what is shown.

import type { CurrentWay } from "../chat/channel.ts";
import { type Conversation, GOODBYE, type RoomConversation } from "../chat/conversation.ts";
import { spelledAmong } from "../chat/name-keys.ts";
import { CharlaError } from "../errors.ts";
import type { AtQuit, RoomSwitcher } from "./room-switcher.ts";
import type { AskedWords } from "./state/completion.ts";
import type { Effect, Outcome, RoomCommand, ScreenEvent } from "./state/effects.ts";
import type { RoomState } from "./state/room.ts";
import { describeWay } from "./state/way.ts";
import { visibleName } from "./visible-text.ts";

/** A word that the server leaves out of a search. */
const ONE_LETTER = /(?:^|\s)[a-z\d](?:\s|$)/i;
/** The server could not be reached. */
const NO_CONTACT: ReadonlySet<string> = new Set(["NO_ANSWER", "NOBODY_LISTENING", "UNREACHABLE"]);
/** How long to wait for the server to say how a room is spelled, ms: what is typed for that room waits as well. */
const FIND_WITHIN = 5_000;
/** What to know of `/quit` before `/close`. */
const QUIT_INSTEAD: { readonly [quit in AtQuit]: string } = {
  "others-stay": "/quit only leaves",
  "others-wait": "after /quit they wait",
  "over-for-all": "/quit does, too",
};
/** Messages that a search shows. */
const MAX_FOUND = 20;

export function isRoomConversation(
  conversation: Conversation | RoomConversation,
): conversation is RoomConversation {
  return "who" in conversation;
}

/**
 * A command that fails is no message that wasn't sent: it doesn't change the exit status.
 *
 * @param confirmed the line that was typed before, and asked to be typed again
 */
export async function runCommand(
  command: RoomCommand,
  switcher: RoomSwitcher,
  room: RoomState,
  confirmed: string | null,
): Promise<Outcome> {
  try {
    return await run(command, switcher, room, confirmed);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    const { code, message, hint } = error;
    return { type: "failed", code, message, hint };
  }
}

async function run(
  command: RoomCommand,
  switcher: RoomSwitcher,
  { room, oldest, rights }: RoomState,
  confirmed: string | null,
): Promise<Outcome> {
  const { conversation } = switcher;
  if (!isRoomConversation(conversation)) return DONE;
  // Before the room is entered, they may turn out to be the owner.
  const mayBeOwner = rights.owner || room === "";
  switch (command.type) {
    case "who":
      return { type: "people", people: await conversation.who() };
    case "rooms":
      return { type: "rooms", rooms: await conversation.rooms() };
    case "join": {
      const other = command.room === room ? room : await findSpelling(conversation, command.room);
      if (other === room) return text(`you are already in ${room}`);
      await switchTo(switcher, other, room);
      return DONE;
    }
    case "way":
      return text(...describeWay(currentWay(conversation)));
    case "name":
      await conversation.rename(command.name);
      return DONE;
    case "history": {
      const { count } = command;
      const entries = await conversation.history({ count, before: oldest ?? undefined });
      if (entries.length === 0) return text("no earlier messages");
      return { type: "entries", entries, isOlder: true, note: null };
    }
    case "search": {
      const { words } = command;
      const entries = await conversation.history({ count: MAX_FOUND, words });
      if (entries.length === 0) return text(`no messages found with: ${words}`);
      const notes = [
        ...(entries.length < MAX_FOUND ? [] : moreFound(switcher.searchCommand(room))),
        ...(ONE_LETTER.test(words) ? ["words of one letter are not searched for"] : []),
      ];
      return { type: "entries", entries, isOlder: false, note: notes.join("\n") || null };
    }
    case "kick":
      await conversation.kick(command.name);
      return DONE;
    case "ban":
      return { type: "banned", banned: await conversation.ban(command.name) };
    case "unban":
      await conversation.unban(command.name);
      return text(`${visibleName(command.name)} may enter again`);
    case "bans":
      return { type: "bans", bans: await conversation.bans() };
    case "op":
      await conversation.op(command.name, command.operator);
      return DONE;
    case "mute": {
      const name = visibleName(command.name);
      await conversation.mute(command.name, command.muted);
      if (!command.muted) return text(`${name} is no longer muted`);
      // A mute belongs to a key.
      return text(`${name} is muted`, "they could use a new key: /lock or /ban prevents that");
    }
    case "lock":
      await conversation.lock(command.locked);
      return text(
        command.locked
          ? "the room is locked: nobody else can join"
          : "the room is unlocked: others can join again",
      );
    case "delete": {
      // The server refuses it to others: they aren't asked first.
      const isCurrent = command.room === room;
      const rooms = mayBeOwner && !isCurrent ? await conversation.rooms() : [];
      const name = spelledAmong(rooms, command.room);
      if (name === room && mayBeOwner) {
        throw new CharlaError("REFUSED", `you are in ${room}`, "/join another room first");
      }
      const deleted = rooms.find((other) => other.name === name);
      const line = `/delete ${name}`;
      if (deleted !== undefined && confirmed !== line) {
        const messages = deleted.entries === 1 ? "1 message" : `${deleted.entries} messages`;
        return { type: "ask-back", line, text: `${line} again deletes its ${messages}` };
      }
      await conversation.deleteRoom(name);
      return text(`${name} is deleted`);
    }
    case "invites":
      return { type: "invitations", invitations: await conversation.invitations() };
    case "revoke":
      await conversation.revoke(command.number);
      return text(`invitation ${command.number} is closed: nobody new can join with it`);
    case "close":
      if (mayBeOwner && confirmed !== "/close") {
        const question = "/close again ends the conversation for everybody";
        const text = `${question}; ${QUIT_INSTEAD[switcher.atQuit]}`;
        return { type: "ask-back", line: "/close", text };
      }
      await conversation.close();
      return DONE;
    case "invite":
      return { type: "invitation", ...(await conversation.createInvitation(command)) };
  }
}

/** @throws {CharlaError} NOT_CONNECTED */
function currentWay(conversation: RoomConversation): CurrentWay {
  const way = conversation.way();
  if (way !== null) return way;
  throw new CharlaError(
    "NOT_CONNECTED",
    "there is no connection to the server now; reconnecting",
    "ask again once it is back",
  );
}

/** @throws {CharlaError} why the room can't be entered, and that this person is where they were */
async function switchTo(switcher: RoomSwitcher, other: string, room: string): Promise<void> {
  try {
    await switcher.switchTo(other);
  } catch (error) {
    if (!(error instanceof CharlaError) || error.code === "CONVERSATION_OVER") throw error;
    const { code, message, hint, cause } = error;
    const stays = room === "" ? "" : `; you are still in ${visibleName(room)}`;
    throw new CharlaError(
      code,
      `cannot join ${visibleName(other)}: ${message}${stays}`,
      // The address is known to be right.
      NO_CONTACT.has(code) ? "join again once the server answers" : hint,
      { cause },
    );
  }
}

/** @param searchCommand of a shell; null where nothing is kept */
function moreFound(searchCommand: string | null): readonly string[] {
  const shown = `only the last ${MAX_FOUND} are shown`;
  return searchCommand === null ? [shown] : [shown, `${searchCommand} WORDS finds all in your log`];
}

/** The room as the server spells it: so its messages are kept with those of earlier visits. */
async function findSpelling(conversation: RoomConversation, written: string): Promise<string> {
  const signal = AbortSignal.timeout(FIND_WITHIN);
  try {
    return spelledAmong(await conversation.rooms({ signal }), written);
  } catch (error) {
    if (!(error instanceof CharlaError) && !signal.aborted) throw error;
    // Why it can't be joined is said by the attempt.
    return written;
  }
}

const DONE: Outcome = { type: "done" };

function text(...lines: readonly string[]): Outcome {
  return { type: "text", lines };
}

/** Only if it can be sent now: while the server is away, nobody waits for a goodbye. */
export function sayGoodbye(conversation: Conversation): void {
  const now = new AbortController();
  // One that isn't stored is among the messages that the event `ended` lists.
  conversation.say(GOODBYE, { signal: now.signal }).catch(() => {});
  now.abort();
}

type ConversationEffect = Extract<
  Effect,
  {
    type: "say" | "run" | "complete" | "ask-rooms" | "ask-people" | "ask-way" | "watch" | "goodbye";
  }
>;

/** @param fail a message could not be sent */
export function performInConversation(
  effect: ConversationEffect,
  switcher: RoomSwitcher,
  room: RoomState,
  dispatch: (event: ScreenEvent) => void,
  fail: (error: unknown) => Promise<void>,
): void {
  const { conversation } = switcher;
  switch (effect.type) {
    case "say":
      conversation.say(effect.text).catch((error: unknown) => {
        if (!(error instanceof CharlaError)) throw error;
        dispatch({ type: "not-said", id: effect.id, error });
        return fail(error);
      });
      return;
    case "run":
      void runCommand(effect.command, switcher, room, effect.confirmed).then((outcome) => {
        dispatch({ type: "answered", id: effect.id, outcome });
      });
      return;
    case "complete":
      return ask(switcher, async (asked) => {
        const words = await askForWords(asked, effect.words, room.room);
        dispatch({ type: "completed", line: effect.line, words });
      });
    case "ask-rooms":
      return ask(switcher, async (asked) => {
        dispatch({ type: "rooms", rooms: await asked.rooms() });
      });
    case "ask-people":
      return ask(switcher, async (asked) => {
        dispatch({ type: "people", people: await asked.who() });
      });
    case "ask-way":
      if (isRoomConversation(conversation)) dispatch({ type: "way", way: conversation.way() });
      return;
    case "watch":
      if (isRoomConversation(conversation)) conversation.watch(effect.rooms);
      return;
    case "goodbye":
      return sayGoodbye(conversation);
  }
}

async function askForWords(
  conversation: RoomConversation,
  words: AskedWords,
  current: string,
): Promise<string[]> {
  switch (words) {
    case "rooms":
      return (await conversation.rooms())
        .map(({ name }) => name)
        .filter((name) => name !== current);
    case "operators":
      return namesOf((await conversation.who()).filter(({ operator }) => operator === true));
    case "muted":
      return namesOf((await conversation.who()).filter(({ muted }) => muted === true));
    case "banned":
      return namesOf(await conversation.bans());
    case "invitations":
      return (await conversation.invitations())
        .filter(({ id, left }) => id !== "standing" && left !== 0)
        .map(({ id }) => id);
  }
}

/** Each once: somebody may have several windows. */
function namesOf(people: readonly { readonly name: string }[]): string[] {
  return [...new Set(people.map(({ name }) => name))];
}

/** While the server can't be asked, nothing happens. */
function ask(
  { conversation }: RoomSwitcher,
  question: (room: RoomConversation) => Promise<void>,
): void {
  if (!isRoomConversation(conversation)) return;
  question(conversation).catch((error: unknown) => {
    if (!(error instanceof CharlaError)) throw error;
  });
}
