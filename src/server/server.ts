// A server of rooms: glue between the sealed wire, the conversation and the log. Who may come in is decided by
// the handshake (an invitation's secret, or nobody's), and by visit.ts; what is said goes to the log.

import { type Channel, type ChannelHandlers, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { CharlaError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { formatAddress, type SocketAddress } from "../wire/address.ts";
import { fingerprint } from "../wire/identity/fingerprint.ts";
import { formatInvitation, secretToPsk } from "../wire/identity/invitation.ts";
import type { KeyPair } from "../wire/noise/x25519.ts";
import { openSealedSocket } from "../wire/sealed-socket.ts";
import type { House } from "./house.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { localChannel, type LocalEnd } from "./local-channel.ts";
import { receiveVisitor, type Visitor } from "./visit.ts";

export interface ServerOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: KeyPair;
  /** What lets others in, 16 bytes; null lets anyone in. */
  readonly secret: Uint8Array | null;
  readonly log: Log;
  readonly limits?: Limits;
  /** The host that invitations name. */
  readonly host: string;
  /** Somebody speaks the plain wire, or none, to this server; told once for each. */
  onOtherWire?(peer: string): void;
  /** A member is lost, or the network refuses what is sent. */
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
    now: () => performance.now(),
    invite: (room) => invitation(room),
  };
  const socket = await openSealedSocket({
    bind,
    port,
    staticKeys: identity,
    openWith: secretToPsk(secret),
    onJoined(link) {
      const { peerKey } = link;
      if (peerKey === null) throw new Error("a peer without a key has joined");
      const its = fingerprint(peerKey);
      return receive({ channel: link, fingerprint: its, owner: its === own });
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

  function invitation(room: string): string {
    const where = { host, port: socket.local.port };
    return formatInvitation({ ...where, room, key: identity.publicKey, secret });
  }

  async function close(): Promise<void> {
    const patience = setTimeout(() => {
      for (const channel of channels) channel.abort(ENDED_BY_PROGRAM, "the server has ended");
    }, CLOSE_PATIENCE);
    await Promise.all([...Array.from(channels, (channel) => channel.close()), socket.close()]);
    clearTimeout(patience);
  }

  return {
    local: socket.local,
    invitation,
    connect(handlers) {
      const [theirs, ours]: [LocalEnd, LocalEnd] = localChannel();
      ours.attend(receive({ channel: ours, fingerprint: own, owner: true }));
      theirs.attend(handlers);
      return theirs;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
