// Commands that the server has not answered yet: after a moment the status line names them, so that a wait is not taken for
// nothing. Pure; times are ms on any clock.

export interface Unanswered {
  /** Of the command. */
  readonly id: number;
  /** Such as "who". */
  readonly command: string;
  /** When it is named; null once it is. */
  readonly nameAt: number | null;
}

/** How long a command waits before it is named, ms: most are answered sooner, and would only flicker. */
const NAME_AFTER = 500;

/** Commands that are kept in mind, as many as a client asks at once (client/room-client/questions.ts). */
const MAX_UNANSWERED = 100;

export function asking(
  unanswered: readonly Unanswered[],
  id: number,
  command: string,
  now: number,
): readonly Unanswered[] {
  return [...unanswered, { id, command, nameAt: now + NAME_AFTER }].slice(-MAX_UNANSWERED);
}

export function withoutAnswered(
  unanswered: readonly Unanswered[],
  id: number,
): readonly Unanswered[] {
  return unanswered.filter((command) => command.id !== id);
}

/** When the next one is to be named; null if none is. */
export function nextNaming(unanswered: readonly Unanswered[]): number | null {
  return unanswered.find(({ nameAt }) => nameAt !== null)?.nameAt ?? null;
}

/** Those that have waited for long are named from now on. */
export function nameWaiting(unanswered: readonly Unanswered[], now: number): readonly Unanswered[] {
  const at = nextNaming(unanswered);
  if (at === null || now < at) return unanswered;
  return unanswered.map((command) =>
    command.nameAt !== null && command.nameAt <= now ? { ...command, nameAt: null } : command,
  );
}

/** The commands that are named, each once. */
export function namedCommands(unanswered: readonly Unanswered[]): readonly string[] {
  const named = unanswered.filter(({ nameAt }) => nameAt === null);
  return [...new Set(named.map(({ command }) => command))];
}
