// When each of several attempts to reach a server starts (after RFC 8305 s. 5). Attempts are opaque: what they dial, and which
// one wins, is not known here. Pure: the clock is an argument.

/** How long one attempt is made before the next one is made beside it, ms (RFC 8305 s. 5). */
const ATTEMPT_DELAY = 250;
/** How long others are waited for once the server has refused us by one, ms. */
const PATIENCE = 2_000;

export interface Attempt {
  /** Of two that wait, the one with the lower rank starts first; null starts at once, whatever else is being tried. */
  readonly rank: number | null;
}

export interface Race<A extends Attempt> {
  /** Not started; the next one is the first. */
  readonly waiting: A[];
  /** Started, and something is to be expected of it. */
  readonly running: Set<A>;
  /** Started, and the network does not let it through at the moment: it goes on, in case that changes. */
  readonly stalled: Set<A>;
  /** Ways of which it is not known yet what to dial, such as names that are being looked up. */
  pending: number;
  hasFailed: boolean;
  /** When the first one that waits starts. */
  nextAt: number;
  /** When the last one was started, or the server has refused us; infinite until it has. */
  startedAt: number;
  refusedAt: number;
}

/** @param pending how many times `enter` or `fail` without an attempt will be called */
export function createRace<A extends Attempt>(pending: number): Race<A> {
  return {
    waiting: [],
    running: new Set(),
    stalled: new Set(),
    pending,
    hasFailed: false,
    nextAt: Number.NEGATIVE_INFINITY,
    startedAt: Number.NEGATIVE_INFINITY,
    refusedAt: Number.POSITIVE_INFINITY,
  };
}

/** Adds the attempts of one of the pending ways. */
export function enter<A extends Attempt>(race: Race<A>, attempts: readonly A[]): void {
  race.pending -= 1;
  race.waiting.push(...attempts);
  // Stable: those of one rank stay in their order.
  race.waiting.sort((one, other) => startOrder(one) - startOrder(other));
}

function startOrder({ rank }: Attempt): number {
  return rank ?? Number.NEGATIVE_INFINITY;
}

/** Takes the attempt that starts now; null if none does. */
export function takeNext<A extends Attempt>(race: Race<A>, now: number): A | null {
  if (now < startsAt(race)) return null;
  const attempt = race.waiting.shift();
  if (attempt === undefined) return null;
  if (attempt.rank !== null) race.nextAt = now + ATTEMPT_DELAY;
  race.running.add(attempt);
  race.startedAt = now;
  return attempt;
}

function startsAt({ waiting: [next], nextAt }: Race<Attempt>): number {
  if (next === undefined) return Number.POSITIVE_INFINITY;
  return next.rank === null ? Number.NEGATIVE_INFINITY : nextAt;
}

function givesUpAt({ waiting, startedAt, refusedAt }: Race<Attempt>): number {
  return waiting.length > 0 ? Number.POSITIVE_INFINITY : Math.max(startedAt, refusedAt) + PATIENCE;
}

/** When to call `takeNext` and `isLost` again, ms; infinite if that is not before anything happens. */
export function wakeAt(race: Race<Attempt>): number {
  return Math.min(startsAt(race), givesUpAt(race));
}

/** An attempt can't get through at the moment. The next one does not wait for it. */
export function stall<A extends Attempt>(race: Race<A>, attempt: A, now: number): void {
  if (!race.running.delete(attempt)) return;
  race.stalled.add(attempt);
  if (attempt.rank !== null) race.nextAt = now;
}

/** An attempt has failed, and the next one starts at once; or, without an attempt, there is nothing to dial for a pending way. */
export function fail<A extends Attempt>(race: Race<A>, attempt: A | null, now: number): void {
  race.hasFailed = true;
  if (attempt === null) {
    race.pending -= 1;
    return;
  }
  const wasRunning = race.running.delete(attempt);
  race.stalled.delete(attempt);
  if (wasRunning && attempt.rank !== null) race.nextAt = now;
}

/** The server itself has refused us by one of the attempts, which has failed. */
export function refuse(race: Race<Attempt>, now: number): void {
  race.refusedAt = Math.min(race.refusedAt, now);
}

/**
 * Whether nothing is to be expected any more: those that are stalled are not waited for once another has failed, and none for long
 * once the server has refused us.
 */
export function isLost(race: Race<Attempt>, now: number): boolean {
  if (now >= givesUpAt(race)) return true;
  const { waiting, running, stalled, pending, hasFailed } = race;
  if (pending > 0 || waiting.length > 0 || running.size > 0) return false;
  return hasFailed || stalled.size === 0;
}
