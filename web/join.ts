// Joins a room from a page: the same client as in a terminal, by a WebSocket to where the page is from. What is there is the server
// itself, or a relay, which passes on what it can't read.

import { byWebSocket, tryToJoin } from "../src/client/join-attempt.ts";
import type { OwnRoomConversation } from "../src/client/room-conversation.ts";
import { openSealedRoom, type SealedRoomOptions } from "../src/client/sealed-room.ts";
import { invitedTo } from "../src/client/sealed-target.ts";
import type { Invitation, Way } from "../src/identity/invitation.ts";
import type { StaticKeys } from "../src/net/shared-secrets.ts";

export interface PageRoomOptions extends SealedRoomOptions {
  readonly identity: StaticKeys;
  /** What the page is from. */
  readonly servedBy: "server" | "relay";
  /** Where the page is from. */
  readonly origin: URL;
}

/**
 * Joins a room, in the background: `events` reports when the member is in it, and throws when the first attempt fails.
 *
 * @throws {CharlaError} USAGE for a name or a room that no server takes
 */
export function joinFromPage(
  invitation: Pick<Invitation, "key" | "secret" | "room">,
  { identity, servedBy, origin, ...options }: PageRoomOptions,
): OwnRoomConversation {
  const isSecure = origin.protocol === "https:";
  const way: Way = {
    kind: servedBy === "relay" ? "relay" : "direct",
    host: origin.hostname.replaceAll(/[[\]]/g, ""),
    port: Number(origin.port || (isSecure ? 443 : 80)),
  };
  const target = invitedTo({ ...invitation, ways: [way] });
  const url = `${isSecure ? "wss" : "ws"}://${origin.host}/`;
  return openSealedRoom(target, options, (signal, first) => {
    const settings = { ...target, staticKeys: identity, isOnlyWay: true, signal, first };
    const destination = byWebSocket(way, undefined, settings, [url]);
    return tryToJoin(destination, settings, signal, () => {});
  });
}
