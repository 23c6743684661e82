// A sealed talk between two as a conversation (docs/protocol.md s. 17): texts over a link of
// wire/sealed-socket.ts, with what has arrived, silence and moves told. For programs; knows no screen.

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { Conversation } from "../chat/events.ts";
import { CharlaError } from "../errors.ts";
import { formatAddress, type HostAndPort } from "../wire/address.ts";
import { fingerprint } from "../wire/identity/fingerprint.ts";
import {
  DEFAULT_ROOM,
  formatInvitation,
  type Invitation,
  parseInvitation,
  SECRET_BYTES,
  secretToPsk,
} from "../wire/identity/invitation.ts";
import { generateKeyPair, KEY_BYTES, type KeyPair } from "../wire/noise/x25519.ts";
import { ownAddresses } from "../wire/own-addresses.ts";
import type { SealedLink } from "../wire/sealed-link.ts";
import { openSealedSocket } from "../wire/sealed-socket.ts";
import { reach, type ServerTrust } from "./reach.ts";
import { converse } from "./sealed-talk.ts";

/** CLOSE's code for what the program above decides (docs/protocol.md s. 15.3). */
const CLOSE_BY_PROGRAM = 1;

export interface OpenSealedOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  /** Who this end is to others; somebody new where it is left out. */
  readonly identity?: KeyPair | undefined;
  /** Lets anyone in; else it takes the invitation, which is another each time. */
  readonly open?: boolean | undefined;
}

export interface OpenedConversation extends Conversation {
  /** What lets somebody in, as `charla://HOST:PORT/ROOM#KEY.SECRET`. */
  readonly invitation: string;
}

/**
 * Opens a sealed talk and waits for the other end.
 *
 * @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and their kin (docs/errors.md)
 */
export async function openSealed(options: OpenSealedOptions): Promise<OpenedConversation> {
  const { bind, port, identity: staticKeys = newIdentity() } = options;
  const secret = options.open === true ? null : new Uint8Array(randomBytes(SECRET_BYTES));
  const talk = converse("opener");
  const otherWires = new Set<string>();
  const socket = await openSealedSocket({
    bind,
    port,
    staticKeys,
    openWith: secretToPsk(secret),
    onJoined(link) {
      const handlers = talk.attach(link, describePeer(link));
      if (handlers !== null) return handlers;
      link.abort(CLOSE_BY_PROGRAM, "this conversation has its two ends already");
      return { onMessages() {} };
    },
    onRefused: talk.onRefused,
    onOtherWire(from) {
      const peer = formatAddress(from);
      if (otherWires.size >= MAX_OTHER_WIRES || otherWires.has(peer)) return;
      otherWires.add(peer);
      talk.notice(
        "OTHER_WIRE",
        `${peer} does not speak the sealed wire, and was not heard`,
        "charla INVITATION joins this conversation; ncat and --plain join one opened with --plain",
      );
    },
  });
  const isAnyAddress = bind === undefined || bind === "::" || bind === "0.0.0.0";
  const host = isAnyAddress ? (ownAddresses(networkInterfaces())[0] ?? "localhost") : bind;
  const key = staticKeys.publicKey;
  const where = { host, port: socket.local.port };
  const invitation = formatInvitation({ ...where, room: DEFAULT_ROOM, key, secret });
  talk.start(socket, [
    { type: "listening", address: formatAddress(socket.local) },
    { type: "invitation", invitation },
  ]);
  return { ...talk.conversation, invitation };
}

/** Who is told that they speak another wire, and whose datagrams after the first are not told. */
const MAX_OTHER_WIRES = 16;

/** Whom to join, and how the server is to prove itself. */
export interface SealedTarget extends HostAndPort {
  /** The invitation's secret, 16 bytes; null to join an open conversation. */
  readonly secret: Uint8Array | null;
  readonly trust: ServerTrust;
}

/** What an invitation says of both. */
export function invitedTo({ host, port, key, secret }: Invitation): SealedTarget {
  const refused = (other: Uint8Array) =>
    new CharlaError(
      "SERVER_KEY_CHANGED",
      `${formatAddress({ address: host, port })} is not the server that made this invitation: its fingerprint is ${fingerprint(other)}, and not ${fingerprint(key)}`,
      "ask for a new invitation if the server was set up anew; if it was not, somebody poses as it",
    );
  return { host, port, secret, trust: { expected: key, refused } };
}

export interface JoinSealedOptions {
  /** Who this end is to others; somebody new where it is left out. */
  readonly identity?: KeyPair | undefined;
}

export interface JoinedConversation extends Conversation {
  /** The server's public key, 32 bytes. */
  readonly serverKey: Uint8Array;
}

/**
 * Joins a sealed talk; resolves when both ends are in it.
 *
 * @param target an invitation, or what else is known of the server
 * @throws {CharlaError} INVALID_INVITATION, UNKNOWN_HOST, NOBODY_LISTENING, NO_ANSWER, WRONG_SECRET, SERVER_KEY_CHANGED,
 *   OTHER_WIRE, OTHER_VERSION, CONVERSATION_FULL, UNREACHABLE
 */
export async function joinSealed(
  target: string | SealedTarget,
  { identity = newIdentity() }: JoinSealedOptions = {},
): Promise<JoinedConversation> {
  const known = typeof target === "string" ? invitedTo(parseInvitation(target)) : target;
  const { socket, link, attend } = await reach(known, { ...known, staticKeys: identity });
  const talk = converse("joiner");
  const handlers = talk.attach(link, describePeer(link));
  const { peerKey } = link;
  if (handlers === null || peerKey === null) throw new Error("a talk without its server");
  talk.start(socket, []);
  attend({ ...handlers, onRefused: talk.onRefused });
  return { ...talk.conversation, serverKey: peerKey };
}

function newIdentity(): KeyPair {
  return generateKeyPair(randomBytes(KEY_BYTES));
}

function describePeer({ peer, peerKey }: SealedLink): { peer: string; fingerprint: string } {
  if (peerKey === null) throw new Error("a peer without a key has joined");
  return { peer: formatAddress(peer), fingerprint: fingerprint(peerKey) };
}
