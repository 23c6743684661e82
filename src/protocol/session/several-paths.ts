// What a session with several paths does about them: see other-paths.ts.

import type { OtherPaths } from "./other-paths.ts";
import {
  challenge,
  dueChallenge,
  nextResponse,
  postponeChallenge,
  writeChallenge,
  writeNamed,
} from "./path-packets.ts";
import { leaveIfDead, tick, wakeAt } from "./path-timers.ts";
import {
  addWay,
  candidatesNamed,
  challengeAnswered,
  doubtCurrent,
  nameCandidates,
  packetCame,
  pathLost,
  punched,
  tryAgain,
} from "./paths.ts";

export const severalPaths: OtherPaths = {
  packetCame,
  challengeAnswered,
  candidatesNamed,
  punched,
  nextResponse,
  dueChallenge,
  postponeChallenge,
  challenge,
  writeChallenge,
  writeNamed,
  wakeAt,
  tick,
  leaveIfDead,
  nameCandidates,
  addWay,
  pathLost,
  doubtCurrent,
  tryAgain,
};
