// What is said in a room, as the room's log keeps it. Knows neither logs nor networks.

export interface Draft {
  /** Who said it: the fingerprint of their key. */
  readonly author: string;
  /** The name they had then. */
  readonly name: string;
  /** Which of the author's programs said it; with `number`, the sender's own mark of this message. */
  readonly device: string;
  readonly number: number;
  readonly text: string;
}

export interface LogEntry extends Draft {
  /** From 1, without gaps, in one room. */
  readonly sequence: number;
  /** ms since 1970; never less than that of the entry before. */
  readonly time: number;
}
