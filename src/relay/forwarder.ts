// What a relay forwards (docs/protocol.md s. 19): datagrams between servers that have registered and those who join them. A
// state machine without I/O: a datagram and the time go in, at most one datagram comes out. It sees ciphertext, sizes and
// addresses, and forwards nothing for an address that has not proven, in the last minute, that it receives what is sent there.
//
//   joiner  -- forward(slot) -->  relay  -- forward(joiner) -->  server
//   joiner  <-- forward(slot) --  relay  <-- forward(joiner) --  server

import {
  ADDRESS_LENGTH,
  type AddressStatus,
  FORWARD_HEADER,
  isForward,
  readdress,
  readQuery,
  writeAddress,
} from "../net/relay-packets.ts";
import { mapKey } from "../protocol/bytes.ts";
import type { CryptoProvider } from "../protocol/crypto-provider.ts";
import {
  type CookieClaim,
  type CookieSecrets,
  createCookieSecrets,
  isValidCookie,
  makeCookie,
  renewCookieSecrets,
} from "../protocol/handshake/proofs.ts";
import type { Outbound } from "../protocol/session/transmit.ts";
import { addressKey, type SocketAddress } from "../protocol/socket-address.ts";
import {
  createStrayAnswers,
  mayAnswerStray,
  type StrayAnswers,
} from "../protocol/stray-answers.ts";
import { TokenBucket } from "../protocol/token-bucket.ts";
import {
  createRelayTable,
  isProven,
  type Joiner,
  joinServer,
  perSecond,
  type RelayLimits,
  type RelayTable,
} from "./relay-table.ts";

/** Bytes of the longest datagram on Ethernet, less the headers of IPv4 and UDP: a longer one would not leave this machine. */
const MAX_FORWARDED = 1_500 - 20 - 8;
const EMPTY = new Uint8Array(0);

export interface RelayCounts {
  /** Datagrams, and their bytes. */
  forwarded: number;
  bytes: number;
  /** Datagrams that were not: of unproven addresses, beyond a rate, too long. */
  unproven: number;
  limited: number;
  tooLong: number;
}

export interface Forwarder extends RelayTable {
  readonly crypto: CryptoProvider;
  readonly total: TokenBucket;
  readonly strays: StrayAnswers;
  readonly cookies: CookieSecrets;
  readonly counts: RelayCounts;
}

export interface ForwarderOptions extends Pick<Forwarder, "crypto" | "random"> {
  readonly limits?: Partial<RelayLimits> | undefined;
  readonly now: number;
}

export function createForwarder({ crypto, random, limits, now }: ForwarderOptions): Forwarder {
  const table = createRelayTable(random, limits);
  return {
    ...table,
    crypto,
    total: new TokenBucket(perSecond(table.limits.totalRate), now),
    strays: createStrayAnswers(),
    cookies: createCookieSecrets(() => random(32), now),
    counts: { forwarded: 0, bytes: 0, unproven: 0, limited: 0, tooLong: 0 },
  };
}

/**
 * Processes a datagram of a relay's kind.
 *
 * @returns what is to be sent; a datagram that is forwarded is the same memory
 */
export function forward(
  forwarder: Forwarder,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): Outbound | null {
  if (!isForward(datagram)) return answerQuery(forwarder, datagram, from, now);
  const address = addressKey(from);
  const end = mapKey(datagram.subarray(1, FORWARD_HEADER));
  const server = forwarder.servers.get(address);
  // A server that has another one's former address, or joins one itself, is a joiner like others.
  const toJoiner = server?.joiners.get(end);
  if (server !== undefined && toJoiner !== undefined) {
    if (!mayForward(forwarder, toJoiner, datagram.length, now)) return null;
    readdress(datagram, server.id);
    return { to: toJoiner.address, bytes: datagram };
  }
  const joiner = forwarder.joiners.get(address);
  // To a joiner who has gone, or to see whether this relay still knows the server.
  if (server !== undefined && joiner === undefined) return null;
  // Who names another server than before has to ask for it: a forged datagram must not tear anybody from theirs.
  if (joiner === undefined || joiner.slotKey !== end || !isProven(joiner, now)) {
    forwarder.counts.unproven += 1;
    return datagram.length < ADDRESS_LENGTH ? null : answerUnproven(forwarder, from, now);
  }
  if (!mayForward(forwarder, joiner, datagram.length, now)) return null;
  readdress(datagram, joiner.id);
  return { to: joiner.slot.address, bytes: datagram };
}

function answerQuery(
  forwarder: Forwarder,
  datagram: Uint8Array,
  from: SocketAddress,
  now: number,
): Outbound | null {
  const query = readQuery(datagram);
  if (query === null) return null;
  const { cookies, crypto, random } = forwarder;
  renewCookieSecrets(cookies, () => random(32), now);
  if (!isValidCookie(crypto, cookies, query.cookie, claimOf(from))) {
    return answerUnproven(forwarder, from, now);
  }
  // Not limited: forged senders have no cookie, and would use up what others may ask.
  const wantsNone = query.slot.every((byte) => byte === 0);
  const status = wantsNone ? "unproven" : joinServer(forwarder, from, query.slot, now);
  return { to: from, bytes: writeStatus(forwarder, status, from) };
}

/** What an address gets that may be forged: rarely something, and never more than was sent. */
function answerUnproven(forwarder: Forwarder, to: SocketAddress, now: number): Outbound | null {
  const { cookies, random, strays } = forwarder;
  if (!mayAnswerStray(strays, to, now)) return null;
  renewCookieSecrets(cookies, () => random(32), now);
  return { to, bytes: writeStatus(forwarder, "unproven", to) };
}

function writeStatus(
  { cookies, crypto }: Forwarder,
  status: AddressStatus,
  to: SocketAddress,
): Uint8Array {
  return writeAddress(status, makeCookie(crypto, cookies, claimOf(to)), to);
}

/** The secrets are the relay's alone, so that its cookies are none of the handshake's. */
function claimOf(from: SocketAddress): CookieClaim {
  return { from, initiatorId: EMPTY, noise: EMPTY };
}

function mayForward(
  { counts, total }: Forwarder,
  { slot, source }: Joiner,
  length: number,
  now: number,
): boolean {
  if (length > MAX_FORWARDED) {
    counts.tooLong += 1;
    return false;
  }
  // What is not forwarded takes nothing from others.
  if (
    slot.bucket.wait(now, length) > 0 ||
    source.bucket.wait(now, length) > 0 ||
    total.tryTake(now, length) > 0
  ) {
    counts.limited += 1;
    return false;
  }
  slot.bucket.take(now, length);
  source.bucket.take(now, length);
  counts.forwarded += 1;
  counts.bytes += length;
  return true;
}
