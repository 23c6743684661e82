// Invitations that are closed: by a ban, by the owner, or as the standing one was renewed. Nobody new comes in by them, and
// those who did may come back. Over real sockets.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { RoomConversation } from "../../src/chat/conversation.ts";
import { joinRoom } from "../../src/client/join-room.ts";
import { parseInvitation } from "../../src/identity/invitation.ts";
import { fingerprint } from "../../src/identity/key-text.ts";
import { ownIdentity } from "../../src/identity/private-files.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import type { KeyPair } from "../../src/protocol/crypto-provider.ts";
import { open } from "../../src/server/open.ts";
import type { Server } from "../../src/server/server.ts";
import { charla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { reservePort } from "../harness/ports.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../log/temporary-folder.ts";
import { rejection } from "../net/rejection.ts";
import { ANN, BOB, CARL, knock, ownerOf } from "./admitting.ts";
import { joinRaw } from "./raw-member.ts";
import { openHere, SERVER_KEYS, SERVER_SECRET } from "./served.ts";
import { enterFrame } from "./server-state.ts";

const DAVE = generateKeyPair(new Uint8Array(32).fill(0xd4));

/** Several, one after the other, as new programs of these people. */
async function knockAll(target: string, people: readonly KeyPair[]): Promise<string[]> {
  const outcomes = [];
  for (const who of people) outcomes.push(await knock(target, who));
  return outcomes;
}

const guest = (keys: KeyPair, name: string) => ({
  fingerprint: fingerprint(keys.publicKey),
  name,
});

const namesOfBanned = async (asker: RoomConversation) =>
  (await asker.bans()).map(({ name }) => name);

const inFolder = (folder: string, port = 0): Promise<Server> =>
  open({ bind: "127.0.0.1", port, data: folder, identity: SERVER_KEYS });

describe("a ban holds", () => {
  endToEnd(
    "a person who came by the standing invitation does not come back with another key, and the others do",
    async () => {
      const bannedBy: unknown[] = [];
      await using server = await openHere({ onRenewed: (by) => bannedBy.push(by) });
      const owner = await ownerOf(server);
      const old = server.invitation("main");
      expect(await knockAll(old, [ANN, BOB])).toEqual(["in", "in"]);
      const banned = await owner.ban(fingerprint(BOB.publicKey));
      expect(banned).toEqual({
        name: "guest-2",
        fingerprint: fingerprint(BOB.publicKey),
        closed: ["standing"],
        invitation: server.invitation("main"),
        page: undefined,
        open: undefined,
      });
      expect(bannedBy).toEqual([fingerprint(SERVER_KEYS.publicKey)]);
      expect(server.invitation("main")).not.toBe(old);
      expect(await knockAll(old, [BOB, CARL, ANN])).toEqual(["BANNED", "WRONG_SECRET", "in"]);
      expect(await knockAll(server.invitation("main"), [CARL, ANN, BOB])).toEqual([
        "in",
        "in",
        "BANNED",
      ]);
    },
  );

  endToEnd("a limited invitation is closed, also for those who have not come yet", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    const standing = server.invitation("main");
    const limited = await owner.invite({ uses: 5 });
    expect(await knockAll(limited, [ANN, BOB])).toEqual(["in", "in"]);
    const { closed, invitation } = await owner.ban(fingerprint(BOB.publicKey));
    expect([closed, invitation]).toEqual([["1"], undefined]);
    expect(await knockAll(limited, [CARL, ANN, BOB])).toEqual(["WRONG_SECRET", "in", "BANNED"]);
    // It is none of theirs.
    expect(server.invitation("main")).toBe(standing);
  });

  endToEnd("a server that anyone may join says that a key is all that it keeps out", async () => {
    await using server = await openHere({ secret: null });
    const owner = await ownerOf(server);
    expect(await knock(server.invitation("main"), BOB)).toBe("in");
    const { closed, open: isOpen } = await owner.ban(fingerprint(BOB.publicKey));
    expect([closed, isOpen]).toEqual([[], true]);
    expect(await rejection(owner.invite({ renew: true }))).toMatchObject({
      code: "REFUSED",
      message: "anyone may join: a new invitation would keep nobody out",
    });
  });
});

describe("who has only done a handshake when an invitation is closed", () => {
  const NEW = "your invitation lets in nobody new any more";

  /** Two spare keys of one person: one that is connected, and one that was. */
  async function spareKeys(server: Server, secret: Uint8Array, also: () => Promise<unknown>) {
    await using waiting = await joinRaw(server, "waiting", undefined, secret);
    await using gone = await joinRaw(server, "gone", undefined, secret);
    expect([await waiting.joined, await gone.joined]).toEqual([true, true]);
    await gone[Symbol.asyncDispose]();
    await also();
    waiting.say(enterFrame("Mallory"));
    expect(await waiting.ended).toMatchObject({ code: 16, reason: NEW });
    expect(waiting.frames).toEqual([]);
    return generateKeyPair(Buffer.alloc(32, "gone"));
  }

  endToEnd("by a ban does not come in, connected or not", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    const old = server.invitation("main");
    expect(await knock(old, BOB)).toBe("in");
    const gone = await spareKeys(server, SERVER_SECRET, () =>
      owner.ban(fingerprint(BOB.publicKey)),
    );
    expect(await knockAll(old, [gone])).toEqual(["WRONG_SECRET"]);
    const counts = (await owner.invitations()).map(({ id, count }) => [id, count]);
    expect(counts).toEqual([["standing", 1]]);
  });

  endToEnd("by the owner, as a limited one, does not come in, connected or not", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    const limited = await owner.invite({ uses: 5 });
    const { secret } = parseInvitation(limited);
    if (secret === null) throw new Error("an invitation without a secret");
    expect(await knock(limited, ANN)).toBe("in");
    const gone = await spareKeys(server, secret, () => owner.revoke(1));
    expect(await knockAll(limited, [gone, ANN])).toEqual(["WRONG_SECRET", "in"]);
  });
});

describe("a renewed invitation", () => {
  endToEnd(
    "lets in new people, and the old one those who came by it, also after a restart",
    async () => {
      using folder = temporaryFolder();
      const port = await reservePort();
      const first = await inFolder(folder.path, port);
      const old = first.invitation("main");
      expect(await knock(old, ANN)).toBe("in");
      const renewed = await (await ownerOf(first)).invite({ renew: true });
      expect(renewed).toBe(first.invitation("main"));
      expect(await knockAll(renewed, [BOB])).toEqual(["in"]);
      // A second time: both old ones are remembered.
      const newest = await (await ownerOf(first)).invite({ renew: true });
      await first.close();

      await using second = await inFolder(folder.path, port);
      expect(second.invitation("main")).toBe(newest);
      expect(await knockAll(old, [ANN, BOB, CARL])).toEqual(["in", "WRONG_SECRET", "WRONG_SECRET"]);
      expect(await knockAll(renewed, [BOB, CARL])).toEqual(["in", "WRONG_SECRET"]);
      expect(await knockAll(newest, [CARL])).toEqual(["in"]);
    },
  );

  endToEnd("is in the file of this person's other programs, and is reported", async () => {
    using ana = newPerson();
    await using server = await startSealedServer(["--json", "--bind", "127.0.0.1"], { as: ana });
    const file = () => readFileSync(join(ana.data, "invitation"), "utf8").trim();
    expect(file()).toBe(server.invitation);
    const { stdout } = server;
    await using window = charla([], { as: ana });
    await window.until("stderr", /in main/);
    expect(stdout).toContain(server.invitation);
    const conversation = joinRoom(file(), { name: "ana", identity: ownIdentity(ana.env).keyPair });
    for await (const event of conversation.events) if (event.type === "entered") break;
    const renewed = await conversation.invite({ renew: true });
    await until("the file to follow", () => file() === renewed);
    await server.until("stdout", new RegExp(`"type":"invitation","invitation":"${renewed}"`));
    await conversation.leave();
  });
});

endToEnd(
  "the owner's window says that it was renewed, and not how to ask for what is shown",
  async () => {
    using ana = newPerson();
    await using server = await startSealedServer(["--bind", "127.0.0.1"], { as: ana });
    const conversation = joinRoom(server.invitation, {
      name: "ana",
      identity: ownIdentity(ana.env).keyPair,
    });
    for await (const event of conversation.events) if (event.type === "entered") break;
    await conversation.invite({ renew: true });
    await server.until(
      "stderr",
      "the standing invitation was renewed: people who came by the old one",
    );
    expect(server.stderr).not.toContain("/invite prints");
    await conversation.leave();
  },
);

describe("the owner", () => {
  endToEnd("sees who came by which invitation, and what is left of each", async () => {
    let now = 1_800_000_000_000;
    await using server = await openHere({ now: () => now });
    const owner = await ownerOf(server);
    const limited = await owner.invite({ uses: 3 });
    const short = await owner.invite({ seconds: 60 });
    expect(await knock(server.invitation("main"), ANN)).toBe("in");
    expect(await knock(limited, BOB)).toBe("in");
    expect(await knock(short, CARL)).toBe("in");
    now += 60_000;
    expect(await owner.invitations()).toEqual([
      { id: "standing", count: 1, guests: [guest(ANN, "guest")] },
      { id: "1", room: "main", left: 2, count: 1, guests: [guest(BOB, "guest-2")] },
      {
        id: "2",
        room: "main",
        left: 0,
        until: 1_800_000_060_000,
        count: 1,
        guests: [guest(CARL, "guest-3")],
      },
    ]);
  });

  endToEnd("revokes a limited invitation by its number; who came by it may come back", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    const limited = await owner.invite({ uses: 5 });
    expect(await knock(limited, ANN)).toBe("in");
    await owner.revoke(1);
    expect(await knockAll(limited, [BOB, ANN])).toEqual(["WRONG_SECRET", "in"]);
    for (const number of [1, 7]) {
      expect(await rejection(owner.revoke(number))).toMatchObject({
        code: "NO_SUCH_INVITATION",
        message: `there is no open invitation with the number ${number}`,
      });
    }
  });
});

test("an operator who came by an invitation for one room gets none for all, and sees no other room's", async () => {
  await using server = await openHere();
  const [owner, gardener] = [await ownerOf(server), await ownerOf(server, "garden")];
  await owner.invite({ uses: 1 });
  const garden = await gardener.invite({ uses: 2 });
  const dave = joinRoom(garden, { name: "Dave", identity: DAVE });
  for await (const event of dave.events) if (event.type === "entered") break;
  await gardener.op("Dave", true);
  for (const limits of [{}, { renew: true }, { renew: true, uses: 1 }]) {
    expect(await rejection(dave.invite(limits))).toMatchObject({
      code: "REFUSED",
      message: "your own invitation is for garden alone, and the standing one is for all rooms",
    });
  }
  expect(await dave.invite({ uses: 1 })).toContain("/garden#");
  expect((await dave.invitations()).map(({ id }) => id)).toEqual(["2", "3"]);
  expect(await rejection(dave.revoke(1))).toMatchObject({ code: "NO_SUCH_INVITATION" });
  await dave.revoke(3);
  expect(await knock(server.invitation("garden"), BOB, "garden")).toBe("in");
  const { closed, invitation } = await dave.ban(fingerprint(BOB.publicKey));
  expect([closed, invitation]).toEqual([["standing"], undefined]);
  await dave.leave();
});

test("an operator of one room neither learns the names that people have in others, nor acts on them there", async () => {
  await using server = await openHere();
  const [owner, gardener] = [await ownerOf(server), await ownerOf(server, "garden")];
  const dave = joinRoom(await gardener.invite({ uses: 2 }), { name: "Dave", identity: DAVE });
  for await (const event of dave.events) if (event.type === "entered") break;
  await gardener.op("Dave", true);
  expect(await knockAll(server.invitation("main"), [ANN, BOB])).toEqual(["in", "in"]);
  const [ann, bob] = [fingerprint(ANN.publicKey), fingerprint(BOB.publicKey)];
  for (const act of [dave.ban(ann), dave.mute(ann, true)]) {
    expect(await rejection(act)).toMatchObject({ code: "NO_SUCH_MEMBER" });
  }
  await owner.ban(bob);
  expect([
    await namesOfBanned(owner),
    await namesOfBanned(gardener),
    await namesOfBanned(dave),
  ]).toEqual([["guest-2"], ["guest-2"], []]);
  for (const name of [bob, "guest-2"]) {
    expect(await rejection(dave.unban(name))).toMatchObject({ code: "NO_SUCH_MEMBER" });
  }
  // Who has been in the room as well.
  expect(await knock(server.invitation("garden"), ANN, "garden")).toBe("in");
  await dave.ban(ann);
  expect(await namesOfBanned(dave)).toEqual(["guest"]);
  expect(await knock(server.invitation("main"), ANN)).toBe("BANNED");
  await dave.unban("guest");
  // A ban of the owner's in another room is not theirs to lift by a second one.
  await owner.ban(ann);
  await dave.ban(ann);
  expect(await rejection(dave.unban(ann))).toMatchObject({ code: "NO_SUCH_MEMBER" });
  expect(await namesOfBanned(dave)).toEqual([]);
  await owner.unban(ann);
  await dave.leave();
});
