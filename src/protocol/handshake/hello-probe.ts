// Whether a server of the sealed wire is at an address, how far away, and how much is lost on the way,
// asked without a secret: each hello of a row is answered by a retry, of which the server keeps nothing
// (docs/protocol.md s. 8.2). A state machine without I/O; random bytes and the time are arguments.

import { mapKey } from "../bytes.ts";
import type { RandomBytes } from "../crypto-provider.ts";
import { CONNECTION_ID_LENGTH, HELLO_NOISE_LENGTH, readPacket, writeHello } from "../packets.ts";
import { BASE_DATAGRAM_SIZE } from "../recovery/path-mtu.ts";

/** Between two hellos once one was answered, ms: 24 kB a second, which is no burden to any network. */
export const HELLO_SPACING = 50;
/** Before: whoever is there may be no server, and is not to be flooded with what it cannot read. */
export const FIRST_SPACING = 200;
/** So many that nobody answers are enough: of datagrams and answers, a path that loses a fifth loses all in 1 of 3,500. */
export const MAX_FIRST = 8;
/** How long the first answer may take after the last hello, ms: twice around the Earth by satellite. */
export const FIRST_ANSWER_PATIENCE = 2_000;
/** Once there was one, the last may take so many times the slowest, and this at least, ms. */
const SLOWER = 3;
const LEAST_PATIENCE = 300;

/** What the answers say. */
export type HelloAnswer =
  | "none"
  /** A server is there. */
  | "server"
  /** One that does not speak this version. */
  | "other-version";

export interface HelloProbe {
  readonly random: RandomBytes;
  /** Hellos to send. */
  readonly count: number;
  /** When each unanswered hello was sent, by its connection id. */
  readonly unanswered: Map<string, number>;
  /** Ms from each answered hello to its answer, in the order of the answers. */
  readonly roundTrips: number[];
  answer: HelloAnswer;
  sent: number;
  /** Before the first, when that is due. */
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
  if (sent === wanted(probe) || now < helloProbeWakeAt(probe)) return null;
  const initiatorId = random(CONNECTION_ID_LENGTH);
  probe.unanswered.set(mapKey(initiatorId), now);
  probe.sent += 1;
  probe.lastSentAt = now;
  // Nobody reads the Noise message of a hello without a cookie.
  const noise = random(HELLO_NOISE_LENGTH);
  return writeHello(initiatorId, new Uint8Array(0), noise, random(BASE_DATAGRAM_SIZE));
}

/** Takes in a datagram, whatever it is. */
export function receiveForHelloProbe(probe: HelloProbe, datagram: Uint8Array, now: number): void {
  const packet = readPacket(datagram);
  if (packet?.kind !== "retry" && packet?.kind !== "refusal") return;
  const id = mapKey(packet.initiatorId);
  const sentAt = probe.unanswered.get(id);
  // Somebody else's, or one that came twice.
  if (sentAt === undefined) return;
  probe.unanswered.delete(id);
  probe.roundTrips.push(now - sentAt);
  if (probe.answer !== "none") return;
  probe.answer = packet.kind === "retry" ? "server" : "other-version";
}

/** When the next hello is due; once all are sent, when no answer is waited for any more. */
export function helloProbeWakeAt(probe: HelloProbe): number {
  const { answer, sent, lastSentAt } = probe;
  if (sent === 0) return lastSentAt;
  if (sent === wanted(probe)) return lastSentAt + patience(probe);
  return lastSentAt + (answer === "none" ? FIRST_SPACING : HELLO_SPACING);
}

/** Whether nothing more is to be sent or waited for. */
export function isHelloProbeOver(probe: HelloProbe, now: number): boolean {
  const { sent, unanswered } = probe;
  return sent === wanted(probe) && (unanswered.size === 0 || now >= helloProbeWakeAt(probe));
}

/** How many hellos are to be sent, by what is known now. */
function wanted({ count, answer }: HelloProbe): number {
  return answer === "none" ? Math.min(count, MAX_FIRST) : count;
}

function patience({ roundTrips }: HelloProbe): number {
  if (roundTrips.length === 0) return FIRST_ANSWER_PATIENCE;
  return Math.max(LEAST_PATIENCE, SLOWER * Math.max(...roundTrips));
}
