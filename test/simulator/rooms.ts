// One run of members in a room of a server, in virtual time: the room clients, and the server's own member sessions, over
// connections that are lost at random, while server and members are killed, stopped and started again. A seed decides
// everything. At the end, which all reach by leaving or by the owner's `close`, each message must be in the log once, in
// order, and shown to each member once, in order.

import { type Channel, ENDED_BY_PROGRAM, GOING_AWAY } from "../../src/chat/channel.ts";
import type { RoomEvent } from "../../src/chat/events.ts";
import { encodeFrame } from "../../src/chat/frames.ts";
import type { Cursor, Unstored } from "../../src/client/device.ts";
import { refuseToSay } from "../../src/client/room-client/outbox.ts";
import {
  type Action,
  type ClientEvent,
  createRoomClient,
  type Question,
  type RoomClient,
  wakeAt,
} from "../../src/client/room-client/state.ts";
import { step } from "../../src/client/room-client/step.ts";
import { describeEnd } from "../../src/client/sealed-room.ts";
import { CharlaError } from "../../src/errors.ts";
import type { Log } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { CLOSE_DONE } from "../../src/protocol/session/session.ts";
import { LIMITS, type Limits } from "../../src/server/limits.ts";
import { MemberSession } from "../../src/server/member-session.ts";
import { ServerState } from "../../src/server/server-state.ts";
import { NO_INVITATIONS } from "./no-invitations.ts";
import { type SeededRandom, seededRandom } from "./random.ts";

/** Virtual time that a run may take, ms: long after the last failure, so that all members are back and up to date. */
const LONGEST = 600_000;
/** When the last message is sent, and the last failure happens, ms. */
const LAST_FAILURE = 30_000;
/** Rates that the members reach, one by one and together. */
const SLOW: Limits = {
  ...LIMITS,
  rates: {
    ...LIMITS.rates,
    frame: {
      person: { perSecond: 1, burst: 10 },
      share: { perSecond: 0.2, burst: 2 },
      invitation: { perSecond: 2, burst: 20 },
    },
    enter: {
      person: { perSecond: 0.2, burst: 2 },
      share: { perSecond: 0.1, burst: 1 },
      invitation: { perSecond: 0.5, burst: 3 },
    },
  },
};
const LOST = new CharlaError("SESSION_LOST", "the connection was lost", "wait");
const NO_SERVER = new CharlaError("NOBODY_LISTENING", "the server is down", "wait");

export interface RoomOutcome {
  readonly seed: number;
  /** How the guarantee was broken; null when it was not. */
  readonly fault: string | null;
  readonly members: number;
  readonly said: number;
  /** How often a member had to connect again. */
  readonly reconnections: number;
  readonly virtualTime: number;
}

/** What a member has on its disk: it survives a kill of the program. */
interface Device {
  readonly id: string;
  next: number;
  readonly unstored: Unstored[];
  cursor: Cursor | null;
}

interface Person {
  readonly name: string;
  readonly device: Device;
  client: RoomClient;
  link: Link | null;
  /** Counts attempts to connect: an attempt with an earlier number was cancelled. */
  attempt: number;
  connections: number;
  /** Messages that are still to be sent. */
  toSend: number;
  readonly said: string[];
  readonly acknowledged: string[];
  readonly shown: { readonly sequence: number; readonly text: string }[];
  /** Sequence numbers of the entries that it was given to keep. */
  readonly kept: number[];
  /** When its program was started, and when that entered the room. */
  startedAt: number;
  enteredAt: number;
  /** Questions that have neither an answer nor an error yet. */
  readonly asked: Set<number>;
  isLeaving: boolean;
  /** It was removed from the room, and has not ended yet. */
  isKicked: boolean;
  over: boolean;
}

/** A connection of a client to the server. */
interface Link {
  /** Nothing arrives any more, even if the ends haven't noticed yet. */
  isLost: boolean;
  /** The server's end is open. */
  isOpen: boolean;
  session: MemberSession | null;
  readonly ended: PromiseWithResolvers<void>;
  /** Ends it from the server. */
  close(code: number, reason: string): void;
  /** Resolves when the server has processed the batches so far, one after the other. */
  processed: Promise<void>;
  /** When the last message in each direction arrives: messages never overtake each other. */
  toServerAt: number;
  toClientAt: number;
  /** How many notes the server has sent, and which of them came last. */
  notes: number;
  newestNote: number;
}

interface World {
  readonly random: SeededRandom;
  readonly log: Log;
  readonly people: Person[];
  readonly due: { readonly at: number; readonly happen: () => void }[];
  now: number;
  /** Null while it is down. */
  server: ServerState | null;
  /** The owner has ended the conversation for all. */
  isClosed: boolean;
  fault: string | null;
}

/** Runs one seed; throws only when the code under test does. */
export async function simulateRoom(seed: number): Promise<RoomOutcome> {
  const random = seededRandom(seed);
  const world: World = {
    random,
    log: openMemoryLog({ now: () => Math.floor(world.now), id: "log" }),
    people: [],
    due: [],
    now: 0,
    server: null,
    isClosed: false,
    fault: null,
  };
  startServer(world);
  for (let count = random.between(2, 4); count > 0; count -= 1) addPerson(world);
  planFailures(world);
  const [owner] = world.people;
  const endsForAll = random.chance(0.5);
  let leaving = false;
  while (world.fault === null && !world.people.every(({ over }) => over)) {
    await happenNext(world);
    if (world.now > LONGEST) world.fault = "not everybody has everything";
    if (world.isClosed) leaveServerThatIsGone(world);
    else if (!leaving && (await isQuiet(world))) {
      // Its connection may be lost without its knowledge: then it asks again.
      if (!endsForAll) leaving = true;
      if (endsForAll && owner?.asked.size === 0) ask(world, owner, { type: "close" });
      if (!endsForAll) for (const person of world.people) leave(world, person);
    }
  }
  return {
    seed,
    fault: world.fault ?? (await findFault(world)),
    members: world.people.length,
    said: world.people.reduce((sum, { said }) => sum + said.length, 0),
    reconnections: world.people.reduce((sum, { connections }) => sum + connections - 1, 0),
    virtualTime: world.now,
  };
}

function startServer(world: World): void {
  world.server = new ServerState({
    log: world.log,
    limits: SLOW,
    now: () => world.now,
    date: () => Math.floor(world.now),
    setTimer(run, delay) {
      let isCancelled = false;
      schedule(world, delay, () => (isCancelled ? undefined : run()));
      return { [Symbol.dispose]: () => void (isCancelled = true) };
    },
    invitations: NO_INVITATIONS,
    end: (reason) => closeServer(world, CLOSE_DONE, reason),
  });
}

function addPerson(world: World): void {
  const { random, people } = world;
  const name = `M${people.length}`;
  const device = { id: name.padEnd(22, "_"), next: 0, unstored: [], cursor: null };
  const person: Person = {
    name,
    device,
    client: startClient(world, name, device),
    link: null,
    attempt: 0,
    connections: 0,
    toSend: random.between(5, 40),
    said: [],
    acknowledged: [],
    shown: [],
    kept: [],
    startedAt: world.now,
    enteredAt: 0,
    asked: new Set(),
    isLeaving: false,
    isKicked: false,
    over: false,
  };
  people.push(person);
  for (let count = person.toSend; count > 0; count -= 1) {
    schedule(world, random.between(0, LAST_FAILURE), () => say(world, person));
  }
  for (let count = random.between(0, 5); count > 0; count -= 1) {
    schedule(world, random.between(0, LAST_FAILURE), () => ask(world, person, { type: "who" }));
  }
}

function startClient({ random, now }: World, name: string, device: Device): RoomClient {
  const { id, unstored, cursor } = device;
  const options = { room: "main", name, device: id, unstored, cursor, keepsEntries: true };
  return createRoomClient({ ...options, random: () => random.fraction() }, now);
}

function planFailures(world: World): void {
  const { random, people } = world;
  const anybody = (): Person | undefined => people[random.between(0, people.length - 1)];
  const plan = (most: number, fail: () => void) => {
    for (let count = random.between(0, most); count > 0; count -= 1) {
      schedule(world, random.between(0, LAST_FAILURE), fail);
    }
  };
  plan(8, () => loseConnection(world, anybody()?.link ?? null));
  plan(3, () => killServer(world));
  plan(2, () => {
    if (world.server !== null) closeServer(world, GOING_AWAY, "the server was stopped");
  });
  plan(3, () => killClient(world, anybody()));
  plan(2, () => kick(world, anybody()));
  // A run in which everything was sent and shown earlier ends here.
  schedule(world, LAST_FAILURE, () => {});
}

function schedule(world: World, delay: number, happen: () => void): void {
  const at = world.now + delay;
  let index = world.due.length;
  while (index > 0 && (world.due[index - 1]?.at ?? 0) > at) index -= 1;
  world.due.splice(index, 0, { at, happen });
}

/** Runs the next event, and everything that follows from it at the same time. */
async function happenNext(world: World): Promise<void> {
  const { due, people } = world;
  const wakes = people.map(({ client }) => wakeAt(client));
  const wake = Math.min(...wakes);
  const next = due[0];
  if (next === undefined || wake < next.at) {
    if (wake === Number.POSITIVE_INFINITY) world.fault = "nothing happens any more";
    world.now = Math.max(world.now, Math.min(wake, LONGEST + 1));
    const person = people[wakes.indexOf(wake)];
    if (person !== undefined) dispatch(world, person, { type: "tick" });
  } else {
    due.shift();
    world.now = next.at;
    next.happen();
  }
  // Lets the server's pending promises settle; none of them waits for a timer.
  await new Promise((done) => setImmediate(done));
}

function say(world: World, person: Person): void {
  const { client, device, said } = person;
  person.toSend -= 1;
  const text = `${person.name} says ${said.length}`;
  if (refuseToSay(client, text) !== null) {
    world.fault = `${person.name} cannot say anything`;
    return;
  }
  const message = { number: device.next, text };
  device.next += 1;
  device.unstored.push({ ...message, log: person.client.log || undefined });
  said.push(text);
  dispatch(world, person, { type: "say", ...message });
}

function leave(world: World, person: Person): void {
  person.isLeaving = true;
  dispatch(world, person, { type: "leave" });
}

/** Those whose connection was lost when the conversation was closed cannot know that it was. */
function leaveServerThatIsGone(world: World): void {
  for (const person of world.people) {
    if (person.link === null && !person.over && !person.isLeaving) leave(world, person);
  }
}

function ask(world: World, person: Person, question: Question): void {
  const request = world.random.between(0, 1_000_000_000);
  person.asked.add(request);
  dispatch(world, person, { type: "ask", request, question });
}

function dispatch(world: World, person: Person, event: ClientEvent): void {
  for (const action of step(person.client, event, world.now)) perform(world, person, action);
}

function perform(world: World, person: Person, action: Action): void {
  const { device, link } = person;
  switch (action.type) {
    case "connect":
      connect(world, person);
      break;
    case "cancel-connect":
      person.attempt += 1;
      break;
    case "send":
      if (link !== null) sendToServer(world, link, encodeFrame(action.frame));
      break;
    case "close":
    case "abort":
      if (link !== null) closeFromClient(world, person, link);
      break;
    case "emit": {
      const { event, shown } = action;
      if (event.type === "entered") person.enteredAt = world.now;
      if (event.type === "message" && isMarkedWrongly(person, event)) {
        world.fault = `${person.name} took news for history, or history for news`;
      }
      if (event.type === "message" || event.type === "delivered") person.shown.push(event);
      if (shown !== null) device.cursor = shown;
      break;
    }
    case "look":
      // Nobody has another window.
      break;
    case "entered-log":
      for (const [index, message] of device.unstored.entries()) {
        device.unstored[index] = { ...message, log: message.log ?? action.log };
      }
      break;
    case "keep":
      person.kept.push(action.entry.sequence);
      break;
    case "stored":
      person.acknowledged.push(forget(device, action.number));
      break;
    case "not-stored":
      // Who was kicked has kept it, and sends it when it comes back.
      if (person.isKicked && action.keep) break;
      world.fault = `${person.name} got the error that number ${action.number} was not stored`;
      break;
    case "answer":
    case "fail-question":
      if (!person.asked.delete(action.request)) world.fault = "a question is answered twice";
      break;
    case "over":
      if (person.isKicked && action.error?.code === "KICKED") {
        person.isKicked = false;
        if (!person.isLeaving) return killClient(world, person);
      }
      person.over = true;
      if (!person.isLeaving && !world.isClosed) {
        world.fault = `the conversation is over for ${person.name}, and nobody has ended it`;
      }
      if (!person.isLeaving && action.event?.type === "ended" && action.event.reason === "left") {
        world.fault = `${person.name} has left by itself`;
      }
      if (action.error !== null && action.error.code !== "KICKED")
        world.fault = `${person.name}: ${action.error.message}`;
      break;
  }
}

/** Said after the member entered and marked as past, or before its program was started and not marked. */
function isMarkedWrongly(
  { startedAt, enteredAt }: Person,
  { time, past }: Extract<RoomEvent, { type: "message" }>,
): boolean {
  return past === true ? time > enteredAt : time < Math.floor(startedAt);
}

function forget(device: Device, number: number): string {
  const index = device.unstored.findIndex((message) => message.number === number);
  const [message] = device.unstored.splice(index, index === -1 ? 0 : 1);
  return message?.text ?? `number ${number}, a second time`;
}

function connect(world: World, person: Person): void {
  const { random } = world;
  person.attempt += 1;
  const { attempt } = person;
  schedule(world, random.between(5, 500), () => {
    if (person.attempt !== attempt) return;
    if (world.server === null || random.chance(0.1)) {
      dispatch(world, person, { type: "connect-failed", error: NO_SERVER, isTemporary: true });
      return;
    }
    person.link = openLink(world, person, world.server);
    person.connections += 1;
    // It has not heard of it: its connection was lost first.
    person.isKicked = false;
    dispatch(world, person, { type: "connected" });
  });
}

function openLink(world: World, person: Person, server: ServerState): Link {
  const link: Link = {
    isLost: false,
    isOpen: true,
    session: null,
    ended: Promise.withResolvers<void>(),
    close: (code, reason) => channel.abort(code, reason),
    processed: Promise.resolve(),
    toServerAt: world.now,
    toClientAt: world.now,
    notes: 0,
    newestNote: 0,
  };
  const channel: Channel = {
    sayAll(messages) {
      if (!link.isOpen) return false;
      for (const message of messages) {
        sendToClient(world, person, link, { type: "received", message });
      }
      return true;
    },
    note(note) {
      noteToClient(world, person, link, note);
    },
    receive() {},
    async close() {
      channel.abort(ENDED_BY_PROGRAM, "");
    },
    abort(code, reason) {
      if (!link.isOpen) return;
      const end = describeEnd({ type: "closed", by: "peer", code, reason }, "the server");
      sendToClient(world, person, link, { type: "ended", end });
      endAtServer(link);
    },
    ended: link.ended.promise,
  };
  const client = {
    channel,
    owner: person === world.people[0],
    invitation: { id: "standing", room: null },
    address: () => null,
  };
  link.session = new MemberSession(server, { ...client, fingerprint: `key of ${person.name}` });
  return link;
}

function sendToServer(world: World, link: Link, message: Uint8Array): void {
  link.toServerAt = Math.max(link.toServerAt, world.now + world.random.between(1, 200));
  schedule(world, link.toServerAt - world.now, () => {
    if (link.isLost || !link.isOpen) return;
    link.processed = link.processed.then(() => link.session?.onMessages([message]));
  });
}

function sendToClient(world: World, person: Person, link: Link, event: ClientEvent): void {
  link.toClientAt = Math.max(link.toClientAt, world.now + world.random.between(1, 200));
  schedule(world, link.toClientAt - world.now, () => {
    if (link.isLost || person.link !== link) return;
    if (event.type === "ended") person.link = null;
    dispatch(world, person, event);
    if (event.type !== "ended" || event.end.type !== "refused" || !person.isKicked) return;
    world.fault = `${person.name} was kicked, and goes on`;
  });
}

/** Some are lost, and all may overtake messages. */
function noteToClient(world: World, person: Person, link: Link, note: Uint8Array): void {
  if (!link.isOpen || world.random.chance(0.3)) return;
  const number = (link.notes += 1);
  schedule(world, world.random.between(1, 200), () => {
    if (link.isLost || person.link !== link || number < link.newestNote) return;
    link.newestNote = number;
    dispatch(world, person, { type: "noted", note });
  });
}

function endAtServer(link: Link): void {
  link.isOpen = false;
  // After the batches that the session is still processing.
  void link.processed.then(() => link.ended.resolve());
}

/** The server gets what was sent before, and the client the server's last messages before the end. */
function closeFromClient(world: World, person: Person, link: Link): void {
  schedule(world, Math.max(0, link.toServerAt - world.now), () => endAtServer(link));
  const end = { type: "closed", reason: "" } as const;
  sendToClient(world, person, link, { type: "ended", end });
}

/** What is in transit is lost, and each end notices at its own time. */
function loseConnection(world: World, link: Link | null): void {
  if (link === null || link.isLost) return;
  link.isLost = true;
  const { random, people } = world;
  schedule(world, random.between(0, 5_000), () => {
    const person = people.find((other) => other.link === link);
    if (person === undefined) return;
    person.link = null;
    dispatch(world, person, { type: "ended", end: { type: "lost", error: LOST } });
  });
  schedule(world, random.between(0, 60_000), () => endAtServer(link));
}

function killServer(world: World): void {
  const { random, people } = world;
  if (world.server === null) return;
  for (const { link } of people) {
    loseConnection(world, link);
    if (link !== null) link.isOpen = false;
  }
  world.server = null;
  schedule(world, random.between(100, 10_000), () => startServer(world));
}

/** The server stops by itself: for now, or for good. */
function closeServer(world: World, code: number, reason: string): void {
  const { random, people, server } = world;
  server?.startClosing();
  world.server = null;
  for (const { link } of people) link?.close(code, reason);
  world.isClosed = code !== GOING_AWAY;
  if (!world.isClosed) schedule(world, random.between(100, 10_000), () => startServer(world));
}

/** The client is killed, and started again with what is on its disk. */
function killClient(world: World, person: Person | undefined): void {
  if (person === undefined) return;
  const { link } = person;
  person.link = null;
  person.attempt += 1;
  person.asked.clear();
  loseConnection(world, link);
  person.client = startClient(world, person.name, person.device);
  person.startedAt = world.now;
}

/** An operator removes somebody, whose program ends, and is started again. */
function kick({ server }: World, person: Person | undefined): void {
  const room = server?.rooms.get("main");
  if (person === undefined || room === undefined) return;
  const { name } = person;
  person.isKicked ||=
    server?.kick(room, { fingerprint: `key of ${name}`, name, by: "an operator" }) === true;
}

/** Whether all messages are sent, and all members are up to date. */
async function isQuiet({ people, log, now }: World): Promise<boolean> {
  if (now < LAST_FAILURE) return false;
  const last = await log.last("main");
  return people.every(
    ({ client, toSend, device, shown }) =>
      client.phase.name === "joined" &&
      toSend === 0 &&
      device.unstored.length === 0 &&
      shown.at(-1)?.sequence === last,
  );
}

/** What is wrong with the log, or with the messages shown; null when nothing is. */
async function findFault({ people, log }: World): Promise<string | null> {
  const entries = await log.read("main", 0, 1_000);
  const texts = entries.map(({ text }) => text);
  for (const { name, said, acknowledged, shown, kept, asked } of people) {
    const own = entries.filter((entry) => entry.author === `key of ${name}`);
    if (
      !isSame(
        own.map(({ text }) => text),
        said,
      )
    ) {
      return `what ${name} has said is not in the log once, in order`;
    }
    if (!isSame(acknowledged.toSorted(), said.toSorted())) {
      return `what ${name} has said was not acknowledged once`;
    }
    const from = (shown[0]?.sequence ?? 1) - 1;
    if (
      !isSame(
        shown.map(({ text }) => text),
        texts.slice(from),
      )
    ) {
      return `what is in the log was not shown to ${name} once, in order`;
    }
    const sequences = shown.map(({ sequence }) => sequence);
    if (!isSame(kept.map(String), sequences.map(String))) {
      return `what was shown to ${name} was not kept once, in order`;
    }
    if (asked.size > 0) return `${name} has asked and got no answer`;
  }
  return null;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}

// `bun test/simulator/rooms.ts [FROM [SEEDS]]`: runs seeds up to the first that fails, and prints it.
if (import.meta.main) {
  const [from = 1, seeds = 1_000] = process.argv.slice(2).map(Number);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { fault } = await simulateRoom(seed).catch((error: unknown) => ({
      fault: String(error),
    }));
    if (fault === null) continue;
    console.log(`seed ${seed}: ${fault}`);
    process.exit(1);
  }
}
