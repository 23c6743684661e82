// What a session sends about its paths (docs/protocol.md s. 14): challenges and the answers to them, at the address in use and at
// others, and the frames that name addresses. All other packets are in transmit.ts.

import { TAG_BYTES } from "../crypto-provider.ts";
import { SEALED_HEADER } from "../packets.ts";
import { sameAddress } from "../socket-address.ts";
import { mayAnswerStray } from "../stray-answers.ts";
import {
  CHALLENGE_LENGTH,
  writeCandidates,
  writePathChallenge,
  writePathResponse,
  writePunch,
} from "./frames.ts";
import {
  challengeSent,
  countSent,
  dueChallenge as findDue,
  findPeerAddress,
  type PeerAddress,
  postponeChallenge as postponeChallengeTo,
  sendAllowance,
} from "./path-validation.ts";
import type { Session } from "./session.ts";
import { NOTHING, type Outbound, seal } from "./transmit.ts";

/** A packet with only a challenge. */
const CHALLENGE_PACKET = SEALED_HEADER + 1 + CHALLENGE_LENGTH + TAG_BYTES;

/** The address that is to be challenged now, the one in use first; null for none. */
export function dueChallenge({ path }: Session, now: number): PeerAddress | null {
  return findDue(path, now);
}

/** Too little has come from the address in use. */
export function postponeChallenge({ path }: Session, now: number): void {
  postponeChallengeTo(path.current, now);
}

/** Writes the challenge to the address in use that is due, if there is one. */
export function writeChallenge(
  { path }: Session,
  into: Uint8Array,
  at: number,
  limit: number,
  now: number,
): number {
  const { current } = path;
  const { challenge: due } = current;
  if (due === null || limit - at <= CHALLENGE_LENGTH || findDue(path, now) !== current) return at;
  challengeSent(current, now);
  return writePathChallenge(into, at, due.data);
}

/** A challenge to an address that is not in use. */
export function challenge(session: Session, to: PeerAddress, now: number): Outbound | null {
  const bytes = new Uint8Array(CHALLENGE_PACKET);
  const { challenge: due } = to;
  const { strayAnswers } = session;
  const mayChallenge =
    due?.unprompted === true
      ? // Peers name these, in as many sessions as they like: all together have a limit.
        mayAnswerStray(strayAnswers, to.address, now)
      : bytes.length <= sendAllowance(to);
  if (due === null || !mayChallenge) {
    postponeChallengeTo(to, now);
    return null;
  }
  writePathChallenge(bytes, SEALED_HEADER, due.data);
  challengeSent(to, now);
  // Those to a candidate are few, and don't use up what may be answered to it.
  const counted = due.unprompted ? 0 : bytes.length;
  return sealElsewhere(session, to, bytes, counted, now);
}

/** The answer to a challenge that came from an address that is not in use. */
export function nextResponse(session: Session, now: number): Outbound | null {
  const { path, response } = session;
  if (response === null || sameAddress(response.to, path.current.address)) return null;
  session.response = null;
  const to = findPeerAddress(path, response.to);
  const bytes = new Uint8Array(CHALLENGE_PACKET);
  if (to === null || bytes.length > sendAllowance(to)) return null;
  writePathResponse(bytes, SEALED_HEADER, response.data);
  return sealElsewhere(session, to, bytes, bytes.length, now);
}

/** Not in flight: its loss says nothing of the path in use (RFC 9000 s. 9.4). */
function sealElsewhere(
  session: Session,
  to: PeerAddress,
  bytes: Uint8Array,
  counted: number,
  now: number,
): Outbound {
  seal(session, "ack-only", bytes, NOTHING, now);
  countSent(to, counted);
  return { to: to.address, bytes };
}

/** Writes CANDIDATES and, at the initiator, the PUNCH of the last round. */
export function writeNamed({ candidates, role }: Session, into: Uint8Array, from: number): number {
  if (candidates === null) return from;
  candidates.due = false;
  let at = from;
  if (candidates.sequence > 0) {
    at = writeCandidates(into, at, candidates.sequence, candidates.own);
  }
  return role === "initiator" && candidates.round > 0 ? writePunch(into, at, candidates.round) : at;
}
