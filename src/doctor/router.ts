// Whether the router of this machine's network maps ports on request, so that others reach a server here.

import { DEFAULT_PORT } from "../net/address.ts";
import { type ProbedRouter, probeRouter } from "../net/port-mapping/probe-router.ts";
import { type Check, note, ok, problemFrom } from "./report.ts";

const NAME = "port-mapping";
const FORWARD_BY_HAND = `forward UDP port ${DEFAULT_PORT} to this machine in the router's settings`;

export async function checkRouter(): Promise<Check> {
  try {
    return describeRouter(await probeRouter());
  } catch (error) {
    return problemFrom(NAME, error);
  }
}

/** @param router null where there is none */
export function describeRouter(router: ProbedRouter | null): Check {
  if (router === null) {
    return ok(NAME, "no router maps ports for this machine: it has no private IPv4 address");
  }
  const { gateway, answers } = router;
  const protocols = answers.map(({ protocol }) => protocol);
  const [outer] = answers.flatMap((answer) => answer.outer?.address ?? []);
  const value = {
    gateway,
    outer: outer ?? null,
    protocols: answers.map(({ protocol, outer }) => ({ protocol, maps: outer !== null })),
  };
  if (answers.length === 0) {
    return note(
      NAME,
      `the router at ${gateway} maps no ports: it answers neither PCP, NAT-PMP nor UPnP`,
      `for others to join you, turn on UPnP or ${FORWARD_BY_HAND}; or join them`,
      value,
    );
  }
  if (outer === undefined) {
    return note(
      NAME,
      `the router at ${gateway} answers ${listed(protocols)}, and maps no port that outsiders can use`,
      `there may be another NAT behind it; look for its outer address in its settings: if that is not private, ${FORWARD_BY_HAND}`,
      value,
    );
  }
  const mapping = answers.flatMap(({ protocol, outer }) => (outer === null ? [] : [protocol]));
  return ok(
    NAME,
    `the router at ${gateway} maps ports by ${listed(mapping)}: its outer address is ${outer}`,
    value,
  );
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat("en").format(words);
}
