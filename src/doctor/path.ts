// The way to a server: how long it takes, what it loses, and how long a datagram may be on it. Pure.

import { isIPv4 } from "node:net";

import { formatAddress, type SocketAddress } from "../net/address.ts";
import type { Hellos, Sizes } from "../net/sealed-probe.ts";
import { BASE_DATAGRAM_SIZE } from "../protocol/recovery/path-mtu.ts";
import { type Check, note, ok, problem } from "./check.ts";

/** Ms from which an answer seems to hang: half of what people take for an interruption (Nielsen, 1 s). */
const SLOW = 500;
/** Of the datagrams and their answers: more is beyond what sending again makes up for without being noticed. */
const HEAVY_LOSS = 0.2;

export function describeRoundTrip({ roundTrips }: Hellos): Check {
  const sorted = roundTrips.toSorted((one, other) => one - other);
  const [minimum = 0] = sorted;
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const maximum = sorted.at(-1) ?? 0;
  const value = { minimum: rounded(minimum), median: rounded(median), maximum: rounded(maximum) };
  const message = `a round trip takes ${inMs(median)} (${inMs(minimum)} to ${inMs(maximum)})`;
  if (median < SLOW) return ok("round-trip", message, value);
  return note(
    "round-trip",
    message,
    "that is slow: something else may fill the link, or it goes by satellite; what is said arrives all the same",
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
      "what is lost is sent again; on Wi-Fi, go nearer to the access point or take a cable",
      value,
    );
  }
  return problem(
    "loss",
    message,
    "what is said arrives late: on Wi-Fi, go nearer to the access point or take a cable; else look at what fills the link",
    value,
  );
}

/** What a hello has shown to arrive, and what more does. */
export function describeSizes({ arrived, tooLong }: Sizes, to: SocketAddress): Check {
  const packet = packetOf(arrived, to);
  const end =
    tooLong === null
      ? "the longest that charla sends"
      : `packets of ${inBytes(packet)}; ${inBytes(tooLong)} are too many`;
  return ok("path-mtu", `datagrams of ${inBytes(arrived)} bytes arrive (${end})`, {
    datagram: arrived,
    packet,
    tooLong,
  });
}

/** Where no hello was answered; null where nothing was, and so nothing is known of the way. */
export function describeShortSizes({ arrived, tooLong }: Sizes, to: SocketAddress): Check | null {
  if (arrived === 0) return null;
  const longest = tooLong === null ? BASE_DATAGRAM_SIZE : tooLong;
  return problem(
    "path-mtu",
    `a server is at ${formatAddress(to)}, but of datagrams only the short arrive there: ${inBytes(arrived)} bytes do, ${inBytes(longest)} are too many, and charla needs ${inBytes(BASE_DATAGRAM_SIZE)}`,
    "raise the MTU of the tunnel (VPN) or link on the way to 1,280 at least",
    { datagram: arrived, packet: packetOf(arrived, to), tooLong: longest },
  );
}

/** With the headers of UDP and of IP. */
function packetOf(datagram: number, { address }: SocketAddress): number {
  return datagram + 8 + (isIPv4(address) ? 20 : 40);
}

function inBytes(count: number): string {
  return count.toLocaleString("en");
}

/** To microseconds: finer is noise. */
function rounded(duration: number): number {
  return Math.round(duration * 1_000) / 1_000;
}

function inMs(duration: number): string {
  return `${duration < 10 ? duration.toFixed(1) : duration.toFixed(0)} ms`;
}
