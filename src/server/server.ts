// A server of rooms: connects the sealed wire, the member sessions and the log. Who may join is decided by the
// handshake (admission.ts), and for each room by member-session.ts.

import { randomBytes } from "node:crypto";

import { type ChannelHandlers, ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { CharlaError } from "../errors.ts";
import { bestOrigin, fitWays } from "../identity/invitation-ways.ts";
import { formatInvitation, SECRET_BYTES, type Way } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { writePageLink } from "../identity/page-link.ts";
import type { Log } from "../log/log.ts";
import { formatAddress, type SocketAddress } from "../net/address.ts";
import type { SealedSocketOptions } from "../net/sealed-socket.ts";
import { openSealedSocketAndWebSockets, type WebSocketOptions } from "../net/websocket-listener.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import { respondWith } from "../protocol/responder.ts";
import { RESERVED } from "../protocol/session/memory.ts";
import { CLOSE_DONE } from "../protocol/session/session.ts";
import { createAdmission } from "./admission.ts";
import type { IsAuthorized } from "./authorized-keys.ts";
import { createConnections, type Goodbye, STOPPED } from "./connections.ts";
import type { Client } from "./enter-room.ts";
import { type InvitationStore, NO_INVITATION_STORE } from "./invitations-file.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { type LocalChannel, localChannel } from "./local-channel.ts";
import { MemberSession } from "./member-session.ts";
import { Moderation, type ModerationStore } from "./moderation.ts";
import { createNameRenewal } from "./name-renewal.ts";
import { openReach, type ReachOptions } from "./reach.ts";
import { ServerState, systemTimer } from "./server-state.ts";
import type { StorageNotice } from "./storage-watch.ts";

export interface ServerOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: KeyPair;
  /** Of the server's invitation, 16 bytes; null lets anyone in. */
  readonly secret: Uint8Array | null;
  /** From the data folder: a restart of the server is only noticed at once by members if this stays the same. */
  readonly resetSalt?: Uint8Array | undefined;
  /**
   * Neither the log nor the secret outlives the server: when that ends, the conversation is over for all who came by an
   * invitation. By default members wait.
   */
  readonly isTemporary?: boolean | undefined;
  /** Stores invitations that have an end; without it, they last until the server ends. */
  readonly invitations?: InvitationStore | undefined;
  /** Stores bans, operators, mutes and locks; without it, they last until the server ends. */
  readonly moderation?: ModerationStore | undefined;
  /** Whether somebody may join without an invitation; without it, nobody may. */
  readonly authorized?: IsAuthorized | undefined;
  /** ms since 1970, for invitations that have an end. */
  readonly now?: (() => number) | undefined;
  readonly log: Log;
  readonly limits?: Limits;
  /**
   * The ways that an invitation made now holds, as many as fit, the best first.
   *
   * @param port where the server listens
   * @param outer where those outside see it: at a router's mapped port, or past a NAT
   */
  ways(port: number, outer: readonly SocketAddress[]): readonly Way[];
  /** Relays at which those join who can't reach this server directly. */
  readonly relays?: ReachOptions["relays"] | undefined;
  /**
   * WebSockets on the TCP port of the same number, for those whose network lets no UDP out; by default there are none, and
   * under Node.js never.
   */
  readonly web?: boolean | undefined;
  /** What answers other requests on that port. */
  readonly page?: WebSocketOptions["page"];
  /** With a page: see WebSocketOptions. */
  readonly isOwnHost?: WebSocketOptions["isOwnHost"];
  /** Datagrams of another wire are ignored; called for the 1st, 10th, 100th, ..., with the sender and the count. */
  onOtherWire?(peer: string, ignored: number): void;
  /**
   * The standing invitation was renewed: `invitation` returns another one.
   *
   * @param by the fingerprint of the person who has renewed it, or banned somebody; the other operators, and the owner, get a
   *   notice of that
   */
  onRenewed?(by: string | undefined, cause: "renew" | "ban"): void;
  /** A member is lost, the network refuses what is sent, or the guest of an invitation cannot be stored. */
  onRefused?(error: CharlaError): void;
  /** The messages take most or all of the space that they may. The owner's windows show it anyhow. */
  onStorage?(notice: StorageNotice): void;
}

export interface Server extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Why there are no WebSockets, though they were asked for; null when there are. */
  readonly webRefused: CharlaError | null;
  /** The server's invitation to a room. */
  invitation(room: string): string;
  /** The link that opens a room's page in a browser, with the server's invitation; null where no page is served. */
  pageLink(room: string): string | null;
  /** Connects the owner, in this program. */
  connect(): LocalChannel;
  /**
   * Ends all sessions, once what was said has arrived, and frees the port. Members reconnect when a server is back, if their
   * invitations are valid there (`isTemporary`).
   */
  close(): Promise<void>;
  /** Resolves when it is closed, perhaps by its owner with `/close`; rejects if closing failed. */
  readonly closed: Promise<void>;
  /** The router lets datagrams in for this server at this address; null for nowhere any more. Members and invitations name it. */
  setMapped(outer: SocketAddress | null): void;
  /**
   * How many people beside the owner are in its rooms; none when it is closing. `waiting` are those for whom the conversation
   * goes on when a server is back, `leaving` those for whom it ends with this one.
   */
  countOthers(): { readonly waiting: number; readonly leaving: number };
  /** After `/close`: for how many people who were away the server still waits, to tell them; `close` ends the wait. */
  countAwaited(): number;
}

/** How long the server waits after `/close` for members who were away, ms: a session that hears nothing lasts no longer. */
const FAREWELL = 60_000;
/** Of the sessions that there is memory for. */
const INVITATION_SHARE = 3 / 4;

/** With little memory, people with one invitation have fewer sessions as well, so that others still get in. */
function withinMemory(limits: Limits): Limits {
  const most = Math.ceil((INVITATION_SHARE * limits.memory) / RESERVED);
  return { ...limits, sessionsPerInvitation: Math.min(limits.sessionsPerInvitation, most) };
}

/** @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and the like (docs/errors.md) */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { bind, port, identity, secret, log } = options;
  const limits = withinMemory(options.limits ?? LIMITS);
  const ownFingerprint = fingerprint(identity.publicKey);
  const connections = createConnections(options.isTemporary ?? false);
  let otherWires = 0;
  /** A flood is reported as often as its count has digits. */
  let otherWiresReportedAt = 1;
  const closed = Promise.withResolvers<void>();
  let closing: Promise<void> | null = null;
  /** After `/close`, who has yet to learn of it, by their fingerprints; null before. */
  let farewell: { readonly awaited: Set<string>; readonly reason: string } | null = null;
  /** Ends the wait for them. */
  const allKnow = Promise.withResolvers<void>();
  const state = new ServerState({
    log,
    limits,
    invitations: {
      invite(room, uses, seconds) {
        if (uses === 0 && seconds === 0) {
          return { text: invitation(room), page: pageLink(room), limited: null };
        }
        const created = { secret: new Uint8Array(randomBytes(SECRET_BYTES)), room, uses, seconds };
        const limited = admission.invite(created);
        const { secret: own } = created;
        return { text: invitation(room, own), page: pageLink(room, own), limited };
      },
      list: () => admission.list(),
      isOpen: () => secret === null,
      revoke: (number) => admission.revoke(number),
      renew: (by) => admission.renew(by),
      mayEnter: (used, guest) => admission.mayEnter(used, guest),
      enter: (used, guest) => admission.enter(used, guest),
      closeAllOf: (guest, by) => admission.closeAllOf(guest, by),
    },
    moderation: new Moderation(options.moderation),
    owner: ownFingerprint,
    isTemporary: options.isTemporary,
    onStorage: (notice) => options.onStorage?.(notice),
    now: () => performance.now(),
    date: options.now,
    end(reason) {
      farewell ??= { awaited: state.awayPeople, reason };
      void close({ code: CLOSE_DONE, reason });
    },
  });
  const admission = createAdmission({
    secret,
    store: options.invitations ?? NO_INVITATION_STORE,
    authorized: options.authorized,
    now: options.now ?? Date.now,
    random: randomBytes,
    onRenewed: (by, cause) => options.onRenewed?.(by, cause),
    onNotStored: (error) => options.onRefused?.(error),
  });
  const sealedOptions: SealedSocketOptions = {
    bind,
    port,
    staticKeys: identity,
    respond: respondWith({ admission, memory: limits.memory, resetSalt: options.resetSalt }),
    onJoined(link) {
      const { peerKey, admittedBy } = link;
      if (peerKey === null || admittedBy === null)
        throw new Error("a peer without a key has joined");
      const invitation = admission.find(admittedBy);
      if (invitation === null) {
        // It was forgotten in this turn, for newer ones.
        link.abort(ENDED_BY_PROGRAM, "your invitation is not valid any more");
        return { onMessages() {} };
      }
      reach.follow(link);
      const joined = fingerprint(peerKey);
      if (farewell !== null) {
        const { reason } = farewell;
        return {
          // Not sooner: a member takes the end of its attempt to join for a restart of the server.
          onMessages() {
            void link.close(CLOSE_DONE, reason);
            // Nothing more arrives over the sessions that they had before.
            connections.abort({ code: CLOSE_DONE, reason }, (person) => person === joined);
            nowKnows(joined);
          },
        };
      }
      // By either end: the end is sent once all that was before it has arrived, which shows that they are back.
      void link.ended.then((end) => {
        if (end.type === "closed" && end.code === CLOSE_DONE) nowKnows(joined);
      });
      const client = {
        channel: link,
        fingerprint: joined,
        owner: joined === ownFingerprint,
        invitation,
        address: () => formatAddress(link.peer),
      };
      return startSession(client, () => link.heardAt);
    },
    onMoved: (link) => reach.follow(link),
    onRefused: (error) => options.onRefused?.(error),
    onOtherWire(from) {
      otherWires += 1;
      if (otherWires < otherWiresReportedAt) return;
      otherWiresReportedAt *= 10;
      options.onOtherWire?.(formatAddress(from), otherWires);
    },
  };
  const { page, isOwnHost } = options;
  const web = options.web === true ? { page, isOwnHost } : null;
  const { socket, webSockets, refused } = await openSealedSocketAndWebSockets(sealedOptions, web);

  const reach = openReach(socket, { relays: options.relays ?? [], random: Math.random });
  const renewal = createNameRenewal({ log, rooms: state.rooms, setTimer: systemTimer });

  function startSession(client: Client, heardAt: () => number): ChannelHandlers {
    connections.add(client, heardAt);
    return new MemberSession(state, client);
  }

  function invitation(room: string, roomSecret = admission.secret): string {
    const key = identity.publicKey;
    const ways = options.ways(socket.local.port, reach.outer());
    return formatInvitation(fitWays({ ways, room, key, secret: roomSecret }));
  }

  /** Null where the page is served nowhere. */
  function pageLink(room: string, roomSecret = admission.secret): string | null {
    const isServed = webSockets !== null && page !== undefined;
    // What is seen of this server outside is a port of UDP.
    const own = isServed ? options.ways(socket.local.port, []) : [];
    const origin = bestOrigin(own, reach.pages());
    return origin === null ? null : writePageLink(invitation(room, roomSecret), origin);
  }

  function close(goodbye = STOPPED): Promise<void> {
    if (closing === null) {
      closing = closeAll(goodbye);
      closing.then(closed.resolve, closed.reject);
      // It may be that only `close` is awaited.
      closed.promise.catch(() => {});
    }
    return closing;
  }

  async function closeAll(goodbye: Goodbye): Promise<void> {
    state.startClosing();
    // After `/close` those who come back learn that it is over.
    if (farewell === null) socket.stopAdmitting();
    renewal[Symbol.dispose]();
    const ends = connections.close(goodbye);
    if (farewell !== null && farewell.awaited.size > 0) {
      const { awaited } = farewell;
      using _limits = connections.limitClosing(goodbye, (person) => !awaited.has(person));
      await waitForAway();
      awaited.clear();
    }
    using _limits = connections.limitClosing(goodbye);
    // Members past a relay learn it while that still forwards.
    await ends;
    await Promise.all([reach[Symbol.asyncDispose](), socket.close(goodbye.code, goodbye.reason)]);
    await webSockets?.[Symbol.asyncDispose]();
    admission.flush();
  }

  /** Somebody who may have been away when the conversation ended has left, or knows it. */
  function nowKnows(person: string): void {
    if (farewell === null || !farewell.awaited.delete(person)) return;
    if (farewell.awaited.size === 0) allKnow.resolve();
  }

  /** Those who come back meanwhile, in their session or a new one, are answered with CLOSE. */
  async function waitForAway(): Promise<void> {
    using _timer = systemTimer(allKnow.resolve, FAREWELL);
    await allKnow.promise;
  }

  /** Without waiting for people who are away. */
  function closeNow(): Promise<void> {
    allKnow.resolve();
    return close();
  }

  return {
    local: socket.local,
    webRefused: refused,
    invitation: (room) => invitation(room),
    pageLink: (room) => pageLink(room),
    connect() {
      const [clientEnd, serverEnd] = localChannel();
      if (closing !== null) {
        serverEnd.abort(STOPPED.code, STOPPED.reason);
        return clientEnd;
      }
      const client = {
        channel: serverEnd,
        fingerprint: ownFingerprint,
        owner: true,
        invitation: { id: "own", room: null },
        address: () => null,
      };
      serverEnd.receive(startSession(client, () => Number.POSITIVE_INFINITY));
      return clientEnd;
    },
    close: closeNow,
    closed: closed.promise,
    setMapped(outer) {
      reach.setMapped(outer);
    },
    countOthers() {
      const others = closing === null ? [...state.others(ownFingerprint).values()] : [];
      const waiting = others.filter((used) =>
        used.some((one) => connections.mayReturn(one)),
      ).length;
      return { waiting, leaving: others.length - waiting };
    },
    countAwaited: () => farewell?.awaited.size ?? 0,
    [Symbol.asyncDispose]: closeNow,
  };
}
