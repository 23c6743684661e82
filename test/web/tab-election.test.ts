// The election of a tab, with tabs that open, close, crash, hang and take, in virtual time.

import { expect, test } from "bun:test";

import {
  type Election,
  type ElectionAction,
  type ElectionEvent,
  electionWakeAt,
  startElection,
  stepElection,
} from "../../web/tab-election.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { seededRandom } from "../simulator/random.ts";

/** ms, at full size. */
const PROOF_TIMEOUT = 120_000;
/** How long a message takes, ms, at most. */
const MAX_LATENCY = 20;
/** How long a tab takes to let go, ms, at most. */
const MAX_LETTING_GO = 200;

interface Tab {
  readonly election: Election;
  isHolding: boolean;
  /** What the person last saw. */
  isWaiting: boolean;
  /** Does nothing before then. */
  hungUntil: number;
}

/** All tabs of a browser at one place. */
class Tabs {
  now = 0;
  readonly tabs: Tab[] = [];
  /** The most that held the place at once. */
  most = 0;
  #opened = 0;
  readonly #random: () => number;
  readonly #queue: { at: number; tab: Tab; event: ElectionEvent; from: string }[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  get holding(): Tab[] {
    return this.tabs.filter(({ isHolding }) => isHolding);
  }

  open(id = `${this.#random()} ${this.#opened}`): Tab {
    this.#opened += 1;
    const [election, actions] = startElection(id, this.now);
    const tab = { election, isHolding: false, isWaiting: false, hungUntil: 0 };
    this.tabs.push(tab);
    this.#perform(tab, actions);
    return tab;
  }

  send(tab: Tab, event: ElectionEvent): void {
    if (tab.hungUntil > this.now) this.#later(tab, event, 0);
    else this.#perform(tab, stepElection(tab.election, event, this.now));
  }

  /** Without a word. */
  crash(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  run(duration: number): void {
    const end = this.now + duration;
    for (;;) {
      const times = this.tabs.map(
        (tab) => [Math.max(electionWakeAt(tab.election), tab.hungUntil), tab] as const,
      );
      const [wakeAt = Infinity, woken] = times.toSorted(([one], [other]) => one - other)[0] ?? [];
      const next = this.#queue
        .map((item) => ({ ...item, item, at: Math.max(item.at, item.tab.hungUntil) }))
        .toSorted((one, other) => one.at - other.at)[0];
      const at = Math.min(wakeAt, next?.at ?? Infinity);
      if (at > end) break;
      this.now = Math.max(this.now, at);
      if (next !== undefined && next.at <= wakeAt) {
        this.#queue.splice(this.#queue.indexOf(next.item), 1);
        if (next.event.type === "released") next.tab.isHolding = false;
        if (this.tabs.includes(next.tab)) this.send(next.tab, next.event);
      } else if (woken !== undefined) this.send(woken, { type: "tick" });
    }
    this.now = end;
  }

  #perform(tab: Tab, actions: readonly ElectionAction[]): void {
    for (const action of actions) {
      if (action.type === "lead") {
        tab.isHolding = true;
        tab.isWaiting = false;
        this.most = Math.max(this.most, this.holding.length);
      } else if (action.type === "wait") tab.isWaiting = true;
      else if (action.type === "let-go") {
        this.#later(tab, { type: "released" }, MAX_LETTING_GO);
      } else {
        for (const other of this.tabs) {
          if (other !== tab)
            this.#later(other, { type: "message", message: action.message }, MAX_LATENCY);
        }
      }
    }
  }

  #later(tab: Tab, event: ElectionEvent, within: number): void {
    // What one tab sends to another comes in order.
    const from = event.type === "message" ? event.message.from : tab.election.id;
    const before = this.#queue.findLast(
      (item) => item.tab === tab && item.event.type === event.type && item.from === from,
    );
    const at = Math.max(before?.at ?? 0, this.now + this.#random() * within);
    this.#queue.push({ at, tab, event, from });
  }
}

const one = () => 0.5;

test("the first tab leads, and the second one waits", () => {
  const tabs = new Tabs(one);
  const first = tabs.open("b");
  tabs.run(1_000);
  const second = tabs.open("a");
  tabs.run(1_000);
  expect([first.isHolding, first.isWaiting]).toEqual([true, false]);
  expect([second.isHolding, second.isWaiting]).toEqual([false, true]);
});

test("two tabs that open at once: the one with the smaller id leads", () => {
  const tabs = new Tabs(one);
  const [first, second] = [tabs.open("b"), tabs.open("a")];
  tabs.run(1_000);
  expect([first.isHolding, first.isWaiting]).toEqual([false, true]);
  expect([second.isHolding, second.isWaiting]).toEqual([true, false]);
  expect(tabs.most).toBe(1);
});

test("a tab that takes the place has it once the other one has let go, and no third one gets it", () => {
  const tabs = new Tabs(one);
  const first = tabs.open();
  tabs.run(1_000);
  const second = tabs.open();
  const third = tabs.open();
  tabs.run(1_000);
  tabs.send(third, { type: "take" });
  tabs.run(50);
  expect(tabs.holding).toEqual([first]);
  tabs.run(500);
  expect(tabs.holding).toEqual([third]);
  expect([first.isWaiting, second.isWaiting, third.isWaiting]).toEqual([true, true, false]);
  tabs.run(60_000);
  expect(tabs.holding).toEqual([third]);
  expect(tabs.most).toBe(1);
});

test("a tab that waits leads soon after the other one was closed, and within 4 s of a crash", () => {
  const tabs = new Tabs(one);
  const first = tabs.open();
  tabs.run(1_000);
  const second = tabs.open();
  tabs.run(1_000);
  const third = tabs.open();
  tabs.run(1_000);
  tabs.send(first, { type: "close" });
  tabs.run(1_000);
  expect(tabs.holding).toHaveLength(1);
  expect(first.isHolding).toBe(false);
  const [leading] = tabs.holding;
  tabs.crash(leading ?? first);
  tabs.run(4_000);
  expect(tabs.holding).toEqual([leading === second ? third : second]);
  expect(tabs.most).toBe(1);
});

test("a page that is closed at once is succeeded, and lets go if it comes back", () => {
  const tabs = new Tabs(one);
  const first = tabs.open();
  tabs.run(1_000);
  const second = tabs.open();
  tabs.run(1_000);
  tabs.send(first, { type: "hide" });
  first.hungUntil = Infinity;
  tabs.run(1_000);
  expect(second.isHolding).toBe(true);
  first.hungUntil = 0;
  tabs.send(first, { type: "show" });
  tabs.run(1_000);
  expect(tabs.holding).toEqual([second]);
  expect(first.isWaiting).toBe(true);
});

test("a tab that hangs is succeeded by the one that takes the place, and lets go when it goes on", () => {
  const tabs = new Tabs(one);
  const first = tabs.open();
  tabs.run(1_000);
  const second = tabs.open();
  tabs.run(500);
  first.hungUntil = Infinity;
  tabs.send(second, { type: "take" });
  tabs.run(3_100);
  expect(second.isHolding).toBe(true);
  first.hungUntil = 0;
  tabs.run(2_000);
  expect(tabs.holding).toEqual([second]);
});

test("a claim that ends by itself frees the place", () => {
  const tabs = new Tabs(one);
  const first = tabs.open();
  tabs.run(1_000);
  const second = tabs.open();
  tabs.run(1_000);
  first.isHolding = false;
  tabs.send(first, { type: "released" });
  tabs.run(1_000);
  expect(tabs.holding).toEqual([second]);
  expect(first.election.phase.name).toBe("closed");
});

test(
  "whatever the tabs do, one leads in the end, and never two while none hangs",
  () => {
    for (let seed = 1; seed <= (FULL_SIZE ? 2_000 : 100); seed += 1) {
      const seeded = seededRandom(seed);
      const random = () => seeded.fraction();
      const canHang = seed % 2 === 0;
      const tabs = new Tabs(random);
      for (let deed = 0; deed < 30; deed += 1) {
        const tab = tabs.tabs[Math.floor(random() * tabs.tabs.length)];
        const chance = random();
        if (tab === undefined || (chance < 0.3 && tabs.tabs.length < 6)) tabs.open();
        else if (chance < 0.5) tabs.send(tab, { type: "take" });
        else if (chance < 0.6) tabs.send(tab, { type: "close" });
        else if (chance < 0.7) tabs.crash(tab);
        else if (chance < 0.8 && canHang) tab.hungUntil = tabs.now + random() * 10_000;
        tabs.run(random() ** 3 * 5_000);
      }
      tabs.open();
      tabs.run(20_000);
      const open = tabs.tabs.filter(({ election }) => election.phase.name !== "closed");
      const leading = open.filter(({ isHolding }) => isHolding);
      expect([seed, leading.length]).toEqual([seed, 1]);
      expect([seed, tabs.holding.length]).toEqual([seed, 1]);
      expect(open.filter(({ isWaiting }) => isWaiting).length).toBe(open.length - 1);
      if (!canHang) expect([seed, tabs.most]).toEqual([seed, 1]);
    }
  },
  PROOF_TIMEOUT,
);
