// How many strays are answered: datagrams of no session, which anyone can send from any address (docs/protocol.md
// s. 15.4). There is a token bucket for each source, for each network and for all, so that one source can't use up the
// answers for its network, nor one network those for others. Knows nothing of what the answers are. The time is an argument.

import { type SocketAddress, sourcePrefixes } from "./socket-address.ts";
import { type Rate, TokenBucket } from "./token-bucket.ts";

/** Answers to one source at once, and a second: a restarted server answers all sessions behind a NAT in a few seconds. */
const PER_SOURCE: Rate = { perSecond: 100, burst: 100 };
/** The same to one network. */
const PER_NETWORK: Rate = { perSecond: 400, burst: 400 };
/**
 * Answers to all: 250 kB a second, many more than for one network, for forged addresses may be of any number of networks;
 * and at once half of the answers that may wait to be sent.
 */
const FOR_ALL: Rate = { perSecond: 10_000, burst: 2_000 };
/** Sources and networks that are remembered, some 100 bytes each: those used last. */
const MAX_PREFIXES = 8_192;

export interface StrayAnswers {
  /** Null before the first stray. */
  buckets: Buckets | null;
}

interface Buckets {
  readonly all: TokenBucket;
  /** Of sources and networks, by prefix; the one that was used last at the end. */
  readonly prefixes: Map<string, TokenBucket>;
}

export function createStrayAnswers(): StrayAnswers {
  return { buckets: null };
}

/** Whether a stray from this address may be answered now; counts it. */
export function mayAnswerStray(strays: StrayAnswers, from: SocketAddress, now: number): boolean {
  strays.buckets ??= { all: new TokenBucket(FOR_ALL, now), prefixes: new Map() };
  const { all, prefixes } = strays.buckets;
  const { source, network } = sourcePrefixes(from);
  const buckets = [
    findBucket(prefixes, source, PER_SOURCE, now),
    findBucket(prefixes, network, PER_NETWORK, now),
    all,
  ];
  // What is not answered takes no token from others.
  if (buckets.some((bucket) => bucket.wait(now) > 0)) return false;
  for (const bucket of buckets) bucket.take(now);
  return true;
}

function findBucket(
  prefixes: Map<string, TokenBucket>,
  prefix: string,
  rate: Rate,
  now: number,
): TokenBucket {
  const bucket = prefixes.get(prefix) ?? new TokenBucket(rate, now);
  prefixes.delete(prefix);
  prefixes.set(prefix, bucket);
  if (prefixes.size > MAX_PREFIXES) {
    const [oldest = ""] = prefixes.keys();
    prefixes.delete(oldest);
  }
  return bucket;
}
