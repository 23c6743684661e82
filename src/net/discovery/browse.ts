// Asks the networks of this machine which servers are there. The driver: sockets and one timer.

import { setTimeout as delay } from "node:timers/promises";

import type { DnsMessage } from "./dns-message.ts";
import { networkAddresses, openMulticast } from "./multicast.ts";
import { MDNS_PORT, type Sending } from "./responder.ts";
import { type FoundService, SERVICE_TYPE, servicesIn } from "./service.ts";

/** When the question is asked, ms: a second time in case a question or an answer was lost. */
const ASKED_AT = [0, 300];
/** How long answers are waited for, ms: they come within 120 (RFC 6762 s. 6), or with the second question. */
const WAIT = 900;
/** More than a person looks through. */
const MAX_FOUND = 64;

const QUESTION: Sending = {
  to: null,
  message: (): DnsMessage => ({
    id: 0,
    isResponse: false,
    questions: [{ name: SERVICE_TYPE, type: "PTR" }],
    answers: [],
    authorities: [],
    additionals: [],
  }),
};

/** The servers that answer within a second, each once, in the order of their names. At most 64. */
export async function browse(): Promise<FoundService[]> {
  const found = new Map<string, FoundService>();
  const onMessage = (message: DnsMessage, { address }: { address: string }) => {
    for (const service of servicesIn(message, address)) {
      // A server that is reached by two networks is one.
      const id = `${service.fingerprint} ${service.port}`;
      if (found.size < MAX_FOUND || found.has(id)) found.set(id, found.get(id) ?? service);
    }
  };
  const addresses = networkAddresses();
  // Answers to this program alone come at once; those to the group pass more firewalls.
  using direct = await openMulticast({ addresses, port: 0, onMessage });
  using group = await openMulticast({ addresses, port: MDNS_PORT, onMessage });
  const isOffline = addresses.length === 0;
  let waited = 0;
  for (const time of isOffline ? [] : [...ASKED_AT, WAIT]) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other
    await delay(time - waited);
    waited = time;
    if (time === WAIT) break;
    for (const multicast of [direct, group]) multicast.send(QUESTION);
  }
  return Array.from(found.values()).toSorted((one, other) =>
    one.instance.localeCompare(other.instance),
  );
}
