// How far a server's clock is from this machine's, by the exchange that was fastest (RFC 5905 s. 8). Pure.

import type { ServerView } from "../client/server-view.ts";
import { type Check, note, ok } from "./check.ts";

const NAME = "clock";
/** Ms from which the times beside messages seem wrong to people. */
const NOTICED = 2_000;
/** Both clocks are read in whole ms. */
const RESOLUTION = 1;

export function describeClock(views: readonly ServerView[]): Check {
  const [best] = views
    .map(({ serverTime, askedAt, answeredAt }) => ({
      ahead: serverTime - (askedAt + answeredAt) / 2,
      uncertain: Math.abs(answeredAt - askedAt) / 2 + RESOLUTION,
    }))
    .toSorted((one, other) => one.uncertain - other.uncertain);
  if (best === undefined) throw new Error("no server was looked through the eyes of");
  const { ahead, uncertain } = best;
  const value = { ahead, uncertain };
  const give = `give or take ${inWords(uncertain)}`;
  if (Math.abs(ahead) <= uncertain) {
    return ok(NAME, `the server's clock and this one are the same, ${give}`, value);
  }
  const message = `the server's clock is ${inWords(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this one, ${give}`;
  if (Math.abs(ahead) - uncertain < NOTICED) return ok(NAME, message, value);
  return note(
    NAME,
    message,
    "messages bear the server's time: let both machines set their clocks by the network (NTP; on Linux: timedatectl set-ntp true)",
    value,
  );
}

function inWords(duration: number): string {
  if (duration < 1_000) return `${Math.round(duration)} ms`;
  const seconds = duration / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${Math.round(minutes)} minutes` : `${Math.round(minutes / 60)} hours`;
}
