// How a room client ends: it leaves once everything is stored, or at once, or fails. What is not known to be stored then is
// reported; the device keeps it for its next run, where it should. Knows neither how to send nor how to connect.

import { conversationOver } from "#conversation-errors";

import type { EndReason } from "../../chat/events.ts";
import type { CharlaError } from "../../errors.ts";
import { failQuestions } from "./questions.ts";
import { type Action, connectionPhase, emit, type RoomClient, setConnection } from "./state.ts";

/** How long leaving may take before a notice says what it waits for, ms. */
const LEAVING_NOTICE = 1_000;

/** Leaves once everything is stored. */
export function leave(client: RoomClient, now: number, actions: Action[]): void {
  const { phase, outbox, echoing, resendAfter } = client;
  if (phase.name === "leaving" || phase.name === "over") return;
  const isComingBack = echoing.size > 0 && phase.name === "joined";
  if (outbox.size === 0 && !isComingBack) return close(client, actions);
  client.phase = { name: "leaving", noticeAt: now + LEAVING_NOTICE, connection: phase };
  if (outbox.size === 0) setConnection(client, { name: "joined", resendAt: now + resendAfter });
}

export function leaveAtOnce(client: RoomClient, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null) return;
  if (connection.name === "connecting") return close(client, actions);
  actions.push({ type: "abort", reason: "" });
  client.phase = { name: "leaving", noticeAt: null, connection: { name: "closing" } };
}

/** Says what leaving waits for, once it has taken a while. */
export function noticeLeaving(client: RoomClient, now: number, actions: Action[]): void {
  const { phase } = client;
  if (phase.name !== "leaving" || phase.noticeAt === null || now < phase.noticeAt) return;
  client.phase = { ...phase, noticeAt: null };
  const count = client.outbox.size;
  if (count === 0) return;
  emit(actions, {
    type: "notice",
    code: "LEAVING",
    message: `leaving once ${count === 1 ? "a message is" : `${count} messages are`} on the server`,
    hint: "Ctrl-C leaves at once",
  });
}

/** There is nothing left to wait for but the end of the channel, where there is one. */
export function close(client: RoomClient, actions: Action[]): void {
  const connection = connectionPhase(client.phase);
  if (connection === null || connection.name === "closing") return;
  if (connection.name === "connecting") {
    if (connection.retryAt === null) actions.push({ type: "cancel-connect" });
    return finish(client, "left", actions);
  }
  actions.push({ type: "close" });
  client.phase = { name: "leaving", noticeAt: null, connection: { name: "closing" } };
}

export function finish(client: RoomClient, reason: EndReason, actions: Action[]): void {
  const left = giveUp(client, actions);
  actions.push({ type: "over", event: { type: "ended", reason, ...left }, error: null });
}

export function fail(
  client: RoomClient,
  error: CharlaError,
  actions: Action[],
  reason: "lost" | "removed" = "lost",
): void {
  const left = giveUp(client, actions);
  const event = client.entered ? ({ type: "ended", reason, ...left } as const) : null;
  actions.push({ type: "over", event, error });
}

/** Nothing that waits will come any more; returns the texts of what is not known to be stored, and of what is kept. */
function giveUp(client: RoomClient, actions: Action[]): { unsaid: string[]; kept?: string[] } {
  client.phase = { name: "over" };
  failQuestions(client, conversationOver(), actions);
  const kept: string[] = [];
  const unsaid = Array.from(client.outbox.values(), ({ number, text, isOld, isWithdrawn }) => {
    // The device sends it in its next run, unless the log is gone. But where no server was reached, the person knows,
    // and says it again; and so does a script, which may say it again for its status.
    const isNeeded = isOld || (client.entered && client.keepsUnsaid && !isWithdrawn);
    const keep = isNeeded && !client.isLogGone;
    if (keep) kept.push(text);
    actions.push({ type: "not-stored", number, error: conversationOver(), keep });
    return text;
  });
  client.outbox.clear();
  client.echoing.clear();
  return kept.length === 0 ? { unsaid } : { unsaid, kept };
}
