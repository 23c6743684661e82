// Nothing outside of the shared folder is ever served, whatever the request target, the links, and changes during a
// request.

import { expect, setSystemTime, test } from "bun:test";
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { bytesBody } from "../../../src/http/server/exchange.ts";
import { createFileCache } from "../../../src/http/server/file-cache.ts";
import { type FolderSystem, openFolder, thisSystem } from "../../../src/http/server/folder.ts";
import { ERRNO, pathText } from "../../../src/http/server/linux-calls.ts";
import { exchange, serveFolder } from "../../harness/file-server.ts";
import { newFolder } from "../../harness/folder.ts";

const SECRET = "the-secret-outside";
const INSIDE = "what-is-shared";

/** What this system has; Linux where a container forbids the calls, and one that has only what all have. */
const SYSTEMS = {
  "as it is": thisSystem(),
  "without openat2": { ...thisSystem(), calls: null },
  "without openat2 and /proc": { ...thisSystem(), calls: null, descriptors: null },
} satisfies Record<string, FolderSystem>;

/** TOP/shared is shared; TOP/secret and TOP/shared-not/secret are next to it. */
function newTree() {
  const top = newFolder();
  const path = join(top.path, "shared");
  mkdirSync(join(path, "sub", "deep"), { recursive: true });
  mkdirSync(join(top.path, "shared-not"));
  top.write("secret", SECRET);
  top.write("shared-not/secret", SECRET);
  top.write("shared/inside", INSIDE);
  top.write("shared/sub/inside", INSIDE);
  top.write("shared/.hidden", SECRET);
  mkdirSync(join(path, ".git"));
  top.write("shared/.git/config", SECRET);
  return { top, shared: { ...top, path } };
}

/** TOP stands for the name of the outer folder. */
const SPELLINGS = [
  "/../secret",
  "/../../secret",
  "/../../../../../../../../../../../../etc/passwd",
  "/..",
  "/../",
  "/sub/../../secret",
  "/sub/deep/../../../secret",
  "/./../secret",
  "/.//../secret",
  "//../secret",
  "///../../secret",
  "//sub/..//../secret",
  "/sub//../..//secret",
  "/%2e%2e/secret",
  "/%2E%2E/secret",
  "/%2e./secret",
  "/.%2e/secret",
  "/%2e%2e%2fsecret",
  "/%2e%2e%2Fsecret",
  "/..%2fsecret",
  "/..%2Fsecret",
  "/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
  "/sub%2f..%2f..%2fsecret",
  "/%2fetc%2fpasswd",
  "/%2f%2fetc/passwd",
  "//etc/passwd",
  "///etc/passwd",
  "/..\\secret",
  "/..%5csecret",
  "/..%5Csecret",
  "/%2e%2e%5csecret",
  "/%2e%2e\\secret",
  "\\..\\secret",
  "/\\../secret",
  "/\\\\..\\secret",
  "/sub\\..\\..\\secret",
  "/sub/..\\../secret",
  "/C:\\windows\\win.ini",
  "/C:/windows/win.ini",
  "/%252e%252e/secret",
  "/%252e%252e%252fsecret",
  "/..%252fsecret",
  "/%25252e%25252e/secret",
  "/%c0%ae%c0%ae/secret",
  "/%c0%ae%c0%ae%c0%afsecret",
  "/..%c0%afsecret",
  "/..%c1%9csecret",
  "/%e0%80%ae%e0%80%ae/secret",
  "/%uff0e%uff0e/secret",
  "/%u002e%u002e%u2215secret",
  "/\uff0e\uff0e/secret",
  "/..\u2215secret",
  "/%EF%BC%8E%EF%BC%8E/secret",
  "/..;/secret",
  "/..;x=y/secret",
  "/;/../secret",
  "/..%00/secret",
  "/%00/../secret",
  "/inside%00/../../secret",
  "/..%0d/secret",
  "/..%0a/secret",
  "/..%09/secret",
  "/..%20/secret",
  "/.. /secret",
  "/.../secret",
  "/..../secret",
  "/....//secret",
  "/..?/../secret",
  "/?/../secret",
  "/#/../secret",
  "/..#/../secret",
  "/../shared-not/secret",
  "/../shared/../secret",
  "/..%2fshared-not/secret",
  "-not/secret",
  "/-not/secret",
  "/%2d%2fsecret",
  "../secret",
  "..",
  "secret",
  "file:///etc/passwd",
  "http://localhost/../secret",
  "http://localhost/%2e%2e/secret",
  "http://localhost/..%2fsecret",
  "http:///../secret",
  "http://../secret",
  "https://localhost/../secret",
  "/proc/self/root/etc/passwd",
  "/sub/../../TOP/secret",
  "/../TOP/secret",
  "/%2e%2e%2fTOP%2fsecret",
  "/.hidden",
  "/%2ehidden",
  "/.git/config",
  "/sub/../.git/config",
  "/%2egit/config",
  "/./.git/config",
  `/${"../".repeat(1_000)}secret`,
  `/${"a/../".repeat(1_000)}../secret`,
  `/${"%2e%2e/".repeat(1_000)}secret`,
  `/${"x".repeat(5_000)}/../../secret`,
  `/${"x/".repeat(6_000)}`,
];

test("there are more than 90 different spellings", () => {
  expect(new Set(SPELLINGS).size).toBeGreaterThan(90);
});

const OPTIONS = {
  "by default": {},
  "following links": { followSymlinks: true },
  "for an application": { spa: true },
  "without openat2": { system: SYSTEMS["without openat2"] },
  "without openat2 and /proc": { system: SYSTEMS["without openat2 and /proc"] },
};

for (const [name, options] of Object.entries(OPTIONS)) {
  test(`no spelling of a path finds what is outside or hidden: ${name}`, async () => {
    const { top, shared } = newTree();
    await using server = await serveFolder(options, shared);
    for (const spelling of SPELLINGS) {
      const target = spelling.replaceAll("TOP", basename(top.path));
      for (const query of ["", "?archive=tar", "?download"]) {
        const request = `GET ${target}${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
        const received = (await exchange(server.port, Buffer.from(request))).toString("latin1");
        const what = `${target.slice(0, 80)}${query}`;
        expect([what, received.includes(SECRET)]).toEqual([what, false]);
        expect([what, received.includes("root:")]).toEqual([what, false]);
        // A response is content of the folder, or an error.
        expect([what, /^(?:HTTP\/1\.1 (?:200|301|400|404|414|421) |$)/.test(received)]).toEqual([
          what,
          true,
        ]);
      }
    }
    expect((await server.get("/inside")).text).toBe(INSIDE);
    top[Symbol.dispose]();
  });
}

test("no spelling of a path writes outside", async () => {
  const { top, shared } = newTree();
  await using server = await serveFolder(
    { upload: { onConflict: "replace", limit: 1_000 } },
    shared,
  );
  for (const spelling of SPELLINGS) {
    const target = spelling.replaceAll("TOP", basename(top.path));
    const request = `PUT ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad`;
    await exchange(server.port, Buffer.from(request));
  }
  expect(top.list()).toEqual(["secret", "shared", "shared-not"]);
  expect(top.read("secret")).toBe(SECRET);
  expect(top.read("shared-not/secret")).toBe(SECRET);
  expect(top.read("shared/.hidden")).toBe(SECRET);
  expect(top.read("shared/.git/config")).toBe(SECRET);
  top[Symbol.dispose]();
});

test("names that only look like a path out are served", async () => {
  await using server = await serveFolder();
  server.folder.write("a..b", "a name");
  server.folder.write("back\\slash", "a name");
  server.folder.write("100%", "a name");
  expect((await server.get("/a..b")).text).toBe("a name");
  expect((await server.get("/back%5Cslash")).text).toBe("a name");
  expect((await server.get("/100%25")).text).toBe("a name");
});

test("names with a dot are served with --dotfiles only", async () => {
  const { top, shared } = newTree();
  {
    await using server = await serveFolder(
      { dotfiles: true },
      { ...shared, [Symbol.dispose]() {} },
    );
    expect((await server.get("/.hidden")).text).toBe(SECRET);
    expect((await server.get("/.git/config")).text).toBe(SECRET);
    expect((await server.get("/")).text).toContain("./.hidden");
    expect((await server.get("/../secret")).status).toBe(404);
  }
  await using server = await serveFolder({}, shared);
  expect((await server.get("/")).text).not.toContain("./.hidden");
  expect((await server.get("/?archive=tar")).text).not.toContain(SECRET);
  top[Symbol.dispose]();
});

test("a shared folder may itself be hidden", async () => {
  using top = newFolder();
  mkdirSync(join(top.path, ".shared"));
  top.write(".shared/a", INSIDE);
  await using server = await serveFolder({}, { ...top, path: join(top.path, ".shared") });
  expect((await server.get("/a")).text).toBe(INSIDE);
});

function withLinks() {
  const tree = newTree();
  const { top, shared } = tree;
  const link = (to: string, name: string) => symlinkSync(to, join(shared.path, name));
  link("../secret", "relative-out");
  link(join(top.path, "secret"), "absolute-out");
  link("..", "folder-out");
  link(join(top.path, "shared-not"), "sibling-out");
  link("relative-out", "twice-out");
  link("/proc/self/root", "magic");
  link("/dev/zero", "device");
  link("loop", "loop");
  link("inside", "relative-in");
  link(join(shared.path, "inside"), "absolute-in");
  link("sub", "folder-in");
  return tree;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const OUT = [
  "/relative-out",
  "/absolute-out",
  "/twice-out",
  "/folder-out/secret",
  "/folder-out/",
  "/folder-out",
  "/sibling-out/secret",
  "/magic/etc/passwd",
];
const IN = ["/relative-in", "/absolute-in", "/folder-in/inside"];

test.each(Object.entries(SYSTEMS))(
  "links out of the folder are neither followed nor listed nor archived; links inside are: %s",
  async (_name, system) => {
    const { top, shared } = withLinks();
    await using server = await serveFolder({ system }, shared);
    for (const path of OUT) expect([path, (await server.get(path)).status]).toEqual([path, 404]);
    for (const path of IN) expect([path, (await server.get(path)).text]).toEqual([path, INSIDE]);
    for (const path of ["/device", "/loop"]) {
      expect([path, (await server.get(path)).status]).toEqual([path, 404]);
    }
    const listing: { entries: { name: string }[] } = JSON.parse(
      (await server.get("/", { Accept: "application/json" })).text,
    );
    const names = ["folder-in", "sub", "absolute-in", "inside", "relative-in"];
    expect(listing.entries.map(({ name }) => name)).toEqual(names);
    expect((await server.get("/?archive=tar")).text).not.toContain(SECRET);
    top[Symbol.dispose]();
  },
);

test("--follow-symlinks follows links out of the folder", async () => {
  const { top, shared } = withLinks();
  await using server = await serveFolder({ followSymlinks: true }, shared);
  for (const path of ["/relative-out", "/absolute-out", "/folder-out/secret"]) {
    expect([path, (await server.get(path)).text]).toEqual([path, SECRET]);
  }
  for (const path of IN) expect([path, (await server.get(path)).text]).toEqual([path, INSIDE]);
  expect((await server.get("/loop")).status).toBe(404);
  expect((await server.get("/device")).status).toBe(404);
  top[Symbol.dispose]();
});

test.each(Object.entries(SYSTEMS))(
  "a path that leads out by a link means nothing: %s",
  (_name, system) => {
    const { top, shared } = withLinks();
    const options = { path: shared.path, dotfiles: false, followSymlinks: false };
    using folder = openFolder(options, system);
    for (const path of OUT) {
      const names = path.split("/").filter((name) => name !== "");
      expect([path, folder.find(names).kind]).toEqual([path, "missing"]);
    }
    for (const path of IN) {
      expect([path, folder.find(path.slice(1).split("/")).kind]).toEqual([path, "file"]);
    }
    expect(folder.find([]).kind).toBe("folder");
    top[Symbol.dispose]();
  },
);

test.each([
  ["by parts", thisSystem().descriptors],
  ["by comparing", null],
])(
  "a folder that becomes a link after its path was resolved leads nowhere: %s",
  (_name, descriptors) => {
    const { top, shared } = newTree();
    writeFileSync(join(top.path, "shared-not", "inside"), SECRET);
    let calls = 0;
    const system: FolderSystem = {
      ...thisSystem(),
      descriptors,
      calls: {
        // As for an absolute link: first for the path itself, and then for what it was resolved to.
        openBeneath() {
          calls += 1;
          if (calls === 2) {
            renameSync(join(shared.path, "sub"), join(shared.path, "before"));
            symlinkSync("../shared-not", join(shared.path, "sub"));
          }
          return -ERRNO.EXDEV;
        },
        sendFile: () => -ERRNO.EAGAIN,
        entryStatus: () => null,
        identify: () => null,
        isUnchanged: () => false,
      },
    };
    using folder = openFolder(
      { path: shared.path, dotfiles: false, followSymlinks: false },
      system,
    );
    expect(folder.find(["sub", "inside"]).kind).toBe("missing");
    expect(calls).toBe(2);
    top[Symbol.dispose]();
  },
);

/** A large file is sent in pieces, and on Linux by the runtime: as it was when it was opened. */
const ROUNDS = { small: 125, large: 15 };
const CONTENTS = { small: INSIDE, large: INSIDE.repeat(10_000) };

for (const [name, system, size] of Object.entries(SYSTEMS).flatMap(
  ([name, system]) =>
    [
      [name, system, "small"],
      [name, system, "large"],
    ] as const,
)) {
  test(`a ${size} file, or its folder, that is replaced by a link while it is served leaks nothing: ${name}`, async () => {
    const { top, shared } = newTree();
    await using server = await serveFolder({ system }, shared);
    const content = CONTENTS[size];
    const inShared = (...names: string[]) => join(shared.path, ...names);
    for (const name of ["shared-not/swapped", "secret"])
      top.write(name, SECRET.repeat(content.length / 10));
    // Swapped for the file, and for the folder around another one.
    symlinkSync("../secret", inShared("link"));
    symlinkSync("../shared-not", inShared("folder-link"));
    mkdirSync(inShared("folder"));
    for (const path of [inShared("file"), inShared("folder", "swapped")])
      writeFileSync(path, content);
    linkSync(inShared("file"), inShared("swapped"));
    renameSync(inShared("folder"), inShared("both"));

    let isOver = false;
    async function swap() {
      while (!isOver) {
        for (const source of ["link", "file"]) {
          linkSync(inShared(source), inShared("next"));
          renameSync(inShared("next"), inShared("swapped"));
          // rename does nothing if both names are of one file.
          rmSync(inShared("next"), { force: true });
        }
        renameSync(inShared("both"), inShared("folder"));
        renameSync(inShared("folder-link"), inShared("both"));
        await new Promise(setImmediate);
        renameSync(inShared("both"), inShared("folder-link"));
        renameSync(inShared("folder"), inShared("both"));
        await new Promise(setImmediate);
      }
    }
    const swapping = swap();
    const seen = new Set<string>();
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let count = 0; count < ROUNDS[size]; count++) {
          for (const path of ["/swapped", "/both/swapped"]) {
            const { status, text } = await server.get(path);
            seen.add(status === 200 ? text : String(status));
          }
        }
      }),
    );
    isOver = true;
    await swapping;
    expect(seen.has(content)).toBe(true);
    for (const what of seen) expect([content, "404"]).toContain(what);
    top[Symbol.dispose]();
  });
}

test("without paths of descriptors a large file and a part of it are the same", async () => {
  const bytes = new Uint8Array(1_000_000).map((_, at) => at % 251);
  const received: unknown[] = [];
  for (const system of [SYSTEMS["as it is"], SYSTEMS["without openat2 and /proc"]]) {
    await using server = await serveFolder({ system });
    server.folder.write("large", bytes);
    const whole = await server.get("/large");
    const part = await server.get("/large", { Range: "bytes=100000-299999" });
    received.push(
      [whole, part].map(({ status, body }) => [status, Bun.hash(body)]),
      part.headers.get("content-range"),
    );
  }
  expect(received.slice(2)).toEqual(received.slice(0, 2));
  expect(received[0]).toEqual([
    [200, Bun.hash(bytes)],
    [206, Bun.hash(bytes.subarray(100_000, 300_000))],
  ]);
});

test("a cached file is served only while that very file is there, unchanged", async () => {
  const { top, shared } = newTree();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const cache = createFileCache();
  const path = join(shared.path, "sub", "inside");
  const names = ["sub", "inside"];

  function store(): boolean {
    using found = folder.find(names);
    if (found.kind !== "file") throw new Error(found.kind);
    const content = top.read("shared/sub/inside");
    cache.store(folder, "/sub/inside", names, found, {
      response: { status: 200, headers: {}, body: bytesBody(content) },
      size: content.length,
      varies: false,
    });
    return isCached();
  }
  const isCached = () => cache.get(folder, "/sub/inside") !== null;

  // A file that has just changed is not cached: it could change again with the same time.
  expect(store()).toBe(false);
  // A minute later.
  setSystemTime(Date.now() + 60_000);
  try {
    expect(store()).toBe(true);
    expect(isCached()).toBe(true);

    writeFileSync(path, "longer than it was");
    await turn();
    expect(isCached()).toBe(false);
    expect(store()).toBe(true);

    unlinkSync(path);
    symlinkSync("../../secret", path);
    await turn();
    expect(isCached()).toBe(false);
    unlinkSync(path);
    writeFileSync(path, INSIDE);
    expect(store()).toBe(true);

    // Its folder is replaced by a link out of the shared folder.
    renameSync(dirname(path), join(shared.path, "before"));
    symlinkSync("../shared-not", dirname(path));
    writeFileSync(join(top.path, "shared-not", "inside"), INSIDE);
    await turn();
    expect(isCached()).toBe(false);
  } finally {
    setSystemTime();
    top[Symbol.dispose]();
  }
});

test("statx still works after a garbage collection", () => {
  using shared = newFolder();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const name = pathText(["a"]);
  for (let round = 0; round < 50; round++) {
    shared.write("a", "x".repeat(round));
    const identity = folder.identify(name);
    if (identity === null) throw new Error("the file is not there");
    // A full collection takes 100 ms where the heap of other tests is large.
    if (round % 5 === 0) Bun.gc(true);
    expect([round, folder.isUnchanged(name, identity)]).toEqual([round, true]);
    shared.write("a", "x".repeat(round + 1));
    expect([round, folder.isUnchanged(name, identity)]).toEqual([round, false]);
  }
});

test("the file cache keeps to its memory limit", () => {
  using shared = newFolder();
  using folder = openFolder({ path: shared.path, dotfiles: false, followSymlinks: false });
  const cache = createFileCache();
  const body = new Uint8Array(65_536);
  shared.write("a", body);
  using found = folder.find(["a"]);
  if (found.kind !== "file") throw new Error(found.kind);
  setSystemTime(Date.now() + 60_000);
  for (let at = 0; at < 600; at++) {
    const response = { status: 200, headers: {}, body: bytesBody(body) };
    const content = { response, size: body.length, varies: false };
    cache.store(folder, `/${at}`, ["a"], found, content);
  }
  setSystemTime();
  const there = Array.from({ length: 600 }, (_, at) => cache.get(folder, `/${at}`) !== null);
  expect(there.filter(Boolean)).toHaveLength(512);
  expect(there.slice(-512).every(Boolean)).toBe(true);
});

test("another folder may take the place of the shared one", async () => {
  using top = newFolder();
  for (const name of ["one", "two"]) {
    mkdirSync(join(top.path, name));
    top.write(`${name}/a`, name);
  }
  symlinkSync("one", join(top.path, "current"));
  await using server = await serveFolder({}, { ...top, path: join(top.path, "current") });
  expect((await server.get("/a")).text).toBe("one");
  unlinkSync(join(top.path, "current"));
  symlinkSync("two", join(top.path, "current"));
  const start = performance.now();
  while ((await server.get("/a")).text !== "two") {
    if (performance.now() - start > 20_000) throw new Error("the new folder is never seen");
  }
});
