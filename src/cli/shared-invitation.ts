// The invitation of a running server as its owner passes it on: in files, and shown again when it has become another one.

import { type EventOf, noticeEvent, type NoticeText, type RoomEvent } from "../chat/events.ts";
import type { Server } from "../server/server.ts";
import type { Io } from "../terminal/io.ts";
import { type ServerFiles, writeServerFiles } from "./server-files.ts";
import { RENEWED_NOTICE } from "./server-notices.ts";

export interface SharedInvitationOptions {
  /** As it is now. */
  readonly invitation: () => EventOf<"invitation">;
  /** The one address at which the server listens, if it does so at one. */
  readonly bind: string | undefined;
  /** The folder of its messages, if it stores any. */
  readonly data: string | undefined;
  /** The file that its owner has named for it. */
  readonly file: string | undefined;
  readonly isOpen: boolean;
  /** Without a window: what it prints may be kept where others read it. */
  readonly isService: boolean;
  readonly isJson: boolean;
  readonly io: Pick<Io, "env" | "cwd">;
  addEvent(event: RoomEvent): void;
}

export interface SharedInvitation extends Disposable {
  /**
   * Writes the files, for the first time.
   *
   * @param address where the server listens, for people
   */
  write(address: string): Pick<ServerFiles, "notFound" | "forOthers">;
  /** @param byOwner who has asked for that with a command */
  renewed(byOwner: boolean): void;
  /** Another address of the router leads to the server, or none any more. */
  outerChanged(isReached: boolean, notice: NoticeText): void;
}

/** With the link of the page, where one is served. */
export function invitationEvent(
  server: Pick<Server, "invitation" | "pageLink">,
  room: string,
): EventOf<"invitation"> {
  const page = server.pageLink(room);
  const invitation = server.invitation(room);
  return { type: "invitation", invitation, ...(page === null ? {} : { page }) };
}

export function shareInvitation(options: SharedInvitationOptions): SharedInvitation {
  const { bind, data, file, io, isJson, isOpen, isService } = options;
  /** Null until they are written. */
  let files: ServerFiles | null = null;
  let writtenFor = "";
  const addNotice = (notice: NoticeText) => options.addEvent(noticeEvent(notice));
  const show = () => options.addEvent(options.invitation());

  function write(address: string): ServerFiles {
    const unnamed = !isService || isOpen ? "none" : "default";
    writtenFor = address;
    files = writeServerFiles({
      invitation: options.invitation().invitation,
      bind,
      address,
      data,
      invitationFile: file === undefined ? unnamed : { path: file },
      io,
    });
    return files;
  }

  /** Says where the invitation for others is now, or why it is nowhere. */
  function rewrite(): NoticeText | null {
    if (files === null) return null;
    files[Symbol.dispose]();
    return write(writtenFor).forOthers;
  }

  return {
    write,
    renewed(byOwner) {
      const forOthers = rewrite();
      if (isJson && !isService) show();
      else if (forOthers !== null) addNotice(forOthers);
      // In the owner's window the answer to their own ban says it, and a notice what an operator has done.
      else if (isService || byOwner) addNotice(RENEWED_NOTICE);
    },
    outerChanged(isReached, notice) {
      const forOthers = rewrite();
      addNotice(notice);
      if (!isReached) return;
      if (!isService || isOpen) show();
      else if (forOthers !== null) addNotice(forOthers);
    },
    [Symbol.dispose]: () => files?.[Symbol.dispose](),
  };
}
