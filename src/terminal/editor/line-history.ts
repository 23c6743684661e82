// Lines entered before, to recall and to search. An older line may be edited like a new one; its edits last until
// a line is entered. Pure.

/** Lines kept to recall; the oldest goes first. */
export const MAX_LINES = 1_000;

export interface LineHistory {
  /** Oldest first. */
  readonly lines: readonly string[];
  /** Which line is shown; `lines.length` is the line being typed. */
  readonly at: number;
  /** Lines as they were left when another one was shown, by their place; the line being typed is one of them. */
  readonly edits: ReadonlyMap<number, string>;
}

export const NO_HISTORY: LineHistory = { lines: [], at: 0, edits: new Map() };

/** Lines that are there at the next start of the program too. */
export interface KeptLines {
  /** Those of earlier runs, oldest first. */
  readonly lines: readonly string[];
  /** Never fails: where lines can't be kept, that has been said once. */
  keep(this: void, line: string): void;
}

/** What earlier runs of the program have kept, oldest first. */
export function historyOf(lines: readonly string[]): LineHistory {
  const kept = lines.slice(-MAX_LINES);
  return { lines: kept, at: kept.length, edits: new Map() };
}

/** Adds an entered line, unless it is empty or repeats the last one; the line being typed is shown again. */
export function remember({ lines }: LineHistory, line: string): LineHistory {
  const kept = line === "" || line === lines.at(-1) ? lines : [...lines, line].slice(-MAX_LINES);
  return { lines: kept, at: kept.length, edits: new Map() };
}

/** Keeps the line that is shown as it is now, before another one is. */
export function keepEdits(history: LineHistory, shown: string): LineHistory {
  const { at, edits } = history;
  if (lineAt(history, at) === shown) return history;
  return { ...history, edits: new Map(edits).set(at, shown) };
}

export function lineAt({ lines, edits }: LineHistory, at: number): string {
  return edits.get(at) ?? lines[at] ?? "";
}

/** One line back (-1) or forward (1) from `shown`; null if there is none. */
export function recall(
  history: LineHistory,
  shown: string,
  step: -1 | 1,
): { history: LineHistory; line: string } | null {
  return recallAt(history, shown, history.at + step);
}

/** The line at that place; `lines.length` is the one being typed. */
export function recallAt(
  history: LineHistory,
  shown: string,
  at: number,
): { history: LineHistory; line: string } | null {
  if (at < 0 || at > history.lines.length) return null;
  const kept = keepEdits(history, shown);
  return { history: { ...kept, at }, line: lineAt(kept, at) };
}
