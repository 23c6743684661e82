// Two things of Node.js's timers that browsers do differently; timers.browser.ts is the twin (package.json, `imports`).

/** Runs it once everything is done that this turn of the event loop has brought. */
export const soon: (run: () => void) => void = setImmediate;

/** The program need not stay for this timer. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  timer.unref();
}
