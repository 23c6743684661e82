// What the scripts of tab/ note, for those who read it. Types only, of neither Bun nor a browser.

/** Times are ms since the navigation began. */
export interface Visit {
  /** The question for a name. */
  asked?: number;
  /** The field for a message. */
  field?: number;
  /** What somebody else has said. */
  heard?: number;
  /** What was written here is stored by the server. */
  stored?: number;
}

export interface Frames {
  /** Times of the frames, ms. */
  readonly times: number[];
  /** Of the longest task, ms; 0 if none took 50. */
  longestTask: number;
  /** Frames with a part of the list that had no row. */
  gaps: number;
  /** The most rows that were elements at a time. */
  rows: number;
}
