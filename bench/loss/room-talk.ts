// Two people say many short lines each at the same time, in a room, in virtual time: one owns the server and the other has
// joined it past a network that loses, doubles and delays datagrams, and gives them another address again and again. The room
// clients, the server's member sessions, the log in memory and the sealed sessions are the program's own.

import { setImmediate as turn } from "node:timers/promises";

import type { Channel } from "../../src/chat/channel.ts";
import { encodeFrame } from "../../src/chat/frames.ts";
import { refuseToSay } from "../../src/client/room-client/outbox.ts";
import {
  type Action,
  type ClientEvent,
  createRoomClient,
  type RoomClient,
  wakeAt,
} from "../../src/client/room-client/state.ts";
import { step } from "../../src/client/room-client/step.ts";
import { channelOver } from "../../src/client/sealed-room.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { type SessionDriver, SessionLink } from "../../src/net/sealed-link.ts";
import { activate, takeTouched } from "../../src/protocol/endpoint.ts";
import type { Session } from "../../src/protocol/session/session.ts";
import { LIMITS } from "../../src/server/limits.ts";
import { localChannel } from "../../src/server/local-channel.ts";
import { MemberSession } from "../../src/server/member-session.ts";
import { ServerState } from "../../src/server/server-state.ts";
import type { Conditions } from "../../test/simulator/network.ts";
import { NO_INVITATIONS } from "../../test/simulator/no-invitations.ts";
import {
  advance,
  createWorld,
  joinResponder,
  settle,
  type Side,
  type World,
  worldWakeAt,
} from "../../test/simulator/world.ts";

/** Lines that are sent before the first of them is stored, as from a pipe (src/terminal/piped-lines.ts). */
const IN_FLIGHT = 256;
/** Turns of the event loop until everything that follows from a datagram has happened: more than it ever takes. */
const TURNS = 4;
/** ms */
const LONGEST = 600_000;

export interface RoomTalkOptions {
  readonly seed: number;
  readonly conditions: Conditions;
  /** Of each of the two. */
  readonly lines: number;
  /** How often the member gets another port, ms. */
  readonly moveEvery: number;
}

export interface RoomTalk {
  /** Until each has heard all lines of the other and knows that its own are stored, from when the member was in the room, ms. */
  readonly time: number;
  /** In both directions. */
  readonly datagrams: number;
  readonly bytes: number;
}

interface Person {
  readonly name: string;
  readonly client: RoomClient;
  channel: Channel | null;
  said: number;
  stored: number;
  delivered: number;
  heard: number;
}

/** Null when the handshake failed. */
export async function talkInRoom(options: RoomTalkOptions): Promise<RoomTalk | null> {
  const { seed, conditions, lines, moveEvery } = options;
  const world = createWorld(seed, conditions, null, LIMITS.memory);
  const { initiator, responder, network, random } = world;
  initiator.reading = false;
  responder.reading = false;
  const timers = createTimers(world);
  const server = new ServerState({
    log: openMemoryLog({ now: () => Math.floor(world.now), id: "log" }),
    limits: LIMITS,
    now: () => world.now,
    date: () => Math.floor(world.now),
    setTimer: (run, delay) => timers.set(run, delay),
    invitations: NO_INVITATIONS,
    end() {},
  });
  const links = new Map<Session, SessionLink>();
  const owner = createPerson("Ana", world);
  const member = createPerson("Ben", world);
  const joining = joinResponder(world, true);
  const link = attach(initiator, joining);
  let movedAt = world.now;

  function attach(side: Side, session: Session): SessionLink {
    const driver: SessionDriver = {
      now: () => world.now,
      changed: (changed) => activate(side.endpoint, changed),
      queued: (queued) => void side.endpoint.active.add(queued),
      moved() {},
    };
    const attached = new SessionLink(session, driver);
    links.set(session, attached);
    return attached;
  }

  function dispatch(person: Person, event: ClientEvent): void {
    for (const action of step(person.client, event, world.now)) perform(person, action);
  }

  function perform(person: Person, action: Action): void {
    switch (action.type) {
      case "connect":
        if (person === owner) connected(person, connectOwner(server));
        break;
      case "send":
        void person.channel?.sayAll([encodeFrame(action.frame)]);
        break;
      case "stored":
        person.stored += 1;
        break;
      case "emit":
        if (action.event.type === "message") person.heard += 1;
        if (action.event.type === "delivered") person.delivered += 1;
        break;
      case "over":
        throw new Error(`${person.name} is out of the room`);
      default:
    }
  }

  function connected(person: Person, channel: Channel): void {
    person.channel = channel;
    dispatch(person, { type: "connected" });
    channel.receive({
      onMessages(messages) {
        for (const message of messages) dispatch(person, { type: "received", message });
      },
      onNote: (note) => dispatch(person, { type: "noted", note }),
    });
  }

  function sayMore(person: Person): void {
    if (!member.client.entered) return;
    while (person.said < lines && person.said - person.stored < IN_FLIGHT) {
      const text = `line ${person.said} of ${person.name}`;
      if (refuseToSay(person.client, text) !== null) return;
      person.said += 1;
      dispatch(person, { type: "say", number: person.said, text });
    }
  }

  /** Everything that happens at this moment, in both programs. */
  async function happen(): Promise<void> {
    for (let quiet = 0; quiet < TURNS; quiet += 1) {
      const { sent } = network;
      settle(world);
      for (const side of [initiator, responder]) {
        for (const session of takeTouched(side.endpoint)) {
          if (side === responder && !links.has(session)) {
            const client = { owner: false, fingerprint: FINGERPRINT, invitation: STANDING };
            const channel = attach(side, session);
            const connectedAs = { ...client, channel, address: () => null };
            channel.receive(new MemberSession(server, connectedAs));
          }
          const touched = links.get(session);
          touched?.reportArrival();
          touched?.handOnMessages();
          touched?.reportChanges(world.now);
        }
      }
      await turn();
      for (const person of [owner, member]) sayMore(person);
      if (network.sent > sent) quiet = 0;
    }
  }

  void link.joined.then((joined) => {
    if (joined) connected(member, channelOver(link));
  });
  for (const person of [owner, member]) dispatch(person, { type: "tick" });
  let startedAt = Number.POSITIVE_INFINITY;
  let before = { sent: 0, sentBytes: 0 };
  for (;;) {
    await happen();
    if (joining.end !== null) return null;
    if (startedAt === Number.POSITIVE_INFINITY && member.client.entered) {
      startedAt = world.now;
      before = { sent: network.sent, sentBytes: network.sentBytes };
    }
    const all = [owner, member].every(
      ({ heard, stored, delivered }) => heard === lines && stored === lines && delivered === lines,
    );
    if (all) {
      return {
        time: world.now - startedAt,
        datagrams: network.sent - before.sent,
        bytes: network.sentBytes - before.sentBytes,
      };
    }
    if (world.now > LONGEST) throw new Error(`seed ${seed}: not everything was heard`);
    const wakes = [owner, member].map(({ client }) => wakeAt(client));
    const wake = Math.min(worldWakeAt(world), timers.wakeAt(), movedAt + moveEvery, ...wakes);
    advance(world, wake);
    timers.run();
    if (world.now >= movedAt + moveEvery) {
      movedAt = world.now;
      const { address } = initiator.address;
      initiator.address = { address, port: random.between(1_024, 65_535) };
    }
    for (const person of [owner, member]) {
      if (wakeAt(person.client) <= world.now) dispatch(person, { type: "tick" });
    }
  }
}

const FINGERPRINT = `SHA256:${"b".repeat(43)}`;
const STANDING = { id: "standing", room: null };

function createPerson(name: string, world: World): Person {
  const client = createRoomClient(
    {
      room: "main",
      name,
      device: name.padEnd(22, "_"),
      unstored: [],
      cursor: null,
      random: () => world.random.fraction(),
    },
    world.now,
  );
  return { name, client, channel: null, said: 0, stored: 0, delivered: 0, heard: 0 };
}

function connectOwner(server: ServerState): Channel {
  const [own, other] = localChannel();
  const fingerprint = `SHA256:${"a".repeat(43)}`;
  const client = { channel: other, owner: true, fingerprint, invitation: STANDING };
  other.receive(new MemberSession(server, { ...client, address: () => null }));
  return own;
}

/** The server's timers, in virtual time. */
function createTimers(world: World) {
  const due = new Map<() => void, number>();
  return {
    set(run: () => void, delay: number): Disposable {
      const own = () => run();
      due.set(own, world.now + delay);
      return { [Symbol.dispose]: () => void due.delete(own) };
    },
    wakeAt: () => Math.min(...due.values()),
    run() {
      for (const [run, at] of due) {
        if (at > world.now) continue;
        due.delete(run);
        run();
      }
    },
  };
}
