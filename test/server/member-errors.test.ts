// What members learn when the server itself fails: nothing of its machine, whatever they ask for.

import { expect, test } from "bun:test";

import type { MemberFrame } from "../../src/chat/member-frames.ts";
import { CharlaError } from "../../src/errors.ts";
import { Moderation, NO_MODERATION } from "../../src/server/moderation.ts";
import { NO_INVITATIONS } from "../simulator/no-invitations.ts";
import {
  brokenLog,
  connect,
  enter,
  enterFrame,
  openState,
  reasonOf,
  sayFrame,
} from "./server-state.ts";

const PATH = "/home/ana/.local/share/charla";
const [EVE, BOB] = ["key of Eve", "key of Bob"];

const storeFailed = () =>
  new CharlaError("STORE_FAILED", `${PATH} cannot be read: it is a bug`, `look at ${PATH}`);
const notWritable = () =>
  new CharlaError("FOLDER_NOT_WRITABLE", `cannot write to ${PATH}: denied`, `look at ${PATH}`);

const fails = () => {
  throw notWritable();
};

/** A server, whose operator is Bob; from `fail` on, everything fails that it has on the disk. */
function openFailing() {
  let isBroken = false;
  const check = (error: () => CharlaError) => {
    if (isBroken) throw error();
  };
  const whole = brokenLog({});
  const failing =
    <Given extends unknown[], Result>(method: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      check(storeFailed);
      return method(...given);
    };
  const log = brokenLog({
    ...whole,
    append: failing(whole.append),
    claimName: failing(whole.claimName),
    deleteRoom: failing(whole.deleteRoom),
    last: failing(whole.last),
    nameHolder: failing(whole.nameHolder),
    nameOf: failing(whole.nameOf),
    readLast: failing(whole.readLast),
    rooms: failing(whole.rooms),
    search: failing(whole.search),
  });
  const operators = new Map([[BOB, { fingerprint: BOB, name: "Bob" }]]);
  const stored = { ...NO_MODERATION, operators };
  const moderation = new Moderation({ stored, save: () => check(notWritable) });
  const invitations = { ...NO_INVITATIONS, closeAllOf: fails, invite: fails, renew: fails };
  const state = openState({ log, moderation, invitations });
  return { state, fail: () => (isBroken = true) };
}

/** What an operator may ask for, and reads or changes something. */
const REQUESTS: readonly MemberFrame[] = [
  { type: "rooms", request: 1 },
  { type: "history", request: 2, count: 1 },
  { type: "history", request: 3, count: 1, words: "hello" },
  { type: "rename", request: 4, name: "Robert" },
  { type: "kick", request: 5, name: "Zoe" },
  { type: "ban", request: 6, name: "Eve" },
  { type: "unban", request: 7, name: "Zoe" },
  { type: "mute", request: 8, name: "Eve", muted: true },
  { type: "lock", request: 9, locked: true },
  { type: "invite", request: 10, uses: 1 },
  { type: "op", request: 11, name: "Bob", operator: false },
];

test("a member learns that the server has failed, and its owner where and why", async () => {
  const { state, fail } = openFailing();
  const owner = await enter(state, "Ann", { owner: true });
  const bob = await enter(state, "Bob");
  await enter(state, "Eve", { key: EVE });
  fail();
  bob.say(...REQUESTS, sayFrame(1));
  const failed = await bob.until("failed", REQUESTS.length);
  expect(failed).toHaveLength(REQUESTS.length);
  const [refused] = await bob.until("refused");
  expect(refused).toMatchObject({ code: "STORE_FAILED", message: "the server's store has failed" });
  expect(failed[2]).toEqual({
    type: "failed",
    request: 3,
    code: "STORE_FAILED",
    message: "the server's store has failed",
    hint: "ask its owner to look at the server",
  });
  expect(JSON.stringify(bob.frames)).not.toContain(PATH);
  expect(owner.of("notice").map(({ message }) => message)).toEqual([
    `${PATH} cannot be read: it is a bug`,
    `cannot write to ${PATH}: denied`,
    `messages are refused: ${PATH} cannot be read: it is a bug`,
  ]);
  owner.say({ type: "history", request: 1, count: 1, words: "hello" });
  const { code, message, hint } = storeFailed();
  expect(await owner.until("failed")).toEqual([
    { type: "failed", request: 1, code, message, hint },
  ]);
});

test("somebody who cannot enter because the store has failed learns no more than that", async () => {
  const { state, fail } = openFailing();
  await enter(state, "Ann", { owner: true });
  fail();
  const eve = connect(state, EVE);
  eve.say(enterFrame("Eve"));
  expect(await reasonOf(eve)).toBe("the server's store has failed");
});

test("an operator who bans somebody learns that an invitation could not be closed, not which file it is in", async () => {
  const { state } = openFailing();
  const bob = await enter(state, "Bob");
  await enter(state, "Eve", { key: EVE });
  bob.say({ type: "ban", request: 1, name: "Eve" });
  const [warning] = await bob.until("notice");
  expect(warning?.message).toBe(
    "Eve is banned, but can come back with another key: an invitation could not be closed: the server has failed to do that",
  );
});
