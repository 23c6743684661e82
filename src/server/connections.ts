// Everybody who is connected to a server, and how their sessions end: with a goodbye that each of them has time to hear, but no
// longer. Knows no rooms.

import { type Channel, GOING_AWAY } from "../chat/channel.ts";
import { CLOSE_DONE } from "../protocol/session/session.ts";
import type { Client } from "./enter-room.ts";
import { UNLIMITED, type UsedInvitation } from "./invitations.ts";
import { systemTimer } from "./server-state.ts";

/** Why the server ends a session. */
export interface Goodbye {
  readonly code: number;
  readonly reason: string;
}

export const STOPPED: Goodbye = { code: GOING_AWAY, reason: "the server was stopped" };
const STOPPED_FOR_GOOD: Goodbye = {
  code: CLOSE_DONE,
  reason: "the server was stopped, and has kept nothing",
};

/** How long closing waits for members that do not read, or are gone without a word, ms. */
const CLOSE_TIMEOUT = 3_000;
/** How long it waits for members that send nothing meanwhile, ms: more than a packet and its acknowledgment take. */
const UNHEARD_TIMEOUT = 1_000;

/** At the other end of a channel. */
interface Connected {
  /** Their fingerprint. */
  readonly person: string;
  readonly invitation: UsedInvitation;
  /** When something came from them last, ms of `performance.now`. */
  heardAt(this: void): number;
}

/** Which people are meant, by their fingerprints. */
type IsMeant = (person: string) => boolean;

export interface Connections {
  add(client: Client, heardAt: Connected["heardAt"]): void;
  /** Whether somebody who came by it could join the next server here. */
  mayReturn(invitation: UsedInvitation): boolean;
  /** Ends all sessions once what was said has arrived. */
  close(goodbye: Goodbye): Promise<unknown>;
  /** Ends sessions now. */
  abort(goodbye: Goodbye, isMeant: IsMeant): void;
  /** Ends the sessions that are not closed in time. */
  limitClosing(goodbye: Goodbye, isMeant?: IsMeant): Disposable;
}

/** @param isTemporary no invitation is valid any more when the server has ended */
export function createConnections(isTemporary: boolean): Connections {
  const channels = new Map<Channel, Connected>();

  const mayReturn = ({ id }: UsedInvitation) => !isTemporary || UNLIMITED.has(id);

  /** Those who could not come back don't wait for it. */
  function goodbyeTo({ invitation }: Connected, goodbye: Goodbye): Goodbye {
    return goodbye === STOPPED && !mayReturn(invitation) ? STOPPED_FOR_GOOD : goodbye;
  }

  function abort(goodbye: Goodbye, isMeant: (connected: Connected) => boolean): void {
    for (const [channel, connected] of channels) {
      if (!isMeant(connected)) continue;
      const { code, reason } = goodbyeTo(connected, goodbye);
      channel.abort(code, reason);
    }
  }

  return {
    add({ channel, fingerprint: person, invitation }, heardAt) {
      channels.set(channel, { person, invitation, heardAt });
      void channel.ended.then(() => channels.delete(channel));
    },
    mayReturn,
    close(goodbye) {
      const ends = Array.from(channels, ([channel, connected]) => {
        const { code, reason } = goodbyeTo(connected, goodbye);
        return channel.close(code, reason);
      });
      return Promise.all(ends);
    },
    abort(goodbye, isMeant) {
      abort(goodbye, ({ person }) => isMeant(person));
    },
    limitClosing(goodbye, isMeant = () => true) {
      const start = performance.now();
      const isLate = ({ person }: Connected) => isMeant(person);
      const isUnheard = (connected: Connected) => isLate(connected) && connected.heardAt() < start;
      const unheard = systemTimer(() => abort(goodbye, isUnheard), UNHEARD_TIMEOUT);
      const late = systemTimer(() => abort(goodbye, isLate), CLOSE_TIMEOUT);
      return {
        [Symbol.dispose]() {
          unheard[Symbol.dispose]();
          late[Symbol.dispose]();
        },
      };
    },
  };
}
