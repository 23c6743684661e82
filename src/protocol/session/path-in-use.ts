// What a session does about the path in use, which may be its only one (docs/protocol.md s. 14).

import { sameAddress, type SocketAddress } from "../socket-address.ts";
import type { Session } from "./session.ts";

/** Where the peer is, may be, or was. */
export function knownAddresses({ candidates, path }: Session): SocketAddress[] {
  const addresses = [path.current, ...path.others].map(({ address }) => address);
  return candidates === null ? addresses : [...addresses, ...candidates.ways];
}

/** The carrier of this address was replaced: the peer sees another address, and has to learn that this end is there. */
export function pathBack(session: Session, to: SocketAddress, now: number): void {
  if (sameAddress(session.path.current.address, to)) session.pingDue = true;
  else session.otherPaths?.tryAgain(session, now);
}

/** An initiator doubts that the path in use carries anything: it is challenged or, while it is the only one, pinged. */
export function checkPath(session: Session, now: number): void {
  const { candidates, otherPaths, role } = session;
  if (role !== "initiator") return;
  if (candidates === null) session.pingDue = true;
  else otherPaths?.doubtCurrent(session, now);
}

/** The network of this end has changed: the paths are tried again. */
export function networkChanged(session: Session, now: number): void {
  checkPath(session, now);
  if (session.role === "initiator") session.otherPaths?.tryAgain(session, now);
}
