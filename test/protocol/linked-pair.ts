// Two links (sealed-link.ts) over two endpoints in virtual time: what a socket and its timer do for them, a
// test does here.

import {
  type SealedLink,
  type SealedLinkHandlers,
  type SessionDriver,
  SessionLink,
} from "../../src/net/sealed-link.ts";
import { activate } from "../../src/protocol/endpoint.ts";
import type { Session } from "../../src/protocol/session/session.ts";
import { connectedPair, type End, type Pair, pass } from "./pair.ts";

export interface LinkedPair {
  readonly pair: Pair;
  readonly connected: Session;
  readonly accepted: Session;
  readonly initiator: SealedLink;
  readonly responder: SealedLink;
  /** Lets this much virtual time pass, ms; both links notice what happens in it. */
  go(duration: number): Promise<void>;
}

export interface Handlers {
  readonly initiator?: Partial<SealedLinkHandlers>;
  readonly responder?: Partial<SealedLinkHandlers>;
}

/** How often the links look at their sessions, ms. */
const STEP = 10;

/** All that awaits what has been resolved goes on. */
const turn = () => new Promise((done) => setImmediate(done));

export function linkedPair(handlers: Handlers = {}): LinkedPair {
  const { pair, connected, accepted } = connectedPair();

  function attach(end: End, session: Session, partial: Partial<SealedLinkHandlers> = {}) {
    const driver: SessionDriver = {
      now: () => pair.now,
      changed: (changed) => activate(end.endpoint, changed),
      queued: (changed) => activate(end.endpoint, changed),
      moved() {},
    };
    const link = new SessionLink(session, driver);
    link.receive({ onMessages() {}, ...partial });
    return { link, over: false };
  }
  const initiator = attach(pair.initiator, connected, handlers.initiator);
  const responder = attach(pair.responder, accepted, handlers.responder);

  async function look(side: typeof initiator): Promise<void> {
    if (side.over) return;
    side.link.reportArrival();
    side.link.handOnMessages();
    side.over = !side.link.reportChanges(pair.now);
    await turn();
  }

  return {
    pair,
    connected,
    accepted,
    initiator: initiator.link,
    responder: responder.link,
    async go(duration) {
      for (let passed = 0; passed < duration; passed += STEP) {
        pass(pair, STEP);
        await look(initiator);
        await look(responder);
      }
    },
  };
}
