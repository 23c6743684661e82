// A token bucket, which enforces a rate: of answers to strays, or of what a person asks of a server. Time is an argument.

/** So many at once, and so many a second on average. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A class, for there are thousands. */
export class TokenBucket {
  readonly #rate: Rate;
  /** Below zero, that many are owed. */
  #tokens: number;
  /** When `#tokens` was right, ms. */
  #at: number;

  constructor(rate: Rate, now: number, tokens = rate.burst) {
    this.#rate = rate;
    this.#tokens = tokens;
    this.#at = now;
  }

  /** Takes tokens, on credit if there are not enough. Returns the ms until they have been earned. */
  take(now: number, count = 1): number {
    this.#earn(now);
    this.#tokens -= count;
    return this.#wait(this.#tokens);
  }

  /** Returns tokens that were taken for something that was not done. */
  giveBack(count: number): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + count);
  }

  /** Takes tokens if there are enough, and returns 0; else returns the ms until there are. */
  tryTake(now: number, count = 1): number {
    const wait = this.wait(now, count);
    if (wait === 0) this.#tokens -= count;
    return wait;
  }

  /** The ms until there are so many tokens. */
  wait(now: number, count = 1): number {
    this.#earn(now);
    return this.#wait(this.#tokens - count);
  }

  isFull(now: number): boolean {
    this.#earn(now);
    return this.#tokens >= this.#rate.burst;
  }

  #earn(now: number): void {
    const { perSecond, burst } = this.#rate;
    const earned = ((now - this.#at) / 1_000) * perSecond;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#at = now;
  }

  #wait(tokens: number): number {
    return tokens >= 0 ? 0 : (-tokens / this.#rate.perSecond) * 1_000;
  }
}
