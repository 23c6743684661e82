// What relays say about the way through them, and about the NAT in front of this machine. Pure.

import { isIP, isIPv4 } from "node:net";

import { formatAddress } from "../net/address.ts";
import type { AddressStatus } from "../net/relay-packets.ts";
import type {
  ProbedRelay,
  ProbedRelays,
  ProbedWebSocket,
  RelayAnswer,
} from "../net/relay-probe.ts";
import { formatMs } from "./path.ts";
import { type Check, note, ok, problem } from "./report.ts";

/**
 * By UDP.
 *
 * @param name of the relay, as people write it
 * @param isElsewhere the server, or the relay itself, is reached by another way
 */
export function describeRelay(name: string, probed: ProbedRelay, isElsewhere: boolean): Check {
  const address = formatAddress(probed.relay);
  const isName = name !== address && isIP(name.replaceAll(/[[\]]/g, "")) === 0;
  const where = isName ? `${name} (${address})` : name;
  const value = { relay: name, address, ...answerValue(probed) };
  if (probed.status !== null) {
    return describeAnswer({ where, by: "", value, isElsewhere }, probed, probed.status);
  }
  return (isElsewhere ? note : problem)(
    "relay",
    `the relay ${where} does not answer by UDP`,
    "it may be down, or a firewall on the path may drop UDP",
    value,
  );
}

/** By WebSocket, which is tried where UDP gets no answer. */
export function describeWebSocket(
  name: string,
  probed: ProbedWebSocket,
  isElsewhere: boolean,
): Check {
  const value = { relay: name, transport: "websocket", ...answerValue(probed) };
  if (probed.status !== null) {
    const by = " by WebSocket";
    return describeAnswer({ where: name, by, value, isElsewhere }, probed, probed.status);
  }
  // That it does not answer at all is a problem already, by UDP.
  return note(
    "relay",
    `the relay ${name} does not answer by WebSocket either: ${probed.failure ?? "no relay is there"}`,
    "networks that let no UDP out need a relay with a certificate, at TCP port 443",
    value,
  );
}

function answerValue({ status, outer, roundTrip }: RelayAnswer) {
  return { status, outer: outer === null ? null : formatAddress(outer), roundTrip };
}

interface AskedRelay {
  readonly where: string;
  /** By what, if not by UDP. */
  readonly by: string;
  readonly value: unknown;
  readonly isElsewhere: boolean;
}

function describeAnswer(
  { where, by, value, isElsewhere }: AskedRelay,
  { roundTrip }: RelayAnswer,
  status: AddressStatus,
): Check {
  const wrong = (message: string, hint: string) =>
    (isElsewhere ? note : problem)("relay", message, hint, value);
  switch (status) {
    case "no-server":
      return wrong(
        `the relay ${where} answers${by}, and the server is not registered there`,
        "start charla --server, or look there whether it reaches the relay",
      );
    case "full":
      return wrong(
        `the relay ${where} answers${by}, and has no room for another who joins`,
        "try again later; a relay of one's own is charla relay",
      );
    case "unproven":
      return ok("relay", `the relay ${where} answers${by}`, value);
    case "joined":
      if (roundTrip !== null) {
        const message = `the server answers through the relay ${where}${by} in ${formatMs(roundTrip)}`;
        return ok("relay", message, value);
      }
      return wrong(
        `the relay ${where} forwards to the server, which does not answer through it`,
        "the server may be gone: the relay forgets it within a minute",
      );
  }
}

/**
 * How the NAT in front of this machine maps (RFC 4787 s. 4.1), by two relays that see the same socket.
 *
 * @param own all addresses of this machine, in canonical form
 * @returns null where no relay has said anything
 */
export function describeNatMapping(
  { localPort, relays }: ProbedRelays,
  own: ReadonlySet<string>,
): Check | null {
  const seen = relays.flatMap(({ outer }) => outer ?? []);
  const [first] = seen;
  if (first === undefined) return null;
  const family = seen.filter(({ address }) => isIPv4(address) === isIPv4(first.address));
  const outer = [...new Set(family.map(formatAddress))];
  const name = "nat-mapping";
  if (own.has(first.address) && first.port === localPort) {
    const message = `no NAT in front of this machine: relays see its own address, ${outer[0]}`;
    return ok(name, message, { outer, mapping: "none" });
  }
  if (outer.length > 1) {
    return note(
      name,
      `relays see this machine at different addresses, ${outer.join(" and ")}: its NAT makes a new mapping for each peer (symmetric)`,
      "a direct path exists only to those who have none; with others, charla talks through a relay",
      { outer, mapping: "address-dependent" },
    );
  }
  if (family.length > 1) {
    const message = `two relays see this machine at ${outer[0]}: its NAT keeps one mapping for all peers, so direct paths can be opened`;
    return ok(name, message, { outer, mapping: "endpoint-independent" });
  }
  return note(
    name,
    `a relay sees this machine at ${outer[0]}; what kind of NAT is between is unknown`,
    "with a second relay the doctor can tell: two see whether the NAT keeps one mapping for all peers",
    { outer, mapping: null },
  );
}
