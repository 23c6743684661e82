// Owns the name of a service on a network (RFC 6762): claims it, announces it, answers questions, takes another name if somebody
// else has it, and says goodbye. A state machine: messages and the time go in, messages come out. Knows no socket.

import { type Rate, TokenBucket } from "../../protocol/token-bucket.ts";
import {
  type DnsMessage,
  type DnsRecord,
  encodeData,
  isSameName,
  MAX_LABEL,
  type Question,
} from "./dns-message.ts";
import {
  answersTo,
  asLabel,
  hostName,
  instanceName,
  recordsOf,
  type Service,
  SERVICE_TYPE,
} from "./service.ts";

export const MDNS_PORT = 5353;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A message for the group on every network, or for one program. */
export interface Sending {
  readonly to: Endpoint | null;
  /** @param address of this machine, on the network where it goes */
  message(this: void, address: string): DnsMessage;
}

/** Questions before a name is taken, and ms between them (RFC 6762 s. 8.1). */
const PROBES = 3;
const PROBE_INTERVAL = 250;
/** How often a name that was taken is announced, and ms between (RFC 6762 s. 8.3). */
const ANNOUNCEMENTS = 2;
const ANNOUNCE_INTERVAL = 1_000;
/** Others may answer the same: ms that an answer waits for (RFC 6762 s. 6). */
const MIN_DELAY = 20;
const MAX_DELAY = 120;
/** ms between two answers to the group; to somebody who claims the name (RFC 6762 s. 6). */
const ANSWER_INTERVAL = 1_000;
const DEFENCE_INTERVAL = 250;
/** Answers to programs that are no responders, such as a browser that asks once: so that nobody is flooded by way of this one. */
const DIRECT_ANSWERS: Rate = { perSecond: 10, burst: 20 };
/** Seconds that these may keep an answer (RFC 6762 s. 6.7). */
const DIRECT_TTL = 10;
/** Names that are tried; with so many taken, somebody takes them on purpose. */
const MAX_NAMES = 20;

type Phase =
  | { readonly type: "claiming"; readonly asked: number }
  | { readonly type: "owning"; readonly announced: number }
  /** Every name is taken. */
  | { readonly type: "nameless" };

export type Responder = ReturnType<typeof createResponder>;

/** @param random from 0 to 1 */
export function createResponder(wanted: Service, now: number, random: () => number) {
  let service = wanted;
  let names = 1;
  let phase: Phase = { type: "claiming", asked: 0 };
  /** When the next probe or announcement is due. */
  let stepAt: number | null = now + random() * PROBE_INTERVAL;
  let answerAt: number | null = null;
  let answeredAt = -Infinity;
  const directAnswers = new TokenBucket(DIRECT_ANSWERS, now);

  /** Begins to claim the name, for example on another network. */
  function claim(at: number): void {
    phase = { type: "claiming", asked: 0 };
    stepAt = at + random() * PROBE_INTERVAL;
    answerAt = null;
  }

  function takeAnotherName(at: number): void {
    names += 1;
    if (names > MAX_NAMES) {
      phase = { type: "nameless" };
      stepAt = null;
      answerAt = null;
      return;
    }
    const suffix = ` (${names})`;
    service = { ...wanted, instance: asLabel(wanted.instance, MAX_LABEL - suffix.length) + suffix };
    claim(at);
  }

  /** Somebody else has, or wants, what has our name. */
  function otherOwner(records: readonly DnsRecord[]): DnsRecord | undefined {
    const [, own] = recordsOf(service, "0.0.0.0");
    return records.find(
      (record) =>
        record.type === "SRV" &&
        record.ttl > 0 &&
        isSameName(record.name, instanceName(service)) &&
        own !== undefined &&
        compareData(record, own) !== 0,
    );
  }

  function receiveQuestion(message: DnsMessage, from: Endpoint, at: number): Sending[] {
    const rival = otherOwner(message.authorities);
    // Of two who claim a name at once, the one with the later data gets it (RFC 6762 s. 8.2).
    const [, own] = recordsOf(service, "0.0.0.0");
    if (phase.type === "claiming" && rival !== undefined && own !== undefined) {
      if (compareData(rival, own) > 0) takeAnotherName(at);
      return [];
    }
    const { questions } = message;
    const isForUs = questions.some((each) => answersTo(each, service, "0.0.0.0").length > 0);
    if (phase.type !== "owning" || !isForUs || isKnown(message)) return [];
    if (from.port !== MDNS_PORT) {
      if (directAnswers.tryTake(at) > 0) return [];
      const asked = service;
      return [{ to: from, message: (address) => directAnswer(message, asked, address) }];
    }
    const [wait, interval] =
      rival === undefined
        ? [MIN_DELAY + random() * (MAX_DELAY - MIN_DELAY), ANSWER_INTERVAL]
        : [0, DEFENCE_INTERVAL];
    const due = Math.max(at + wait, answeredAt + interval);
    answerAt = Math.min(answerAt ?? Infinity, due);
    return [];
  }

  /** Who asks has it, and for a while yet (RFC 6762 s. 7.1). */
  function isKnown({ questions, answers }: DnsMessage): boolean {
    const [pointer] = recordsOf(service, "0.0.0.0");
    return (
      questions.every(({ type, name }) => type === "PTR" && isSameName(name, SERVICE_TYPE)) &&
      answers.some(
        (record) =>
          record.type === "PTR" &&
          pointer?.type === "PTR" &&
          isSameName(record.name, pointer.name) &&
          isSameName(record.target, pointer.target) &&
          record.ttl >= pointer.ttl / 2,
      )
    );
  }

  return {
    claim,

    receive(message: DnsMessage, from: Endpoint, at: number): Sending[] {
      if (!message.isResponse) return receiveQuestion(message, from, at);
      if (otherOwner([...message.answers, ...message.additionals]) === undefined) return [];
      // An owner asks first whether the other still has it (RFC 6762 s. 9).
      if (phase.type === "claiming") takeAnotherName(at);
      else if (phase.type === "owning") claim(at);
      return [];
    },

    /** ms; null while nothing is due. */
    get nextTimeout(): number | null {
      const times = [stepAt, answerAt].filter((each) => each !== null);
      return times.length === 0 ? null : Math.min(...times);
    },

    expire(at: number): Sending[] {
      const sendings: Sending[] = [];
      const current = service;
      if (stepAt !== null && stepAt <= at) {
        if (phase.type === "claiming" && phase.asked < PROBES) {
          phase = { type: "claiming", asked: phase.asked + 1 };
          stepAt = at + PROBE_INTERVAL;
          sendings.push(sendToGroup((address) => probe(current, address)));
        } else {
          const announced: number = phase.type === "owning" ? phase.announced + 1 : 1;
          phase = { type: "owning", announced };
          stepAt = announced < ANNOUNCEMENTS ? at + ANNOUNCE_INTERVAL : null;
          answerAt = at;
        }
      }
      if (answerAt !== null && answerAt <= at) {
        answerAt = null;
        answeredAt = at;
        sendings.push(sendToGroup((address) => response(recordsOf(current, address))));
      }
      return sendings;
    },

    /** Takes back what was announced (RFC 6762 s. 10.1). */
    end(): Sending[] {
      if (phase.type !== "owning") return [];
      const current = service;
      return [sendToGroup((address) => response(recordsOf(current, address, { maxTtl: 0 })))];
    },
  };
}

function sendToGroup(make: (address: string) => Partial<DnsMessage>): Sending {
  return { to: null, message: (address) => ({ ...EMPTY, ...make(address) }) };
}

const EMPTY: DnsMessage = {
  id: 0,
  isResponse: false,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
};

function probe(service: Service, address: string): Partial<DnsMessage> {
  const questions: Question[] = [
    { name: instanceName(service), type: "ANY" },
    { name: hostName(service), type: "ANY" },
  ];
  // These are not announced yet, and flush nothing.
  const [, ...authorities] = recordsOf(service, address, { flush: false });
  return { questions, authorities };
}

function response(answers: readonly DnsRecord[]): Partial<DnsMessage> {
  return { isResponse: true, answers };
}

/** As a name server would answer (RFC 6762 s. 6.7). */
function directAnswer(
  { id, questions }: DnsMessage,
  service: Service,
  address: string,
): DnsMessage {
  const form = { maxTtl: DIRECT_TTL, flush: false };
  const answers = questions.flatMap((each) => answersTo(each, service, address, form));
  return {
    ...EMPTY,
    id,
    isResponse: true,
    questions,
    answers: answers.filter(
      (record, at) => answers.findIndex((other) => isSameRecord(record, other)) === at,
    ),
  };
}

function isSameRecord(one: DnsRecord, other: DnsRecord): boolean {
  return one.type === other.type && isSameName(one.name, other.name);
}

function compareData(one: DnsRecord, other: DnsRecord): number {
  return Buffer.compare(encodeData(one), encodeData(other));
}
