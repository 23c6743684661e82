// The page's sentences in English. words/es.ts has the same in Spanish: one that is missing there is a type error.

import { COMMANDS } from "../../src/chat/commands.ts";
import type { EndReason } from "../../src/chat/events.ts";

export type CommandWord = (typeof COMMANDS)[number]["name"];

/** `2 people`, `1 person`. */
function counted(count: number, one: string, many: string): string {
  // The first number that the browser formats takes a slow phone 50 ms.
  const digits = count < 1_000 ? String(count) : count.toLocaleString("en");
  return `${digits} ${count === 1 ? one : many}`;
}

/** By the code of the error; for the others the program's own sentence is shown. */
const problems: { readonly [code: string]: string } = {};

const ended: { readonly [reason in EndReason | "not-joined"]: string } = {
  left: "You left.",
  "not-joined": "You could not join.",
  "peer-left": "The conversation is over: the server has ended it.",
  removed: "You were removed from the room.",
  lost: "The connection was lost.",
  "said-bye": "You left.",
  "heard-bye": "The conversation is over.",
};

export const en = {
  language: "en",
  ended,
  problems,

  // The page without an invitation.
  tagline: "Talk with people from a terminal or a browser, with nothing to install and no account.",
  explanation: [
    "This page opens a conversation for people who have an invitation to it: a link that somebody sent you, or a code to scan.",
    "What you write is encrypted on this device and can only be read by the server that the invitation names, and by the people in the room.",
  ] as readonly string[],
  pasteInvitation: "Paste an invitation",
  invitationExample: "charla://… or https://…",
  openInvitation: "Open",
  startYourOwn: "To open a conversation of your own, run this in a terminal:",

  // The first visit.
  joinRoom: (room: string) => `Join ${room}`,
  yourName: "Your name",
  nameHint: "Others in the room see it. You can change it later.",
  join: "Join",

  // What this page is.
  plainHttp:
    "This page came over plain http: somebody who can change the traffic of this network could have changed the page.",
  fromRelay: (host: string) =>
    `This page is served by ${host}, a relay that isn't the server of this conversation; if you don't trust who runs it, use charla in a terminal.`,
  /** What is written does not outlive the page. */
  notKept: {
    unavailable:
      "This browser lets the page keep nothing: what is not sent when you close it is lost.",
    full: "This browser has no space left: what is not sent when you close the page is lost.",
    failed:
      "This browser could not keep what you write: what is not sent when you close the page is lost.",
  },
  about: "About this page",
  pageDigest: "SHA-256 of this page",
  pageDigestHint: "It is the same as the one that charla doctor prints for this server.",
  serverKey: "Key of the server",
  noDigest: "This browser can't compute it here.",

  // The room.
  messages: "Messages",
  messageTo: (room: string) => `Message to ${room}`,
  send: "Send",
  peopleHere: (count: number) => counted(count, "person here", "people here"),
  rooms: "Rooms",
  you: "you",
  away: "away",
  owner: "owner",
  operator: "operator",
  muted: "muted",
  newMessages: "New",
  toNewest: "Go to the newest message",
  countNew: (count: number) => counted(count, "new message", "new messages"),
  earlierLoading: "Loading earlier messages…",
  beginning: "This is where the conversation begins.",
  nobodyElse: "Nobody else is here yet. Invite somebody: they only need the link.",
  today: "Today",
  yesterday: "Yesterday",
  skipToMessage: "Go to the message field",
  openMenu: "Menu",
  showPeople: "People and rooms",
  close: "Close",
  cancel: "Cancel",

  // Marks of a message.
  sending: "Sending",
  waiting: "Waits for the connection",
  delivered: "Delivered",
  notSent: "Not sent",
  editAgain: "Edit again",
  discard: "Discard",

  // The connection.
  joining: "Connecting…",
  silent: (seconds: number) => `No contact with the server for ${seconds} s`,
  lost: "Connection lost; reconnecting. What you write is sent then.",
  offline: "You are offline. What you write is sent when you are back.",
  reconnected: "Reconnected",
  joinAgain: "Join again",

  // What happened.
  joined: (names: string, _count: number) => `${names} joined`,
  left: (names: string, _count: number) => `${names} left`,
  leftBecause: (name: string, reason: string) => `${name} left: ${reason}`,
  renamed: (from: string, to: string) => `${from} is now ${to}`,
  andMore: (names: string, count: number) => `${names} and ${count} more`,
  error: "Error",
  notice: "Notice",
  youAreMuted: "You are muted in this room",
  more: (count: number) => `and ${count} more`,

  // Dialogs.
  invite: "Invite",
  inviteHint: "Anyone with this link can join: send it to somebody, or let them scan the code.",
  qrCode: "QR code of the invitation",
  invitationLink: "Link for a browser",
  inviteTerminal: "In a terminal, the same invitation is:",
  invitationCommand: "Command for a terminal",
  copy: "Copy",
  copied: "Copied",
  changeName: "Change your name",
  save: "Save",
  invalidName: (what: string) => `A name has ${what}.`,
  invalidRoom: 'The name of a room has up to 40 letters, digits, "_", "." and "-".',
  otherRoom: "Another room",
  roomName: "Name of the room",
  roomHint: "A room that doesn't exist yet is created.",
  areYouSure: "Are you sure?",
  confirmClose: "This ends the conversation for everybody, and stops the server.",
  confirmDelete: (room: string, count: number) =>
    `This deletes ${room} and its ${counted(count, "message", "messages")} for good.`,
  closeForAll: "End it for everybody",
  deleteRoom: "Delete the room",
  leave: "Leave",
  member: "member",
  mention: "Mention",
  mute: "Mute",
  unmute: "Unmute",
  lock: "Let nobody else join",
  unlock: "Let others join again",
  bans: "Who is banned",
  invitations: "Invitations",
  kick: "Remove from the room",
  ban: "Ban from the server",
  op: "Make an operator",
  deop: "Take operator rights away",
  notificationsOn: "Turn notifications on",
  notificationsOff: "Turn notifications off",
  notificationsDenied: "Notifications are blocked in the settings of this browser.",
  notificationsUnavailable: "Notifications need a page that came by https.",
  commandHelp: "Commands",
  encrypted:
    "What you write is encrypted on this device, for the server with the key below. A relay or anybody else between can't read it.",
  search: "Search",
  searchLabel: "Messages with all these words",
  searching: "Searching…",
  found: (count: number) =>
    count === 0 ? "No messages found" : counted(count, "message found", "messages found"),

  // Other tabs.
  otherTab: "The conversation is open in another tab.",
  useHere: "Use it here",

  // Answers to commands.
  commandList:
    "A line that begins with one of these is a command; // sends a line that begins with /:",
  commandDoes: (command: CommandWord): string =>
    COMMANDS.find(({ name }) => name === command)?.does ?? "",
  noWay: "There is no connection to the server.",
  directWay: "You reach the server directly, by WebSocket.",
  relayWay: (relay: string) => `You reach the server through the relay ${relay}.`,
  banned: (name: string) => `${name} is banned.`,
  closedBy: (numbers: string) => `Closed for newcomers: invitation ${numbers}.`,
  standingRenewed: (name: string) =>
    `The standing invitation was renewed, for ${name} may have the old one.`,
  mayComeBack: (name: string) =>
    `Others who came by it may come back, and so may ${name} with another key.`,
  openToAnyone:
    "Anyone may join here, and so may they with another key: /lock keeps newcomers out.",
  noneClosed: "No invitation was closed: none that is open is known to be theirs.",
  unbanned: (name: string) => `${name} may enter again.`,
  nowMuted: (name: string) => `${name} is muted.`,
  unmuted: (name: string) => `${name} is no longer muted.`,
  locked: "The room is locked: nobody else can join.",
  unlocked: "The room is unlocked: others can join again.",
  deleted: (room: string) => `${room} is deleted.`,
  revoked: (number: number) => `Invitation ${number} lets nobody new in.`,
  nobodyBanned: "Nobody is banned.",
  bannedPeople: (names: string) => `Banned: ${names}`,
  standing: "Standing invitation",
  invitationLine: (id: string, count: number, left: number | null, until: string | null) =>
    [
      `${id}: ${counted(count, "person has", "people have")} come by it`,
      ...(left === null ? [] : [`${left} more may`]),
      ...(until === null ? [] : [`until ${until}`]),
    ].join(", "),
  alreadyIn: (room: string) => `You are already in ${room}.`,
};

export type Words = typeof en;
