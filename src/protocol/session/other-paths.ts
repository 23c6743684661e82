// What a session does about other paths than the one in use (docs/protocol.md s. 14), as the session asks for it. A session that
// has one path for good, such as a page's, is given none of it, and carries none of it; for all others it is
// several-paths.ts.

import type { SocketAddress } from "../socket-address.ts";
import type { PeerAddress } from "./path-validation.ts";
import type { Session } from "./session.ts";
import type { Outbound } from "./transmit.ts";

export interface OtherPaths {
  /** A packet with these frames came from there; `isNewest` where none with a higher number has. */
  packetCame(
    session: Session,
    frames: Uint8Array,
    from: SocketAddress,
    length: number,
    isNewest: boolean,
    now: number,
  ): void;
  /** PATH RESPONSE came. */
  challengeAnswered(session: Session, data: Uint8Array, now: number): void;
  /** CANDIDATES came. */
  candidatesNamed(
    session: Session,
    sequence: number,
    addresses: readonly SocketAddress[],
    now: number,
  ): void;
  /** PUNCH came. */
  punched(session: Session, round: number, now: number): void;

  /** The answer to a challenge that came from an address that is not in use; null for none. */
  nextResponse(session: Session, now: number): Outbound | null;
  /** The address that is to be challenged now; null for none. */
  dueChallenge(session: Session, now: number): PeerAddress | null;
  /** Too little has come from the address in use for a challenge to be sent there: it is sent later. */
  postponeChallenge(session: Session, now: number): void;
  /** A challenge to an address that is not in use; null where it is sent later. */
  challenge(session: Session, to: PeerAddress, now: number): Outbound | null;
  /** Writes the challenge to the address in use that is due, if there is one. Returns where the next frame begins. */
  writeChallenge(
    session: Session,
    into: Uint8Array,
    at: number,
    limit: number,
    now: number,
  ): number;
  /** Writes CANDIDATES and PUNCH. Returns where the next frame begins. */
  writeNamed(session: Session, into: Uint8Array, at: number): number;

  /** When `tick` is due next, ms; Infinity for never. */
  wakeAt(session: Session): number;
  tick(session: Session, now: number): void;
  /** After a probe timeout: goes to another path if this one is dead. Returns whether it did. */
  leaveIfDead(session: Session, since: number, now: number): boolean;

  /** See `SealedLink`. */
  nameCandidates(session: Session, addresses: readonly SocketAddress[], now: number): void;
  addWay(session: Session, way: SocketAddress, now: number): void;
  pathLost(session: Session, to: SocketAddress, now: number): void;
  /** The path in use is challenged. */
  doubtCurrent(session: Session, now: number): void;
  /** Something has changed that may open a path. */
  tryAgain(session: Session, now: number): void;
}
