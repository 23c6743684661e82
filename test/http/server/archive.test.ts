// Archives as Python's zipfile and tarfile read them, which report every error.

import { expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { tar } from "../../../src/http/server/archive/tar.ts";
import { type ArchiveEntry, walkFolder } from "../../../src/http/server/archive/walk.ts";
import { zip } from "../../../src/http/server/archive/zip.ts";
import { openFolder } from "../../../src/http/server/folder.ts";
import { ShortenedFile } from "../../../src/http/server/opened.ts";
import { newFolder } from "../../harness/folder.ts";
import { run } from "../../harness/program.ts";

const MODIFIED = new Date("2024-02-29T12:34:56Z");

/** [name, size, seconds since 1970, permissions, SHA-256 of the content] for each entry, in order. */
const LIST_ZIP = `
import hashlib, json, struct, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
def seconds(extra):
    while extra:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455: return struct.unpack("<i", extra[5:9])[0]
        extra = extra[4 + size:]
print(json.dumps([[i.filename, i.file_size, seconds(i.extra), oct(i.external_attr >> 16 & 0o777),
  hashlib.sha256(archive.read(i)).hexdigest()] for i in archive.infolist()]))
`;
const LIST_TAR = `
import hashlib, json, sys, tarfile
archive = tarfile.open(sys.argv[1], errorlevel=2)
print(json.dumps([[i.name + ("/" if i.isdir() else ""), i.size, i.mtime, oct(i.mode),
  hashlib.sha256(archive.extractfile(i).read() if i.isfile() else b"").hexdigest()] for i in archive]))
`;

type ArchiveWriter = typeof zip;

const FORMATS: [name: string, write: ArchiveWriter, list: string][] = [
  ["zip", zip, LIST_ZIP],
  ["tar", tar, LIST_TAR],
];

function sha256(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

async function save(entries: AsyncIterable<ArchiveEntry>, write: ArchiveWriter, path: string) {
  await Bun.write(path, new Response(write(entries)));
}

type Listed = [name: string, size: number, seconds: number, mode: string, digest: string];

async function listed(path: string, list: string): Promise<Listed[]> {
  const { stdout, stderr } = await run(["python3", "-c", list, path]);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

async function contents(path: string, list: string) {
  const entries = await listed(path, list);
  return entries.map(([name, size, , , digest]) => [name, size, digest]);
}

async function* iterate(...entries: ArchiveEntry[]) {
  yield* entries;
}

function fileOf(
  name: string,
  size: number,
  modified: Date | number = MODIFIED,
  ...chunks: Uint8Array[]
): ArchiveEntry {
  const content = { size, chunks: chunksOf(chunks) };
  return { name, modified: Number(modified), isExecutable: false, content };
}

async function* chunksOf(chunks: Uint8Array[]) {
  yield* chunks;
}

test.each(FORMATS)(
  "a folder as .%s has names, contents, times and modes",
  async (kind, write, list) => {
    using shared = newFolder();
    using output = newFolder();
    const long = `${"long ".repeat(40)}名前 🎉.txt`;
    const large = new Uint8Array(300_000).map((_, index) => index % 251);
    mkdirSync(join(shared.path, "a folder", "empty"), { recursive: true });
    shared.write("a folder/ümlaut.txt", "über");
    shared.write(`a folder/${long}`, "long");
    shared.write("empty.txt", "");
    shared.write("large.bin", large);
    shared.write("run.sh", "#!/bin/sh\n");
    chmodSync(join(shared.path, "run.sh"), 0o700);
    for (const name of [
      "a folder/empty",
      "a folder/ümlaut.txt",
      `a folder/${long}`,
      "a folder",
      "empty.txt",
      "large.bin",
      "run.sh",
      ".",
    ]) {
      utimesSync(join(shared.path, name), MODIFIED, MODIFIED);
    }
    using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
    const path = join(output.path, `a.${kind}`);
    await save(walkFolder({ folder, path: [], root: "top", dotfiles: false }), write, path);

    const seconds = MODIFIED.getTime() / 1_000;
    const nothing = sha256("");
    expect(await listed(path, list)).toEqual([
      ["top/", 0, seconds, "0o755", nothing],
      ["top/a folder/", 0, seconds, "0o755", nothing],
      ["top/a folder/empty/", 0, seconds, "0o755", nothing],
      [`top/a folder/${long}`, 4, seconds, "0o644", sha256("long")],
      ["top/a folder/ümlaut.txt", 5, seconds, "0o644", sha256("über")],
      ["top/empty.txt", 0, seconds, "0o644", nothing],
      ["top/large.bin", 300_000, seconds, "0o644", sha256(large)],
      ["top/run.sh", 10, seconds, "0o755", sha256("#!/bin/sh\n")],
    ]);
  },
);

test("what a listing does not show is not in the archive, and circular links end", async () => {
  using shared = newFolder();
  using outside = newFolder();
  outside.write("secret.txt", "secret");
  mkdirSync(join(shared.path, "sub"));
  shared.write("sub/a.txt", "a");
  shared.write(".hidden", "hidden");
  symlinkSync(outside.path, join(shared.path, "out"));
  symlinkSync(join(outside.path, "secret.txt"), join(shared.path, "out.txt"));
  symlinkSync("..", join(shared.path, "sub", "up"));
  symlinkSync("sub/a.txt", join(shared.path, "within.txt"));
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const names: string[] = [];
  for await (const { name } of walkFolder({ folder, path: [], root: "top", dotfiles: false })) {
    names.push(name);
  }
  expect(names).toEqual(["top/", "top/sub/", "top/sub/a.txt", "top/within.txt"]);
  const open = openFolder({ path: shared.path, dotfiles: true, followSymlinks: false });
  const all: string[] = [];
  for await (const { name } of walkFolder({
    folder: open,
    path: [],
    root: "top",
    dotfiles: true,
  })) {
    all.push(name);
  }
  open[Symbol.dispose]();
  expect(all).toContain("top/.hidden");
});

test("descriptors are closed when the client disconnects", async () => {
  using shared = newFolder();
  for (let at = 0; at < 10; at++) shared.write(`${at}.txt`, "x".repeat(1_000));
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const before = descriptors();
  for await (const _ of zip(walkFolder({ folder, path: [], root: "top", dotfiles: false }))) {
    if (descriptors() > before + 1) break;
  }
  expect(descriptors()).toBe(before);
});

function descriptors(): number {
  return process.platform === "linux" ? statSync("/proc/self/fd").size : 0;
}

test.each(FORMATS)(
  "a file that grows while it is sent is in the .%s as long as it was",
  async (kind, write, list) => {
    using shared = newFolder();
    using output = newFolder();
    const path = join(output.path, `a.${kind}`);
    shared.write("1 grown.bin", new Uint8Array(400_000).fill(2));
    shared.write("2 last.txt", "last");
    using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
    async function* growing() {
      for await (const entry of walkFolder({ folder, path: [], root: "top", dotfiles: false })) {
        if (entry.name.includes("grown")) {
          writeFileSync(join(shared.path, "1 grown.bin"), new Uint8Array(500_000).fill(2));
        }
        yield entry;
      }
    }
    await save(growing(), write, path);
    expect(await contents(path, list)).toEqual([
      ["top/", 0, sha256("")],
      ["top/1 grown.bin", 400_000, sha256(new Uint8Array(400_000).fill(2))],
      ["top/2 last.txt", 4, sha256("last")],
    ]);
  },
);

test.each(FORMATS)(
  "a .%s breaks off at a file that shrinks while it is sent: nothing is made up",
  async (_kind, write) => {
    using shared = newFolder();
    shared.write("cut.bin", new Uint8Array(400_000).fill(1));
    using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
    async function* shrinking() {
      for await (const entry of walkFolder({ folder, path: [], root: "top", dotfiles: false })) {
        if (entry.name.includes("cut")) truncateSync(join(shared.path, "cut.bin"), 100);
        yield entry;
      }
    }
    let sum = 0;
    async function readAll(): Promise<void> {
      for await (const bytes of write(shrinking())) sum += bytes.filter((one) => one === 1).length;
    }
    const broken = await readAll().catch((error: unknown) => error);
    expect(broken).toBeInstanceOf(ShortenedFile);
    expect(sum).toBeLessThan(200);
  },
);

test("a file that may exceed 4 GiB has ZIP64 sizes, even if it turns out to be short", async () => {
  using output = newFolder();
  const path = join(output.path, "a.zip");
  const bytes = new TextEncoder().encode("cut short");
  await save(
    iterate(
      fileOf("large.bin", 5 * 2 ** 30, MODIFIED, bytes),
      fileOf("small.txt", 9, MODIFIED, bytes),
    ),
    zip,
    path,
  );
  expect(await contents(path, LIST_ZIP)).toEqual([
    ["large.bin", 9, sha256(bytes)],
    ["small.txt", 9, sha256(bytes)],
  ]);
  // Version 4.5, and 16 empty bytes under the id 1 after the name.
  const local = new DataView(await Bun.file(path).slice(0, 80).arrayBuffer());
  expect(local.getUint16(4, true)).toBe(45);
  expect(local.getUint16(30 + 9, true)).toBe(1);
});

test("more entries than 16 bits can count have a ZIP64 end record", async () => {
  using output = newFolder();
  const path = join(output.path, "a.zip");
  const many = Array.from({ length: 65_536 }, (_, at) => fileOf(`${at}`, 0));
  await save(iterate(...many), zip, path);
  const { stdout } = await run([
    "python3",
    "-c",
    "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).infolist()))",
    path,
  ]);
  expect(stdout).toBe("65536\n");
});

test("a tar entry of more than 8 GiB has its size in an extended header", async () => {
  const stream = tar(iterate(fileOf("large.bin", 9 * 2 ** 30)));
  const { value } = await stream.next();
  const text = Buffer.from(value ?? new Uint8Array()).toString("latin1");
  expect(text.slice(512, 512 + 20)).toBe("19 size=9663676416\n\0");
  await stream.return();
});

test("times before 1970 and after 2107 break neither format", async () => {
  using output = newFolder();
  for (const [kind, write, list] of FORMATS) {
    const path = join(output.path, `a.${kind}`);
    const times = [-1e12, 0, 5e12].map((time) => fileOf(`${time}`, 0, time));
    await save(iterate(...times), write, path);
    expect(await listed(path, list)).toHaveLength(3);
  }
});
