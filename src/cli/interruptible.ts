// Ctrl-C: at once for commands that have nothing to tidy up, and as a signal for those that have.

/** A shell's status for a program that SIGINT ended: 128 + 2. */
export const INTERRUPTED = 130;

/** From here on SIGINT ends the program with status 130, whoever asks: a shell, or a program. */
export function endOnInterrupt(): void {
  process.on("SIGINT", () => process.exit(INTERRUPTED));
}

/** Aborted by the first SIGINT from here on; the second ends the program. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    controller.abort();
    endOnInterrupt();
  });
  return controller.signal;
}
