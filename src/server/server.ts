// A server of rooms: glue between the sealed wire, the conversation and the log. Who may come in is decided by
// the handshake (an invitation's secret, or nobody's), and by member-session.ts; what is said goes to the log.

import { randomBytes } from "node:crypto";

import { type Channel, type ChannelHandlers, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { CharlaError } from "../errors.ts";
import { formatInvitation, SECRET_BYTES } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import type { Log } from "../log/log.ts";
import { formatAddress, type SocketAddress } from "../net/address.ts";
import { openSealedSocket } from "../net/sealed-socket.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import { createAdmission } from "./admission.ts";
import type { IsAuthorized } from "./authorized-keys-file.ts";
import { FORGOTTEN, type KeptInvitations } from "./invitations-file.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { localChannel, type LocalEnd } from "./local-channel.ts";
import { receiveVisitor, type Visitor } from "./member-session.ts";
import { createRoomMakers } from "./room-quota.ts";
import type { House } from "./server-state.ts";

export interface ServerOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: KeyPair;
  /** What lets others in, 16 bytes; null lets anyone in. */
  readonly secret: Uint8Array | null;
  /** Where invitations that end are kept; without it, only while the server runs. */
  readonly invitations?: KeptInvitations | undefined;
  /** Who is let in without an invitation; without it, nobody. */
  readonly authorized?: IsAuthorized | undefined;
  /** ms since 1970, for invitations that end. */
  readonly now?: (() => number) | undefined;
  readonly log: Log;
  readonly limits?: Limits;
  /** The host that invitations name. */
  readonly host: string;
  /** Somebody speaks the plain wire, or none, to this server; told once for each. */
  onOtherWire?(peer: string): void;
  /** A member is lost, the network refuses what is sent, or an invitation's guest cannot be kept. */
  onRefused?(error: CharlaError): void;
}

export interface Server extends AsyncDisposable {
  readonly local: SocketAddress;
  /** What lets somebody into a room. */
  invitation(room: string): string;
  /** A channel of the owner's, in this program. */
  connect(handlers: ChannelHandlers): Channel;
  /** Says goodbye to everybody once they have what was said. */
  close(): Promise<void>;
}

/** Who is told that they speak another wire, and whose datagrams after the first are not told. */
const MAX_OTHER_WIRES = 16;
/** How long closing waits for those who do not take what was said, or are gone without a word, ms. */
const CLOSE_PATIENCE = 3_000;

/** @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and their kin (docs/errors.md) */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { bind, port, identity, secret, log, host, limits = LIMITS } = options;
  const own = fingerprint(identity.publicKey);
  const otherWires = new Set<string>();
  const channels = new Set<Channel>();
  const house: House = {
    log,
    rooms: new Map(),
    limits,
    banned: new Set(),
    makers: createRoomMakers(),
    now: () => performance.now(),
    invite(room, uses, seconds) {
      if (uses === 0 && seconds === 0) return invitation(room);
      const wanted = { secret: new Uint8Array(randomBytes(SECRET_BYTES)), room, uses, seconds };
      admission.invite(wanted);
      return invitation(room, wanted.secret);
    },
  };
  const admission = createAdmission({
    secret,
    kept: options.invitations ?? FORGOTTEN,
    authorized: options.authorized,
    now: options.now ?? Date.now,
    onTrouble: (error) => options.onRefused?.(error),
  });
  const socket = await openSealedSocket({
    bind,
    port,
    staticKeys: identity,
    admission: admission,
    onJoined(link) {
      const { peerKey, admittedTo: onlyRoom } = link;
      if (peerKey === null) throw new Error("a peer without a key has joined");
      const its = fingerprint(peerKey);
      const address = () => formatAddress(link.peer);
      return receive({ channel: link, fingerprint: its, owner: its === own, onlyRoom, address });
    },
    onRefused: (error) => options.onRefused?.(error),
    onOtherWire(from) {
      const peer = formatAddress(from);
      if (otherWires.size >= MAX_OTHER_WIRES || otherWires.has(peer)) return;
      otherWires.add(peer);
      options.onOtherWire?.(peer);
    },
  });

  function receive(visitor: Visitor): ChannelHandlers {
    const { channel } = visitor;
    channels.add(channel);
    void channel.ended.then(() => channels.delete(channel));
    return receiveVisitor(house, visitor);
  }

  function invitation(room: string, its: Uint8Array | null = secret): string {
    const where = { host, port: socket.local.port };
    return formatInvitation({ ...where, room, key: identity.publicKey, secret: its });
  }

  async function close(): Promise<void> {
    const patience = setTimeout(() => {
      for (const channel of channels) channel.abort(ENDED_BY_PROGRAM, "the server has ended");
    }, CLOSE_PATIENCE);
    await Promise.all([...Array.from(channels, (channel) => channel.close()), socket.close()]);
    clearTimeout(patience);
    admission.settle();
  }

  return {
    local: socket.local,
    invitation: (room) => invitation(room),
    connect(handlers) {
      const [theirs, ours]: [LocalEnd, LocalEnd] = localChannel();
      const visitor = { channel: ours, fingerprint: own, owner: true, onlyRoom: null };
      ours.attend(receive({ ...visitor, address: () => null }));
      theirs.attend(handlers);
      return theirs;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
