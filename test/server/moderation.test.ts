// Bans, mutes, locks and operators: what they keep people from, that they hold after a restart, and that absent people
// can be named. Without a network.

import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { CharlaError } from "../../src/errors.ts";
import { openModerationFile } from "../../src/server/moderation-file.ts";
import { MAX_OPERATORS, Moderation, NO_MODERATION } from "../../src/server/moderation.ts";
import type { InvitationControl, ServerState } from "../../src/server/server-state.ts";
import { cpuTime } from "../harness/cpu-time.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { NO_INVITATIONS } from "../simulator/no-invitations.ts";
import {
  connect,
  deviceOf,
  enter,
  enterFrame,
  openState,
  reasonOf,
  sayFrame,
  type TestMember,
} from "./server-state.ts";

const key = (digit: string) => `SHA256:${digit.repeat(42)}A`;
const [ANN, BOB, EVE] = [key("A"), key("B"), key("E")];

let asked = 0;
type Question<Frame> = Frame extends { request: number } ? Omit<Frame, "request"> : never;

/** The answer to a request. */
async function ask(member: TestMember, question: Question<MemberFrame>) {
  const request = (asked += 1);
  const find = () =>
    member.frames.find((answer) => "request" in answer && answer.request === request);
  member.say({ ...question, request });
  await until(`an answer to ${question.type}`, () => find() !== undefined);
  return find();
}

/** Why somebody cannot enter; null if they can. */
async function refusal(state: ServerState, name: string, fingerprint: string, room = "main") {
  const member = connect(state, fingerprint);
  member.say(enterFrame(name, { room }));
  const entered = member.until("welcome").then(() => null);
  const reason = await Promise.race([entered, reasonOf(member)]);
  if (reason === null) await member.channel.close();
  return reason;
}

/** Servers one after the other, with one data folder. */
function restarts() {
  const folder = temporaryFolder();
  return {
    path: join(folder.path, "moderation"),
    start: () =>
      openState({ moderation: new Moderation(openModerationFile(folder.path)), owner: ANN }),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}

describe("after a restart of the server", () => {
  test("a ban, a mute and a lock still hold, until they are lifted", async () => {
    using servers = restarts();
    const first = servers.start();
    const ann = await enter(first, "Ann", { owner: true, key: ANN });
    await enter(first, "Bob", { key: BOB });
    await enter(first, "Eve", { key: EVE });
    await ask(ann, { type: "mute", name: "Bob", muted: true });
    await ask(ann, { type: "ban", name: "Eve" });
    await ask(ann, { type: "lock", locked: true });

    const second = servers.start();
    expect(await refusal(second, "Eve", EVE)).toBe("you are banned from this server");
    expect(await refusal(second, "Carl", key("C"))).toBe("main is locked");
    // Who was there when it was locked may come back.
    const bob = await enter(second, "Bob", { key: BOB });
    bob.say(sayFrame(1));
    expect(await bob.until("refused")).toMatchObject([{ code: "MUTED" }]);
    const back = await enter(second, "Ann", { owner: true, key: ANN });
    for (const question of [
      { type: "unban", name: "eve" },
      { type: "mute", name: "bob", muted: false },
      { type: "lock", locked: false },
    ] as const) {
      expect(await ask(back, question)).toMatchObject({ type: "done" });
    }

    const third = servers.start();
    expect(await refusal(third, "Eve", EVE)).toBeNull();
    expect(await refusal(third, "Carl", key("C"))).toBeNull();
    const again = await enter(third, "Bob", { key: BOB });
    again.say(sayFrame(2));
    expect(await again.texts(1)).toEqual(["message 2"]);
  });

  test("an operator is one, and the file can be read by its owner alone", async () => {
    using servers = restarts();
    const ann = await enter(servers.start(), "Ann", { owner: true, key: ANN });
    await ask(ann, { type: "op", name: BOB, operator: true });
    expect(statSync(servers.path).mode & 0o777).toBe(0o600);
    const bob = await enter(servers.start(), "Bob", { key: BOB });
    expect(await ask(bob, { type: "bans" })).toMatchObject({ type: "bans", bans: [] });
  });
});

test("a person who was muted is told, in each of their windows, and again when they may write", async () => {
  const state = openState();
  const ann = await enter(state, "Ann", { owner: true });
  const windows = [
    await enter(state, "Bob"),
    await enter(state, "Bob", { device: deviceOf("2nd") }),
  ];
  await ask(ann, { type: "mute", name: "Bob", muted: true });
  // No news to Bob.
  await ask(ann, { type: "mute", name: "Bob", muted: true });
  await ask(ann, { type: "mute", name: "Bob", muted: false });
  for (const bob of windows) {
    expect(await bob.until("notice", 2)).toEqual([
      {
        type: "notice",
        code: "MUTED",
        message: "Ann has muted you in main: nobody gets what you write",
        hint: "you can still read; ask them, or the owner, why",
      },
      { type: "notice", code: "UNMUTED", message: "Ann lets you write in main again" },
    ]);
  }
  expect(ann.of("notice")).toEqual([]);
});

/** What others have done, as the notices of somebody say. */
const actsShownTo = (member: TestMember) =>
  member.of("notice").flatMap(({ code, message }) => (code === "MODERATION" ? [message] : []));

/** Ann, the owner, and Bob, an operator, are in main, and so is Eve; Dan, an operator, and a guest are in lunch. */
async function operatorsInTwoRooms() {
  const invited = { left: 1, until: null, guests: new Set<string>() };
  const list = () => [
    { id: "3", room: "main", ...invited },
    { id: "4", room: "lunch", ...invited },
  ];
  const invitations = { ...NO_INVITATIONS, list, revoke() {}, renew() {} };
  const state = openState({ owner: ANN, invitations });
  const ann = await enter(state, "Ann", { owner: true, key: ANN });
  const bob = await enter(state, "Bob");
  const eve = await enter(state, "Eve");
  const dan = await enter(state, "Dan", { room: "lunch", key: key("D") });
  const guest = await enter(state, "Gil", { room: "lunch" });
  await ask(ann, { type: "op", name: "Bob", operator: true });
  await ask(ann, { type: "op", name: key("D"), operator: true });
  await dan.until("notice");
  return { state, ann, bob, eve, dan, guest };
}
describe("what an operator does is shown to the owner and the other operators, in one line,", () => {
  test("and not to themselves, nor to anybody else", async () => {
    const { ann, bob, eve, dan, guest } = await operatorsInTwoRooms();
    for (const question of [
      { type: "mute", name: "Eve", muted: true },
      // No news.
      { type: "mute", name: "Eve", muted: true },
      { type: "mute", name: "Eve", muted: false },
      { type: "lock", locked: true },
      { type: "lock", locked: false },
      { type: "lock", locked: false },
      { type: "invite", renew: true },
      { type: "revoke", number: 3 },
    ] as const) {
      expect(await ask(bob, question)).not.toMatchObject({ type: "failed" });
    }
    const done = [
      "Bob has muted Eve in main",
      "Bob lets Eve write in main again",
      "Bob has locked main",
      "Bob has unlocked main",
      "Bob has renewed the standing invitation",
      "Bob has closed invitation 3",
    ];
    await dan.until("notice", 1 + done.length);
    expect(actsShownTo(dan)).toEqual(done);
    expect(actsShownTo(ann)).toEqual(done);
    for (const other of [bob, eve, guest]) expect(actsShownTo(other)).toEqual([]);
  });

  test("a kick and a ban to those who have not seen that somebody is gone, and the end of a ban", async () => {
    const { state, ann, bob, dan } = await operatorsInTwoRooms();
    await ask(bob, { type: "kick", name: "Eve" });
    const back = await enter(state, "Eve");
    await ask(bob, { type: "ban", name: "Eve" });
    await ask(bob, { type: "unban", name: "Eve" });
    await dan.until("notice", 4);
    expect(actsShownTo(dan)).toEqual([
      "Bob has kicked Eve from main",
      "Bob has banned Eve",
      "Bob has lifted the ban of Eve",
    ]);
    expect(actsShownTo(ann)).toEqual(["Bob has lifted the ban of Eve"]);
    expect(ann.of("left").map(({ reason }) => reason)).toEqual(["kicked by Bob", "banned by Bob"]);
    expect(actsShownTo(back)).toEqual([]);
  });

  test("and so is what the owner does, with a new operator and a deleted room", async () => {
    const { ann, bob, dan } = await operatorsInTwoRooms();
    await ask(ann, { type: "op", name: "Bob", operator: false });
    await ask(ann, { type: "op", name: "Bob", operator: true });
    await ask(ann, { type: "delete", room: "lunch" });
    await dan.until("notice", 3);
    expect(actsShownTo(dan)).toEqual([
      "Ann has taken the operator's rights of Bob",
      "Ann has made Bob an operator",
    ]);
    // In the room where it was done everybody reads it.
    await bob.until("notice", 5);
    expect(actsShownTo(bob)).toEqual(["Ann has deleted the room lunch"]);
  });

  test("but what concerns other rooms not to an operator of one room", async () => {
    const { state, ann, bob } = await operatorsInTwoRooms();
    const gus = connect(state, key("G"), false, null, "lunch");
    gus.say(enterFrame("Gus", { room: "lunch" }));
    await gus.until("welcome");
    await ask(ann, { type: "op", name: key("G"), operator: true });
    await gus.until("notice");
    await ask(bob, { type: "lock", locked: true });
    await ask(bob, { type: "revoke", number: 3 });
    await ask(bob, { type: "revoke", number: 4 });
    await gus.until("notice", 2);
    expect(actsShownTo(gus)).toEqual(["Bob has closed invitation 4"]);
  });
});

test("invites lists each guest under the name that they have, or had last", async () => {
  const guests = new Set(["key of Bob", "key of Eve"]);
  const list = () => [{ id: "1", room: "main", left: 1, until: null, guests }];
  const state = openState({ invitations: { ...NO_INVITATIONS, list } });
  const ann = await enter(state, "Ann", { owner: true });
  for (const name of ["Bob", "Eve"]) {
    const guest = await enter(state, name);
    for (const later of ["2nd", "3rd"]) await ask(guest, { type: "rename", name: name + later });
    if (name === "Bob") await guest.channel.close();
  }
  expect(await ask(ann, { type: "invites" })).toMatchObject({
    invitations: [
      {
        guests: [
          { fingerprint: "key of Bob", name: "Bob3rd" },
          { fingerprint: "key of Eve", name: "Eve3rd" },
        ],
      },
    ],
  });
});

test("invites does not list the owner, whose own programs join with an invitation as well", async () => {
  const guests = new Set([ANN, "key of Bob"]);
  const list = () => [{ id: "standing", room: null, left: null, until: null, guests }];
  const state = openState({ owner: ANN, invitations: { ...NO_INVITATIONS, list } });
  const ann = await enter(state, "Ann", { owner: true, key: ANN });
  expect(await ask(ann, { type: "invites" })).toMatchObject({
    invitations: [{ count: 1, guests: [{ fingerprint: "key of Bob" }] }],
  });
});

test("a muted person who enters is told whom to ask why", async () => {
  const state = openState();
  const ann = await enter(state, "Ann", { owner: true });
  const bob = await enter(state, "Bob");
  await ask(ann, { type: "mute", name: "Bob", muted: true });
  await bob.channel.close();
  const back = await enter(state, "Bob");
  expect((await back.until("notice")).map(({ hint }) => hint)).toEqual([
    "you can still read; ask the owner or an operator why",
  ]);
});

test("an operator of a room learns of what was done there when it was written with other capitals", async () => {
  const guests = new Set<string>();
  const limited = { id: "3", room: "Lunch", left: 2, until: null, guests };
  const revoked: number[] = [];
  const invitations: InvitationControl = {
    ...NO_INVITATIONS,
    list: () => [limited, { ...limited, id: "4", room: "garden" }],
    revoke: (number) => void revoked.push(number),
  };
  const state = openState({ invitations });
  const olga = await enter(state, "Olga", { owner: true, room: "garden" });
  const eve = { fingerprint: EVE, name: "Eve", by: "Olga", time: 1 };
  state.moderation.ban({ ...eve, room: "Lunch" });
  state.moderation.ban({ ...eve, fingerprint: key("F"), name: "Fay", room: "garden" });
  state.moderation.addOperator({ fingerprint: BOB, name: "Bob" });
  // The room was created again.
  await enter(state, "Ann", { room: "lunch" });
  const bob = connect(state, BOB, false, null, "Lunch");
  bob.say(enterFrame("Bob", { room: "LUNCH" }));
  expect(await bob.until("welcome")).toMatchObject([{ room: "lunch", operator: true }]);
  expect(await ask(bob, { type: "invites" })).toMatchObject({
    invitations: [{ id: "3", room: "lunch", left: 2 }],
  });
  expect(await ask(bob, { type: "bans" })).toMatchObject({ bans: [{ name: "Eve" }] });
  expect(await ask(bob, { type: "revoke", number: 4 })).toMatchObject({
    code: "NO_SUCH_INVITATION",
  });
  expect(await ask(olga, { type: "revoke", number: 3 })).toMatchObject({ type: "done" });
  expect(await ask(bob, { type: "unban", name: "Fay" })).toMatchObject({ code: "NO_SUCH_MEMBER" });
  expect(await ask(olga, { type: "unban", name: "Eve" })).toMatchObject({ type: "done" });
  expect(revoked).toEqual([3]);
  expect((await bob.until("notice", 2)).map(({ message }) => message)).toEqual([
    "Olga has closed invitation 3",
    "Olga has lifted the ban of Eve",
  ]);
});

test("a limited invitation comes with its number, its uses and its end", async () => {
  const until = Date.UTC(2026, 2, 1, 14, 5, 59);
  const limited = { id: "3", room: "main", left: 2, until, guests: new Set<string>() };
  const invitations: InvitationControl = {
    ...NO_INVITATIONS,
    invite: (_room, uses) => ({
      text: "charla://link",
      page: null,
      limited: uses === 0 ? null : limited,
    }),
    // Another operator's may be newer.
    list: () => [limited, { ...limited, id: "4", left: 5 }],
  };
  const state = openState({ invitations });
  const ann = await enter(state, "Ann", { owner: true });
  await ask(ann, { type: "invite", uses: 2, seconds: 60 });
  await ask(ann, { type: "invite" });
  expect(ann.of("notice")).toEqual([
    {
      type: "notice",
      code: "INVITED",
      message: "invitation 3 lets in 2 people, for 1m from now on",
      hint: "/revoke 3 closes it",
    },
  ]);
});

describe("somebody who is absent", () => {
  test("can be banned by a name that they had, and is listed with their key and who did it", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const eve = await enter(state, "Eve", { key: EVE });
    await eve.channel.close();
    const before = Date.now();
    expect(await ask(ann, { type: "ban", name: "eve" })).toMatchObject({ type: "banned" });
    expect(await refusal(state, "Eva", EVE)).toBe("you are banned from this server");
    const list = await ask(ann, { type: "bans" });
    if (list?.type !== "bans") throw new Error("no list");
    expect(list.bans).toEqual([
      { fingerprint: EVE, name: "Eve", by: "Ann", time: expect.any(Number) },
    ]);
    expect(list.bans[0]?.time).toBeGreaterThanOrEqual(before);
  });

  test("is banned though the invitation can't be closed, and who bans them gets a warning", async () => {
    const state = openState({
      invitations: {
        ...NO_INVITATIONS,
        closeAllOf() {
          throw new CharlaError("FOLDER_NOT_WRITABLE", "the disk is full", "free space");
        },
      },
    });
    const ann = await enter(state, "Ann", { owner: true, key: ANN });
    const eve = await enter(state, "Eve", { key: EVE });
    expect(await ask(ann, { type: "ban", name: "Eve" })).toMatchObject({
      type: "banned",
      name: "Eve",
      closed: [],
    });
    expect(await reasonOf(eve)).toBe("you were banned by Ann");
    expect(ann.of("notice")).toEqual([
      {
        type: "notice",
        code: "FOLDER_NOT_WRITABLE",
        message:
          "Eve is banned, but can come back with another key: an invitation could not be closed: the disk is full",
        hint: "free space on the server's disk or check its permissions; then /revoke what /invites lists, and /invite --renew",
      },
    ]);
  });

  test("can be banned, muted and unbanned by their fingerprint, though they never came", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    await ask(ann, { type: "ban", name: EVE });
    expect(await refusal(state, "Eve", EVE)).toBe("you are banned from this server");
    await ask(ann, { type: "mute", name: EVE, muted: true });
    await ask(ann, { type: "unban", name: EVE });
    const eve = await enter(state, "Eve", { key: EVE });
    eve.say(sayFrame(1));
    expect(await eve.until("refused")).toMatchObject([{ code: "MUTED" }]);
    expect((await eve.until("welcome"))[0]?.name).toBe("Eve");
  });

  test("is named by the fingerprint where several who are banned had one name", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    for (const [room, fingerprint] of [
      ["main", EVE],
      ["garden", BOB],
    ] as const) {
      const eve = await enter(state, "Eve", { key: fingerprint, room });
      const owner = await enter(state, "Ann", { owner: true, room, device: deviceOf(room) });
      await ask(owner, { type: "ban", name: "Eve" });
      await reasonOf(eve);
    }
    expect(await ask(ann, { type: "unban", name: "Eve" })).toMatchObject({
      code: "NO_SUCH_MEMBER",
      message: '2 people were called "Eve"',
    });
    expect(await ask(ann, { type: "unban", name: BOB })).toMatchObject({ type: "done" });
    expect(await ask(ann, { type: "unban", name: "Eve" })).toMatchObject({ type: "done" });
  });
});

/** As /who shows it. */
const short = (fingerprint: string) => `${fingerprint.slice("SHA256:".length).slice(0, 12)}…`;

describe("somebody who is here", () => {
  test("is muted, unmuted and kicked by their key as /who shows it, or more of it", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true, key: ANN });
    const eve = await enter(state, "Eve", { key: EVE });
    for (const name of [short(EVE), EVE.slice(0, 25), EVE]) {
      expect(await ask(ann, { type: "mute", name, muted: true })).toMatchObject({ type: "done" });
      expect(state.moderation.isMuted("main", EVE)).toBe(true);
      expect(await ask(ann, { type: "mute", name, muted: false })).toMatchObject({ type: "done" });
      expect(state.moderation.isMuted("main", EVE)).toBe(false);
    }
    expect(await ask(ann, { type: "kick", name: EVE.slice(0, 18) })).toMatchObject({
      code: "NO_SUCH_MEMBER",
    });
    expect(await ask(ann, { type: "kick", name: short(EVE) })).toMatchObject({ type: "done" });
    expect(await reasonOf(eve)).toBe("you were kicked by Ann");
  });

  test("is not meant by what may be the name of one and the key of another", async () => {
    const state = openState();
    const name = EVE.slice(7, 19);
    const ann = await enter(state, "Ann", { owner: true, key: ANN });
    await enter(state, "Eve", { key: EVE });
    await enter(state, name, { key: BOB });
    expect(await ask(ann, { type: "mute", name, muted: true })).toMatchObject({
      code: "NO_SUCH_MEMBER",
      message: `"${name}" may be 2 people`,
    });
  });
});

describe("a lock", () => {
  test("lets back in who was there, unless they were kicked, and operators", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob", { key: BOB });
    await enter(state, "Eve", { key: EVE });
    await ask(ann, { type: "op", name: key("C"), operator: true });
    await ask(ann, { type: "lock", locked: true });
    await bob.channel.close();
    await ask(ann, { type: "kick", name: "Eve" });
    expect(await refusal(state, "Bob", BOB)).toBeNull();
    expect(await refusal(state, "Eve", EVE)).toBe("main is locked");
    expect(await refusal(state, "Carl", key("C"))).toBeNull();
    expect(await refusal(state, "Dan", key("D"))).toBe("main is locked");
    expect(await refusal(state, "Dan", key("D"), "garden")).toBeNull();
  });

  test("keeps out who is kicked, and they learn it, but operators come back", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob", { key: BOB });
    const carl = await enter(state, "Carl");
    await ask(ann, { type: "op", name: "Carl", operator: true });
    await ask(ann, { type: "lock", locked: true });
    for (const name of ["Bob", "Carl"]) await ask(ann, { type: "kick", name });
    expect(await reasonOf(bob)).toBe("you were kicked by Ann, and main is locked");
    expect((await ann.until("left", 2))[0]).toMatchObject({ reason: "kicked by Ann" });
    expect(await refusal(state, "Bob", BOB)).toBe("main is locked");
    expect(await reasonOf(carl)).toBe("you were kicked by Ann");
    await enter(state, "Carl");
  });

  test("holds when everybody has left", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    await ask(ann, { type: "lock", locked: true });
    await ann.channel.close();
    expect(state.rooms.size).toBe(0);
    expect(await refusal(state, "Bob", BOB)).toBe("main is locked");
  });
});

describe("what is stored", () => {
  const CONTENTS =
    `{"bans":[{"fingerprint":"${EVE}","name":"Eve","by":"Ann","time":1800000000000},` +
    `{"fingerprint":"${ANN}","name":"Ana","by":"Bob","time":1800000000001,"room":"main"}],` +
    `"operators":[{"fingerprint":"${BOB}","name":"Bob"}],` +
    `"mutes":[{"room":"main","fingerprint":"${EVE}","name":"Eve"}],` +
    `"locks":[{"room":"garden","admitted":["${BOB}"]}]}\n`;

  test("is one line of JSON, which is read as it was written", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "moderation");
    writeFileSync(path, CONTENTS, { mode: 0o600 });
    const store = openModerationFile(folder.path);
    store.save(store.stored);
    expect(readFileSync(path, "utf8")).toBe(CONTENTS);
    const moderation = new Moderation(store);
    expect([...moderation.bans]).toEqual([
      { fingerprint: EVE, name: "Eve", by: "Ann", time: 1_800_000_000_000 },
      { fingerprint: ANN, name: "Ana", by: "Bob", time: 1_800_000_000_001, room: "main" },
    ]);
    expect(moderation.isOperator(BOB)).toBe(true);
    expect(moderation.isMuted("main", EVE)).toBe(true);
    expect([moderation.keepsOut("garden", BOB), moderation.keepsOut("garden", EVE)]).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    ["not JSON", "{", "is not JSON"],
    ["another object", "{}", "does not hold bans and operators: bans is not valid"],
    [
      "a later version's",
      CONTENTS.replace('"by"', '"why":"","by"'),
      "does not hold bans and operators: bans.0.why is not valid",
    ],
    [
      "a key that is none",
      CONTENTS.replace(BOB, "bob"),
      "does not hold bans and operators: operators.0.fingerprint is not valid",
    ],
  ])("and damaged is MODERATION_DAMAGED, and left as it is: %s", (_how, text, why) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "moderation");
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => openModerationFile(folder.path)).toThrow(
      expect.objectContaining({ code: "MODERATION_DAMAGED", message: `${path} ${why}` }),
    );
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("that others may read is SECRET_FILE_EXPOSED", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "moderation");
    writeFileSync(path, CONTENTS);
    chmodSync(path, 0o644);
    expect(() => openModerationFile(folder.path, process.geteuid?.())).toThrow(
      expect.objectContaining({ code: "SECRET_FILE_EXPOSED" }),
    );
  });

  test("has a bound, and what cannot be stored does not hold", () => {
    const moderation = new Moderation();
    for (let number = 0; number < MAX_OPERATORS; number += 1) {
      moderation.addOperator({ fingerprint: `key ${number}`, name: "Bob" });
    }
    expect(() => moderation.addOperator({ fingerprint: "key", name: "Bob" })).toThrow(
      expect.objectContaining({
        code: "REFUSED",
        message: "100 people are operators already, as many as this server remembers",
      }),
    );
    moderation.removeOperator("key 7");
    moderation.addOperator({ fingerprint: "key", name: "Bob" });
    expect(moderation.isOperator("key")).toBe(true);

    const failing = new Moderation({
      stored: NO_MODERATION,
      save() {
        throw new Error("the disk is full");
      },
    });
    expect(() => failing.lock("main", [])).toThrow("the disk is full");
    expect(failing.isLocked("main")).toBe(false);
  });
});

/** The owner Ann, the operators Bob and Carl, and Dan; who heard of it. */
async function operators() {
  const state = openState();
  const ann = await enter(state, "Ann", { owner: true });
  const bob = await enter(state, "Bob");
  const carl = await enter(state, "Carl");
  const dan = await enter(state, "Dan");
  for (const name of ["Bob", "Carl"]) {
    expect(await ask(ann, { type: "op", name, operator: true })).toMatchObject({ type: "done" });
  }
  return { state, ann, bob, carl, dan };
}

describe("an operator", () => {
  test("may kick, ban, mute, lock and invite, and neither make operators nor delete rooms", async () => {
    const { state, bob, dan } = await operators();
    expect(await ask(bob, { type: "mute", name: "Dan", muted: true })).toMatchObject({
      type: "done",
    });
    expect(await ask(bob, { type: "lock", locked: true })).toMatchObject({ type: "done" });
    expect(await ask(bob, { type: "invite", uses: 1 })).toMatchObject({ type: "invited" });
    expect(await ask(bob, { type: "kick", name: "Dan" })).toMatchObject({ type: "done" });
    expect(await reasonOf(dan)).toBe("you were kicked by Bob, and main is locked");
    expect(await ask(bob, { type: "ban", name: "Dan" })).toMatchObject({ type: "banned" });
    for (const [question, what] of [
      [{ type: "op", name: "Dan", operator: true }, "make operators"],
      [{ type: "op", name: "Dan", operator: false }, "take an operator's rights"],
      [{ type: "delete", room: "garden" }, "delete rooms"],
    ] as const) {
      expect(await ask(bob, question)).toMatchObject({
        code: "NOT_THE_OWNER",
        message: `permission denied: only the owner may ${what}`,
      });
    }
    expect(state.moderation.isOperator("key of Dan")).toBe(false);
  });

  test("can do nothing to the owner, and neither kick nor ban another operator", async () => {
    const { bob } = await operators();
    for (const question of [
      { type: "kick", name: "Ann" },
      { type: "ban", name: "Ann" },
      { type: "mute", name: "Ann", muted: true },
    ] as const) {
      expect(await ask(bob, question)).toMatchObject({
        code: "NOT_THE_OWNER",
        message: "permission denied: Ann is the owner",
        hint: `nobody can ${question.type} the owner of the server`,
      });
    }
    for (const type of ["kick", "ban"] as const) {
      expect(await ask(bob, { type, name: "Carl" })).toMatchObject({
        code: "NOT_THE_OWNER",
        message: `permission denied: only the owner may ${type} an operator`,
      });
    }
  });

  test("cannot ban an owner who is absent, by name or by key", async () => {
    const state = openState({ owner: ANN });
    const ann = await enter(state, "Ann", { owner: true, key: ANN });
    const bob = await enter(state, "Bob");
    await ask(ann, { type: "op", name: "Bob", operator: true });
    await ann.channel.close();
    for (const name of ["Ann", ANN]) {
      expect(await ask(bob, { type: "ban", name })).toMatchObject({
        message: "permission denied: Ann is the owner",
      });
    }
  });

  test("is announced to everybody once, and again only to an owner who says it again", async () => {
    const { ann, dan } = await operators();
    expect(await dan.until("notice", 2)).toHaveLength(2);
    const said = ann.of("notice").length;
    await ask(ann, { type: "op", name: "Bob", operator: true });
    expect((await ann.until("notice", said + 1)).at(-1)?.message).toBe("Bob is an operator now");
    await ask(ann, { type: "op", name: "Bob", operator: false });
    expect((await dan.until("notice", 3)).map(({ message }) => message)).toEqual([
      "Bob is an operator now",
      "Carl is an operator now",
      "Bob is no longer an operator",
    ]);
  });

  test("is announced under the last name of somebody who has left the room, whichever of theirs was typed", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "bob");
    await ask(bob, { type: "rename", name: "BOB" });
    await ask(bob, { type: "rename", name: "Robert" });
    bob.say(sayFrame(1));
    await ann.texts(1);
    await bob.channel.close();
    for (const named of ["Robert", "bob", "ROBERT"]) {
      await ask(ann, { type: "op", name: named, operator: true });
      expect(await ask(ann, { type: "op", name: named, operator: false })).toMatchObject({
        type: "done",
      });
    }
    expect((await ann.until("notice", 6)).slice(-6).map(({ message }) => message)).toEqual(
      Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0 ? "Robert is an operator now" : "Robert is no longer an operator",
      ),
    );
  });

  test("is announced under the last spelling of somebody's name, and a ban by a former name is lifted by it", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const zoe = await enter(state, "zoe");
    await ask(zoe, { type: "rename", name: "ZOE" });
    zoe.say(sayFrame(1));
    await ann.texts(1);
    await zoe.channel.close();
    await ask(ann, { type: "op", name: "ZOE", operator: true });
    expect((await ann.until("notice", 1)).at(-1)?.message).toBe("ZOE is an operator now");
    await ask(ann, { type: "op", name: "zoe", operator: false });
    const eva = await enter(state, "eva");
    await ask(eva, { type: "rename", name: "carla" });
    await eva.channel.close();
    expect(await ask(ann, { type: "ban", name: "eva" })).toMatchObject({ name: "carla" });
    expect(await ask(ann, { type: "unban", name: "eva" })).toMatchObject({ type: "done" });
  });

  test("may resign, under the name that they have now or by their fingerprint", async () => {
    for (const named of ["robert", "key of Bob"]) {
      const state = openState();
      const ann = await enter(state, "Ann", { owner: true });
      const bob = await enter(state, "Bob");
      await ask(ann, { type: "op", name: "Bob", operator: true });
      await ask(bob, { type: "rename", name: "Robert" });
      expect(await ask(bob, { type: "op", name: named, operator: false })).toMatchObject({
        type: "done",
      });
      expect((await ann.until("notice", 2)).at(-1)).toMatchObject({
        code: "OPERATOR",
        message: "Robert is no longer an operator",
      });
      expect((await bob.until("rights", 2)).at(-1)).toMatchObject({ operator: false });
      expect(await ask(bob, { type: "bans" })).toMatchObject({ code: "NOT_THE_OWNER" });
      // Who is none has nothing to give up.
      expect(await ask(bob, { type: "op", name: "Robert", operator: false })).toMatchObject({
        message: "permission denied: only the owner may take an operator's rights",
      });
    }
  });

  test("who has changed their name is named by the new one", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    const bob = await enter(state, "Bob");
    await ask(ann, { type: "op", name: "Bob", operator: true });
    await ask(bob, { type: "rename", name: "Robert" });
    expect(await ask(ann, { type: "op", name: "robert", operator: false })).toMatchObject({
      type: "done",
    });
    expect((await bob.until("notice", 2)).at(-1)?.message).toBe("you are no longer an operator");
    expect((await ann.until("notice", 2)).at(-1)?.message).toBe("Robert is no longer an operator");
  });

  test("is not what the owner can become, or cease to be", async () => {
    const state = openState();
    const ann = await enter(state, "Ann", { owner: true });
    expect(await ask(ann, { type: "op", name: "ann", operator: false })).toMatchObject({
      code: "NOT_THE_OWNER",
      message: "permission denied: you are the owner, and stay it",
      hint: "/close ends the conversation",
    });
    expect(await ask(ann, { type: "op", name: "ann", operator: true })).toMatchObject({
      message: "that is you",
    });
  });

  test("is announced to everybody, knows it in every window and room, and no longer after deop", async () => {
    const { state, ann, bob, dan } = await operators();
    expect((await dan.until("notice")).map(({ message }) => message)).toEqual([
      "Bob is an operator now",
      "Carl is an operator now",
    ]);
    // Themselves by "you".
    expect((await bob.until("notice", 2)).map(({ message }) => message)).toEqual([
      "you are an operator now",
      "Carl is an operator now",
    ]);
    const phone = await enter(state, "Bob", { device: deviceOf("phone"), room: "garden" });
    expect((await phone.until("welcome"))[0]).toMatchObject({ operator: true });
    await ask(ann, { type: "op", name: "bob", operator: false });
    expect((await phone.until("notice")).map(({ message }) => message)).toEqual([
      "you are no longer an operator",
    ]);
    expect(await bob.until("rights", 2)).toEqual([
      { type: "rights", operator: true, muted: false },
      { type: "rights", operator: false, muted: false },
    ]);
    expect(await phone.until("rights")).toEqual([
      { type: "rights", operator: false, muted: false },
    ]);
    expect(dan.of("rights")).toEqual([]);
    expect(await ask(bob, { type: "bans" })).toMatchObject({ code: "NOT_THE_OWNER" });
    expect(await ask(ann, { type: "op", name: "Bob", operator: false })).toMatchObject({
      code: "NO_SUCH_MEMBER",
      message: 'nobody who is an operator is called "Bob"',
    });
  });

  test("who was banned is none after the ban is lifted", async () => {
    const { state, ann } = await operators();
    await ask(ann, { type: "ban", name: "Bob" });
    await ask(ann, { type: "unban", name: "Bob" });
    expect(state.moderation.isOperator("key of Bob")).toBe(false);
  });
});

test("who says of each member whether they are the owner, an operator or muted", async () => {
  const state = openState();
  const ann = await enter(state, "Ann", { owner: true });
  await enter(state, "Bob");
  await enter(state, "Carl");
  await ask(ann, { type: "op", name: "Bob", operator: true });
  await ask(ann, { type: "mute", name: "Carl", muted: true });
  const members = [
    { name: "Ann", fingerprint: "key of Ann", away: false, owner: true },
    { name: "Bob", fingerprint: "key of Bob", away: false, operator: true },
    { name: "Carl", fingerprint: "key of Carl", away: false, muted: true },
  ];
  expect(await ask(ann, { type: "who" })).toMatchObject({ type: "people", members });
});

test("a person who is muted is told when they come in again", async () => {
  const state = openState();
  const ann = await enter(state, "Ann", { owner: true });
  const bob = await enter(state, "Bob");
  await ask(ann, { type: "mute", name: "Bob", muted: true });
  await bob.channel.close();
  const again = await enter(state, "Bob");
  expect((await again.until("welcome"))[0]).toMatchObject({ muted: true });
  expect(await again.until("notice")).toMatchObject([
    { code: "MUTED", message: "you are muted in main: nobody gets what you write" },
  ]);
});

test.each(["", "x", "x".repeat(65), "\u0001".repeat(60_000)])(
  "a person whom nobody can be (%#) is not found, and the session of the one who asks goes on",
  async (name) => {
    const state = openState({ owner: ANN });
    const ann = await enter(state, "Ann", { owner: true, key: ANN });
    for (const question of [
      { type: "kick", name },
      { type: "ban", name },
      { type: "unban", name },
      { type: "mute", name, muted: true },
      { type: "mute", name, muted: false },
      { type: "op", name, operator: true },
      { type: "op", name, operator: false },
    ] as const) {
      expect(await ask(ann, question)).toMatchObject({ type: "failed", code: "NO_SUCH_MEMBER" });
    }
    expect(await ask(ann, { type: "who" })).toMatchObject({ type: "people" });
  },
);

test("what nobody may ask for, or of somebody with a name that nobody can have, costs the server nothing", async () => {
  const state = openState({ owner: ANN });
  const eve = await enter(state, "Eve", { key: EVE });
  // Its compatible characters (NFKC) are 18 each.
  const name = "\ufdfa".repeat(20_000);
  const ask20 = async (code: string) => {
    const before = cpuTime();
    for (let count = 0; count < 20; count += 1) {
      const answer = await ask(eve, { type: "op", name, operator: false });
      expect(answer).toMatchObject({ type: "failed", code });
    }
    return cpuTime() - before;
  };
  expect(await ask20("NOT_THE_OWNER")).toBeLessThan(1_000);
  state.moderation.addOperator({ fingerprint: EVE, name: "Eve" });
  expect(await ask20("NO_SUCH_MEMBER")).toBeLessThan(1_000);
});
