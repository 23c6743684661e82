// Ends the sessions whose peers leave the most unread while memory is short, so that newcomers still find some. What is
// unread has a share of the budget; past that, the invitation whose guests leave the most unread loses those of its peers
// who do, the one with the most first. Reads the sessions' queues, and ends sessions; the budget itself is in memory.ts.

import { mapKey } from "../bytes.ts";
import type { MemoryBudget } from "./memory.ts";
import { CLOSE_UNREAD, closeSession, type Session } from "./session.ts";

/** ms between two looks at all sessions. */
const INTERVAL = 250;
/** What peers may leave unread while memory is short: this part of the budget. */
const UNREAD_SHARE = 1 / 16;
/** Nobody else is ended when no more than this part of the budget will be used. */
const ENOUGH = 13 / 16;
/** Bytes that any peer may leave unread, such as what is on its way. */
const UNREAD_FREE = 16 * 1_024;

const REASON = "you left messages unread, and the server needs the memory";

/** Returns the sessions that it has ended. To be called when somebody new comes. */
export function endLargestHolders(
  sessions: ReadonlyMap<string, Session>,
  memory: MemoryBudget,
  now: number,
): Session[] {
  if (!memory.isShort() || now < memory.checkAt) return [];
  memory.checkAt = now + INTERVAL;
  const all = [...sessions.values()];
  const holders = all.filter(isHolder);
  const closing = sum(all.filter(({ end }) => end !== null));
  const { used, limit } = memory;
  let excess = Math.min(used - closing - ENOUGH * limit, sum(holders) - UNREAD_SHARE * limit);
  const ended: Session[] = [];
  const invitations = byTotal(holders, ({ admittedBy }) => admittedBy ?? "");
  for (const guests of invitations) {
    for (const ofOnePeer of byTotal(guests, keyOfPeer)) {
      for (const session of ofOnePeer) {
        if (excess <= 0) return ended;
        excess -= unreadBytes(session);
        closeSession(session, CLOSE_UNREAD, REASON, now);
        ended.push(session);
      }
    }
  }
  return ended;
}

function isHolder(session: Session): boolean {
  return session.end === null && unreadBytes(session) > UNREAD_FREE;
}

function unreadBytes({ outgoing: { queue, waiting } }: Session): number {
  return queue.end - queue.start + waiting;
}

function keyOfPeer({ established }: Session): string {
  return established === null ? "" : mapKey(established.remoteKey);
}

/** The sessions in groups, the group with the most unread bytes first. */
function byTotal(sessions: readonly Session[], keyOf: (session: Session) => string): Session[][] {
  const groups = new Map<string, Session[]>();
  for (const session of sessions) {
    const group = groups.get(keyOf(session));
    if (group === undefined) groups.set(keyOf(session), [session]);
    else group.push(session);
  }
  return Array.from(groups.values()).toSorted((one, other) => sum(other) - sum(one));
}

function sum(sessions: readonly Session[]): number {
  return sessions.reduce((total, session) => total + unreadBytes(session), 0);
}
