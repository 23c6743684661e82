// What `/help TOPIC` says of one command: how it is written, what it does and for whom, and an example. Pure.

import {
  type CommandDescription,
  COMMANDS,
  commandUsage,
  type HelpTopic,
  OTHER_TOPICS,
} from "./commands.ts";

interface Help {
  readonly example: string;
  /** What the list of commands has no room for. */
  readonly more?: readonly string[];
}

const BY_KEY = "it belongs to their key: a new name doesn't change it";
const STOPS_OWN_SERVER = "in the window of charla --server, also stops the server";
const ABSENT = "somebody who is absent is named by a name that they had, or by their fingerprint";
const BY_SHORT_KEY = "who is here can be named by their key, as /who shows it";

const HELP: { readonly [Topic in HelpTopic]: Help } = {
  help: { example: "/help kick" },
  who: { example: "/who" },
  rooms: { example: "/rooms" },
  way: {
    example: "/way",
    more: ["directly, through a relay, or by WebSocket; and how long it takes there and back"],
  },
  join: {
    example: "/join lunch",
    more: ["capitals make no difference, and a room that doesn't exist yet is created"],
  },
  name: {
    example: "/name Ana María",
    more: ["a name that you had stays yours until you have been away for 90 days"],
  },
  history: { example: "/history 50" },
  search: {
    example: "/search lunch friday",
    more: ["each word may be the beginning of one; words of one letter are not searched for"],
  },
  me: { example: "/me waves", more: ["others read: * ana waves"] },
  copy: { example: "/copy" },
  quit: { example: "/quit", more: [STOPS_OWN_SERVER] },
  bye: { example: "bye", more: [STOPS_OWN_SERVER] },
  "//": { example: "//help", more: ["others read: /help"] },
  kick: { example: "/kick eva", more: ["they may come back: /ban prevents that"] },
  ban: {
    example: "/ban eva",
    more: ["also closes the invitation by which they came", BY_KEY, ABSENT],
  },
  unban: { example: "/unban eva", more: ["/bans lists who is banned"] },
  bans: { example: "/bans" },
  mute: { example: "/mute eva", more: [BY_KEY, BY_SHORT_KEY, ABSENT] },
  unmute: { example: "/unmute eva", more: ["/who shows who is muted", BY_SHORT_KEY] },
  lock: { example: "/lock", more: ["people who are here when it is locked may come back"] },
  unlock: { example: "/unlock" },
  op: { example: "/op ben", more: ["an operator may do what /help lists for operators", BY_KEY] },
  deop: { example: "/deop ben", more: ["only the owner may take somebody else's"] },
  delete: {
    example: "/delete lunch",
    more: [
      "with all that was said in it",
      "people in it go back to the room where they were before, or leave",
    ],
  },
  invite: {
    example: "/invite --uses 3 --for 1h",
    more: ["without an option, the standing one, for everybody; --renew replaces that one"],
  },
  invites: { example: "/invites" },
  revoke: { example: "/revoke 3", more: ["people who came by it may come back"] },
  close: {
    example: "/close",
    more: ["in all rooms, and ends the server, which waits up to a minute for people who are away"],
  },
};

/** Lines; the first is how the command is written. */
export function commandHelp(topic: HelpTopic): readonly string[] {
  const described: readonly CommandDescription[] = COMMANDS;
  const command = described.find(({ name }) => name === topic);
  const { example, more = [] } = HELP[topic];
  const other = OTHER_TOPICS.find((each) => each.topic === topic);
  const usage = command === undefined ? (other?.usage ?? topic) : commandUsage(command);
  const does = command?.does ?? other?.does ?? "";
  const forWhom =
    command?.owner === true
      ? ["for the owner"]
      : command?.operator === true
        ? ["for the owner and operators"]
        : [];
  return [usage, does, ...more, ...forWhom, ...(example === usage ? [] : [`example: ${example}`])];
}
