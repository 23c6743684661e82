// How many strays are answered: datagrams of no session, which anyone can send from any address (docs/protocol.md
// s. 15.4). There is a token bucket for each source, for each network and for all, so that one source can't use up the
// answers for its network, nor one network those for others. Knows nothing of what the answers are. The time is an argument.

import { type SocketAddress, sourcePrefixes } from "./socket-address.ts";

/** Answers to one source at once, and a second: a restarted server answers all sessions behind a NAT in a few seconds. */
const PER_SOURCE = 100;
/** The same to one network. */
const PER_NETWORK = 400;
/** Answers to all a second, 250 kB. Many more than for one network: forged addresses may be of any number of networks. */
const PER_SECOND = 10_000;
/** Answers to all at once: half of the answers that may wait to be sent. */
const AT_ONCE = 2_000;
/** Sources and networks that are remembered, some 100 bytes each: those used last. */
const MAX_PREFIXES = 8_192;

interface TokenBucket {
  tokens: number;
  /** When `tokens` was right, ms. */
  at: number;
}

export interface StrayAnswers {
  readonly all: TokenBucket;
  /** Of sources and networks, by prefix; the one that was used last at the end. */
  readonly prefixes: Map<string, TokenBucket>;
}

export function createStrayAnswers(now: number): StrayAnswers {
  return { all: { tokens: AT_ONCE, at: now }, prefixes: new Map() };
}

/** Whether a stray from this address may be answered now; counts it. */
export function mayAnswerStray(
  { all, prefixes }: StrayAnswers,
  from: SocketAddress,
  now: number,
): boolean {
  const { source, network } = sourcePrefixes(from);
  const buckets = [
    findBucket(prefixes, source, PER_SOURCE, now),
    findBucket(prefixes, network, PER_NETWORK, now),
    all,
  ];
  fill(all, PER_SECOND, AT_ONCE, now);
  // What is not answered takes no token from others.
  if (buckets.some(({ tokens }) => tokens < 1)) return false;
  for (const bucket of buckets) bucket.tokens -= 1;
  return true;
}

function findBucket(
  prefixes: Map<string, TokenBucket>,
  prefix: string,
  perSecond: number,
  now: number,
): TokenBucket {
  const bucket = prefixes.get(prefix) ?? { tokens: perSecond, at: now };
  prefixes.delete(prefix);
  prefixes.set(prefix, bucket);
  if (prefixes.size > MAX_PREFIXES) {
    const [oldest = ""] = prefixes.keys();
    prefixes.delete(oldest);
  }
  fill(bucket, perSecond, perSecond, now);
  return bucket;
}

function fill(bucket: TokenBucket, perSecond: number, most: number, now: number): void {
  bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
  bucket.at = now;
}
