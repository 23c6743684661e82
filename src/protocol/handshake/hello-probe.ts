// Finds out without a secret whether a server of the sealed wire is at an address, its round-trip time and
// the loss on the path: each of a series of hellos is answered by a retry, for which the server keeps nothing
// (docs/protocol.md s. 8.2). A state machine without I/O; random bytes and the time are arguments.

import { mapKey } from "../bytes.ts";
import type { RandomBytes } from "../crypto-provider.ts";
import { CONNECTION_ID_LENGTH, HELLO_NOISE_LENGTH, readPacket, writeHello } from "../packets.ts";
import { BASE_DATAGRAM_SIZE } from "../recovery/path-mtu.ts";

/** Between two hellos once one was answered, ms: 24 kB a second, which no network minds. */
const HELLO_SPACING = 50;
/** The same before the first answer, ms: what is there may be no server, and must not be flooded. */
const FIRST_SPACING = 200;
/** Hellos before the first answer: a path that loses a fifth of the datagrams each way loses all in 1 of 3,500 cases. */
const MAX_FIRST = 8;
/** How long the first answer may take after the last hello, ms: a satellite link takes less. */
const FIRST_ANSWER_PATIENCE = 2_000;
/** After an answer, the last one may take this many times the slowest round trip, */
const PATIENCE_FACTOR = 3;
/** and at least this long, ms. */
const MIN_PATIENCE = 300;

export interface HelloProbe {
  readonly random: RandomBytes;
  /** Hellos to send. */
  readonly count: number;
  /** When each unanswered hello was sent, by its connection id. */
  readonly unanswered: Map<string, number>;
  /** Ms from each answered hello to its answer, in the order of the answers. */
  readonly roundTrips: number[];
  /** What the answers show. */
  answer: "none" | "server" | "other-version";
  sent: number;
  /** Before the first hello: when that is due. */
  lastSentAt: number;
}

export function startHelloProbe(random: RandomBytes, count: number, now: number): HelloProbe {
  return {
    random,
    count,
    unanswered: new Map(),
    roundTrips: [],
    answer: "none",
    sent: 0,
    lastSentAt: now,
  };
}

/** The hello that is due; null while none is. */
export function nextHello(probe: HelloProbe, now: number): Uint8Array | null {
  const { random, sent } = probe;
  if (sent === hellosToSend(probe) || now < helloProbeWakeAt(probe)) return null;
  const initiatorId = random(CONNECTION_ID_LENGTH);
  probe.unanswered.set(mapKey(initiatorId), now);
  probe.sent += 1;
  probe.lastSentAt = now;
  // A responder does not read the Noise message of a hello without a cookie.
  const noise = random(HELLO_NOISE_LENGTH);
  return writeHello(initiatorId, new Uint8Array(0), noise, random(BASE_DATAGRAM_SIZE));
}

/** Processes any datagram. */
export function receiveForHelloProbe(probe: HelloProbe, datagram: Uint8Array, now: number): void {
  const packet = readPacket(datagram);
  if (packet?.kind !== "retry" && packet?.kind !== "refusal") return;
  const id = mapKey(packet.initiatorId);
  const sentAt = probe.unanswered.get(id);
  // An answer to somebody else, or a duplicate.
  if (sentAt === undefined) return;
  probe.unanswered.delete(id);
  probe.roundTrips.push(now - sentAt);
  if (probe.answer !== "none") return;
  probe.answer = packet.kind === "retry" ? "server" : "other-version";
}

/** When the next hello is due; once all are sent, when waiting for answers ends. */
export function helloProbeWakeAt(probe: HelloProbe): number {
  const { answer, sent, lastSentAt } = probe;
  if (sent === 0) return lastSentAt;
  if (sent === hellosToSend(probe)) return lastSentAt + patience(probe);
  return lastSentAt + (answer === "none" ? FIRST_SPACING : HELLO_SPACING);
}

/** Whether all hellos are sent, and answered or given up. */
export function isHelloProbeOver(probe: HelloProbe, now: number): boolean {
  const { sent, unanswered } = probe;
  return sent === hellosToSend(probe) && (unanswered.size === 0 || now >= helloProbeWakeAt(probe));
}

/** How many hellos to send in all, as far as is known now. */
function hellosToSend({ count, answer }: HelloProbe): number {
  return answer === "none" ? Math.min(count, MAX_FIRST) : count;
}

function patience({ roundTrips }: HelloProbe): number {
  if (roundTrips.length === 0) return FIRST_ANSWER_PATIENCE;
  return Math.max(MIN_PATIENCE, PATIENCE_FACTOR * Math.max(...roundTrips));
}
