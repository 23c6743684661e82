// Invitations that have an end, in virtual time and without a network.

import { describe, expect, test } from "bun:test";

import { parseLine } from "../../src/chat/commands.ts";
import { MAX_GUESTS } from "../../src/chat/conversation.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import type { AcceptedKey } from "../../src/protocol/handshake/responder-handshake.ts";
import {
  acceptedKeys,
  addInvitation,
  admitGuest,
  closeInvitations,
  enterAsGuest,
  enterByStanding,
  type Invitations as AllInvitations,
  type LimitedInvitation,
  MAX_INVITATIONS,
  MAX_REPLACED,
  MAX_SPENT,
  MAX_STANDING_GUESTS,
  mayEnter,
  NO_INVITATIONS,
  standingInvitation,
  withStanding,
} from "../../src/server/invitations.ts";

const NOON = 1_800_000_000_000;
interface Invitations {
  all: AllInvitations;
}
const none = (): Invitations => ({ all: NO_INVITATIONS });

let made = 0;
/** An invitation with a secret of its own. */
function invite(
  invitations: Invitations,
  limits: { room?: string; uses?: number; seconds?: number } = {},
  now = NOON,
): LimitedInvitation {
  const secret = new Uint8Array(16);
  new DataView(secret.buffer).setUint32(0, (made += 1));
  const invitation = { secret, room: "main", uses: 0, seconds: 0, ...limits };
  const { invitations: changed, added } = addInvitation(invitations.all, invitation, now);
  invitations.all = changed;
  return added;
}

/** Somebody does a handshake with that key, and enters at once. */
function come(
  { limited }: AllInvitations,
  key: AcceptedKey,
  guest: string,
  now: number,
): "new" | "known" | "refused" {
  const invitation = limited.find((each) => each.key === key);
  if (invitation === undefined || !admitGuest(invitation, guest, now)) return "refused";
  return enterAsGuest(invitation, guest) ? "new" : "known";
}

describe("an invitation for two", () => {
  test("lets in two people, and nobody else", () => {
    const invitations = none();
    const { key } = invite(invitations, { uses: 2 });
    const came = ["Ann", "Bob", "Carl"].map((guest) => come(invitations.all, key, guest, NOON));
    expect(came).toEqual(["new", "new", "refused"]);
  });

  test("lets each of them back in, which does not count as a use", () => {
    const invitations = none();
    const { key, guests } = invite(invitations, { uses: 2 });
    const came = ["Ann", "Ann", "Bob", "Ann", "Bob"].map((guest) =>
      come(invitations.all, key, guest, NOON),
    );
    expect(came).toEqual(["new", "known", "new", "known", "known"]);
    expect([...guests]).toEqual(["Ann", "Bob"]);
  });

  test("is tried only with its guests, once it is used up", () => {
    const invitations = none();
    const { key } = invite(invitations, { uses: 1 });
    expect(acceptedKeys(invitations.all, "Bob", NOON)).toEqual([key]);
    come(invitations.all, key, "Ann", NOON);
    expect(acceptedKeys(invitations.all, "Bob", NOON)).toEqual([]);
    expect(acceptedKeys(invitations.all, "Ann", NOON)).toEqual([key]);
  });
});

describe("a handshake alone", () => {
  test("takes a use for 15 s, and makes no guest who could come back when the invitation is closed", () => {
    const invitations = none();
    const invitation = invite(invitations, { uses: 2 });
    expect(admitGuest(invitation, "Ann", NOON)).toBe(true);
    expect(admitGuest(invitation, "Bob", NOON + 1)).toBe(true);
    expect([...invitation.guests]).toEqual([]);
    expect(admitGuest(invitation, "Carl", NOON + 14_999)).toBe(false);
    expect(mayEnter(invitation, "Ann", NOON + 14_999)).toBe(true);
    expect(mayEnter(invitation, "Carl", NOON + 15_000)).toBe(true);
    enterAsGuest(invitation, "Carl");
    expect(mayEnter(invitation, "Bob", NOON + 15_000)).toBe(true);
    invitations.all = closeInvitations(invitations.all, new Set([1]), NOON + 15_000);
    const [closed = invitation] = invitations.all.limited;
    expect(mayEnter(closed, "Bob", NOON + 15_000)).toBe(false);
    expect(mayEnter(closed, "Carl", NOON + 15_000)).toBe(true);
    expect(acceptedKeys(invitations.all, "Bob", NOON + 15_000)).toEqual([]);
  });

  test("takes no use for longer when the clock is set back", () => {
    const invitation = invite(none(), { uses: 1 });
    expect(admitGuest(invitation, "Ann", NOON + 3_600_000)).toBe(true);
    expect(admitGuest(invitation, "Bob", NOON)).toBe(true);
  });
});

describe("an invitation for an hour", () => {
  test("lets new people in up to its last millisecond, and its guests back in for ever", () => {
    const invitations = none();
    const { key } = invite(invitations, { seconds: 3_600 });
    expect(come(invitations.all, key, "Ann", NOON + 3_599_999)).toBe("new");
    expect(come(invitations.all, key, "Bob", NOON + 3_600_000)).toBe("refused");
    expect(come(invitations.all, key, "Ann", NOON + 9_999_999_999)).toBe("known");
    expect(acceptedKeys(invitations.all, "Bob", NOON + 3_600_000)).toEqual([]);
    expect(acceptedKeys(invitations.all, "Ann", NOON + 3_600_000)).toEqual([key]);
  });

  test("and for two ends with whatever comes first", () => {
    const invitations = none();
    const { key } = invite(invitations, { uses: 2, seconds: 60 });
    expect(come(invitations.all, key, "Ann", NOON)).toBe("new");
    expect(come(invitations.all, key, "Bob", NOON + 60_000)).toBe("refused");
  });

  test("may be longer than a time in ms can say", () => {
    const invitations = none();
    const { until } = invite(invitations, { seconds: Number.MAX_SAFE_INTEGER });
    expect(until).toBe(Number.MAX_SAFE_INTEGER);
  });
});

test("an invitation is for its room, and its key has the pre-shared key of its secret", () => {
  const invitations = none();
  const { key, secret, room } = invite(invitations, { room: "garden", uses: 1 });
  expect(room).toBe("garden");
  expect(key).toEqual({ psk: secretToPsk(secret), id: "1" });
});

test("the number of an invitation is never used again, also when the invitation is forgotten", () => {
  const invitations = none();
  expect(invite(invitations, { seconds: 1 }).number).toBe(1);
  expect(invite(invitations, { uses: 1 }, NOON + 1_000).number).toBe(2);
  expect(invitations.all.limited).toHaveLength(1);
  expect(invite(invitations, { uses: 1 }).number).toBe(3);
});

test("a key that no invitation has lets nobody in", () => {
  const invitations = none();
  const { key } = invite(invitations, { uses: 1 });
  invitations.all = NO_INVITATIONS;
  expect(come(invitations.all, key, "Ann", NOON)).toBe("refused");
});

describe("there is a bound", () => {
  test("of people that one invitation lets in, also when no number was given", () => {
    const invitations = none();
    const { uses, key } = invite(invitations, { seconds: 60 });
    expect([uses, MAX_GUESTS]).toEqual([1_000, 1_000]);
    for (let guest = 0; guest < 1_000; guest += 1) {
      expect(come(invitations.all, key, `guest ${guest}`, NOON)).toBe("new");
    }
    expect(come(invitations.all, key, "another", NOON)).toBe("refused");
    expect(() => invite(invitations, { uses: 1_001 })).toThrow(
      expect.objectContaining({
        code: "REFUSED",
        message: "an invitation lets in at most 1000 people",
      }),
    );
  });

  test("of people, up to which /invite takes a number, and which its hint names", () => {
    const line = parseLine(`/invite --uses ${MAX_GUESTS}`);
    if (line.type !== "command" || line.command.type !== "invite") throw new Error("no invitation");
    const { uses = 0 } = line.command;
    expect(invite(none(), { uses }).uses).toBe(MAX_GUESTS);
    expect(() => parseLine(`/invite --uses ${MAX_GUESTS + 1}`)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`N is from 1 to ${MAX_GUESTS}, `) }),
    );
  });

  test("of open invitations; one that has ended makes room for the next", () => {
    const invitations = none();
    for (let count = 0; count < MAX_INVITATIONS; count += 1) {
      invite(invitations, { seconds: count === 5 ? 60 : 3_600 });
    }
    expect(() => invite(invitations, { uses: 1 })).toThrow(
      expect.objectContaining({
        code: "TOO_MANY_INVITATIONS",
        message: "there are 64 invitations that are not used up",
      }),
    );
    const { key } = invite(invitations, { uses: 1 }, NOON + 60_000);
    // The one that has ended had no guests: it is forgotten.
    expect(invitations.all.limited).toHaveLength(64);
    expect(invitations.all.limited.at(-1)?.key).toBe(key);
  });

  test("of invitations that are used up: past it, the guests of the oldest need a new one", () => {
    const invitations = none();
    const keys = Array.from({ length: MAX_SPENT + 2 }, (_, index) => {
      const { key } = invite(invitations, { uses: 1 });
      come(invitations.all, key, `guest ${index}`, NOON);
      return key;
    });
    invite(invitations, { uses: 1 });
    expect(invitations.all.limited).toHaveLength(MAX_SPENT + 1);
    const back = [0, 1, 2].map((index) =>
      acceptedKeys(invitations.all, `guest ${index}`, NOON).slice(0, -1),
    );
    expect(back).toEqual([[], [], keys.slice(2, 3)]);
  });
});

const secret = (byte: number) => new Uint8Array(16).fill(byte);
const currentOf = ({ standing }: AllInvitations) => {
  const current = standing.at(-1);
  if (current === undefined) throw new Error("there is none");
  return current;
};

describe("the standing invitation", () => {
  test("that was replaced is tried with those alone who came by it, and is forgotten if nobody did", () => {
    let all = withStanding(NO_INVITATIONS, secret(1));
    const first = currentOf(all);
    expect(enterByStanding(first, "Ann")).toBe(true);
    expect(enterByStanding(first, "Ann")).toBe(false);
    all = withStanding(withStanding(all, secret(2)), secret(3));
    expect(all.standing.map((each) => each.secret[0])).toEqual([1, 3]);
    expect(acceptedKeys(all, "Ann", NOON)).toEqual([first.key]);
    expect(acceptedKeys(all, "Bob", NOON)).toEqual([]);
  });

  test("is the stored one that has the secret, with its guests", () => {
    const stored = [standingInvitation(secret(1), ["Ann"]), standingInvitation(secret(2), ["Bob"])];
    const all = withStanding({ ...NO_INVITATIONS, standing: stored }, secret(1));
    expect([...currentOf(all).guests]).toEqual(["Ann"]);
    expect(all.standing[0]?.secret[0]).toBe(2);
  });

  test("remembers 10,000 people, and forgets first who has not come for longest", () => {
    const invitation = standingInvitation(secret(1));
    for (let guest = 0; guest < MAX_STANDING_GUESTS; guest += 1) {
      enterByStanding(invitation, `guest ${guest}`);
    }
    enterByStanding(invitation, "guest 0");
    enterByStanding(invitation, "another");
    expect(invitation.guests.size).toBe(10_000);
    expect(
      ["guest 0", "guest 1", "guest 2", "another"].map((each) => invitation.guests.has(each)),
    ).toEqual([true, false, true, true]);
  });

  test("is remembered as one of 64 that were replaced, with 20,000 people in all", () => {
    let all = withStanding(NO_INVITATIONS, secret(0));
    for (let byte = 1; byte <= MAX_REPLACED + 2; byte += 1) {
      enterByStanding(currentOf(all), `guest of ${byte - 1}`);
      all = withStanding(all, secret(byte));
    }
    expect(all.standing).toHaveLength(MAX_REPLACED + 1);
    const crowd = Array.from({ length: MAX_STANDING_GUESTS }, (_, guest) => `guest ${guest}`);
    const crowds = [1, 2, 3].map((byte) => standingInvitation(secret(byte), crowd));
    const kept = withStanding({ ...NO_INVITATIONS, standing: crowds }, secret(9));
    expect(kept.standing.map((each) => each.secret[0])).toEqual([2, 3, 9]);
  });
});

test("a limited invitation that was closed is tried only with its guests, and without any is forgotten", () => {
  const invitations = none();
  const [used, unused] = [invite(invitations, { uses: 5 }), invite(invitations, { uses: 5 })];
  come(invitations.all, used.key, "Ann", NOON);
  const closed = closeInvitations(invitations.all, new Set([used.number, unused.number]), NOON + 1);
  expect(closed.limited.map(({ number }) => number)).toEqual([used.number]);
  expect(acceptedKeys(closed, "Ann", NOON + 1)).toEqual([used.key]);
  expect(acceptedKeys(closed, "Bob", NOON + 1)).toEqual([]);
  expect(come(closed, used.key, "Bob", NOON + 1)).toBe("refused");
});
