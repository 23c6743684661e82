// Failures of a store on a disk, with real files: each has a code, a message and a hint.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { extname, join } from "node:path";

import type { LogEntry } from "../../src/chat/frames.ts";
import type { Log } from "../../src/log/log.ts";
import { openSqliteLog, openSqliteReader } from "../../src/log/sqlite-log.ts";
import { migrate, MIGRATIONS } from "../../src/log/sqlite/schema.ts";
import { open as openServer } from "../../src/server/open.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { run, start } from "../harness/program.ts";
import { shortest } from "../harness/shortest.ts";
import { rejection } from "../net/rejection.ts";
import { draft } from "./drafts.ts";
import { testOnDisk } from "./own-disk.ts";
import { openRawStore } from "./raw-store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const open = (folder: string) => openSqliteLog({ folder, now: () => 1_000 });

/** Why a folder cannot be created on a read-only disk: the `mkdir` of Node.js, with all folders above, names another reason. */
const READ_ONLY =
  process.versions["bun"] === undefined ? "no such file or directory" : "read-only file system";

/** A program beside this file; both are bundled to run under Node.js. */
const pathOf = (name: string) =>
  join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);

/** A folder with a closed log that has `count` entries in the room `main`. */
async function folderWith(entries: number) {
  const folder = temporaryFolder();
  await using log = await open(folder.path);
  await fill(log, entries);
  return { ...folder, path: folder.path, file: join(folder.path, "log.sqlite") };
}

async function fill(log: Log, entries: number): Promise<void> {
  const text = "the same words again and again ".repeat(10);
  await Promise.all(
    Array.from({ length: entries }, (_, index) => log.append("main", draft(index, { text }))),
  );
}

const recoverHint = (file: string) =>
  "restore it from a copy, or move it away to start anew; " +
  `sqlite3 ${JSON.stringify(file)} .recover shows what can be saved`;

const goneRefusal = (file: string) => ({
  code: "STORE_GONE",
  message: `${file} was removed or moved away while it was in use`,
  hint: "put it back where it was, and restart the server",
});

/** Runs a script of sh with a small disk of its own at `$1`, `$2` the runtime of `$open` and `$append`, programs of these tests. */
async function onDisk(folder: string, kibibytes: number, script: string): Promise<string> {
  const mount = `mount -t tmpfs -o size=${kibibytes}k tmpfs "$1" && `;
  const command = ["unshare", "-rm", "sh", "-ec", mount + script, "sh", folder, process.execPath];
  const open = pathOf("open-and-report");
  const append = pathOf("append-until-refused");
  const { stdout, stderr } = await run(command, { env: { open, append } });
  return stdout + stderr;
}

describe("a store that another server writes", () => {
  test(
    "a store that another server writes is refused until that server ends or is killed",
    async () => {
      using folder = temporaryFolder();
      await using other = start([
        process.execPath,
        pathOf("append-until-killed"),
        folder.path,
        "other",
      ]);
      await other.until("stdout", "open\n");
      // A commit waits a second for another program; this does not.
      const took = await shortest(500, async () => {
        expect(await rejection(open(folder.path))).toMatchObject({
          code: "STORE_LOCKED",
          message: `another server uses ${folder.path}`,
          hint: "stop that one first, or give this one a folder of its own with --data, or none with --ephemeral",
        });
      });
      expect(took).toBeLessThan(500);
      other.signal("SIGKILL");
      await other.exited;
      await using log = await open(folder.path);
      await log.append("main", draft(1));
    },
    END_TO_END_TIMEOUT,
  );

  test("a store that the same program writes is refused, too", async () => {
    using folder = temporaryFolder();
    await using log = await open(folder.path);
    expect(await rejection(open(folder.path))).toMatchObject({ code: "STORE_LOCKED" });
    const { stdout } = await run([
      process.execPath,
      pathOf("open-and-report"),
      folder.path,
      "write",
    ]);
    expect(stdout).toStartWith("STORE_LOCKED: another server");
    await log.append("main", draft(1));
  });

  test("a store can be opened again when its log is closed", async () => {
    using folder = temporaryFolder();
    for (let round = 1; round <= 3; round += 1) {
      await using log = await open(folder.path);
      expect((await log.append("main", draft(round))).sequence).toBe(round);
    }
  });
});

describe("a store that is damaged", () => {
  test.each([
    ["a line of text", "hello\n"],
    ["a page of text", "hello\n".repeat(1_000)],
  ])("a store that is %s is refused and not overwritten", async (_, text) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "log.sqlite");
    writeFileSync(file, text);
    const refusal = {
      code: "STORE_DAMAGED",
      message: `${file} is damaged: file is not a database`,
      hint: recoverHint(file),
    };
    expect(await rejection(open(folder.path))).toMatchObject(refusal);
    expect(await rejection(openSqliteReader(folder.path))).toMatchObject(refusal);
    // The attempt that was refused has not locked it.
    expect(await rejection(open(folder.path))).toMatchObject(refusal);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("a store of which half is missing is refused", async () => {
    using folder = await folderWith(500);
    truncateSync(folder.file, 4_096 * 20);
    const damaged = { code: "STORE_DAMAGED", hint: recoverHint(folder.file) };
    const reading = async () => {
      await using log = await openSqliteReader(folder.path);
      await log.read("main", 0, 1_000);
    };
    expect(await rejection(reading())).toMatchObject(damaged);
    const writing = async () => {
      await using log = await open(folder.path);
      await fill(log, 500);
    };
    expect(await rejection(writing())).toMatchObject(damaged);
  });

  test("a store with an overwritten page is reported by readers in either direction", async () => {
    using folder = await folderWith(500);
    const bytes = readFileSync(folder.file);
    // All pages but the first 30, which hold the tables' roots.
    bytes.fill(0xaa, 4_096 * 30, bytes.length);
    writeFileSync(folder.file, bytes);
    await using log = await open(folder.path);
    const damaged = {
      code: "STORE_DAMAGED",
      message: `${folder.file} is damaged: database disk image is malformed`,
      hint: recoverHint(folder.file),
    };
    expect(await rejection(log.read("main", 0, 1_000))).toMatchObject(damaged);
    expect(await rejection(log.search({ limit: 1_000 }))).toMatchObject(damaged);
    expect(await rejection(log.readLast("main", 1_000))).toMatchObject(damaged);
  });
});

describe("a store that must not be changed", () => {
  test("a store that a newer charla wrote is not changed", async () => {
    using folder = await folderWith(1);
    const bytes = readFileSync(folder.file);
    bytes.writeUInt32BE(7, 60); // the user version (SQLite, "Database File Format", 1.3)
    writeFileSync(folder.file, bytes);
    const refusal = {
      code: "STORE_TOO_NEW",
      message: `${folder.file} was written by a newer charla: it has version 7, and this one knows up to 4`,
      hint: "use the newer charla, or name another folder with --data",
    };
    expect(await rejection(open(folder.path))).toMatchObject(refusal);
    expect(await rejection(openSqliteReader(folder.path))).toMatchObject(refusal);
    expect(readFileSync(folder.file).readUInt32BE(60)).toBe(7);
    // The attempt that was refused has not kept the lock.
    expect(await rejection(open(folder.path))).toMatchObject({ code: "STORE_TOO_NEW" });
  });

  test("a store that an older charla wrote is not read before it was brought up to date", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "log.sqlite");
    {
      using old = openRawStore(file);
      migrate(old, file, MIGRATIONS.slice(0, 1));
    }
    expect(await rejection(openSqliteReader(folder.path))).toMatchObject({
      code: "STORE_TOO_OLD",
      message: `${file} was written by an older charla`,
      hint: "start charla --server once with this one: it brings the store up to date",
    });
    await (await open(folder.path))[Symbol.asyncDispose]();
    await using reader = await openSqliteReader(folder.path);
    expect(await reader.rooms()).toEqual([]);
  });

  test("a folder in the store's place is refused", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "log.sqlite");
    mkdirSync(file);
    expect(await rejection(open(folder.path))).toMatchObject({
      code: "STORE_NOT_WRITABLE",
      message: `${file} cannot be written: unable to open database file`,
      hint: "make it writable for this user, or name another folder with --data",
    });
  });

  test("a file in the place of the store's folder is refused", async () => {
    using base = temporaryFolder();
    const folder = join(base.path, "data");
    writeFileSync(folder, "");
    expect(await rejection(open(folder))).toMatchObject({
      code: "STORE_NOT_WRITABLE",
      message: `${join(folder, "log.sqlite")} cannot be written: there is a file where a folder should be`,
    });
  });

  test("a folder that can't be one is refused by a server with its default quota, and to a reader", async () => {
    using base = temporaryFolder();
    const file = join(base.path, "file");
    writeFileSync(file, "");
    const loop = join(base.path, "loop");
    symlinkSync(loop, loop);
    for (const [folder, why] of [
      [file, "there is a file where a folder should be"],
      [join(file, "charla"), "there is a file where a folder should be"],
      [join(base.path, "n".repeat(300)), "the name is too long"],
      [join(loop, "charla"), "too many symbolic links"],
    ] as const) {
      const store = join(folder, "log.sqlite");
      const hint = "name another folder with --data, or set XDG_DATA_HOME to one";
      expect(await rejection(openServer({ bind: "127.0.0.1", data: folder }))).toMatchObject({
        code: "STORE_NOT_WRITABLE",
        message: `${store} cannot be written: ${why}`,
        hint,
      });
      expect(await rejection(openSqliteReader(folder))).toMatchObject({
        code: "FILE_NOT_READABLE",
        message: `${store} cannot be read: ${why}`,
        hint,
      });
    }
  });

  testOnDisk("a store on a read-only disk is refused", async () => {
    using folder = temporaryFolder();
    const said = await onDisk(
      folder.path,
      4_096,
      `"$2" "$open" "$1" write
       mount -o remount,bind,ro "$1"
       "$2" "$open" "$1" write
       "$2" "$open" "$1" read
       "$2" "$open" "$1"/deeper write`,
    );
    const file = join(folder.path, "log.sqlite");
    expect(said.split("\n")).toEqual([
      "open",
      `STORE_NOT_WRITABLE: ${file} cannot be written: unable to open database file`,
      "hint: make it writable for this user, or name another folder with --data",
      "open",
      `STORE_NOT_WRITABLE: ${join(folder.path, "deeper", "log.sqlite")} cannot be written: ${READ_ONLY}`,
      "hint: make it writable for this user, or name another folder with --data",
      "",
    ]);
  });

  testOnDisk(
    "a store on a read-only disk can be read while its server runs, and after a kill if all files are there",
    async () => {
      using folder = temporaryFolder();
      const said = await onDisk(
        folder.path,
        4_096,
        `touch "$1"/said
       "$2" "$open" "$1" stay > "$1"/said & server=$!
       until grep -q . "$1"/said; do sleep 0.01; done
       mkdir "$1"/view && mount --bind "$1" "$1"/view && mount -o remount,bind,ro "$1"/view
       "$2" "$open" "$1"/view read
       kill -9 $server; wait $server 2> /dev/null || true
       "$2" "$open" "$1"/view read
       rm "$1"/log.sqlite-shm
       "$2" "$open" "$1"/view read`,
      );
      const file = join(folder.path, "view", "log.sqlite");
      expect(said.split("\n")).toEqual([
        "open",
        "open",
        `FILE_NOT_READABLE: ${file} cannot be read`,
        "hint: run charla as the user who owns it; if its disk is read-only, copy the folder to another",
        "",
      ]);
    },
  );

  test.skipIf(process.geteuid?.() === 0)("a store in a read-only folder is refused", async () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o500);
    expect(await rejection(open(folder.path))).toMatchObject({ code: "STORE_NOT_WRITABLE" });
    chmodSync(folder.path, 0o700);
  });
});

describe("a store whose disk is full", () => {
  testOnDisk(
    "a store on a full disk refuses a whole commit, keeps its entries, and goes on when there is space",
    async () => {
      using folder = temporaryFolder();
      const said = await onDisk(
        folder.path,
        2_048,
        `head -c 1000000 /dev/zero > "$1"/ballast; "$2" "$append" "$1"`,
      );
      expect(said.split("\n")).toEqual([
        `STORE_FULL: the disk of ${join(folder.path, "log.sqlite")} is full`,
        "hint: free some space; what was refused can be sent again",
        "refused together: 5",
        "half there: 0",
        "taken again: 5",
        "read again: 5",
        "last: 5",
        "",
      ]);
    },
  );

  testOnDisk("a store on a full disk can neither be created nor opened", async () => {
    using folder = temporaryFolder();
    const said = await onDisk(
      folder.path,
      1_024,
      `head -c 2000000 /dev/zero > "$1"/ballast || true
       "$2" "$open" "$1" write
       rm "$1"/ballast
       "$2" "$open" "$1" write
       head -c 2000000 /dev/zero > "$1"/ballast || true
       "$2" "$open" "$1" write`,
    );
    const full = [
      `STORE_FULL: the disk of ${join(folder.path, "log.sqlite")} is full`,
      "hint: free some space; what was refused can be sent again",
    ];
    const lines = said.split("\n").filter((line) => !line.startsWith("head: "));
    expect(lines).toEqual([...full, "open", ...full, ""]);
  });
});

test(
  "any other error of the system is quoted in the message",
  async () => {
    using folder = temporaryFolder();
    // It may write files of at most 512 blocks of 1 KiB.
    const limited = ["bash", "-c", 'ulimit -f 512; exec "$@"', "bash"];
    const refused = [process.execPath, pathOf("append-until-refused"), folder.path];
    const { stdout } = await run([...limited, ...refused]);
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      `STORE_FAILED: ${join(folder.path, "log.sqlite")} cannot be read or written: disk I/O error`,
      "hint: check its disk and the system log; what was refused can be sent again",
      "refused together: 5",
      "half there: 0",
    ]);
  },
  END_TO_END_TIMEOUT,
);

describe("a store that disappears while it is in use", () => {
  test("a store that was removed refuses appends", async () => {
    using folder = temporaryFolder();
    await using log = await open(folder.path);
    await log.append("main", draft(1));
    rmSync(folder.path, { recursive: true });
    const refusal = goneRefusal(join(folder.path, "log.sqlite"));
    expect(await rejection(log.append("main", draft(2)))).toMatchObject(refusal);
    expect(await rejection(log.append("main", draft(3)))).toMatchObject(refusal);
    expect(await rejection(log.claimName("main", "Ann", "key of Ann"))).toMatchObject(refusal);
    await Bun.sleep(5);
    expect(await rejection(log.append("main", draft(4)))).toMatchObject(refusal);
  });

  test("a store that comes back has no refused entries, accepts them again, and its subscribers miss none", async () => {
    using base = temporaryFolder();
    const folder = join(base.path, "data");
    await using log = await open(folder);
    const seen: LogEntry[] = [];
    using _ = log.subscribe("main", (entries) => seen.push(...entries));
    await log.append("main", draft(1));
    expect(seen).toHaveLength(1);
    renameSync(folder, join(base.path, "elsewhere"));
    expect(await rejection(log.append("main", draft(2)))).toMatchObject(
      goneRefusal(join(folder, "log.sqlite")),
    );
    await Bun.sleep(5);
    renameSync(join(base.path, "elsewhere"), folder);
    expect(await log.last("main")).toBe(1);
    expect((await log.append("main", draft(2))).sequence).toBe(2);
    await log.append("main", draft(3));
    expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("a store that was replaced by another file counts as removed", async () => {
    using folder = temporaryFolder();
    await using log = await open(folder.path);
    await log.append("main", draft(1));
    const file = join(folder.path, "log.sqlite");
    cpSync(file, `${file}-copy`);
    renameSync(`${file}-copy`, file);
    expect(await rejection(log.append("main", draft(2)))).toMatchObject(goneRefusal(file));
  });
});

describe("a store that is not there", () => {
  test.each(["", "nowhere"])(
    "a missing store is reported by readers, in folder/%s",
    async (inside) => {
      using base = temporaryFolder();
      const folder = join(base.path, inside);
      expect(await rejection(openSqliteReader(folder))).toMatchObject({
        code: "STORE_MISSING",
        message: `there is no conversation in ${folder}`,
        hint: "start charla --server on this machine first, or name its folder with --data; charla history HOST/ROOM shows one that you have joined",
      });
    },
  );

  test("a store without tables, whose server ended early, is reported by readers", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "log.sqlite"), "");
    expect(await rejection(openSqliteReader(folder.path))).toMatchObject({ code: "STORE_MISSING" });
    await using log = await open(folder.path);
    await log.append("main", draft(1));
  });
});
