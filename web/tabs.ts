// One tab of a browser has a place at a time, such as a room: by a Web Lock, and by an election over a BroadcastChannel where the
// browser has no locks (plain http). Other tabs wait, and get it when that one is closed or crashes, or when the person takes it.
// Knows not what is done at the place.

import * as v from "valibot";

import {
  type ElectionAction,
  type ElectionEvent,
  electionWakeAt,
  LET_GO_WITHIN,
  startElection,
  stepElection,
  tabMessage,
} from "./tab-election.ts";

export interface ClaimOptions {
  /** Of the place; the same in every tab. */
  readonly name: string;
  /**
   * This tab has the place. When the signal aborts, it is to let go: another tab gets the place once the promise resolves. When
   * that resolves before, the claim is over. Called again when this tab gets the place again.
   */
  hold(this: void, signal: AbortSignal): Promise<void>;
  /** Another tab has the place, at the beginning or from now on. */
  onWaiting(this: void): void;
}

/** Disposing of it lets go, and waits no longer. */
export interface Claim extends AsyncDisposable {
  /** Gets the place from the tab that has it; `hold` is called then. */
  take(): void;
}

export function claimPlace(options: ClaimOptions): Claim {
  const locks: LockManager | undefined = navigator.locks;
  if (typeof BroadcastChannel !== "function") return holdAlone(options);
  return locks === undefined ? claimByElection(options) : claimByLock(options, locks);
}

/** What this tab does at the place. */
interface Holding {
  readonly ended: Promise<void>;
  readonly isAskedToLetGo: boolean;
  letGo(this: void): void;
}

function startHolding({ hold }: ClaimOptions): Holding {
  const controller = new AbortController();
  return {
    ended: hold(controller.signal),
    get isAskedToLetGo() {
      return controller.signal.aborted;
    },
    letGo: () => controller.abort(),
  };
}

/** In a browser in which tabs can't hear each other: the server takes the last of them for the same program. */
function holdAlone(options: ClaimOptions): Claim {
  const { ended, letGo } = startHolding(options);
  return {
    take() {},
    [Symbol.asyncDispose]() {
      letGo();
      return ended;
    },
  };
}

function claimByLock(options: ClaimOptions, locks: LockManager): Claim {
  const name = `charla ${options.name}`;
  const channel = new BroadcastChannel(name);
  let holding: Holding | null = null;
  /** Leaves the queue. */
  let queued = new AbortController();
  let stealTimer: ReturnType<typeof setTimeout> | undefined;
  let isStealing = false;
  let isClosed = false;

  // Another tab takes the place: this one lets go, or waits behind it.
  channel.addEventListener("message", () => {
    clearTimeout(stealTimer);
    if (holding === null) queued.abort();
    else holding.letGo();
  });

  /** Returns what was held until now; null when this tab did not get the lock. */
  async function request(how: LockOptions): Promise<Holding | null> {
    let held: Holding | null = null;
    const whileLocked = (lock: Lock | null) => {
      if (lock === null || isClosed) return;
      clearTimeout(stealTimer);
      holding = startHolding(options);
      held = holding;
      return holding.ended;
    };
    try {
      await locks.request(name, how, whileLocked);
    } catch (error) {
      // This tab has left the queue, or the lock was stolen while it held it.
      if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
      holding?.letGo();
      await holding?.ended;
    }
    holding = null;
    return held;
  }

  async function run(): Promise<void> {
    let held = await request({ ifAvailable: true });
    if (held === null) options.onWaiting();
    while (!isClosed && (held === null || held.isAskedToLetGo)) {
      if (held !== null) options.onWaiting();
      queued = new AbortController();
      const how = isStealing ? { steal: true } : { signal: queued.signal };
      isStealing = false;
      held = await request(how);
    }
    channel.close();
  }

  const running = run();
  return {
    take() {
      if (holding !== null || isClosed) return;
      channel.postMessage("take");
      // The tab that has it may hang.
      clearTimeout(stealTimer);
      stealTimer = setTimeout(() => {
        isStealing = true;
        queued.abort();
      }, LET_GO_WITHIN);
    },
    [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(stealTimer);
      queued.abort();
      holding?.letGo();
      return running;
    },
  };
}

/** Monotonic, ms. */
const now = () => performance.now();

function claimByElection(options: ClaimOptions): Claim {
  const channel = new BroadcastChannel(`charla ${options.name}`);
  const over = new AbortController();
  const id = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  let holding: Holding | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const [election, first] = startElection(id, now());

  function dispatch(event: ElectionEvent): void {
    perform(stepElection(election, event, now()));
  }

  function perform(actions: readonly ElectionAction[]): void {
    for (const action of actions) {
      if (action.type === "post") channel.postMessage(action.message);
      else if (action.type === "lead") void lead();
      else if (action.type === "let-go") holding?.letGo();
      else options.onWaiting();
    }
    clearTimeout(timer);
    const at = electionWakeAt(election);
    if (at === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(() => dispatch({ type: "tick" }), Math.max(0, Math.ceil(at - now())));
  }

  async function lead(): Promise<void> {
    holding = startHolding(options);
    await holding.ended;
    holding = null;
    dispatch({ type: "released" });
  }

  const { signal } = over;
  channel.addEventListener(
    "message",
    ({ data }: MessageEvent<unknown>) => {
      if (v.is(tabMessage, data)) dispatch({ type: "message", message: data });
    },
    { signal },
  );
  // A page that is closed has no time to let go, and one that comes back with the history may have been succeeded.
  window.addEventListener("pagehide", () => dispatch({ type: "hide" }), { signal });
  window.addEventListener("pageshow", () => dispatch({ type: "show" }), { signal });
  perform(first);
  return {
    take: () => dispatch({ type: "take" }),
    async [Symbol.asyncDispose]() {
      dispatch({ type: "close" });
      await holding?.ended;
      over.abort();
      channel.close();
    },
  };
}
