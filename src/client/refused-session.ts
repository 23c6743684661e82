// Ends a session by UDP whose server is gone: the network refuses what is sent there. Knows no attempts to join, in which one
// refusal is enough.

import { ENDED_BY_PROGRAM } from "../chat/channel.ts";
import type { CharlaError } from "../errors.ts";
import { sameAddress } from "../net/address.ts";
import { pathKind } from "../net/carrier.ts";
import { findRefusal } from "../net/refusal.ts";
import type { SealedLink } from "../net/sealed-link.ts";

/**
 * For how long a session's datagrams are refused, with nothing heard in between, until no program is listening there
 * any more, ms. A refusal by itself proves nothing: it may be a firewall's, or forged (RFC 5927 s. 4).
 */
const GONE_AFTER = 1_000;
/** And in round trips, for a server that is far away. */
const PATIENCE = 4;

/** Returns what takes each refusal: the session sends probes until it is heard again, or refused for long enough. */
export function endWhenRefused(link: SealedLink): (error: CharlaError) => void {
  let refusedSince = Number.NEGATIVE_INFINITY;
  let isAsking = false;

  /** The path in use may just be silent while another one is refused. */
  async function endIfRefused(patience: number): Promise<void> {
    const { peer } = link;
    isAsking = true;
    const refusal = await findRefusal(peer, patience);
    isAsking = false;
    const isHeard = link.heardAt > refusedSince || !sameAddress(link.peer, peer);
    if (refusal !== null && !isHeard) link.abort(ENDED_BY_PROGRAM, refusal.message);
  }

  return (error) => {
    if (error.code !== "NOBODY_LISTENING" || pathKind(link.peer).transport !== "udp") return;
    const now = performance.now();
    const patience = Math.max(GONE_AFTER, PATIENCE * (link.roundTrip ?? 0));
    if (link.heardAt > refusedSince) {
      refusedSince = now;
      // It may be another path that is refused, such as a relay or a candidate: then the server is heard soon.
      link.checkPath();
    } else if (!isAsking && now - refusedSince >= patience) void endIfRefused(patience);
  };
}
