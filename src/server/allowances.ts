// What each person, and all who came by one invitation together, have used of what they may do (limits.ts): across
// sessions and reconnections. Somebody without a session is forgotten only when that changes nothing, because they have
// used nothing any more. Knows fingerprints and the ids of invitations; the time is an argument.

import { TokenBucket } from "../protocol/token-bucket.ts";
import type { Action, Limits } from "./limits.ts";

/** People that are remembered, some 500 bytes each. Past that, new ones share one allowance until there is room. */
const MAX_PEOPLE = 65_536;
/** How many of those without a session are looked at when somebody comes: more than come, so that they get fewer. */
const LOOKED_AT = 4;

type Buckets = Partial<Record<Action, TokenBucket>>;

/** Of a person or an invitation. A bucket exists once it was used. */
class Allowance {
  readonly #rates: Limits["rates"];
  readonly #whose: "person" | "invitation";
  readonly #since: number;
  readonly #buckets: Buckets = {};
  readonly #shares: Buckets = {};
  sessions = 0;

  constructor(rates: Limits["rates"], whose: "person" | "invitation", now: number) {
    this.#rates = rates;
    this.#whose = whose;
    this.#since = now;
  }

  bucket(action: Action, now: number): TokenBucket {
    return (this.#buckets[action] ??= new TokenBucket(this.#rates[action][this.#whose], now));
  }

  /** It begins empty: a key that was made a moment ago has nothing of its own. */
  share(action: Action): TokenBucket {
    return (this.#shares[action] ??= new TokenBucket(this.#rates[action].share, this.#since, 0));
  }

  /** Whether forgetting it would give nobody anything. */
  isUnused(now: number): boolean {
    return this.sessions === 0 && Object.values(this.#buckets).every((each) => each.isFull(now));
  }
}

/** What one session may do. */
export class SessionAllowance implements Disposable {
  readonly #person: Allowance;
  readonly #invitation: Allowance;
  readonly #now: () => number;
  /** How many tokens the last `take` took from the invitation. */
  #taken = 0;
  /** Where the last `tryTake` took a token, beside the person's. */
  #source: TokenBucket | null = null;

  constructor(person: Allowance, invitation: Allowance, now: () => number) {
    this.#person = person;
    this.#invitation = invitation;
    this.#now = now;
    person.sessions += 1;
    invitation.sessions += 1;
  }

  /** Why there is one session too many, which is this one; null if there isn't. */
  describeExcess({ sessionsPerPerson, sessionsPerInvitation }: Limits): string | null {
    if (this.#person.sessions > sessionsPerPerson) {
      return `you have ${sessionsPerPerson} sessions with this server, as many as one person may`;
    }
    if (this.#invitation.sessions > sessionsPerInvitation) {
      return "as many people have come by your invitation as this server has room for";
    }
    return null;
  }

  /**
   * Uses it, on credit if need be: returns the ms to wait before going on, 0 for none. What others owe delays nobody
   * longer than until their own share has earned it.
   */
  take(action: Action, count = 1): number {
    const now = this.#now();
    this.#taken = 0;
    const wait = this.#person.bucket(action, now).take(now, count);
    const share = this.#person.share(action);
    if (share.tryTake(now, count) === 0) return wait;
    const others = this.#invitation.bucket(action, now);
    if (share.wait(now, count) < others.wait(now, count)) {
      return Math.max(wait, share.take(now, count));
    }
    this.#taken = count;
    return Math.max(wait, others.take(now, count));
  }

  /** Uses it without counting it for the invitation. Returns the ms to wait. */
  takeAlone(action: Action, count = 1): number {
    const now = this.#now();
    this.#taken = 0;
    return this.#person.bucket(action, now).take(now, count);
  }

  /** What was taken last is not done, as the session has ended while it waited: the person still owes it, the others don't. */
  giveBack(action: Action): void {
    this.#invitation.bucket(action, this.#now()).giveBack(this.#taken);
    this.#taken = 0;
  }

  /** Uses it if that is allowed now, and returns 0; else returns the ms until it is. */
  tryTake(action: Action): number {
    const now = this.#now();
    const own = this.#person.bucket(action, now);
    const wait = own.wait(now);
    if (wait > 0) return wait;
    let source = this.#person.share(action);
    if (source.tryTake(now) > 0) {
      source = this.#invitation.bucket(action, now);
      const others = source.tryTake(now);
      if (others > 0) return others;
    }
    this.#source = source;
    return own.tryTake(now);
  }

  /** What `tryTake` allowed last was refused for another reason, and does not count. */
  refund(action: Action): void {
    this.#person.bucket(action, this.#now()).giveBack(1);
    this.#source?.giveBack(1);
    this.#source = null;
  }

  /** The session is over. */
  [Symbol.dispose](): void {
    this.#person.sessions -= 1;
    this.#invitation.sessions -= 1;
  }
}

export class Allowances {
  readonly #rates: Limits["rates"];
  readonly #now: () => number;
  readonly #maxPeople: number;
  /** By fingerprint; in the order in which they are looked at. */
  readonly #people = new Map<string, Allowance>();
  /** By id. */
  readonly #invitations = new Map<string, Allowance>();
  /** Of those who came when `maxPeople` were remembered. */
  readonly #others: Allowance;

  /** @param now ms, which never goes back */
  constructor(rates: Limits["rates"], now: () => number, maxPeople = MAX_PEOPLE) {
    this.#rates = rates;
    this.#now = now;
    this.#maxPeople = maxPeople;
    this.#others = new Allowance(rates, "person", now());
  }

  /** How many people are remembered. */
  get size(): number {
    return this.#people.size;
  }

  /** A session has begun, of this person, who came by this invitation. */
  open(fingerprint: string, invitation: string): SessionAllowance {
    const now = this.#now();
    forget(this.#people, now);
    forget(this.#invitations, now);
    const person = this.#people.get(fingerprint) ?? this.#addPerson(fingerprint, now);
    const all = this.#invitations.get(invitation) ?? new Allowance(this.#rates, "invitation", now);
    this.#invitations.set(invitation, all);
    return new SessionAllowance(person, all, this.#now);
  }

  #addPerson(fingerprint: string, now: number): Allowance {
    if (this.#people.size >= this.#maxPeople) return this.#others;
    const person = new Allowance(this.#rates, "person", now);
    this.#people.set(fingerprint, person);
    return person;
  }
}

/** Forgets those of the first that have used nothing, and moves the others to the end. */
function forget(allowances: Map<string, Allowance>, now: number): void {
  let left = Math.min(LOOKED_AT, allowances.size);
  for (const [key, allowance] of allowances) {
    if (left === 0) return;
    left -= 1;
    allowances.delete(key);
    if (!allowance.isUnused(now)) allowances.set(key, allowance);
  }
}
