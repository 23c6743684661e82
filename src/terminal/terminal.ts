// A conversation on a real terminal: the driver of state/update.ts, which decides, and view/view.ts, which lays out. Reads the
// keys, does what the screen wants done, and draws through the writer. Knows neither rows nor rules. It is long, because keys, drawing and
// the end share one state and its timers.

import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";

import { CharlaError } from "../errors.ts";
import type { KeptLines } from "./editor/line-history.ts";
import { editOutside } from "./external-editor.ts";
import type { InputEvent } from "./input/input-event.ts";
import { readInput } from "./input/input-reader.ts";
import { type Io, type Output, SIGNAL_STATUS, type TerminalInput } from "./io.ts";
import { askTerminal } from "./output/asking.ts";
import { PLAIN } from "./output/capabilities.ts";
import type { KeptWidths } from "./output/measured-width.ts";
import { modesOf } from "./output/modes.ts";
import { ASK_CURSOR } from "./output/questions.ts";
import { createTheme } from "./output/theme.ts";
import { copy, notify, setTitle } from "./output/window-requests.ts";
import { createWriter } from "./output/writer.ts";
import type { Printer } from "./printer.ts";
import type { RoomSwitcher } from "./room-switcher.ts";
import { performInConversation } from "./run-command.ts";
import type { Effect, ScreenEvent } from "./state/effects.ts";
import { startState, type TalkSettings, titleText } from "./state/state.ts";
import { firstItems, MAX_AT_ONCE } from "./state/transcript.ts";
import { nextTick, update } from "./state/update.ts";
import { holdTerminal, windowSize } from "./tty.ts";
import { view } from "./view/view.ts";

/** Between two drawings of what others cause, ms. Keys are drawn at once. */
const DRAW_EVERY = 16;

/** Items that may wait to be drawn; then the conversation waits. */
const MAX_WAITING = 2 * MAX_AT_ONCE;

/** Items that may wait while another program has the terminal: more than anyone reads, few enough to hold. */
const MAX_HELD = 5_000;

/** How often to look whether the terminal is back, ms. */
const LOOK_EVERY = 50;

/** Of more items that wait, none is printed in the frame that shows a key: that one is to be on the screen at once. */
const FEW = 10;

/** How long events may be taken before keys are read, ms. */
const MAX_BUSY = 4;

/** How long after a signal to end a terminal may take nothing, ms: one that reads takes what it is given in less. */
const END_WAIT = 200;

const BELL = "\x07";

/** Its disposal waits for answers of the terminal that are still to come: the shell would take them for typed text. */
export interface Terminal extends AsyncDisposable, Pick<Printer, "event" | "error"> {
  /** Whether SIGINT is for the person's own editor, which has the terminal, or had it a moment ago. */
  isSignalForOther(this: void): boolean;
  /** A signal asks the program to end: ends that editor, and soon no terminal that doesn't read is waited for. */
  end(): void;
  /** Resolves once no editor has the terminal: what is shown at the end needs it. */
  untilReturned(): Promise<void>;
}

export interface TerminalOptions extends Omit<TalkSettings, "showsMessages"> {
  /** Lines typed in earlier runs of the program. */
  readonly keptLines: KeptLines | undefined;
  readonly keptWidths: KeptWidths | undefined;
  leave(this: void, status: number): void;
  /** A message could not be sent. */
  fail(this: void, error: unknown): Promise<void>;
}

/** What is typed on, and what is drawn on. */
export interface Screen {
  readonly input: TerminalInput;
  readonly output: Output;
}

export function openTerminal(
  { input, output }: Screen,
  io: Pick<Io, "stdout" | "stderr" | "env">,
  switcher: RoomSwitcher,
  printer: Printer,
  { keptLines, keptWidths, leave, fail, ...settings }: TerminalOptions,
): Terminal {
  // What goes to a file instead is printed there.
  const showsMessages = io.stdout.isTTY === true;
  const showsNotices = io.stderr.isTTY === true;
  let state = startState(
    { ...settings, showsMessages, quiet: settings.quiet || !showsNotices },
    windowSize(output),
    PLAIN,
    Date.now(),
    keptLines?.lines,
  );
  let theme = createTheme(state.capabilities);
  const asking = askTerminal(io.env, state.size, keptWidths);
  let isOpen = true;
  /** Another program has the terminal. */
  let isLent = false;
  /** Until the editor that was opened last has ended. */
  let editor: Promise<void> = Promise.resolve();
  const ending = new AbortController();
  /** Null while the window has the title that it had. */
  let shownTitle: string | null = null;
  let lastDrawn = 0;
  let lastTurn = 0;
  let isDrawingNow = false;
  /** A key was pressed since something was drawn, and no item was left out for the last one. */
  let isKeyDue = false;
  let wasKeyFirst = false;
  let drawing: NodeJS.Timeout | undefined;
  let ticking: NodeJS.Timeout | undefined;
  let tickAt: number | null = null;
  let expiring: NodeJS.Timeout | undefined;

  const reader = readInput(input, onInput);
  const writer = createWriter(
    {
      write: (text) => void output.write(text),
      size: () => windowSize(output),
      askCursor() {
        reader.expectCursor(1);
        output.write(ASK_CURSOR);
      },
    },
    (style) => theme(style),
    () => state.capabilities,
  );

  function dispatch(event: ScreenEvent): void {
    step(event);
    if (event.type === "input") isKeyDue = !wasKeyFirst;
    if (event.type === "input") drawAtOnce();
    else drawSoon(false);
  }

  function step(event: ScreenEvent): void {
    const [next, effects] = update(state, event, Date.now());
    state = next;
    if (event.type === "capabilities") theme = createTheme(state.capabilities);
    for (const effect of effects) perform(effect);
    tickLater();
  }

  function tickLater(): void {
    const now = Date.now();
    const next = nextTick(state, now);
    if (next === tickAt) return;
    tickAt = next;
    clearTimeout(ticking);
    if (next === null) return;
    // Doesn't keep the program running.
    ticking = setTimeout(() => {
      tickAt = null;
      dispatch({ type: "tick" });
    }, next - now).unref();
  }

  /** As soon as all that was read with the key has been taken: a turn of the event loop later, a key would be drawn later too. */
  function drawAtOnce(): void {
    if (!isOpen || isDrawingNow) return;
    isDrawingNow = true;
    queueMicrotask(drawNow);
  }

  function drawSoon(now: boolean): void {
    if (!isOpen || isDrawingNow) return;
    const wait = lastDrawn + DRAW_EVERY - performance.now();
    if (now || wait <= 0) {
      isDrawingNow = true;
      setImmediate(drawNow);
    } else drawing ??= setTimeout(draw, wait);
  }

  function drawNow(): void {
    isDrawingNow = false;
    draw();
  }

  function draw(): void {
    clearTimeout(drawing);
    drawing = undefined;
    if (!isOpen || isLent) return;
    if (output.writableNeedDrain) {
      // Once, however often something changes meanwhile.
      output.off("drain", draw).once("drain", draw);
      return;
    }
    const now = performance.now();
    if (asking.deadline !== null && now < asking.deadline) {
      drawing = setTimeout(draw, asking.deadline - now);
      return;
    }
    lastDrawn = now;
    showTitle();
    resize();
    const isKeyFirst = isKeyDue && state.page === null && state.transcript.length > FEW;
    isKeyDue = false;
    wasKeyFirst = isKeyFirst;
    const transcript = isKeyFirst ? [] : firstItems(state.transcript);
    const { frame, ...drawn } = view({ ...state, transcript });
    const isDrawn = writer.draw(frame, state.size, now);
    awaitCursor();
    if (!isDrawn) return;
    const isNewPage = drawn.page !== null && state.page?.waits !== true;
    if (drawn.items > 0 || isNewPage) step({ type: "drawn", ...drawn });
    if (state.transcript.length > 0 && drawn.page === null) drawSoon(true);
  }

  /** While the terminal is asked where its cursor is, nothing is drawn. */
  function awaitCursor(): void {
    clearTimeout(expiring);
    const { deadline } = writer;
    if (deadline === null) return;
    expiring = setTimeout(
      () => {
        writer.expire(performance.now());
        drawSoon(true);
        // The runtime warns of a delay below 0, on the terminal itself.
      },
      Math.max(0, deadline - performance.now()),
    );
  }

  function resize(): void {
    const size = windowSize(output);
    const { columns, rows } = state.size;
    if (size.columns !== columns || size.rows !== rows) step({ type: "resize", size });
  }

  function onResize(): void {
    writer.resized(performance.now());
    awaitCursor();
    drawSoon(true);
  }

  function onInput(event: InputEvent): void {
    if (event.type !== "answer") {
      // What was typed behind the key that has lent the terminal was meant for the editor.
      if (isOpen && !isLent) dispatch({ type: "input", event });
      return;
    }
    const { answer } = event;
    const before = asking.capabilities;
    if (asking.take(answer)) {
      const { capabilities, deadline } = asking;
      if (capabilities === before) return;
      terminal.setModes(modesOf(capabilities));
      if (isOpen) step({ type: "capabilities", capabilities });
      if (deadline === null) drawSoon(true);
      return;
    }
    if (answer.type !== "cursor") return;
    writer.cursorAt(answer.row, answer.column, performance.now());
    awaitCursor();
    drawSoon(true);
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case "say":
      case "run":
      case "complete":
      case "ask-rooms":
      case "ask-people":
      case "ask-way":
      case "watch":
      case "goodbye":
        return performInConversation(effect, switcher, state.room, dispatch, fail);
      case "leave":
        return leave(effect.status === "interrupted" ? SIGNAL_STATUS.SIGINT : 0);
      case "suspend":
        // What is said about it is read while the program is stopped.
        draw();
        return terminal.suspend();
      case "clear-screen":
        return writer.clear();
      case "bell":
        // Not for later: a terminal that doesn't read rings for nobody.
        if (output.writableLength === 0) output.write(BELL);
        return;
      case "keep-line":
        return keptLines?.keep(effect.text);
      case "edit":
        editor = edit(effect.text, ending.signal);
        return;
      case "notify":
        if (output.writableLength === 0) {
          output.write(notify(state.capabilities, effect.title, effect.body));
        }
        return;
      case "copy":
        return void output.write(copy(state.capabilities, effect.text));
    }
  }

  async function edit(text: string, end: AbortSignal): Promise<void> {
    try {
      dispatch({ type: "edited", text: await editOutside(text, io.env, terminal.lend, end) });
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      dispatch({ type: "error", error });
    }
  }

  /** Once the terminal is known to keep the old title. */
  function showTitle(): void {
    const { capabilities } = state;
    const title = titleText(state);
    if (!isOpen || isLent || !capabilities.title || title === shownTitle) return;
    output.write(setTitle(capabilities, title));
    shownTitle = title;
  }

  const user = {
    released() {
      writer.erase();
      isLent = true;
      step({ type: "lent" });
      input.pause();
    },
    returned() {
      isLent = false;
      input.resume();
      shownTitle = null;
      step({ type: "lent" });
      writer.forget();
      drawSoon(true);
    },
    hungUp() {
      asking.giveUp();
      leave(0);
    },
    killed() {
      keepDraft();
      ending.abort();
    },
  };
  const terminal = holdTerminal(input, output, user, modesOf(asking.capabilities));
  output.on("resize", onResize);
  step({ type: "capabilities", capabilities: asking.capabilities });
  reader.expectCursor(asking.cursorReports);
  output.write(asking.sequence);
  input.resume();
  drawSoon(true);

  /** Whether waiting items are drawn soon; if not, they wait for the person, however many they are. */
  function canDraw(): boolean {
    return isOpen && !isLent && state.page === null && !output.destroyed;
  }

  /** Keys that have come are read, and what is due is drawn. */
  async function turn(): Promise<void> {
    await nextTurn();
    lastTurn = performance.now();
  }

  /** What was typed and not entered is the newest line at the next start: Up brings it back. */
  function keepDraft(): void {
    const { line, history } = state.editing;
    // As in a shell, a line that begins with a blank is not kept, nor one that was only recalled.
    if (/^\S/.test(line.text) && !history.lines.includes(line.text)) keptLines?.keep(line.text);
  }

  /** Prints what has not been printed, and erases what is drawn anew with each change. */
  async function close(): Promise<void> {
    keepDraft();
    step({ type: "closed" });
    isOpen = false;
    if (ending.signal.aborted) await untilWritten();
    if (!output.destroyed) drawRest();
    for (const timer of [drawing, ticking, expiring]) clearTimeout(timer);
    await asking.untilAnswered();
    terminal[Symbol.dispose]();
    await untilWritten();
    reader[Symbol.dispose]();
    output.off("resize", onResize);
    input.pause();
  }

  function drawRest(): void {
    resize();
    writer.expire(Infinity);
    const { frame } = view({ ...state, size: { ...state.size, rows: Infinity } });
    writer.draw({ ...frame, live: [], cursor: { row: 0, column: 0 } }, state.size, 0);
    writer.erase();
  }

  /** A terminal that doesn't read is waited for until a signal comes; what it has not taken then is dropped. */
  async function untilWritten(): Promise<void> {
    let waited = 0;
    let before = output.writableLength;
    while (output.writableLength > 0 && !output.destroyed && waited < END_WAIT) {
      await delay(LOOK_EVERY);
      const isStill = output.writableLength === before;
      before = output.writableLength;
      waited = isStill && ending.signal.aborted ? waited + LOOK_EVERY : 0;
    }
    if (output.writableLength > 0) output.destroy();
  }

  return {
    isSignalForOther: terminal.isSignalForOther,
    end() {
      ending.abort();
      step({ type: "leaving" });
    },
    untilReturned: () => editor,
    async event(event) {
      const isPrinted = event.type === "message" ? !showsMessages : !showsNotices;
      if (isPrinted) await printer.event(event);
      // Nobody will see it.
      if (output.destroyed) return;
      dispatch({ type: "conversation", event });
      if (performance.now() - lastTurn > MAX_BUSY) await turn();
      while (canDraw() && state.transcript.length >= MAX_WAITING) {
        drawSoon(true);
        if (output.writableLength === 0) await turn();
        else await (ending.signal.aborted ? untilWritten() : delay(LOOK_EVERY));
      }
      while (isOpen && isLent && state.transcript.length >= MAX_HELD) await delay(LOOK_EVERY);
    },
    async error(error) {
      if (!showsNotices) await printer.error(error);
      dispatch({ type: "error", error });
    },
    [Symbol.asyncDispose]: close,
  };
}
