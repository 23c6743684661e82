// What `charla --server` says of its server, at its beginning and later. Pure.

import type { NoticeText } from "../chat/events.ts";
import type { CharlaError } from "../errors.ts";
import { parseInvitation } from "../identity/invitation.ts";
import type { Server } from "../server/server.ts";
import { describeReach } from "./reach-notice.ts";

export interface OpenedServer {
  readonly invitation: string;
  /** The one address at which it listens, if it does so at one. */
  readonly bind: string | undefined;
  readonly isOpen: boolean;
  /** Why its owner's key could not be kept. */
  readonly notKept: NoticeText | null;
  /** Why this person's other programs will not find it. */
  readonly notFound: NoticeText | null;
  /** Where the invitation for others is. */
  readonly forOthers: NoticeText | null;
  readonly webRefused: CharlaError | null;
}

export function openingNotices(opened: OpenedServer): NoticeText[] {
  const { bind, isOpen, notKept, notFound, forOthers, webRefused } = opened;
  const reach = describeReach(parseInvitation(opened.invitation).ways, {
    bind,
    remedy: "charla --server --relay HOST",
  });
  return [
    ...(isOpen ? [OPEN_NOTICE] : []),
    ...(reach === null ? [] : [reach]),
    ...(notKept === null ? [] : [notKept]),
    // Of two folders that cannot be written to, one is enough to hear of.
    ...(notFound === null || notKept !== null ? [] : [notFound]),
    ...(forOthers === null ? [] : [forOthers]),
    ...(webRefused === null ? [] : [noWebNotice(webRefused)]),
  ];
}

export const RENEWED_NOTICE: NoticeText = {
  code: "INVITATION_RENEWED",
  message: "the standing invitation was renewed: people who came by the old one may come back",
};

export const STANDS_STILL_NOTICE: NoticeText = {
  code: "STANDS_STILL",
  message: "the server is stopped, and nobody can talk until fg",
  hint: "charla --server --background needs no window",
};

export const STOPPED_NOTICE: NoticeText = {
  code: "STOPPED",
  message: "the server was asked to end, with charla stop or another SIGTERM",
};

const OPEN_NOTICE: NoticeText = {
  code: "OPEN",
  message: "open: anyone who can reach this machine can join this conversation",
};

function noWebNotice({ code, message }: CharlaError): NoticeText {
  return {
    code,
    message: `no WebSockets: ${message}, on TCP; people without UDP can't join`,
    hint: "--port N chooses another port for both; --no-web goes without",
  };
}

export function otherWireNotice(peer: string, ignored: number): NoticeText {
  const code = "OTHER_WIRE";
  if (ignored > 1) {
    const message = `ignored ${ignored} datagrams so far that are not of the sealed wire, the last from ${peer}`;
    return { code, message };
  }
  return {
    code,
    message: `${peer} does not speak the sealed wire, and was ignored`,
    hint: "charla INVITATION joins this conversation; ncat and --plain join one opened with --plain",
  };
}

/**
 * Nobody else's conversation is over because a window was closed, but where nothing is kept of it.
 *
 * @param isKept whether the server stores messages
 */
export function othersNotices(
  { waiting, leaving }: ReturnType<Server["countOthers"]>,
  isKept: boolean,
): NoticeText[] {
  const notices: NoticeText[] = [];
  if (waiting > 0) {
    const again = isKept ? "it again" : "a new conversation, which they then join";
    notices.push({
      code: "OTHERS_WAIT",
      message: `${waiting === 1 ? "somebody else is" : `${waiting} others are`} still here, and will wait until your server is back`,
      hint: `the same command opens ${again}; with --background it needs no window; /close ends it for all`,
    });
  }
  if (leaving > 0) {
    notices.push({
      code: "OTHERS_LEAVE",
      message: `the conversation is over for ${leaving === 1 ? "somebody else" : `${leaving} others`} as well: nothing of it is kept`,
      hint: "without --ephemeral others wait, and come back; with --background the server needs no window",
    });
  }
  return notices;
}

/** The owner has closed the conversation. */
export function awaitedNotice(count: number): NoticeText {
  return {
    code: "OTHERS_AWAY",
    message: `${count === 1 ? "somebody is" : `${count} people are`} away: waiting up to a minute to let them know that it is over`,
    hint: "Ctrl-C ends the server at once",
  };
}
