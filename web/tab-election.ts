// Which of several tabs has a place, where the browser has no locks (plain http): an election by messages that all tabs of the
// place hear. A state machine without I/O: the driver is tabs.ts.
//
// Who leads is asked, not announced: a tab in the background gets messages at once, but its timers up to a minute late. A tab
// that is suspended does not answer and is succeeded. When it goes on, it hears of a later term than its own, and lets go: for
// that moment two tabs lead, which costs nothing but a change of session, as the server knows the device.

import * as v from "valibot";

/** How long a tab waits for the answer of one that leads, ms. */
const ANSWER_WITHIN = 200;
/** It asks twice: another tab may not have heard that the place is free when it heard the first question. */
const QUESTIONS = 2;
/** How long it waits when a tab that goes before it asks as well, ms: that one leads by then. */
const YIELD = (QUESTIONS + 1) * ANSWER_WITHIN;
/** How often a tab that waits asks whether another one still leads, ms. */
const ASK_EVERY = 1_000;
/** Questions without an answer after which nobody leads. */
const MAX_UNANSWERED = 2;
/** How long the tab that leads may take to let go, ms; it may hang. */
export const LET_GO_WITHIN = 3_000;

const TYPES = ["ask", "lead", "take", "free"] as const;

export const tabMessage = v.object({
  /** `free` names the tab that is next, if one has asked for it. */
  type: v.custom<(typeof TYPES)[number]>((type) => TYPES.some((each) => each === type)),
  from: v.string(),
  /** How many tabs have led so far. */
  term: v.number(),
  heir: v.optional(v.nullable(v.string())),
});
export type TabMessage = v.InferOutput<typeof tabMessage>;

type Phase =
  /** Leads unless there is an answer. */
  | { readonly name: "asking"; readonly until: number; readonly asked: number }
  | { readonly name: "waiting"; readonly askAt: number; readonly unanswered: number }
  | { readonly name: "taking"; readonly until: number; readonly leader: string | null }
  | { readonly name: "leading" }
  /** Has to end what it does first. */
  | { readonly name: "letting-go"; readonly heir: string | null; readonly isClosing: boolean }
  | { readonly name: "closed" };

export interface Election {
  /** Of this tab; the smaller one goes first. */
  readonly id: string;
  /** The highest that this tab has heard of. */
  term: number;
  phase: Phase;
}

export type ElectionEvent =
  | { readonly type: "message"; readonly message: TabMessage }
  | { readonly type: "tick" }
  /** The person wants the place in this tab. */
  | { readonly type: "take" }
  /** This tab has let go. */
  | { readonly type: "released" }
  | { readonly type: "close" }
  /** The page is closed, or goes into the history; and is back from there. */
  | { readonly type: "hide" }
  | { readonly type: "show" };

export type ElectionAction =
  | { readonly type: "post"; readonly message: TabMessage }
  | { readonly type: "lead" }
  /** Answered by the event `released`. */
  | { readonly type: "let-go" }
  /** Another tab leads, and the person should know. */
  | { readonly type: "wait" };

export function startElection(id: string, now: number): [Election, ElectionAction[]] {
  const election: Election = { id, term: 0, phase: { name: "closed" } };
  return [election, ask(election, now)];
}

/** When the next `tick` is due; Infinity for never. */
export function electionWakeAt({ phase }: Election): number {
  if (phase.name === "asking" || phase.name === "taking") return phase.until;
  return phase.name === "waiting" ? phase.askAt : Number.POSITIVE_INFINITY;
}

export function stepElection(
  election: Election,
  event: ElectionEvent,
  now: number,
): ElectionAction[] {
  const { phase } = election;
  if (phase.name === "closed") return [];
  switch (event.type) {
    case "message":
      return receive(election, event.message, now);
    case "tick":
      return tick(election, now);
    case "take":
      if (phase.name !== "waiting") return [];
      return take(election, null, now);
    case "released":
      return released(election, now);
    case "close":
      if (phase.name === "leading" || phase.name === "letting-go") {
        const heir = phase.name === "letting-go" ? phase.heir : null;
        election.phase = { name: "letting-go", heir, isClosing: true };
        return phase.name === "leading" ? [{ type: "let-go" }] : [];
      }
      election.phase = { name: "closed" };
      return [];
    case "hide":
      return phase.name === "leading" ? [post(election, "free", null)] : [];
    case "show":
      return phase.name === "leading" ? [post(election, "lead")] : [];
  }
}

function tick(election: Election, now: number): ElectionAction[] {
  const { phase } = election;
  if (now < electionWakeAt(election)) return [];
  if (phase.name === "asking") {
    return phase.asked < QUESTIONS ? ask(election, now, phase.asked) : lead(election);
  }
  // The other tab hangs: it hears of it when it goes on.
  if (phase.name === "taking") return lead(election);
  if (phase.name !== "waiting") return [];
  if (phase.unanswered >= MAX_UNANSWERED) return ask(election, now);
  election.phase = { name: "waiting", askAt: now + ASK_EVERY, unanswered: phase.unanswered + 1 };
  return [post(election, "ask")];
}

function receive(election: Election, message: TabMessage, now: number): ElectionAction[] {
  const { id, phase } = election;
  const { from, term } = message;
  const isLeading = phase.name === "leading" || phase.name === "letting-go";
  switch (message.type) {
    case "ask":
      if (isLeading) return [post(election, "lead")];
      // About to lead.
      if (phase.name === "taking") return [post(election, "take")];
      if (phase.name === "asking" && from < id) {
        election.phase = { ...phase, until: Math.max(phase.until, now + YIELD) };
      }
      return [];
    case "lead":
      if (phase.name === "leading") {
        // Two lead: the later one does, or the one with the smaller id.
        if (term < election.term || (term === election.term && from > id)) {
          return [post(election, "lead")];
        }
        election.term = term;
        election.phase = { name: "letting-go", heir: from, isClosing: false };
        return [{ type: "let-go" }];
      }
      election.term = Math.max(election.term, term);
      if (phase.name === "asking") return wait(election, now);
      // It may be a new one, which has not heard that the place is wanted here.
      if (phase.name === "taking" && phase.leader !== from) return take(election, from, now);
      if (phase.name === "waiting") election.phase = { ...phase, unanswered: 0 };
      return [];
    case "take":
      if (phase.name === "leading") {
        election.phase = { name: "letting-go", heir: from, isClosing: false };
        return [{ type: "let-go" }];
      }
      if (phase.name === "letting-go") election.phase = { ...phase, heir: from };
      // The last one that takes it has it.
      if (phase.name === "taking" || phase.name === "asking") return wait(election, now);
      if (phase.name === "waiting") election.phase = { ...phase, unanswered: 0 };
      return [];
    case "free":
      election.term = Math.max(election.term, term);
      if (isLeading) return [];
      if (message.heir === id) return lead(election);
      if (typeof message.heir !== "string") return ask(election, now);
      return phase.name === "waiting" ? [] : wait(election, now);
  }
}

function ask(election: Election, now: number, before = 0): ElectionAction[] {
  election.phase = { name: "asking", until: now + ANSWER_WITHIN, asked: before + 1 };
  return [post(election, "ask")];
}

function take(election: Election, leader: string | null, now: number): ElectionAction[] {
  election.phase = { name: "taking", until: now + LET_GO_WITHIN, leader };
  return [post(election, "take")];
}

function wait(election: Election, now: number): ElectionAction[] {
  election.phase = { name: "waiting", askAt: now + ASK_EVERY, unanswered: 0 };
  return [{ type: "wait" }];
}

function lead(election: Election): ElectionAction[] {
  election.term += 1;
  election.phase = { name: "leading" };
  return [post(election, "lead"), { type: "lead" }];
}

function released(election: Election, now: number): ElectionAction[] {
  const { phase } = election;
  // It has let go by itself.
  if (phase.name !== "letting-go") {
    election.phase = { name: "closed" };
    return [post(election, "free", null)];
  }
  const freed = post(election, "free", phase.heir);
  if (phase.isClosing) {
    election.phase = { name: "closed" };
    return [freed];
  }
  return [freed, ...wait(election, now)];
}

function post(
  { id, term }: Election,
  type: TabMessage["type"],
  heir?: string | null,
): ElectionAction {
  const message = { type, from: id, term };
  return { type: "post", message: heir === undefined ? message : { ...message, heir } };
}
