// The path to a server: its round-trip time, its loss, and its path MTU. Pure.

import { isIPv4 } from "node:net";

import { formatAddress, type SocketAddress } from "../net/address.ts";
import type { Hellos, Sizes } from "../net/sealed-probe.ts";
import { BASE_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import { type Check, note, ok, problem } from "./report.ts";

/** Ms: half of the second from which a wait interrupts people's thought (Nielsen). */
const SLOW = 500;
/** The share of hellos without an answer above which retransmission can't hide the loss. */
const HEAVY_LOSS = 0.2;

export function describeRoundTrip({ roundTrips }: Hellos): Check {
  const sorted = roundTrips.toSorted((one, other) => one - other);
  const [minimum = 0] = sorted;
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const maximum = sorted.at(-1) ?? 0;
  const value = {
    minimum: toMicroseconds(minimum),
    median: toMicroseconds(median),
    maximum: toMicroseconds(maximum),
  };
  const message = `a round trip takes ${formatMs(median)} (${formatMs(minimum)} to ${formatMs(maximum)})`;
  if (median < SLOW) return ok("round-trip", message, value);
  return note(
    "round-trip",
    message,
    "that is slow: other traffic may fill the link, or it goes by satellite; messages arrive all the same",
    value,
  );
}

export function describeLoss({ sent, roundTrips }: Hellos): Check {
  const lost = sent - roundTrips.length;
  const value = { sent, lost };
  if (lost === 0) return ok("loss", `none of ${sent} datagrams was lost`, value);
  const share = Math.round((100 * lost) / sent);
  const message = `${lost} of ${sent} datagrams or their answers were lost (${share} %)`;
  if (lost <= sent * HEAVY_LOSS) {
    return note(
      "loss",
      message,
      "what is lost is sent again; on Wi-Fi, go nearer to the access point or use a cable",
      value,
    );
  }
  return problem(
    "loss",
    message,
    "messages arrive late: on Wi-Fi, go nearer to the access point or use a cable; else look for traffic that fills the link",
    value,
  );
}

/** The longest datagrams that arrive, where hellos are answered. */
export function describeSizes({ arrived, tooLong }: Sizes, to: SocketAddress): Check {
  const packet = packetLength(arrived, to);
  const end =
    tooLong === null
      ? "the longest that charla sends"
      : `packets of ${formatCount(packet)}; ${formatCount(tooLong)} are too many`;
  return ok("path-mtu", `datagrams of ${formatCount(arrived)} bytes arrive (${end})`, {
    datagram: arrived,
    packet,
    tooLong,
  });
}

/** The same where no hello was answered; null where nothing was, so that nothing is known about the path. */
export function describeShortSizes({ arrived, tooLong }: Sizes, to: SocketAddress): Check | null {
  if (arrived === 0) return null;
  const longest = tooLong === null ? BASE_DATAGRAM_SIZE : tooLong;
  return problem(
    "path-mtu",
    `a server is at ${formatAddress(to)}, but only short datagrams reach it: ${formatCount(arrived)} bytes do, ${formatCount(longest)} are too many, and charla needs ${formatCount(BASE_DATAGRAM_SIZE)}`,
    "raise the MTU of the tunnel (VPN) or link on the path to at least 1,280",
    { datagram: arrived, packet: packetLength(arrived, to), tooLong: longest },
  );
}

/** The length of the IP packet: with the headers of UDP and IP. */
function packetLength(datagram: number, { address }: SocketAddress): number {
  return datagram + 8 + (isIPv4(address) ? 20 : 40);
}

function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** Ms, rounded to microseconds: more digits are noise. */
function toMicroseconds(duration: number): number {
  return Math.round(duration * 1_000) / 1_000;
}

export function formatMs(duration: number): string {
  return `${duration < 10 ? duration.toFixed(1) : duration.toFixed(0)} ms`;
}
