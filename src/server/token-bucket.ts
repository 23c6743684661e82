// How often a member may do something: so much at once, and so much a second. Pure; time is an argument, in ms.

export interface TokenBucket {
  readonly perSecond: number;
  readonly burst: number;
  /** May be below zero: that much is owed. */
  tokens: number;
  at: number;
}

export function createTokenBucket(perSecond: number, burst: number, now: number): TokenBucket {
  return { perSecond, burst, tokens: burst, at: now };
}

/** Takes a token if there is one: 0; else takes none: ms until there is. */
export function takeTokenThere(bucket: TokenBucket, now: number): number {
  const { tokens, at } = bucket;
  const wait = takeToken(bucket, now);
  if (wait > 0) Object.assign(bucket, { tokens, at });
  return wait;
}

/** Takes a token, which may not be there yet: ms until it is. */
export function takeToken(bucket: TokenBucket, now: number): number {
  const earned = ((now - bucket.at) / 1_000) * bucket.perSecond;
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + earned) - 1;
  bucket.at = now;
  return bucket.tokens >= 0 ? 0 : (-bucket.tokens / bucket.perSecond) * 1_000;
}
