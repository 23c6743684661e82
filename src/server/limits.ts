// What one member may ask of the server, each limit with its reason, and the token bucket that enforces a rate. Time
// is an argument.

export interface Limits {
  /** Messages a second that one member may send, on average: more than anyone types or reads. */
  readonly messagesPerSecond: number;
  /** Messages at once before that counts: a paste, or what waited for the network. */
  readonly burst: number;
  /** Searches a second, on average: each may take 100 ms of a server with a million entries. */
  readonly searchesPerSecond: number;
  /** Searches at once before that counts. */
  readonly searchBurst: number;
  /** Rooms that one member may create: enough for anyone, few of the thousand that a log holds. */
  readonly roomsPerMember: number;
  /** How long a member may leave its messages unread before it is disconnected, ms. */
  readonly unreadFor: number;
}

export const LIMITS: Limits = {
  messagesPerSecond: 500,
  burst: 10_000,
  searchesPerSecond: 0.5,
  searchBurst: 10,
  roomsPerMember: 20,
  unreadFor: 30_000,
};

/** So many at once, and so many a second. A class, for each member has two. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  /** Below zero, that many are owed. */
  #tokens: number;
  /** When `#tokens` was right, ms. */
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes a token, on credit if there is none. Returns the ms until it has been earned. */
  take(now: number): number {
    this.#earn(now);
    this.#tokens -= 1;
    return this.#wait(this.#tokens);
  }

  /** Takes a token if there is one, and returns 0; else returns the ms until there is one. */
  tryTake(now: number): number {
    this.#earn(now);
    const wait = this.#wait(this.#tokens - 1);
    if (wait === 0) this.#tokens -= 1;
    return wait;
  }

  #earn(now: number): void {
    const earned = ((now - this.#at) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#at = now;
  }

  #wait(tokens: number): number {
    return tokens >= 0 ? 0 : (-tokens / this.#perSecond) * 1_000;
  }
}
