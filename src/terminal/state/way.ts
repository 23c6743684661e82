// The way to the server: how long it takes is asked from time to time, and shown where it has changed much. In words, too,
// for the status line and for /way. Pure; times are ms on any clock.

import type { CurrentWay } from "../../chat/channel.ts";
import type { ConversationEvent } from "../../chat/events.ts";
import { visibleLine } from "../visible-text.ts";

export interface ShownWay {
  readonly way: CurrentWay;
  /** When to ask how long it takes; null for a way on which that is nothing. */
  readonly askAt: number | null;
}

/** How often is asked how long the way takes, ms. */
const ASK_EVERY = 10_000;
/** How soon it is asked on a way that was not measured yet, ms: a few round trips, also on a bad one. */
const ASK_SOON = 1_000;
/**
 * A round trip is shown anew where it differs from the one shown by more than this part of it, and so many ms: no screen
 * is drawn, and no window of tmux is marked as active, for the jitter of a network.
 */
const CHANGED_PART = 0.2;
const CHANGED_BY = 2;

export function wayAfter(
  before: ShownWay | null,
  event: ConversationEvent,
  now: number,
): ShownWay | null {
  switch (event.type) {
    case "way": {
      const { type: _type, ...way } = event;
      return { way, askAt: askAgainAt(way, now) };
    }
    // Another room has a session of its own.
    case "entered":
    case "disconnected":
    case "ended":
      return null;
    default:
      return before;
  }
}

/** It is being asked. */
export function wayAsked(shown: ShownWay, now: number): ShownWay {
  return { ...shown, askAt: now + ASK_EVERY };
}

/** @param way null if the connection was lost meanwhile */
export function wayAnswered(
  before: ShownWay | null,
  way: CurrentWay | null,
  now: number,
): ShownWay | null {
  if (before === null || way === null) return before;
  const shown = isLike(before.way, way) ? before.way : way;
  return { way: shown, askAt: askAgainAt(way, now) };
}

function askAgainAt({ milliseconds, transport }: CurrentWay, now: number): number | null {
  if (transport === "local") return null;
  return now + (milliseconds === undefined ? ASK_SOON : ASK_EVERY);
}

function isLike(one: CurrentWay, other: CurrentWay): boolean {
  if (one.transport !== other.transport || one.relay !== other.relay) return false;
  if (one.milliseconds === undefined || other.milliseconds === undefined) {
    return other.milliseconds === undefined;
  }
  const difference = Math.abs(one.milliseconds - other.milliseconds);
  return difference <= Math.max(CHANGED_BY, one.milliseconds * CHANGED_PART);
}

/** For the status line, the fullest first; none where the server is in this program. */
export function wayForms(way: CurrentWay): readonly string[] {
  const { transport, milliseconds } = way;
  if (transport === "local") return [];
  const time = milliseconds === undefined ? "" : `, ${describeTime(milliseconds)}`;
  const byStream = transport === "websocket";
  if (way.relay === undefined) {
    const direct = byStream ? "WebSocket" : "direct";
    return [direct + time, direct];
  }
  const through = `through ${visibleLine(way.relay)}${byStream ? " by WebSocket" : ""}`;
  return [`${through} (encrypted end to end)${time}`, through + time, `relayed${time}`, "relayed"];
}

/** The answer to /way. */
export function describeWay({ transport, relay, milliseconds }: CurrentWay): readonly string[] {
  if (transport === "local") {
    return ["the server is in this program: no network is between you and it"];
  }
  const through = relay === undefined ? "directly" : `through ${visibleLine(relay)}`;
  const carrier = transport === "udp" ? "UDP" : "WebSocket";
  const time = milliseconds === undefined ? "" : `; ${describeTime(milliseconds)} there and back`;
  return [
    `you reach the server ${through}, by ${carrier}${time}`,
    ...(relay === undefined
      ? []
      : ["the relay can't read what is said: it is encrypted end to end"]),
    ...(transport === "udp" ? [] : ["by WebSocket, a lost packet holds up what follows"]),
  ];
}

function describeTime(milliseconds: number): string {
  return `${Math.max(1, Math.round(milliseconds))} ms`;
}
