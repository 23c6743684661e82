import { expect, test } from "bun:test";

import { openMemoryLog } from "../../src/log/memory-log.ts";
import { rejection } from "../net/rejection.ts";
import { draft } from "./drafts.ts";
import { testLog } from "./log-suite.ts";

testLog("a log in memory", async (now) => openMemoryLog({ now }));

test("a log in memory that is full rejects appends, and keeps its entries", async () => {
  await using log = openMemoryLog({ now: Date.now, maxCharacters: 420 });
  await log.append("main", draft(1, { text: "0123456789" }));
  await log.append("main", draft(2, { text: "0123456789" }));
  expect(await rejection(log.append("main", draft(3, { text: "" })))).toMatchObject({
    code: "STORE_FULL",
    message: "this conversation is only in memory, and its memory is full",
    hint: "start a new one; without --ephemeral it is stored on the disk",
  });
  expect(await log.last("main")).toBe(2);
  expect(log.usage()).toEqual({ used: 420, quota: 420 });
  expect((await log.append("main", draft(2))).sequence).toBe(2);
});

test("a log in memory has room again for what was deleted", async () => {
  await using log = openMemoryLog({ now: Date.now, maxCharacters: 420 });
  await log.append("main", draft(1, { text: "0123456789" }));
  await log.append("garden", draft(1, { text: "0123456789" }));
  await log.deleteBefore("main", 2);
  expect(log.usage()).toEqual({ used: 210, quota: 420 });
  await log.append("main", draft(2, { text: "0123456789" }));
  await log.deleteRoom("main");
  await log.deleteRoom("garden");
  expect(log.usage()).toEqual({ used: 0, quota: 420 });
});
