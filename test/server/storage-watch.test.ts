import { describe, expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { openMemoryLog } from "../../src/log/memory-log.ts";
import { createStorageWatch, type StorageNotice } from "../../src/server/storage-watch.ts";
import { connect, enter, enterFrame, openState, sayFrame } from "./server-state.ts";

const GB = 1024 ** 3;
const full = new CharlaError("QUOTA_REACHED", "it is full", "delete some");
const HINT =
  "delete old messages with charla history --delete-before, or start the server with --keep or a larger --quota";

describe("the owner", () => {
  test("is told once when the messages take 80 % of what they may, and once when some are refused", () => {
    const told: StorageNotice[] = [];
    let used = 7.9 * GB;
    const watch = createStorageWatch(
      () => ({ used, quota: 10 * GB }),
      (notice) => told.push(notice),
    );
    watch.check();
    expect([told, watch.notice]).toEqual([[], null]);
    used = 8 * GB;
    watch.check();
    watch.check();
    const almost = {
      code: "STORE_ALMOST_FULL",
      message: "messages take 8 GB of the 10 GB that this server may use",
      hint: HINT,
    };
    expect([told, watch.notice]).toEqual([[almost], almost]);
    watch.refused(full);
    watch.refused(full);
    watch.check();
    const refused = {
      code: "QUOTA_REACHED",
      message: "messages are refused: they take all of the 10 GB that this server may use",
      hint: HINT,
    };
    expect([told, watch.notice]).toEqual([[almost, refused], refused]);
  });

  test("is told again when there was room in between, not when it goes up and down a little", () => {
    const told: string[] = [];
    let used = 8 * GB;
    const watch = createStorageWatch(
      () => ({ used, quota: 10 * GB }),
      ({ code }) => told.push(code),
    );
    for (const part of [8, 7.6, 8, 7.4, 8]) {
      used = part * GB;
      watch.check();
    }
    expect(told).toEqual(["STORE_ALMOST_FULL", "STORE_ALMOST_FULL"]);
  });

  test("reads nothing of a full store once messages were deleted, also before another is stored", () => {
    let used = 8 * GB;
    const watch = createStorageWatch(
      () => ({ used, quota: 10 * GB }),
      () => {},
    );
    watch.check();
    expect(watch.notice).toMatchObject({ code: "STORE_ALMOST_FULL" });
    used = 1 * GB;
    expect(watch.notice).toBeNull();
    const gone = new CharlaError("STORE_GONE", "the store was removed", "put it back");
    watch.refused(gone);
    expect(watch.notice).toMatchObject({ code: "STORE_GONE" });
  });

  test("is told the reason of a disk that is full before the quota is reached", () => {
    const told: StorageNotice[] = [];
    const watch = createStorageWatch(
      () => ({ used: 1, quota: 10 * GB }),
      (notice) => told.push(notice),
    );
    watch.refused(new CharlaError("STORE_FULL", "the disk of /data is full", "free some space"));
    expect(told).toEqual([
      {
        code: "STORE_FULL",
        message: "messages are refused: the disk of /data is full",
        hint: "free some space",
      },
    ]);
  });
});

test("a store that was removed while its quota is used up is a notice of its own, once", () => {
  const shown: StorageNotice[] = [];
  const watch = createStorageWatch(
    () => ({ used: 10 * GB, quota: 10 * GB }),
    (notice) => shown.push(notice),
  );
  const gone = new CharlaError("STORE_GONE", "/data/log.sqlite was removed", "put it back");
  for (const error of [full, gone, full, gone]) watch.refused(error);
  expect(shown.map(({ code }) => code)).toEqual(["QUOTA_REACHED", "STORE_GONE"]);
  expect(shown[1]).toEqual({
    code: "STORE_GONE",
    message: "messages are refused: /data/log.sqlite was removed",
    hint: "put it back",
  });
});

test("a server whose store was removed reports it once, and the member is shown what to do", async () => {
  const notices: string[] = [];
  const log = openMemoryLog({ now: () => 1_000 });
  const gone = new CharlaError("STORE_GONE", "the store was removed", "put it back");
  const state = openState({
    log: { ...log, append: () => Promise.reject(gone) },
    onStorage: ({ code }) => notices.push(code),
  });
  const ben = await enter(state, "Ben");
  ben.say(sayFrame(1, "one"), sayFrame(2, "two"));
  const refused = await ben.until("refused", 2);
  expect(refused.map(({ code }) => code)).toEqual(["STORE_GONE", "STORE_GONE"]);
  expect(notices).toEqual(["STORE_GONE"]);
});

describe("a server whose messages take all that they may", () => {
  test("refuses with a clear word to the sayer and to the owner's windows, and nobody else hears of it", async () => {
    const services: string[] = [];
    const state = openState({
      log: openMemoryLog({ now: () => 1_000, maxCharacters: 1_000 }),
      onStorage: ({ code }) => services.push(code),
    });
    const owner = await enter(state, "Ann", { owner: true });
    const ben = await enter(state, "Ben");
    ben.say(sayFrame(1, "x".repeat(200)), sayFrame(2, "x".repeat(200)));
    await owner.texts(2);
    expect((await owner.until("notice")).map(({ code }) => code)).toEqual(["STORE_ALMOST_FULL"]);
    ben.say(sayFrame(3, "x".repeat(200)), sayFrame(4, "y".repeat(200)));
    const refused = await ben.until("refused", 2);
    expect(refused.map(({ number, code }) => [number, code])).toEqual([
      [3, "STORE_FULL"],
      [4, "STORE_FULL"],
    ]);
    const [, notice] = await owner.until("notice", 2);
    expect(notice).toMatchObject({ code: "STORE_FULL" });
    expect(ben.of("notice")).toEqual([]);
    expect(owner.of("notice")).toHaveLength(2);
    expect(services).toEqual(["STORE_ALMOST_FULL", "STORE_FULL"]);
    // The owner's next window learns it too.
    const window = connect(state, "key of Ann", true);
    window.say(enterFrame("Ann", { room: "garden" }));
    expect(await window.until("notice")).toMatchObject([{ code: "STORE_FULL" }]);
    await state.log.deleteBefore("main", 3);
    ben.say(sayFrame(5, "z"));
    await ben.texts(3);
    expect(state.storage.notice).toBe(null);
  });
});
