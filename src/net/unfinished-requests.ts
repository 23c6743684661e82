// Which of the connections whose request is not complete are too many: of one source, of one network, in all. The oldest go first,
// as a request that is meant takes a few round trips. Pure.

import { addressKey, type SocketAddress, sourcePrefixes } from "../protocol/socket-address.ts";

export interface RequestLimits {
  /** Connections without a complete request, in all, of one source and of one network (docs/protocol.md s. 15.4). */
  readonly requests: number;
  readonly requestsOfSource: number;
  readonly requestsOfNetwork: number;
}

/** The connections as they were looked at last, by `addressKey`, the oldest first. */
export type UnfinishedRequests = ReadonlySet<string>;

export interface RequestsFound<Connection> {
  readonly unfinished: UnfinishedRequests;
  /** To be ended. */
  readonly tooMany: readonly Connection[];
}

export function findTooMany<Connection extends { readonly peer: SocketAddress }>(
  before: UnfinishedRequests,
  connections: readonly Connection[],
  limits: RequestLimits,
): RequestsFound<Connection> {
  const now = new Map(connections.map((each) => [addressKey(each.peer), each]));
  const old = Array.from(before).filter((key) => now.has(key));
  const unfinished = new Set([...old, ...now.keys()]);
  const counts = new Map<string, number>();
  const tooMany: Connection[] = [];
  let count = 0;
  for (const key of Array.from(unfinished).toReversed()) {
    const connection = now.get(key);
    if (connection === undefined) continue;
    const { source, network } = sourcePrefixes(connection.peer);
    const ofSource = counts.get(source) ?? 0;
    const ofNetwork = counts.get(network) ?? 0;
    if (
      count >= limits.requests ||
      ofSource >= limits.requestsOfSource ||
      ofNetwork >= limits.requestsOfNetwork
    ) {
      tooMany.push(connection);
      continue;
    }
    count += 1;
    counts.set(source, ofSource + 1);
    counts.set(network, ofNetwork + 1);
  }
  return { unfinished, tooMany };
}
