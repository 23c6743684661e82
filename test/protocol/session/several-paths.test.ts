import { describe, expect, test } from "bun:test";

import { activate, connect } from "../../../src/protocol/endpoint.ts";
import { checkPath, networkChanged } from "../../../src/protocol/session/path-in-use.ts";
import { addWay, nameCandidates, pathLost } from "../../../src/protocol/session/paths.ts";
import type { Session } from "../../../src/protocol/session/session.ts";
import type { SocketAddress } from "../../../src/protocol/socket-address.ts";
import { createNatNetwork, type NatKind, type NatNetwork } from "../../simulator/nat-network.ts";
import {
  craft,
  createPair,
  deliver,
  type End,
  frameNames,
  type Pair,
  pass,
  PSK,
  receive,
  send,
  type Sent,
  sentBy,
  takeAccepted,
  words,
} from "../pair.ts";

interface Relayed {
  readonly pair: Pair;
  readonly network: NatNetwork;
  readonly connected: Session;
  readonly accepted: Session;
}

/** A session through the relay; neither end has named its addresses yet. */
function relayedPair(initiator: NatKind = "home", responder: NatKind = "home"): Relayed {
  const pair = createPair();
  const network = createNatNetwork(initiator, responder);
  pair.route = ({ by, to }) => {
    const from = network.arrivesFrom(by, to);
    const end = by === "initiator" ? pair.responder : pair.initiator;
    return from === null ? null : { end, from };
  };
  const to = network.relay.toResponder;
  const connected = connect(pair.initiator.endpoint, { to, psk: PSK, expected: null }, pair.now);
  pass(pair, 500);
  return { pair, network, connected, accepted: takeAccepted(pair) };
}

function change(end: End, session: Session, act: () => void): void {
  act();
  activate(end.endpoint, session);
}

/** Both name the outer address that the relay has told them, and the initiator keeps the relay as a way. */
function nameBoth({ pair, network, connected, accepted }: Relayed): void {
  change(pair.responder, accepted, () => {
    nameCandidates(accepted, [network.outer.responder], pair.now);
  });
  change(pair.initiator, connected, () => {
    addWay(connected, network.relay.toResponder, pair.now);
    nameCandidates(connected, [network.outer.initiator], pair.now);
  });
}

const inUse = (session: Session): SocketAddress => session.path.current.address;
const isDirect = (session: Session) => inUse(session).carrier === undefined;

/** Sends numbered messages both ways, one each 50 ms, while time passes. */
function talk({ pair, connected, accepted }: Relayed, duration: number, label: string): void {
  const ends = [
    [pair.initiator, connected],
    [pair.responder, accepted],
  ] as const;
  for (let passed = 0; passed < duration; passed += 50) {
    for (const [end, session] of ends) send(end, session, `${label} ${passed}`);
    pass(pair, 50);
  }
}

/** The messages that both have got, and whether each has all, once, in order. */
function expectAll(
  { pair, connected, accepted }: Relayed,
  labels: readonly string[],
  duration: number,
) {
  const expected = labels.flatMap((label) =>
    Array.from({ length: duration / 50 }, (_, index) => `${label} ${index * 50}`),
  );
  for (const [end, session] of [
    [pair.initiator, connected],
    [pair.responder, accepted],
  ] as const) {
    expect(receive(end, session, pair.now).map(words)).toEqual(expected);
  }
}

describe("two peers behind NATs, in a session through a relay (docs/protocol.md s. 14.1)", () => {
  for (const [initiator, responder, within] of [
    ["home", "home", 300],
    ["open", "home", 300],
    ["home", "open", 300],
    ["symmetric", "open", 300],
    ["open", "symmetric", 300],
  ] as const) {
    test(`${initiator} and ${responder}: the session is direct after ${within} ms`, () => {
      const relayed = relayedPair(initiator, responder);
      nameBoth(relayed);
      pass(relayed.pair, within);
      expect(isDirect(relayed.connected)).toBe(true);
      expect(isDirect(relayed.accepted)).toBe(true);
      expect(relayed.accepted.path.current.proven).toBe(true);
    });
  }

  for (const [initiator, responder] of [
    ["symmetric", "symmetric"],
    ["home", "symmetric"],
    ["symmetric", "home"],
  ] as const) {
    test(`${initiator} and ${responder}: the session stays with the relay, and loses nothing`, () => {
      const relayed = relayedPair(initiator, responder);
      nameBoth(relayed);
      talk(relayed, 5_000, "a");
      pass(relayed.pair, 1_000);
      expect(isDirect(relayed.connected)).toBe(false);
      expect(isDirect(relayed.accepted)).toBe(false);
      expectAll(relayed, ["a"], 5_000);
    });
  }

  test("nothing is lost, doubled or reordered when the session becomes direct", () => {
    const relayed = relayedPair();
    talk(relayed, 500, "relayed");
    nameBoth(relayed);
    talk(relayed, 500, "moving");
    talk(relayed, 500, "direct");
    pass(relayed.pair, 1_000);
    expect(isDirect(relayed.connected)).toBe(true);
    expectAll(relayed, ["relayed", "moving", "direct"], 500);
  });

  test("a candidate that does not answer is challenged at most 10 times in a round, 38 bytes each", () => {
    const relayed = relayedPair();
    relayed.network.passes.direct = false;
    const { pair } = relayed;
    nameBoth(relayed);
    const from = pair.sent.length;
    pass(pair, 1_900);
    for (const by of ["initiator", "responder"] as const) {
      const direct = sentBy(pair, by, from).filter(({ to }) => to.carrier === undefined);
      expect(direct.length).toBeLessThanOrEqual(10);
      expect(direct.length).toBeGreaterThanOrEqual(9);
      for (const { bytes } of direct) expect(bytes).toHaveLength(38);
    }
  });

  test("rounds that find nothing are begun after 2, 4, 8 s and so on, at last each minute", () => {
    const relayed = relayedPair();
    relayed.network.passes.direct = false;
    const { pair, connected } = relayed;
    nameBoth(relayed);
    const start = pair.now;
    pass(pair, 200_000);
    const punches = sentBy(pair, "initiator")
      .filter(({ to, sentAt }) => to.carrier !== undefined && sentAt >= start)
      .filter(({ bytes }) => frameNames(connected, bytes).some((name) => name.startsWith("punch")))
      .map(({ sentAt }) => Math.round((sentAt - start) / 1_000));
    expect(punches).toEqual([0, 2, 6, 14, 30, 62, 122, 182]);
  });
});

function direct(): Relayed {
  const relayed = relayedPair();
  nameBoth(relayed);
  pass(relayed.pair, 2_000);
  expect([isDirect(relayed.connected), isDirect(relayed.accepted)]).toEqual([true, true]);
  return relayed;
}

describe("a session with a direct path and a relay (docs/protocol.md s. 14.2)", () => {
  for (const by of ["initiator", "responder"] as const) {
    test(`is back at the relay within 2 s after the ${by} has sent something on a path that is dead`, () => {
      const relayed = direct();
      const { pair, network, connected, accepted } = relayed;
      pass(pair, 60_000);
      network.passes.direct = false;
      const [end, session, other, peer] =
        by === "initiator"
          ? ([pair.initiator, connected, pair.responder, accepted] as const)
          : ([pair.responder, accepted, pair.initiator, connected] as const);
      send(end, session, "still there?");
      pass(pair, 2_000);
      expect(receive(other, peer, pair.now).map(words)).toEqual(["still there?"]);
      expect([isDirect(connected), isDirect(accepted)]).toEqual([false, false]);
    });
  }

  test("is back at the relay within 1 s while messages are sent more often than probe timeouts pass", () => {
    const relayed = direct();
    relayed.network.passes.direct = false;
    talk(relayed, 1_000, "dead");
    expect([isDirect(relayed.connected), isDirect(relayed.accepted)]).toEqual([false, false]);
    pass(relayed.pair, 1_000);
    expectAll(relayed, ["dead"], 1_000);
  });

  test("is back at the relay within 1 s when two direct paths die together", () => {
    const relayed = direct();
    const { pair, network, connected, accepted } = relayed;
    const { route } = pair;
    const lan = { address: "10.0.0.2", port: 12_345 };
    let hasLan = true;
    pair.route = (sent) => {
      if (![lan.address, "10.0.0.1"].includes(sent.to.address)) return route?.(sent) ?? null;
      if (!hasLan) return null;
      const [end, from] =
        sent.by === "initiator"
          ? [pair.responder, { ...lan, address: "10.0.0.1" }]
          : [pair.initiator, lan];
      return { end, from };
    };
    change(pair.initiator, connected, () => addWay(connected, lan, pair.now));
    pass(pair, 2_000);
    expect(connected.path.others.map(({ address }) => address)).toContainEqual(lan);
    hasLan = false;
    network.passes.direct = false;
    talk(relayed, 1_000, "dead");
    expect([isDirect(connected), isDirect(accepted)]).toEqual([false, false]);
    pass(pair, 1_000);
    expectAll(relayed, ["dead"], 1_000);
  });

  test("follows an initiator whose NAT forgets it, three times, and is direct again within 1 s", () => {
    const relayed = direct();
    const { pair, network, connected, accepted } = relayed;
    for (const [index, address] of ["192.0.2.77", "192.0.2.78", "192.0.2.79"].entries()) {
      network.move("initiator", { address, port: 40_001 });
      talk(relayed, 600, `moved ${index}`);
      // The relay says so.
      change(pair.initiator, connected, () => {
        nameCandidates(connected, [network.outer.initiator], pair.now);
      });
      talk(relayed, 600, `named ${index}`);
      expect([isDirect(connected), isDirect(accepted)]).toEqual([true, true]);
      expect(inUse(accepted).address).toBe(address);
    }
    pass(pair, 1_000);
    const labels = [0, 1, 2].flatMap((index) => [`moved ${index}`, `named ${index}`]);
    expectAll(relayed, labels, 600);
  });

  test("loses nothing when the direct path dies and comes back, and uses it again", () => {
    const relayed = direct();
    const { pair, network } = relayed;
    talk(relayed, 1_000, "direct");
    network.passes.direct = false;
    talk(relayed, 1_000, "dead");
    talk(relayed, 1_000, "relay");
    network.passes.direct = true;
    pass(pair, 60_000);
    talk(relayed, 1_000, "again");
    pass(pair, 1_000);
    expect([isDirect(relayed.connected), isDirect(relayed.accepted)]).toEqual([true, true]);
    expectAll(relayed, ["direct", "dead", "relay", "again"], 1_000);
  });

  test("loses nothing when the relay dies", () => {
    const relayed = direct();
    relayed.network.passes.relay = false;
    talk(relayed, 1_000, "a");
    pass(relayed.pair, 120_000);
    talk(relayed, 1_000, "b");
    pass(relayed.pair, 1_000);
    expectAll(relayed, ["a", "b"], 1_000);
  });

  test("stays at the direct path while both work, for an hour of silence", () => {
    const relayed = direct();
    const { pair, connected, accepted } = relayed;
    const from = pair.sent.length;
    pass(pair, 3_600_000);
    expect([isDirect(connected), isDirect(accepted)]).toEqual([true, true]);
    // A keep-alive of each path in 20 s, and its answers.
    expect(pair.sent.length - from).toBeLessThan((3_600 / 20) * 8);
  });

  test("follows the initiator to another network: over the relay at first, and directly again within 2 s", () => {
    const relayed = direct();
    const { pair, network, connected, accepted } = relayed;
    pass(pair, 30_000);
    network.move("initiator", { address: "192.0.2.77", port: 40_001 });
    change(pair.initiator, connected, () => {
      networkChanged(connected, pair.now);
      nameCandidates(connected, [network.outer.initiator], pair.now);
    });
    talk(relayed, 2_000, "moved");
    expect([isDirect(connected), isDirect(accepted)]).toEqual([true, true]);
    expect(inUse(accepted).address).toBe("192.0.2.77");
    pass(pair, 1_000);
    expectAll(relayed, ["moved"], 2_000);
  });

  test("leaves a way that the program above knows to be lost at once", () => {
    const relayed = relayedPair();
    const { pair, network, connected } = relayed;
    nameBoth(relayed);
    pass(pair, 1_000);
    change(pair.initiator, connected, () => {
      pathLost(connected, inUse(connected), pair.now);
    });
    expect(inUse(connected)).toEqual(network.relay.toResponder);
  });
});

/** What the responder sends to others than the initiator within a minute. */
function strayChallenges(relayed: Relayed): Sent[] {
  const { pair, network } = relayed;
  const from = pair.sent.length;
  pass(pair, 60_000);
  return sentBy(pair, "responder", from).filter(({ to }) => to !== network.relay.toInitiator);
}

/** Has the initiator send these frames in a packet. */
function say({ pair, network, connected }: Relayed, ...frames: number[]): void {
  const bytes = craft(connected, frames);
  deliver(pair.responder, bytes, network.relay.toInitiator, pair.now);
}

describe("a peer that misuses candidates (docs/protocol.md s. 14.1)", () => {
  const VICTIM = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 99, 0, 53];
  const LOOPBACK = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0, 53];

  test("has an address challenged ten times in a round, in eight rounds at once and one in 10 s", () => {
    const relayed = relayedPair();
    const { pair } = relayed;
    const from = pair.sent.length;
    for (let round = 1; round <= 63; round += 1) {
      say(relayed, 9, round, 1, ...VICTIM, 10, round);
      pass(pair, 1_000);
    }
    const stray = sentBy(pair, "responder", from).filter(({ to }) => to.carrier === undefined);
    expect(stray).toHaveLength((8 + 6) * 10);
    for (const { to } of stray) expect(to).toEqual({ address: "192.0.2.99", port: 53 });
  });

  test("has an address challenged ten times when it begins many rounds at once", () => {
    const relayed = relayedPair();
    for (let round = 1; round <= 50; round += 1) say(relayed, 9, round, 1, ...VICTIM, 10, round);
    expect(strayChallenges(relayed)).toHaveLength(10);
  });

  test("has an initiator challenge them in eight rounds at once and one in 10 s, whatever it names", () => {
    const relayed = relayedPair();
    const { pair, network, connected, accepted } = relayed;
    const from = pair.sent.length;
    for (let sequence = 1; sequence <= 63; sequence += 1) {
      const named = craft(accepted, [9, sequence, 1, ...VICTIM]);
      deliver(pair.initiator, named, network.relay.toResponder, pair.now);
      pass(pair, 1_000);
    }
    expect(connected.candidates?.peerSequence).toBe(63);
    const stray = sentBy(pair, "initiator", from).filter(({ to }) => to.carrier === undefined);
    expect(stray).toHaveLength((8 + 6) * 10);
    for (const { to } of stray) expect(to).toEqual({ address: "192.0.2.99", port: 53 });
  });

  test("which refuse what is sent there begins no rounds: only the path in use is challenged", () => {
    const relayed = relayedPair();
    const { pair, network, connected, accepted } = relayed;
    deliver(
      pair.initiator,
      craft(accepted, [9, 1, 1, ...VICTIM]),
      network.relay.toResponder,
      pair.now,
    );
    pass(pair, 2_500);
    expect(connected.candidates?.round).toBe(2);
    const from = pair.sent.length;
    for (let refused = 0; refused < 3; refused += 1) {
      change(pair.initiator, connected, () => checkPath(connected, pair.now));
      pass(pair, 1_000);
    }
    expect(connected.candidates?.round).toBe(2);
    const names = sentBy(pair, "initiator", from)
      .filter(({ to }) => to.carrier !== undefined)
      .flatMap(({ bytes }) => frameNames(connected, bytes));
    expect(names.filter((name) => name === "challenge")).toHaveLength(3);
  });

  test("in many sessions has an address challenged as often as strays are answered there", () => {
    const relayed = relayedPair();
    const { pair, network } = relayed;
    const to = network.relay.toResponder;
    const connected = Array.from({ length: 30 }, () =>
      connect(pair.initiator.endpoint, { to, psk: PSK, expected: null }, pair.now),
    );
    pass(pair, 500);
    const from = pair.sent.length;
    for (const session of connected) {
      const punch = craft(session, [9, 1, 1, ...VICTIM, 10, 1]);
      deliver(pair.responder, punch, network.relay.toInitiator, pair.now);
    }
    pass(pair, 900);
    const stray = sentBy(pair, "responder", from).filter(({ to: at }) => at.carrier === undefined);
    // 100 at once and 100 a second (s. 15.4), of the 270 that the sessions want to send.
    expect(stray.length).toBeGreaterThanOrEqual(100);
    expect(stray.length).toBeLessThanOrEqual(190);
  });

  test("has an address challenged ten times that it names ten times", () => {
    const relayed = relayedPair();
    const named = Array.from({ length: 10 }, () => VICTIM).flat();
    say(relayed, 9, 1, 10, ...named, 10, 1);
    expect(strayChallenges(relayed)).toHaveLength(10);
  });

  test("has nothing sent to this machine, and nothing without a round", () => {
    const relayed = relayedPair();
    say(relayed, 9, 1, 1, ...LOOPBACK, 10, 1);
    say(relayed, 9, 2, 1, ...VICTIM);
    expect(strayChallenges(relayed)).toEqual([]);
  });

  test("with older candidates, or an older round, changes nothing", () => {
    const relayed = relayedPair();
    const { accepted } = relayed;
    say(relayed, 9, 5, 1, ...VICTIM);
    say(relayed, 9, 4, 1, ...LOOPBACK);
    expect(accepted.candidates?.peer).toEqual([{ address: "192.0.2.99", port: 53 }]);
    say(relayed, 10, 7);
    expect(accepted.candidates?.round).toBe(7);
    say(relayed, 10, 6);
    expect(accepted.candidates?.round).toBe(7);
  });

  test("with a PUNCH before any candidates changes nothing", () => {
    const relayed = relayedPair();
    say(relayed, 10, 1);
    expect(relayed.accepted.end).toBeNull();
    expect(strayChallenges(relayed)).toEqual([]);
  });

  test("has no candidate challenged by the copy of an initiator's PUNCH at the initiator", () => {
    const relayed = relayedPair();
    const { pair, network, connected, accepted } = relayed;
    deliver(
      pair.initiator,
      craft(accepted, [9, 1, 1, ...VICTIM, 10, 1]),
      network.relay.toResponder,
      pair.now,
    );
    // Candidates begin the initiator's own round; the responder's PUNCH is none.
    expect(connected.candidates?.round).toBe(0);
    pass(pair, 10);
    expect(connected.candidates?.round).toBe(1);
  });
});
