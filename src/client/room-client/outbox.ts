// The messages of a room client that are not known to be stored: each is sent, and sent again, until the server has stored
// or refused it. Knows neither how a connection is made nor the device that keeps them on the disk.

import { conversationOver, refusal, tooManyWaiting } from "#conversation-errors";

import { MAX_TEXT, MAX_WAITING } from "../../chat/conversation.ts";
import type { ServerFrame } from "../../chat/frames.ts";
import { readStored } from "../../chat/short-frames.ts";
import { CharlaError } from "../../errors.ts";
import { close } from "./leaving.ts";
import {
  type Action,
  connectionPhase,
  emit,
  type Outgoing,
  type RoomClient,
  setConnection,
} from "./state.ts";

/** Messages that are stored and have not come back; those beyond it are only known to be stored once they have. */
const MAX_ECHOING = 10_000;

/** Why a message cannot be said now; null when it can. */
export function refuseToSay({ phase, outbox }: RoomClient, text: string): CharlaError | null {
  if (phase.name === "leaving" || phase.name === "over") return conversationOver();
  if (text.length > MAX_TEXT) {
    return new CharlaError(
      "MESSAGE_TOO_LONG",
      `the message is ${text.length.toLocaleString("en")} characters long; one may have ${MAX_TEXT.toLocaleString("en")}`,
      "say it in several messages, or share it as a file",
    );
  }
  return outbox.size >= MAX_WAITING ? tooManyWaiting("the server has them") : null;
}

export function say(
  client: RoomClient,
  number: number,
  text: string,
  now: number,
  actions: Action[],
): void {
  const log = client.log === "" ? undefined : client.log;
  const message = { number, text, log, isOld: false, isSent: false, isWithdrawn: false };
  client.outbox.set(number, message);
  if (client.phase.name === "joined") {
    send(client, message, now, actions);
    emit(actions, { type: "said", text });
  } else {
    emit(actions, { type: "waiting", for: "server", text });
  }
}

/** Sends a message; it is sent again when nothing else is said, or stored, for a while. */
export function send(client: RoomClient, message: Outgoing, now: number, actions: Action[]): void {
  const { number, text } = message;
  actions.push({ type: "send", frame: { type: "say", number, text } });
  message.isSent = true;
  setConnection(client, { name: "joined", resendAt: now + client.resendAfter });
}

/** Sends again what has waited longest. */
export function resendOldest(client: RoomClient, now: number, actions: Action[]): void {
  const oldest = client.outbox.values().next().value;
  if (oldest === undefined) forgetEchoes(client, actions);
  else send(client, oldest, now, actions);
}

/** Takes a message back, unless it was sent: then the server may have it, and this run alone still sends it. */
export function withdraw(
  client: RoomClient,
  number: number,
  reason: unknown,
  now: number,
  actions: Action[],
): void {
  const message = client.outbox.get(number);
  if (message === undefined || message.isOld) return;
  message.isWithdrawn = true;
  if (message.isSent) return;
  actions.push({ type: "not-stored", number, error: reason, keep: false });
  client.outbox.delete(number);
  settled(client, now, actions);
}

/** The server has refused to store a message. */
export function refused(
  client: RoomClient,
  { number, code, message: why }: Extract<ServerFrame, { type: "refused" }>,
  now: number,
  actions: Action[],
): void {
  if (!client.outbox.delete(number)) return;
  actions.push({ type: "not-stored", number, error: refusal(code, why), keep: false });
  settled(client, now, actions);
}

/** The server's note says up to which number it has stored everything: that comes back in the log later. */
export function noted(client: RoomClient, note: Uint8Array, now: number, actions: Action[]): void {
  const { outbox, echoing, phase } = client;
  const upTo = readStored(note);
  if (upTo === null || connectionPhase(phase)?.name !== "joined") return;
  // Smallest numbers first.
  for (const { number, isOld } of outbox.values()) {
    if (number > upTo || echoing.size === MAX_ECHOING) break;
    outbox.delete(number);
    echoing.set(number, isOld);
    actions.push({ type: "stored", number });
  }
  settled(client, now, actions);
}

/** A message of this end that has not come back yet; null when there is none with the number. */
export function findOwn(
  { outbox, echoing }: RoomClient,
  number: number,
): Pick<Outgoing, "isOld"> | null {
  const isOld = echoing.get(number);
  return isOld === undefined ? (outbox.get(number) ?? null) : { isOld };
}

/** A message has come back in the log. */
export function cameBack(client: RoomClient, number: number, now: number, actions: Action[]): void {
  if (client.outbox.delete(number)) actions.push({ type: "stored", number });
  client.echoing.delete(number);
  settled(client, now, actions);
}

/** What was stored and has not come back for a while was deleted meanwhile: that is not waited for. */
function forgetEchoes(client: RoomClient, actions: Action[]): void {
  client.echoing.clear();
  setConnection(client, { name: "joined", resendAt: null });
  if (client.phase.name === "leaving") close(client, actions);
}

/** Nothing more is to be done for a message, and perhaps nothing to stay for. */
function settled(client: RoomClient, now: number, actions: Action[]): void {
  const { outbox, echoing, phase, resendAfter } = client;
  if (outbox.size > 0) return;
  const resendAt = echoing.size === 0 ? null : now + resendAfter;
  if (connectionPhase(phase)?.name === "joined")
    setConnection(client, { name: "joined", resendAt });
  if (phase.name === "leaving" && echoing.size === 0) close(client, actions);
}
