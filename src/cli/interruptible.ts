// Ctrl-C for commands that have nothing to tidy up.

/** A shell's status for a program that SIGINT ended: 128 + 2. */
const INTERRUPTED = 130;

/** From here on SIGINT ends the program with status 130, whoever asks: a shell, or a program. */
export function endOnInterrupt(): void {
  process.on("SIGINT", () => process.exit(INTERRUPTED));
}
