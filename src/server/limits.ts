// What one member may ask of the server, each bound with its reason.

export interface Limits {
  /** Messages a second that one member may say, on the average: more than anyone types or reads. */
  readonly messagesPerSecond: number;
  /** Messages at once before that counts: a paste, or what waited for the network. */
  readonly burst: number;
  /** Searches a second, on the average: each may take 100 ms of a server with a million entries. */
  readonly searchesPerSecond: number;
  /** Searches at once before that counts. */
  readonly searchBurst: number;
  /** Rooms that one member may make: a few for every whim, few of the thousand that a log holds. */
  readonly roomsPerMember: number;
  /** How long a member may leave its messages unread before it is dropped, ms. */
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
