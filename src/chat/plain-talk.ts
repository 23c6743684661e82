// The rules of a talk on the plain wire between two (docs/protocol.md s. 4): who may speak when, and how it ends. A
// state machine without I/O: it takes what happened and returns what to do.
//
//               hear                say (with turns)
//   no peer -----------> may speak ------------------> must listen
//      ^                  |     ^                        |      |
//      |     peer gone    |     |          hear          |      | peer gone
//      +------------------+     +------------------------+      |
//      +--------------------------------------------------------+
//   The server starts with no peer, the client may speak. `bye`, said or heard, ends it anywhere.

import { GOODBYE, MAX_WAITING } from "./conversation.ts";

export interface PlainTalk {
  readonly turns: boolean;
  /** Whether there is somebody to speak to. */
  readonly peer: boolean;
  /** With turns: whether this end has the turn. */
  readonly myTurn: boolean;
  /** Said here, not yet sent, oldest first. */
  readonly waiting: readonly string[];
  readonly ended: boolean;
}

export type TalkInput =
  | { readonly type: "say"; readonly text: string }
  /** A message that waits, by its place in `waiting`, is not to be sent any more. */
  | { readonly type: "withdraw"; readonly index: number }
  | { readonly type: "hear"; readonly text: string }
  | { readonly type: "peer-gone" };

export type TalkOutput =
  /** Send a message of this end now; each that was taken is sent once, in order. */
  | { readonly type: "send"; readonly text: string }
  /** Send the goodbye that answers a goodbye; those of this end that wait are said with it. */
  | { readonly type: "answer"; readonly text: string }
  | { readonly type: "show"; readonly text: string }
  | { readonly type: "wait"; readonly for: "peer" | "turn"; readonly text: string }
  /** Too many wait already: the message was not taken. */
  | { readonly type: "refuse"; readonly text: string }
  | { readonly type: "turn"; readonly whose: "mine" | "theirs" }
  | { readonly type: "end"; readonly reason: "said-bye" | "heard-bye" };

/** The client speaks first (the lesson's step 3); the server waits to be spoken to. */
export function startTalk(role: "server" | "client", turns: boolean): PlainTalk {
  const isClient = role === "client";
  return { turns, peer: isClient, myTurn: isClient, waiting: [], ended: false };
}

/** The state after `input`, and what to do about it, in order. After the end nothing happens. */
export function advance(talk: PlainTalk, input: TalkInput): [PlainTalk, TalkOutput[]] {
  if (talk.ended) return [talk, []];
  switch (input.type) {
    case "say":
      return say(talk, input.text);
    case "withdraw":
      return [{ ...talk, waiting: talk.waiting.toSpliced(input.index, 1) }, []];
    case "hear":
      return hear(talk, input.text);
    case "peer-gone":
      return lose(talk);
  }
}

function say(talk: PlainTalk, text: string): [PlainTalk, TalkOutput[]] {
  if (maySpeak(talk) && talk.waiting.length === 0) return speak(talk, text);
  if (talk.waiting.length >= MAX_WAITING) return [talk, [{ type: "refuse", text }]];
  const wait = { type: "wait", for: talk.peer ? "turn" : "peer", text } as const;
  return [{ ...talk, waiting: [...talk.waiting, text] }, [wait]];
}

function hear(talk: PlainTalk, text: string): [PlainTalk, TalkOutput[]] {
  const show = { type: "show", text } as const;
  if (text === GOODBYE) {
    const answer = { type: "answer", text: GOODBYE } as const;
    // A goodbye that waits is said with the answer.
    const waiting = talk.waiting.filter((message) => message !== GOODBYE);
    return [
      { ...talk, waiting, ended: true },
      [show, answer, { type: "end", reason: "heard-bye" }],
    ];
  }
  const outputs: TalkOutput[] = [show];
  if (talk.turns && !talk.myTurn) outputs.push({ type: "turn", whose: "mine" });
  return flush({ ...talk, peer: true, myTurn: true }, outputs);
}

/** The next peer speaks first. */
function lose(talk: PlainTalk): [PlainTalk, TalkOutput[]] {
  const outputs: TalkOutput[] = [];
  if (talk.turns && talk.myTurn) outputs.push({ type: "turn", whose: "theirs" });
  return [{ ...talk, peer: false, myTurn: false }, outputs];
}

function maySpeak(talk: PlainTalk): boolean {
  return !talk.ended && talk.peer && (!talk.turns || talk.myTurn);
}

/** Sends what waits, as far as the rules allow. */
function flush(start: PlainTalk, outputs: TalkOutput[]): [PlainTalk, TalkOutput[]] {
  let talk = start;
  for (const text of start.waiting) {
    if (!maySpeak(talk)) break;
    const [next, spoken] = speak(talk, text);
    talk = { ...next, waiting: talk.waiting.slice(1) };
    outputs.push(...spoken);
  }
  return [talk, outputs];
}

function speak(talk: PlainTalk, text: string): [PlainTalk, TalkOutput[]] {
  const outputs: TalkOutput[] = [{ type: "send", text }];
  if (text === GOODBYE) {
    outputs.push({ type: "end", reason: "said-bye" });
    return [{ ...talk, ended: true }, outputs];
  }
  if (!talk.turns) return [talk, outputs];
  outputs.push({ type: "turn", whose: "theirs" });
  return [{ ...talk, myTurn: false }, outputs];
}
