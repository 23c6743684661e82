// The questions of a room client that wait for the server's answers, such as who is in the room. One that is asked outside
// the room fails at once, and all of them fail when the connection is lost. Knows nothing of messages.

import { conversationOver, notConnected, tooManyWaiting } from "#conversation-errors";

import type { CharlaError } from "../../errors.ts";
import {
  type Action,
  type Answer,
  connectionPhase,
  type Question,
  type RoomClient,
} from "./state.ts";

/** Questions that wait for their answers. */
const MAX_ASKED = 100;

export function ask(
  client: RoomClient,
  request: number,
  question: Question,
  actions: Action[],
): void {
  const connection = connectionPhase(client.phase);
  const error =
    connection === null || connection.name === "closing"
      ? conversationOver()
      : connection.name !== "joined"
        ? notConnected()
        : client.questions.size >= MAX_ASKED
          ? tooManyWaiting("the server has answered")
          : null;
  if (error !== null) {
    actions.push({ type: "fail-question", request, error });
    return;
  }
  client.questions.set(request, question);
  actions.push({ type: "send", frame: { ...question, request } });
}

/** Fails a question whose answer is not wanted any more. */
export function stopAsking(
  client: RoomClient,
  request: number,
  reason: unknown,
  actions: Action[],
): void {
  if (!client.questions.delete(request)) return;
  actions.push({ type: "fail-question", request, error: reason });
}

export function answer(client: RoomClient, frame: Answer, actions: Action[]): void {
  const question = client.questions.get(frame.request);
  if (question === undefined) return;
  client.questions.delete(frame.request);
  if (question.type === "rename" && frame.type === "done") rename(client, question.name);
  actions.push({ type: "answer", request: frame.request, answer: frame });
}

/** It enters under that name when it comes in again. */
export function rename(client: RoomClient, name: string): void {
  client.name = name;
  client.givenName = name;
}

export function failQuestions(client: RoomClient, error: CharlaError, actions: Action[]): void {
  for (const request of client.questions.keys()) {
    actions.push({ type: "fail-question", request, error });
  }
  client.questions.clear();
}
