// The side of an endpoint that others join (docs/protocol.md s. 8, 15.4): answers hellos and finishes, each finish that is admitted
// begins a session, and it tells those who have lost theirs, or speak the plain wire. A state machine without I/O. The
// handshakes themselves are in handshake/responder-handshake.ts.

import { mapKey } from "./bytes.ts";
import {
  activate,
  addSession,
  answer,
  type Endpoint,
  type EndpointOptions,
  type EndpointResponder,
} from "./endpoint.ts";
import { truncatedHmac } from "./handshake/proofs.ts";
import {
  type Admission,
  admitWith,
  createResponder,
  receiveFinish,
  receiveHello,
} from "./handshake/responder-handshake.ts";
import {
  type OpeningPacket,
  readOpening,
  SEALED_WIRE_NOTICE,
  TOKEN_LENGTH,
  writeReset,
} from "./packets.ts";
import { endLargestHolders } from "./session/eviction.ts";
import { writeResetToken, writeWindow } from "./session/frames.ts";
import { RECEIVE_WINDOW } from "./session/incoming-messages.ts";
import { FIRST_WINDOW, MemoryBudget } from "./session/memory.ts";
import { receiveRepeatedFinish, startFromFinish } from "./session/receive.ts";
import type { SocketAddress } from "./socket-address.ts";
import { mayAnswerStray } from "./stray-answers.ts";

type Hello = Extract<OpeningPacket, { kind: "hello" }>;
type Finish = Extract<OpeningPacket, { kind: "finish" }>;

/** Bytes. */
const RESET_SALT_LENGTH = 16;
/** Sessions of one endpoint by default: some 100 MB while all are idle. */
const MAX_SESSIONS = 16_384;

export interface RespondOptions {
  /** The pre-shared key, 32 bytes, with which others may join, or what decides that. */
  readonly admission: Uint8Array | Admission;
  /**
   * Mixed into the reset key: random, the same after a restart, and no other responder's with this identity, for that
   * one's resets would end the sessions of this one (RFC 9000 s. 21.11). Without it, no reset is valid after a restart.
   */
  readonly resetSalt?: Uint8Array | undefined;
  /** With this many sessions nobody else is admitted; by default MAX_SESSIONS. */
  readonly maxSessions?: number | undefined;
  /** Bytes that peers may make this end hold, in all sessions together; without it, there is no such bound. */
  readonly memory?: number | undefined;
}

/** The responder of an endpoint, as its options want it. */
export function respondWith(options: RespondOptions): (end: EndpointOptions) => EndpointResponder {
  const { resetSalt, maxSessions = MAX_SESSIONS } = options;
  const admission =
    options.admission instanceof Uint8Array ? admitWith(options.admission) : options.admission;
  return (end) => {
    const { crypto, staticKeys, random } = end;
    const handshakes = createResponder({ ...end, admission });
    const memory = options.memory === undefined ? null : new MemoryBudget(options.memory);
    const info = new TextEncoder().encode("charla reset");
    const salt = resetSalt ?? random(RESET_SALT_LENGTH);
    const resetKey = crypto.hkdf(salt, staticKeys.privateKey, info, 32);

    function resetTokenOf(connectionId: Uint8Array): Uint8Array {
      return truncatedHmac(crypto, resetKey, connectionId);
    }

    function hello(endpoint: Endpoint, packet: Hello, from: SocketAddress, now: number): void {
      if (!endpoint.admits) return;
      const { sessions } = endpoint;
      const places = maxSessions - sessions.size;
      if (memory !== null) {
        for (const ended of endLargestHolders(sessions, memory, now)) activate(endpoint, ended);
      }
      const room = memory === null ? places : Math.min(places, memory.sessionsLeft());
      const bytes = receiveHello(handshakes, packet, from, room, now, (responderId) => {
        const into = new Uint8Array(9 + 1 + TOKEN_LENGTH);
        const at = writeResetToken(into, 0, resetTokenOf(responderId));
        const window = memory === null ? RECEIVE_WINDOW : FIRST_WINDOW;
        return into.subarray(0, writeWindow(into, at, window));
      });
      if (bytes !== null) answer(endpoint, { to: from, bytes });
    }

    function finish(endpoint: Endpoint, packet: Finish, from: SocketAddress, now: number): void {
      const known = endpoint.sessions.get(mapKey(packet.responderId));
      if (known !== undefined) {
        receiveRepeatedFinish(known, packet.noise, from);
        return activate(endpoint, known);
      }
      if (!endpoint.admits) return;
      const step = receiveFinish(handshakes, packet, now);
      if (step.type === "refused") answer(endpoint, { to: from, bytes: step.refusal });
      if (step.type === "unknown") stray(endpoint, packet.responderId, from, now);
      if (step.type !== "admitted") return;
      const { responderId, proven } = step.finish;
      const session = addSession(endpoint, null, responderId, proven, now);
      startFromFinish(session, step.finish, from, packet.noise.length, now);
      endpoint.accepted.push(session);
    }

    function stray(
      endpoint: Endpoint,
      connectionId: Uint8Array,
      from: SocketAddress,
      now: number,
    ): void {
      if (!mayAnswerStray(endpoint.strayAnswers, from, now)) return;
      const bytes = writeReset(connectionId, resetTokenOf(connectionId));
      answer(endpoint, { to: from, bytes });
    }

    return {
      handshakes,
      memory,
      opening(endpoint, datagram, from, now) {
        const packet = readOpening(datagram);
        if (packet?.kind === "hello") hello(endpoint, packet, from, now);
        if (packet?.kind === "finish") finish(endpoint, packet, from, now);
      },
      stray,
      plainWire(endpoint, datagram, from, now) {
        if (datagram.length === 0 || !mayAnswerStray(endpoint.strayAnswers, from, now)) return;
        answer(endpoint, { to: from, bytes: SEALED_WIRE_NOTICE });
      },
    };
  };
}
