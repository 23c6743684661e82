import { expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createNameRenewal } from "../../src/server/name-renewal.ts";
import { brokenLog, enter, openState } from "./server-state.ts";
import { virtualClock } from "./virtual-clock.ts";

const DAY = 24 * 3_600_000;

test("somebody who is in a room for longer than names last keeps theirs when they leave", async () => {
  const clock = virtualClock();
  const log = openMemoryLog({ now: clock.now });
  const state = openState({ log });
  using _ = createNameRenewal({ log, rooms: state.rooms, setTimer: clock.setTimer });
  const ann = await enter(state, "Ann");
  const ben = await enter(state, "Ben");
  await ben.channel.close();
  await clock.pass(100 * DAY);
  await ann.channel.close();
  const names = [];
  for (const name of ["Ann", "Ben"]) {
    const eve = await enter(state, name, { key: "key of Eve", device: name.padEnd(22, "e") });
    names.push(eve.of("welcome")[0]?.name);
  }
  expect(names).toEqual(["Ann-2", "Ben"]);
});

test("names are renewed the next day where the store has failed, and no more once the server ends", async () => {
  const clock = virtualClock();
  const claims: string[] = [];
  let isFailing = false;
  const log = brokenLog({
    async claimName(_room, name) {
      claims.push(name);
      if (isFailing) throw new CharlaError("STORE_FULL", "the disk is full", "make room");
      return "yours";
    },
  });
  const state = openState({ log });
  await enter(state, "Ann");
  {
    using _ = createNameRenewal({ log, rooms: state.rooms, setTimer: clock.setTimer });
    isFailing = true;
    await clock.pass(DAY);
    isFailing = false;
    await clock.pass(DAY);
    expect(claims).toEqual(["Ann", "Ann", "Ann"]);
  }
  await clock.pass(10 * DAY);
  expect(claims).toHaveLength(3);
});
