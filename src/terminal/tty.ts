// A terminal while the program has it: raw, with modes turned on, and given back in whatever way the program stops or ends.
// Knows neither what is read nor what is drawn.

import { constants } from "node:os";

import type { Output, TerminalInput } from "./io.ts";
import { FIRST_MODES, type Mode, turnOff, turnOn } from "./output/modes.ts";
import type { Size } from "./rows.ts";

export interface TerminalUser {
  /** The terminal is about to be given to others: erases what is not to stay on the screen. */
  released(): void;
  /** It is the program's again, and others have written to it. */
  returned(): void;
  /** It takes or gives no more: it has hung up. */
  hungUp(): void;
  /** A signal ends the program as soon as this returns. */
  killed?(): void;
}

/** A terminal that another program has; given back when it is disposed of. */
export interface LentTerminal extends Disposable {
  /** That program was killed, and has left its modes on. */
  reset(): void;
}

export interface HeldTerminal extends Disposable {
  /** Which modes are on from now on. */
  setModes(modes: readonly Mode[]): void;
  /** Ctrl-Z: stops the whole job, as the terminal itself would; `fg` continues it. */
  suspend(): void;
  /** Gives the terminal to another program until the result is disposed of. */
  lend(this: void): LentTerminal;
  /** Whether SIGINT and SIGQUIT are for that program: it has the terminal, or had it a moment ago. */
  isSignalForOther(this: void): boolean;
}

/** Signals that end the program, and that nothing else here handles. */
const ENDING_SIGNALS = ["SIGQUIT", "SIGALRM", "SIGXCPU", "SIGUSR1", "SIGUSR2"] as const;

/**
 * What editors turn on, off: the alternate screen (1049), mouse reports, application keys (DECCKM, DECKPAM), styles, and a hidden
 * cursor (xterm ctlseqs).
 */
const EDITOR_MODES_OFF =
  "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1l\x1b>\x1b[m\x1b[?25h";

/** A stopped program is continued by SIGCONT. If that has not come after so many waits, of so many ms, it could not be stopped. */
const STOP_WAITS = 5;
const STOP_WAIT = 10;

/**
 * How long after the other program has given the terminal back SIGINT and SIGQUIT may be those that ended it, ms: the terminal sends
 * them to both programs, and on a busy machine the runtime reports the end of a child before them.
 */
const SIGNAL_DELAY = 500;

export function holdTerminal(
  input: TerminalInput,
  output: Output,
  user: TerminalUser,
  modes: readonly Mode[] = FIRST_MODES,
): HeldTerminal {
  let state: "held" | "stopping" | "lent" | "closed" = "held";
  let lentUntil = -Infinity;

  function setRaw(raw: boolean): void {
    try {
      input.setRawMode(raw);
    } catch {
      // It has hung up, and has no settings any more.
    }
  }

  /** Raw first: a job in the background is stopped by that, before it writes. */
  function take(): void {
    setRaw(true);
    output.write(turnOn(modes));
  }

  function give(): void {
    output.write(turnOff(modes));
    setRaw(false);
  }

  function takeBack(): void {
    state = "held";
    take();
    user.returned();
  }

  /** A program does not notice `kill -STOP`: the terminal then has the modes of others or the program's own. */
  function onContinue(): void {
    if (state === "stopping") return takeBack();
    if (state !== "held") return;
    // The runtime does nothing for a setting that it believes to be set.
    setRaw(false);
    setRaw(true);
    output.write(turnOff(modes) + turnOn(modes));
    user.returned();
  }

  /** @param pid 0 for the whole job */
  function stop(pid: number): void {
    if (state === "held") {
      state = "stopping";
      user.released();
      give();
    }
    process.off("SIGTSTP", onStop);
    process.kill(pid, "SIGTSTP");
    process.on("SIGTSTP", onStop);
    // The program has been continued, or could not be stopped: a job without a shell can't.
    awaitContinue(STOP_WAITS);
  }

  /** In several waits: the time in which the program was stopped ends the first one, and SIGCONT may be told after it. */
  function awaitContinue(waits: number): void {
    if (state !== "stopping") return;
    if (waits === 0) return takeBack();
    setTimeout(() => awaitContinue(waits - 1), STOP_WAIT);
  }

  function onStop(): void {
    if (state !== "stopping") stop(process.pid);
  }

  function isSignalForOther(): boolean {
    return state === "lent" || performance.now() < lentUntil + SIGNAL_DELAY;
  }

  /** The default action, which ends the program. */
  function onEndingSignal(signal: NodeJS.Signals): void {
    if (signal === "SIGQUIT" && isSignalForOther()) return;
    user.killed?.();
    close();
    process.kill(process.pid, signal);
  }

  function onHangUp(): void {
    if (state !== "closed") user.hungUp();
  }

  input.on("end", onHangUp);
  // Both stay after the end: an error of the last write is reported later.
  input.on("error", onHangUp);
  output.on("error", onHangUp);
  process.on("SIGTSTP", onStop);
  process.on("SIGCONT", onContinue);
  for (const signal of ENDING_SIGNALS) process.on(signal, onEndingSignal);
  process.on("exit", close);
  // Before the error is printed.
  process.on("uncaughtExceptionMonitor", close);
  take();

  function close(): void {
    if (state === "closed") return;
    if (state === "held") give();
    state = "closed";
    input.off("end", onHangUp);
    process.off("SIGTSTP", onStop);
    process.off("SIGCONT", onContinue);
    for (const signal of ENDING_SIGNALS) process.off(signal, onEndingSignal);
    process.off("exit", close);
    process.off("uncaughtExceptionMonitor", close);
  }

  return {
    setModes(next) {
      const old = withoutModes(modes, next);
      const added = withoutModes(next, modes);
      modes = next;
      if (state === "held") output.write(turnOff(old) + turnOn(added));
    },
    suspend() {
      // Windows stops no job.
      if ("SIGTSTP" in constants.signals) stop(0);
    },
    lend() {
      user.released();
      if (state === "held") give();
      state = "lent";
      return {
        reset() {
          if (state === "lent") output.write(EDITOR_MODES_OFF);
        },
        [Symbol.dispose]() {
          if (state !== "lent") return;
          takeBack();
          lentUntil = performance.now();
        },
      };
    },
    isSignalForOther,
    [Symbol.dispose]: close,
  };
}

function withoutModes(modes: readonly Mode[], others: readonly Mode[]): readonly Mode[] {
  return modes.filter(({ on }) => !others.some((other) => other.on === on));
}

/**
 * The size of the window at this moment: the stream's own `columns` and `rows` are those of the last SIGWINCH that the runtime
 * has handled. A terminal that doesn't know its size is taken for a VT100, 80 by 24.
 */
export function windowSize(output: Output): Size {
  output._refreshSize?.();
  return { columns: output.columns || 80, rows: output.rows || 24 };
}
