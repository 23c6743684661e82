// What one member may ask of the server, each bound with its reason.

export interface Limits {
  /** Messages a second that one member may say, on the average: more than anyone types or reads. */
  readonly messagesPerSecond: number;
  /** Messages at once before that counts: a paste, or what waited for the network. */
  readonly burst: number;
  /** How long a member may leave its messages unread before it is dropped, ms. */
  readonly unreadFor: number;
}

export const LIMITS: Limits = { messagesPerSecond: 20, burst: 200, unreadFor: 30_000 };
