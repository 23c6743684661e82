// The plain wire without I/O (docs/protocol.md s. 2, 3): its format, and a state machine that decides who the peer is.
//
//   0                                        at most 65,507 bytes
//   +----------------------------------------------------------+
//   | UTF-8 text, without a newline of its own at the end      |
//   +----------------------------------------------------------+
//
// The state machine sees where datagrams come from and which were refused, and knows nothing of what they say.

import { CharlaError } from "../errors.ts";
import { sameAddress, type SocketAddress } from "./address.ts";

/** Bytes of one message: a UDP datagram over IPv4 carries no more (65,535 - 20 - 8, RFC 768, 791). */
export const MAX_TEXT_BYTES = 65_507;

const encoder = new TextEncoder();
// A byte order mark is text like any other here, and stays.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A message without the newline that line-based tools end what they send with: one, not more. */
export function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** @throws {CharlaError} MESSAGE_TOO_LONG past 65,507 bytes of UTF-8 */
export function encodeText(text: string): Uint8Array {
  const datagram = encoder.encode(withoutNewline(text));
  if (datagram.byteLength <= MAX_TEXT_BYTES) return datagram;
  throw new CharlaError(
    "MESSAGE_TOO_LONG",
    `the message is ${datagram.byteLength.toLocaleString("en")} bytes long; one datagram carries ${MAX_TEXT_BYTES.toLocaleString("en")}`,
    "split it into several messages",
  );
}

/** The text of a datagram; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(datagram: Uint8Array): string {
  return withoutNewline(decoder.decode(datagram));
}

export interface PlainPeer {
  /** The other end; null while a server waits for a first datagram. */
  readonly peer: SocketAddress | null;
  /** The host's other addresses, to try if `peer` refuses. */
  readonly alternatives: readonly SocketAddress[];
  /** Whether `peer` is known to exist: it sent something, or did not refuse in time. */
  readonly reached: boolean;
  /** Datagrams from anyone else, all ignored. */
  readonly strangers: number;
  readonly role: "server" | "client";
}

export type Arrival = "new-peer" | "peer" | "stranger";

/** The server's peer is the sender of the first datagram. */
export function waitForPeer(): PlainPeer {
  return { peer: null, alternatives: [], reached: false, strangers: 0, role: "server" };
}

/** The client's peer is the first of the host's addresses that does not refuse. */
export function seekPeer(candidates: readonly SocketAddress[]): PlainPeer {
  const [peer = null, ...alternatives] = candidates;
  return { peer, alternatives, reached: alternatives.length === 0, strangers: 0, role: "client" };
}

/** A datagram came from `from`. */
export function arrive(state: PlainPeer, from: SocketAddress): [PlainPeer, Arrival] {
  if (state.peer === null && state.role === "server") {
    return [{ ...state, peer: from, reached: true }, "new-peer"];
  }
  if (state.peer !== null && sameAddress(state.peer, from))
    return [{ ...state, reached: true }, "peer"];
  return [{ ...state, strangers: state.strangers + 1 }, "stranger"];
}

/** The first datagram was not refused in time: the peer is assumed to exist. */
export function notRefused(state: PlainPeer): PlainPeer {
  return { ...state, reached: true };
}

/**
 * No program is listening at the peer's address. A client tries the host's next address ("next"). A server waits
 * for a new peer, and a client without further addresses has none ("gone").
 */
export function refuse(state: PlainPeer): [PlainPeer, "next" | "gone"] {
  const [next, ...alternatives] = state.reached ? [] : state.alternatives;
  if (next === undefined) return [{ ...state, peer: null, reached: false }, "gone"];
  return [{ ...state, peer: next, alternatives, reached: alternatives.length === 0 }, "next"];
}
