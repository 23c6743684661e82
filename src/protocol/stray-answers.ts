// How many strays are answered: datagrams of no session, which anyone can send from any address (docs/protocol.md s. 15.4). There is
// a token bucket for each network and one for all, so that one network can't use up the answers for others. Knows nothing of
// what the answers are. The time is an argument.

import { networkPrefix, type SocketAddress } from "./socket-address.ts";

/** Answers to one network at once, and a second: a restarted server answers all sessions behind a NAT in a few seconds. */
const PER_NETWORK = 100;
/** Answers to all a second, 250 kB. Many more than for one network: forged addresses may be of any number of networks. */
const PER_SECOND = 10_000;
/** Answers to all at once: a quarter of the answers that may wait to be sent. */
const AT_ONCE = 1_000;
/** Networks that are remembered, some 100 bytes each; of more, the one that was answered longest ago is forgotten. */
const MAX_NETWORKS = 4_096;

interface TokenBucket {
  tokens: number;
  /** When `tokens` was right, ms. */
  at: number;
}

export interface StrayAnswers {
  readonly all: TokenBucket;
  /** By prefix, the one that was used last at the end. */
  readonly networks: Map<string, TokenBucket>;
}

export function createStrayAnswers(now: number): StrayAnswers {
  return { all: { tokens: AT_ONCE, at: now }, networks: new Map() };
}

/** Whether a stray from this address may be answered now; counts it. */
export function mayAnswerStray(answers: StrayAnswers, from: SocketAddress, now: number): boolean {
  const { all, networks } = answers;
  const prefix = networkPrefix(from);
  const network = networks.get(prefix) ?? { tokens: PER_NETWORK, at: now };
  networks.delete(prefix);
  networks.set(prefix, network);
  if (networks.size > MAX_NETWORKS) {
    const [oldest = ""] = networks.keys();
    networks.delete(oldest);
  }
  fill(network, PER_NETWORK, PER_NETWORK, now);
  fill(all, PER_SECOND, AT_ONCE, now);
  // What one network has no token for takes none of the others' either.
  if (network.tokens < 1 || all.tokens < 1) return false;
  network.tokens -= 1;
  all.tokens -= 1;
  return true;
}

function fill(bucket: TokenBucket, perSecond: number, most: number, now: number): void {
  bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
  bucket.at = now;
}
