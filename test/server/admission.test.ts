// Who may join a server, over real sockets: with invitations that have an end, on a list of authorized keys, and after
// a restart of the server.

import { describe, expect, test } from "bun:test";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { joinRoom } from "../../src/client/join-room.ts";
import { invitedTo, type SealedTarget } from "../../src/client/sealed-target.ts";
import { fingerprint } from "../../src/identity/key-text.ts";
import { createAdmission } from "../../src/server/admission.ts";
import { openAuthorizedKeys } from "../../src/server/authorized-keys.ts";
import { openInvitationFile } from "../../src/server/invitations-file.ts";
import { NO_INVITATIONS } from "../../src/server/invitations.ts";
import type { Server } from "../../src/server/server.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { rejection } from "../net/rejection.ts";
import { ANN, BOB, CARL, knock, outcomeOf, ownerOf } from "./admitting.ts";
import { invitationTo, openHere, serve, SERVER_KEYS, SERVER_SECRET, shownTo } from "./served.ts";

/** How to reach a server without an invitation. */
function withoutInvitation({ local: { port } }: Server): SealedTarget {
  const key = SERVER_KEYS.publicKey;
  return invitedTo({
    ways: [{ kind: "direct", host: "127.0.0.1", port }],
    room: "main",
    key,
    secret: null,
  });
}

const NOON = 1_800_000_000_000;

describe("an invitation for one", () => {
  test("lets in one person, and the same one again, as often as they like", async () => {
    await using server = await openHere();
    const invitation = await (await ownerOf(server)).invite({ uses: 1 });
    expect(await knock(invitation, ANN)).toBe("in");
    expect(await knock(invitation, BOB)).toBe("WRONG_SECRET");
    expect(await knock(invitation, ANN)).toBe("in");
  });

  test("lets in exactly one of two people at once", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    for (let time = 0; time < 5; time += 1) {
      const invitation = await owner.invite({ uses: 1 });
      const outcomes = await Promise.all([knock(invitation, ANN), knock(invitation, BOB)]);
      expect(outcomes.toSorted()).toEqual(["WRONG_SECRET", "in"]);
    }
  });

  test("is one use for two programs of one person, also at once", async () => {
    await using server = await openHere();
    const invitation = await (await ownerOf(server)).invite({ uses: 2 });
    const outcomes = await Promise.all([ANN, ANN, ANN].map((who) => knock(invitation, who)));
    expect(outcomes).toEqual(["in", "in", "in"]);
    expect(await knock(invitation, BOB)).toBe("in");
    expect(await knock(invitation, CARL)).toBe("WRONG_SECRET");
  });
});

test("an invitation for an hour lets nobody new in after it", async () => {
  let now = NOON;
  await using server = await openHere({ now: () => now });
  const invitation = await (await ownerOf(server)).invite({ seconds: 3_600 });
  now += 3_599_000;
  expect(await knock(invitation, ANN)).toBe("in");
  now += 1_000;
  expect(await knock(invitation, BOB)).toBe("WRONG_SECRET");
  expect(await knock(invitation, ANN)).toBe("in");
});

describe("an invitation with an end is", () => {
  test("for the room that it was made in, and the server's own for all", async () => {
    await using server = await openHere();
    const invitation = await (await ownerOf(server, "garden")).invite({ uses: 5 });
    expect(invitation).toContain("/garden#");
    expect(await knock(invitation, ANN)).toBe("in");
    expect(await knock(invitation, ANN, "main")).toBe(
      "your invitation is for the room garden, not for main",
    );
    expect(await knock(server.invitation("garden"), ANN, "main")).toBe("in");
  });

  test("the server's own, when no end was given", async () => {
    await using server = await openHere();
    expect(await (await ownerOf(server)).invite()).toBe(server.invitation("main"));
  });

  test("refused on a server that anyone may join", async () => {
    await using server = await openHere({ secret: null });
    const owner = await ownerOf(server);
    expect(await rejection(owner.invite({ uses: 1 }))).toMatchObject({
      code: "REFUSED",
      message: "anyone may join: an invitation that ends would keep nobody out",
    });
  });

  test("refused when it cannot be stored, and lets nobody in", async () => {
    using folder = temporaryFolder();
    const place = join(folder.path, "charla");
    const invitations = openInvitationFile(place);
    await using server = await openHere({ invitations });
    const owner = await ownerOf(server);
    writeFileSync(place, "");
    expect(await rejection(owner.invite({ uses: 1 }))).toMatchObject({
      code: "FOLDER_NOT_WRITABLE",
      message: `cannot write to ${place}: there is a file in its place`,
    });
    rmSync(place);
    await owner.invite({ uses: 1 });
    expect(openInvitationFile(place).stored.limited).toHaveLength(1);
  });
});

describe("a restarted server", () => {
  test("knows how often an invitation was used, and by whom", async () => {
    using folder = temporaryFolder();
    const port = await reservePort();
    const open = () => openHere({ port, invitations: openInvitationFile(folder.path) });
    const first = await open();
    const invitation = await (await ownerOf(first)).invite({ uses: 2 });
    expect(await knock(invitation, ANN)).toBe("in");
    await first.close();
    await using second = await open();
    expect(second.local.port).toBe(port);
    const outcomes = [];
    for (const who of [BOB, CARL, ANN]) outcomes.push(await knock(invitation, who));
    expect(outcomes).toEqual(["in", "WRONG_SECRET", "in"]);
  });

  test(
    "after a kill takes its guests back, who go on talking",
    async () => {
      using folder = temporaryFolder();
      await using stack = new AsyncDisposableStack();
      const first = await serve(folder.path, await reservePort());
      stack.defer(() => first.program[Symbol.asyncDispose]());
      const owner = joinRoom(invitationTo(first.port), { name: "Olga", identity: SERVER_KEYS });
      expect(await outcomeOf(owner)).toBe("in");
      const invitation = await owner.invite({ uses: 1 });
      const ann = joinRoom(invitation, { name: "Ann", identity: ANN });
      const seen = shownTo(ann);
      await until("Ann is in", () => seen.shown.some(({ type }) => type === "entered"));
      first.program.signal("SIGKILL");
      await first.program.exited;

      const second = await serve(folder.path, first.port);
      stack.defer(() => second.program[Symbol.asyncDispose]());
      await ann.say("still here");
      expect(await knock(invitation, BOB)).toBe("WRONG_SECRET");
      await Promise.all([ann.leave(), owner.leave()]);
    },
    END_TO_END_TIMEOUT,
  );
});

test("a guest who cannot be stored is let in, and that is reported", async () => {
  const reported: string[] = [];
  using folder = temporaryFolder();
  const place = join(folder.path, "charla");
  await using server = await openHere({
    invitations: openInvitationFile(place),
    onRefused: ({ code }) => void reported.push(code),
  });
  const invitation = await (await ownerOf(server)).invite({ uses: 2 });
  rmSync(place, { recursive: true });
  writeFileSync(place, "");
  expect(await knock(invitation, ANN)).toBe("in");
  expect(reported).toEqual(["FOLDER_NOT_WRITABLE"]);
  rmSync(place);
  expect(await knock(invitation, BOB)).toBe("in");
  await until(
    "both are stored",
    () => openInvitationFile(place).stored.limited[0]?.guests.size === 2,
  );
});

/** An admission with an invitation for one person until noon, and the guests it had each time it was stored. */
function invitedUntilNoon() {
  const clock = { now: NOON - 1_000 };
  const written: number[] = [];
  const admission = createAdmission({
    secret: SERVER_SECRET,
    store: {
      stored: NO_INVITATIONS,
      saveSecret() {},
      save: ({ limited: [first] }) => void written.push(first?.guests.size ?? 0),
    },
    authorized: undefined,
    now: () => clock.now,
    random: () => new Uint8Array(16),
    onRenewed() {},
    onNotStored() {},
  });
  admission.invite({ secret: new Uint8Array(16), room: "main", uses: 1, seconds: 1 });
  const [, key] = admission.keysFor(ANN.publicKey);
  if (key === undefined) throw new Error("there is no key for Ann");
  return { clock, written, admission, key };
}

describe("without a network", () => {
  test("a guest who had a key in time, and finishes late, is not let in", () => {
    const { clock, admission, key } = invitedUntilNoon();
    clock.now = NOON;
    expect(admission.admit(key, ANN.publicKey)).toBe(false);
  });

  test("guests are stored soon, and before the server ends", () => {
    const { written, admission, key } = invitedUntilNoon();
    expect(admission.admit(key, ANN.publicKey)).toBe(true);
    admission.enter({ id: "1", room: "main", key: key.id }, fingerprint(ANN.publicKey));
    expect(written).toEqual([0]);
    admission.flush();
    expect(written).toEqual([0, 1]);
    admission.flush();
    expect(written).toEqual([0, 1]);
  });
});

/** An admission with the standing invitation, by which Eve has entered, and others since. */
function enteredByStanding(others: number, onRenewed: () => void) {
  let renewals = 0;
  const admission = createAdmission({
    secret: SERVER_SECRET,
    store: { stored: NO_INVITATIONS, saveSecret() {}, save() {} },
    authorized: undefined,
    now: () => NOON,
    random: () => new Uint8Array(16).fill((renewals += 1)),
    onRenewed,
    onNotStored() {},
  });
  const [key] = admission.keysFor(ANN.publicKey);
  const used = key === undefined ? null : admission.find(key.id);
  if (key === undefined || used === null) throw new Error("there is no standing invitation");
  admission.enter(used, "Eve");
  for (let other = 0; other < others; other += 1) admission.enter(used, `other ${other}`);
  return { admission, key, used };
}

describe("a ban renews the standing invitation", () => {
  test("also when 10,100 keys have done a handshake since the person came", () => {
    let renewed = 0;
    const { admission, key } = enteredByStanding(0, () => void (renewed += 1));
    const publicKey = new Uint8Array(32);
    for (let count = 0; count < 10_100; count += 1) {
      new DataView(publicKey.buffer).setUint32(0, count);
      expect(admission.admit(key, publicKey)).toBe(true);
    }
    expect([...(admission.list()[0]?.guests ?? [])]).toEqual(["Eve"]);
    expect([admission.closeAllOf("Eve"), renewed]).toEqual([["standing"], 1]);
    expect(admission.admit(key, publicKey)).toBe(false);
  });

  test("also when so many have entered that the person may have been forgotten", () => {
    let renewed = 0;
    const { admission, used } = enteredByStanding(10_100, () => void (renewed += 1));
    expect(admission.mayEnter(used, "Mallory")).toBe(true);
    expect([admission.closeAllOf("Eve"), renewed]).toEqual([["standing"], 1]);
    expect(admission.mayEnter(used, "Mallory")).toBe(false);
    expect(admission.mayEnter(used, "other 10000")).toBe(true);
  });
});

describe("a list of authorized keys", () => {
  test("lets in the people on it without an invitation, into any room, and nobody else", async () => {
    const team = new Set([fingerprint(ANN.publicKey)]);
    await using server = await openHere({ authorized: (person) => team.has(person) });
    expect(await knock(withoutInvitation(server), ANN)).toBe("in");
    expect(await knock(withoutInvitation(server), ANN, "garden")).toBe("in");
    expect(await knock(withoutInvitation(server), BOB)).toBe("WRONG_SECRET");
    expect(await knock(server.invitation("main"), BOB)).toBe("in");
  });

  test("is read again for each: a person who is taken off it is not let in again", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "team");
    const [ann, bob] = [fingerprint(ANN.publicKey), fingerprint(BOB.publicKey)];
    writeFileSync(path, `${ann} Ann\n`);
    chmodSync(path, 0o600);
    const reported: string[] = [];
    const authorized = openAuthorizedKeys(path, ({ code }) => void reported.push(code));
    await using server = await openHere({ authorized });
    expect(await knock(withoutInvitation(server), ANN)).toBe("in");
    writeFileSync(path, `${bob} Bob\n`);
    expect(await knock(withoutInvitation(server), ANN)).toBe("WRONG_SECRET");
    expect(await knock(withoutInvitation(server), BOB)).toBe("in");
    writeFileSync(path, "everybody\n");
    expect(await knock(withoutInvitation(server), BOB)).toBe("WRONG_SECRET");
    expect(reported).toEqual(["AUTHORIZED_KEYS_DAMAGED"]);
  });

  test("that was not given lets nobody in", async () => {
    await using server = await openHere();
    expect(await knock(withoutInvitation(server), ANN)).toBe("WRONG_SECRET");
  });
});
