// Runs the commands that begin with a slash, and what menus do by the same names. Knows the conversation, and nothing of
// elements.

import type { Command } from "../../src/chat/commands.ts";
import type { RoomConversation } from "../../src/chat/conversation.ts";
import { spelledAmong } from "../../src/chat/name-keys.ts";
import type { WrittenInvitation } from "./page-context.ts";
import type { Answer, Confirmation, State } from "./state.ts";

/** What a command has brought. */
export type Outcome =
  | { readonly type: "done" }
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "confirm"; readonly what: Confirmation }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "leave"; readonly saysGoodbye: boolean }
  | { readonly type: "people" }
  | { readonly type: "search"; readonly words: string }
  | { readonly type: "earlier"; readonly count: number }
  /** Null for the one by which this person came. */
  | {
      readonly type: "invitation";
      readonly invitation: WrittenInvitation | null;
      readonly copies: boolean;
    };

const DONE: Outcome = { type: "done" };

/** @param isConfirmed what can't be undone was asked about, and is wanted */
export async function runCommand(
  command: Command,
  conversation: RoomConversation,
  { room }: State,
  isConfirmed = false,
): Promise<Outcome> {
  switch (command.type) {
    case "help":
      return answer({ type: "help" });
    case "who":
    case "rooms":
      return { type: "people" };
    case "way":
      return answer({ type: "way", way: conversation.way() });
    case "join": {
      const name = spelledAmong(await conversation.rooms(), command.room);
      if (name === room.room) return answer({ type: "in-room", room: name });
      return { type: "join", room: name };
    }
    case "name":
      await conversation.rename(command.name);
      return DONE;
    case "history":
      return { type: "earlier", count: command.count };
    case "search":
      return { type: "search", words: command.words };
    case "bye":
    case "quit":
      return { type: "leave", saysGoodbye: command.type === "bye" };
    case "copy":
      return { type: "invitation", invitation: null, copies: true };
    case "kick":
      await conversation.kick(command.name);
      return DONE;
    case "ban": {
      const { name, closed, open = false } = await conversation.ban(command.name);
      return answer({ type: "banned", name, closed, isOpen: open });
    }
    case "unban":
      await conversation.unban(command.name);
      return answer({ type: "unbanned", name: command.name });
    case "bans": {
      const bans = await conversation.bans();
      return answer({ type: "bans", names: bans.map(({ name }) => name) });
    }
    case "op":
      await conversation.op(command.name, command.operator);
      return DONE;
    case "mute": {
      const { name, muted } = command;
      await conversation.mute(name, muted);
      return answer({ type: "muted", name, muted });
    }
    case "lock":
      await conversation.lock(command.locked);
      return answer({ type: "locked", locked: command.locked });
    case "delete": {
      const rooms = await conversation.rooms();
      const name = spelledAmong(rooms, command.room);
      const found = rooms.find((other) => other.name === name);
      // Without rights it is refused by the server, before anything is asked.
      if (!isConfirmed && found !== undefined && room.rights.owner) {
        return { type: "confirm", what: { type: "delete", room: name, entries: found.entries } };
      }
      await conversation.deleteRoom(name);
      return answer({ type: "deleted", room: name });
    }
    case "close": {
      if (!isConfirmed && room.rights.owner) return { type: "confirm", what: { type: "close" } };
      await conversation.close();
      return DONE;
    }
    case "invites": {
      const invitations = await conversation.invitations();
      return answer({
        type: "invitations",
        invitations: invitations.map(({ id, count, left = null, until = null }) => ({
          id,
          count,
          left,
          until,
        })),
      });
    }
    case "revoke":
      await conversation.revoke(command.number);
      return answer({ type: "revoked", number: command.number });
    case "invite": {
      const { uses, seconds, renew } = command;
      const isStanding = uses === undefined && seconds === undefined && renew === undefined;
      if (isStanding) return { type: "invitation", invitation: null, copies: false };
      const made = await conversation.createInvitation({ uses, seconds, renew });
      const invitation = { command: made.invitation, link: made.page };
      return { type: "invitation", invitation, copies: false };
    }
  }
}

function answer(given: Answer): Outcome {
  return { type: "answer", answer: given };
}
