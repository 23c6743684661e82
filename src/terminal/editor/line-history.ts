// Lines entered before, recalled with the arrow keys. Pure.

/** Lines kept; the oldest goes first. */
const MAX_LINES = 1_000;

export interface LineHistory {
  readonly lines: readonly string[];
  /** Which line is shown; `lines.length` is the line being typed. */
  readonly at: number;
  /** The line being typed, while an older one is shown. */
  readonly draft: string;
}

export const NO_HISTORY: LineHistory = { lines: [], at: 0, draft: "" };

/** Adds an entered line, unless it is empty or repeats the last one; the line being typed is shown again. */
export function remember({ lines }: LineHistory, line: string): LineHistory {
  const kept = line === "" || line === lines.at(-1) ? lines : [...lines, line].slice(-MAX_LINES);
  return { lines: kept, at: kept.length, draft: "" };
}

/** One line back (-1) or forward (1) from `shown`; null if there is none. */
export function recall(
  history: LineHistory,
  shown: string,
  step: -1 | 1,
): { history: LineHistory; line: string } | null {
  const at = history.at + step;
  const newest = history.lines.length;
  if (at < 0 || at > newest) return null;
  const draft = history.at === newest ? shown : history.draft;
  return {
    history: { ...history, at, draft },
    line: at === newest ? draft : (history.lines[at] ?? ""),
  };
}
