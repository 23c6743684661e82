// A relay on a UDP socket and WebSockets: servers register in a sealed session, by which they prove their key and their address, and the
// forwarder passes datagrams between them and those who join them. Keeps nothing on disk; knows no chat.

import { CharlaError } from "../errors.ts";
import { secretToPsk } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { formatAddress, type SocketAddress } from "../net/address.ts";
import { platformCrypto, randomBytes } from "../net/crypto.ts";
import {
  readRelayRequest,
  type RelayPage,
  type RelayReply,
  writeRelayMessage,
} from "../net/relay-messages.ts";
import { relaySlot } from "../net/relay-packets.ts";
import type { SealedLink, SealedLinkHandlers } from "../net/sealed-link.ts";
import type { SealedSocketOptions } from "../net/sealed-socket.ts";
import {
  openSealedSocketAndWebSockets,
  type WebSocketListener,
  type WebSocketOptions,
} from "../net/websocket-listener.ts";
import { mapKey } from "../protocol/bytes.ts";
import type { KeyPair } from "../protocol/crypto-provider.ts";
import type { Admission } from "../protocol/handshake/responder-handshake.ts";
import { respondWith } from "../protocol/responder.ts";
import { RESERVED } from "../protocol/session/memory.ts";
import { sourcePrefixes } from "../protocol/socket-address.ts";
import { createForwarder, forward, type Forwarder, type RelayCounts } from "./forwarder.ts";
import {
  forgetUnproven,
  registerServer,
  type RelayLimits,
  unregisterServer,
} from "./relay-table.ts";

/** How long a session may last without a registration, ms. */
const REGISTER_TIMEOUT = 10_000;
/** How often old proofs are looked for, ms. */
const TICK = 1_000;
/** How long closing waits for servers that are gone without a word, ms. */
const CLOSE_TIMEOUT = 3_000;

/** Codes of CLOSE (docs/protocol.md s. 15.3). */
const ENDED_BY_PROGRAM = 1;
const GOING_AWAY = 19;

export interface RelayOptions {
  /** Where to listen; without one, on every address of this machine. */
  readonly bind?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: KeyPair;
  /** From a file: with the same one, servers notice at once that the relay was restarted. */
  readonly resetSalt?: Uint8Array | undefined;
  /** Whether a server with a key of this fingerprint may register; without it, every one may. */
  readonly isAllowed?: ((fingerprint: string) => boolean) | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  /** WebSockets, for those whose network lets no UDP out; without it, there are none. */
  readonly web?: Pick<WebSocketOptions, "port" | "tls" | "page"> | undefined;
}

export interface RelayState extends Readonly<RelayCounts> {
  readonly servers: number;
  readonly joiners: number;
  /** Sessions of servers, also of those that have not registered yet. */
  readonly sessions: number;
  readonly webSockets: number;
}

export interface Relay extends AsyncDisposable {
  readonly local: SocketAddress;
  /** Null without WebSockets. */
  readonly webSockets: Pick<WebSocketListener, "local" | "useCertificate"> | null;
  state(): RelayState;
  /** Servers notice at once, and register again when it is back. */
  close(): Promise<void>;
}

/** @throws {CharlaError} PORT_IN_USE, ADDRESS_NOT_AVAILABLE and the like (docs/errors.md) */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const forwarder = createForwarder({
    crypto: platformCrypto,
    random: randomBytes,
    limits: options.limits,
    now: performance.now(),
  });
  const { limits } = forwarder;
  const servers: Servers = {
    forwarder,
    page: null,
    registered: new Map(),
    others: new Set(),
    bySource: new Map(),
  };

  const sealedOptions: SealedSocketOptions = {
    bind: options.bind,
    port: options.port,
    staticKeys: options.identity,
    respond: respondWith({
      admission: admitServers(options.isAllowed),
      resetSalt: options.resetSalt,
      maxSessions: limits.slots,
      memory: limits.slots * RESERVED,
    }),
    onJoined: (link) => new Registration(servers, link),
    onRelayPacket: (datagram, from) => forward(forwarder, datagram, from, performance.now()),
  };
  const isJoined = (key: string) => forwarder.joiners.has(key);
  const web = options.web === undefined ? null : { ...options.web, isJoined };
  const { socket, webSockets, refused } = await openSealedSocketAndWebSockets(sealedOptions, web);
  if (refused !== null) {
    await socket.close();
    throw webRefused(refused);
  }
  if (webSockets !== null && web?.page !== undefined) {
    servers.page = { port: webSockets.local.port, tls: web.tls !== undefined && web.tls !== null };
  }
  const timer = setInterval(() => forgetUnproven(forwarder, performance.now()), TICK);

  async function close(): Promise<void> {
    clearInterval(timer);
    const timeout = setTimeout(() => {
      for (const one of servers.registered.values()) one.link.abort(GOING_AWAY, STOPPED);
      for (const one of servers.others) one.link.abort(GOING_AWAY, STOPPED);
    }, CLOSE_TIMEOUT);
    try {
      await socket.close(GOING_AWAY, STOPPED);
      await webSockets?.[Symbol.asyncDispose]();
    } finally {
      clearTimeout(timeout);
    }
  }

  let closing: Promise<void> | null = null;
  const closeOnce = () => (closing ??= close());
  return {
    local: socket.local,
    webSockets,
    state: () => ({
      ...forwarder.counts,
      servers: forwarder.slots.size,
      joiners: forwarder.joiners.size,
      sessions: servers.registered.size + servers.others.size,
      webSockets: webSockets?.connections ?? 0,
    }),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

/** The sessions of servers. */
interface Servers {
  readonly forwarder: Forwarder;
  /** Where the relay serves the page; null before it listens, and for nowhere. */
  page: RelayPage | null;
  /** Those by which a slot is registered, by its key; the newest of those with the same one. */
  readonly registered: Map<string, Registration>;
  /** All others. */
  readonly others: Set<Registration>;
  /** How many there are of one source: those that don't register hold places as well. */
  readonly bySource: Map<string, number>;
}

/** What a server registers by. A class, for there are thousands: as closures it takes five times the memory. */
class Registration implements SealedLinkHandlers {
  readonly link: SealedLink;
  readonly #servers: Servers;
  readonly #slot: Uint8Array;
  readonly #source: string;
  /** `asked`: it is registered as soon as its address is proven. */
  #phase: "new" | "asked" | "registered" | "over" = "new";
  /** Null once it has registered. */
  #timeout: NodeJS.Timeout | null;

  constructor(servers: Servers, link: SealedLink) {
    const { peerKey, provenPeer: from } = link;
    if (peerKey === null) throw new Error("a peer without a key has joined");
    this.link = link;
    this.#servers = servers;
    this.#slot = relaySlot(platformCrypto, peerKey);
    // Those with a forged source share the places of one, and take none of whose it is.
    this.#source = from === null ? "unproven" : sourcePrefixes(from).source;
    const { bySource, forwarder, others } = servers;
    const ofSource = (bySource.get(this.#source) ?? 0) + 1;
    bySource.set(this.#source, ofSource);
    others.add(this);
    this.#timeout = setTimeout(
      () => link.abort(ENDED_BY_PROGRAM, "this relay is only for servers, which register at once"),
      REGISTER_TIMEOUT,
    );
    // One more than may register: that one gets the reason in words.
    if (ofSource > forwarder.limits.slotsOfSource + 1) link.abort(ENDED_BY_PROGRAM, FULL.message);
  }

  onMessages(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      const request = readRelayRequest(message);
      if (request === undefined) return this.link.abort(ENDED_BY_PROGRAM, "no message for a relay");
      // The last messages may come after the end.
      if (request === null || this.#phase !== "new") continue;
      this.#phase = "asked";
      this.#register();
    }
  }

  onMoved(): void {
    const isMine =
      this.#phase === "registered" && this.#servers.registered.get(mapKey(this.#slot)) === this;
    if (isMine || this.#phase === "asked") this.#register();
  }

  onEnd(): void {
    const { bySource, forwarder, others, registered } = this.#servers;
    this.#phase = "over";
    this.#stopTimeout();
    others.delete(this);
    const left = (bySource.get(this.#source) ?? 1) - 1;
    if (left === 0) bySource.delete(this.#source);
    else bySource.set(this.#source, left);
    const key = mapKey(this.#slot);
    if (registered.get(key) !== this) return;
    registered.delete(key);
    unregisterServer(forwarder, this.#slot);
  }

  /** Also again, when its address has changed. An unproven one may be a victim's, who would get what joiners send. */
  #register(): void {
    const { forwarder, others, page, registered } = this.#servers;
    const { provenPeer } = this.link;
    if (provenPeer === null) return;
    this.#stopTimeout();
    const key = mapKey(this.#slot);
    const earlier = registered.get(key);
    if (earlier !== undefined && earlier !== this) {
      others.add(earlier);
      earlier.link.abort(ENDED_BY_PROGRAM, "the same key has registered again");
    }
    if (!registerServer(forwarder, this.#slot, provenPeer, performance.now())) {
      registered.delete(key);
      others.add(this);
      this.#phase = "over";
      return refuse(this.link, FULL);
    }
    others.delete(this);
    registered.set(key, this);
    this.#phase = "registered";
    const address = formatAddress(provenPeer);
    reply(this.link, { type: "registered", address, ...(page === null ? {} : { page }) });
  }

  #stopTimeout(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    this.#timeout = null;
  }
}

const STOPPED = "the relay was stopped";

const FULL = {
  type: "refused",
  code: "RELAY_FULL",
  message: "the relay has no room for another server from this network",
} as const satisfies RelayReply;

/** The TCP port, which has options of its own. */
function webRefused({ code, message, cause }: CharlaError): CharlaError {
  const permit = code === "PORT_NOT_PERMITTED" ? "permit it (CAP_NET_BIND_SERVICE), " : "";
  const hint = `${permit}choose another TCP port with --web-port N, or go without WebSockets with --no-web`;
  return new CharlaError(code, `${message} (TCP, for WebSockets)`, hint, { cause });
}

/** A relay is joined as an open server is: its key is trusted on first use. */
function admitServers(isAllowed: RelayOptions["isAllowed"]): Admission {
  const keys = [{ psk: secretToPsk(null), id: "" }];
  return {
    keysFor: () => keys,
    admit: (_key, peerKey) => isAllowed === undefined || isAllowed(fingerprint(peerKey)),
  };
}

function reply(link: SealedLink, message: RelayReply): void {
  void link.sayAll([writeRelayMessage(message)]);
}

function refuse(link: SealedLink, refusal: RelayReply & { readonly type: "refused" }): void {
  reply(link, refusal);
  void link.close(ENDED_BY_PROGRAM, refusal.message);
}
