// The import table of the design: each room imports only what it may, and only the edges name the
// runtime.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

import manifest from "../package.json";
import { root } from "./harness/program.ts";

const source = join(root, "src");

/** Room -> rooms it may import; every room may import these files. */
const TABLE: Record<string, readonly string[]> = {
  protocol: [],
  net: ["protocol"],
  identity: ["protocol", "net"],
  chat: [],
  log: ["chat"],
  client: ["protocol", "net", "identity", "chat"],
  server: ["protocol", "net", "identity", "chat", "log"],
  relay: ["protocol", "net", "identity"],
  terminal: ["chat"],
  http: [],
  page: ["http"],
  doctor: ["protocol", "net", "identity", "client", "terminal"],
  cli: [
    "protocol",
    "net",
    "identity",
    "chat",
    "log",
    "client",
    "server",
    "relay",
    "terminal",
    "http",
    "page",
    "doctor",
  ],
  // The public surface: re-exports only.
  "index.ts": ["protocol", "net", "identity", "chat", "client"],
  "server.ts": ["protocol", "net", "log", "server"],
  "errors.ts": [],
  "backoff.ts": [],
  "deferred.ts": [],
  "ip-bytes.ts": [],
  "sync-folder.ts": ["errors.ts"],
  "read-up-to.ts": [],
};

/**
 * Vocabulary: errors and their codes; waits before another attempt, for rooms and for http; a promise and what settles it; an address as bytes, for
 * cookies of the handshake and for certificates of http; a folder that is flushed, for private files and for http; the
 * beginning of a file, for private files and for the text that an editor leaves.
 */
const SHARED_FILES: ReadonlySet<string> = new Set([
  "errors.ts",
  "backoff.ts",
  "deferred.ts",
  "ip-bytes.ts",
  "sync-folder.ts",
  "read-up-to.ts",
]);

/** What has streams, files or timers, or does what the screen wants done. */
const TERMINAL_DRIVERS = [
  "dumb-terminal.ts",
  "external-editor.ts",
  "input/input-reader.ts",
  "io.ts",
  "known-terminals.ts",
  "output-stream.ts",
  "output/asking.ts",
  "output/writer.ts",
  "piped-lines.ts",
  "printer.ts",
  "room-switcher.ts",
  "run-command.ts",
  "secret-line.ts",
  "talk.ts",
  "terminal.ts",
  "tty.ts",
].map((file) => `terminal/${file}`);

/** Parts of a room that know nothing of others: folder or file -> folders, rooms or files it must not import. */
const APART: Record<string, readonly string[]> = {
  "http/server": ["http/client"],
  "http/client": ["http/server"],
  // What both ends share.
  "http/header-fields.ts": ["http/server", "http/client"],
  "http/chunked.ts": ["http/server", "http/client"],
  "protocol/recovery": ["protocol/handshake", "protocol/session"],
  // A state machine: no connection, no key, no disk.
  "client/room-client": ["net", "protocol", "identity"],
  // A line editor knows no conversation, and what is decoded is nobody's yet.
  "terminal/editor": ["chat", "terminal/state", "terminal/view", "terminal/output"],
  "terminal/input": [
    "chat",
    "terminal/state",
    "terminal/view",
    "terminal/editor",
    "terminal/output",
  ],
  "terminal/output": ["chat", "terminal/state", "terminal/view", "terminal/editor"],
  // A state machine and what is drawn of it: no stream, no conversation that can be asked.
  "terminal/state": [...TERMINAL_DRIVERS, "terminal/view"],
  "terminal/view": TERMINAL_DRIVERS,
};

/**
 * The files that may name the runtime, and what for. Those called `*.bun.ts` have a twin for Node.js, `*.node.ts`, and
 * are imported by the name of both, `#*` (package.json, `imports`); `*.browser.ts` is the twin for a page.
 */
const EDGES = [
  // Bun.stdout, which takes less time to load than process.stdout and, unlike console.log, says what could not be written.
  "cli/io.ts",
  "cli/main.ts",
  // Bun.TOML
  "cli/config/config-file.ts",
  "net/udp-socket.bun.ts",
  "net/socket-calls.ts",
  "net/tcp-connections.ts",
  "net/websocket-client.bun.ts",
  // Bun.serve
  "net/websocket-listener.ts",
  "terminal/display-width.ts",
  "log/sqlite/sqlite-connection.bun.ts",
  // Bun.spawnSync, of the bundler; Bun.gzipSync; HTMLRewriter
  "page/bundle.ts",
  // Bun.connect, which loads no streams.
  "http/client/transport/loopback.ts",
  // openat2, statx and sendfile; Bun.file, which knows media types; Bun.markdown; Bun.Image; Bun.XML.
  "http/server/linux-calls.ts",
  "http/server/listing/readme.ts",
  "http/server/listing/thumbnails.ts",
  "http/server/manage/xml.ts",
  "http/server/media-types.ts",
];

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.split(sep).join("/"));

const twins: Record<string, Record<string, string>> = manifest.imports;

/** A twin is imported as the files that are meant. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(source, path), "utf8");
  const found = text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g);
  return Array.from(found, ([, specifier = ""]) => specifier).flatMap((specifier) =>
    Object.values(twins[specifier] ?? { specifier }).map((target) => {
      if (target === specifier) return specifier;
      const file = relative(join(source, path, ".."), join(root, target))
        .split(sep)
        .join("/");
      return file.startsWith(".") ? file : `./${file}`;
    }),
  );
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}

test("every file under src belongs to a room of the table", () => {
  expect(files.filter((path) => !(roomOf(path) in TABLE))).toEqual([]);
});

test("each room imports only the rooms that the table allows it", () => {
  const offences: string[] = [];
  for (const path of files) {
    const room = roomOf(path);
    for (const specifier of importsOf(path)) {
      if (!specifier.startsWith(".")) continue;
      const target = relative(source, join(source, path, "..", specifier))
        .split(sep)
        .join("/");
      const targetRoom = roomOf(target);
      const allowed =
        targetRoom === room || SHARED_FILES.has(target) || TABLE[room]?.includes(targetRoom);
      // The version is the package's own; only the program prints it.
      const isManifest = room === "cli" && target === "../package.json";
      if (allowed !== true && !isManifest) offences.push(`${path} imports ${specifier}`);
    }
  }
  expect(offences).toEqual([]);
});

test("the parts of a room import nothing that they must know nothing of", () => {
  const offences: string[] = [];
  for (const path of files) {
    for (const [part, others] of Object.entries(APART)) {
      if (path !== part && !path.startsWith(`${part}/`)) continue;
      for (const specifier of importsOf(path)) {
        const target = relative(source, join(source, path, "..", specifier))
          .split(sep)
          .join("/");
        const forbidden = others.some(
          (other) => target === other || target.startsWith(`${other}/`),
        );
        if (specifier.startsWith(".") && forbidden) offences.push(`${path} imports ${specifier}`);
      }
    }
  }
  expect(offences).toEqual([]);
});

test("nobody imports the commands", () => {
  const importers = files.filter(
    (path) => roomOf(path) !== "cli" && importsOf(path).some((name) => name.includes("cli/")),
  );
  expect(importers).toEqual([]);
});

test("rooms import the platform by its node: names, and no package that is not declared", () => {
  const foreign = files.flatMap((path) =>
    importsOf(path)
      .filter(
        (name) =>
          !/^(?:\.|node:|bun:ffi$|bun:sqlite$)/.test(name) &&
          !Object.hasOwn(manifest.dependencies, name) &&
          // A page holds what it needs of them.
          !(path.endsWith(".browser.ts") && /^@noble\/(?:ciphers|curves|hashes)\//.test(name)),
      )
      .map((name) => `${path} imports ${name}`),
  );
  expect(foreign).toEqual([]);
});

test("only the edges name the runtime", () => {
  const naming = files.filter((path) => {
    const text = readFileSync(join(source, path), "utf8");
    return /\bBun\.|from "bun|import\("bun/.test(text.replaceAll(/\/\/.*$/gm, ""));
  });
  expect(naming.toSorted()).toEqual(EDGES.toSorted());
});

test("each edge that has a twin is imported by their common name, which package.json resolves to both", () => {
  const names = files
    .filter((path) => /\.(?:bun|node|browser)\.ts$/.test(path))
    .map((path) => path.replace(/\.(?:bun|node|browser)\.ts$/, ""));
  const expected = [...new Set(names)].map((path) => {
    const name = `#${path.split("/").at(-1)}`;
    const hasTwin = (runtime: string) => files.includes(`${path}.${runtime}.ts`);
    const conditions = {
      ...(hasTwin("browser") ? { browser: `./src/${path}.browser.ts` } : {}),
      ...(hasTwin("bun") ? { bun: `./src/${path}.bun.ts` } : {}),
      default: hasTwin("node") ? `./src/${path}.node.ts` : `./src/${path}.ts`,
    };
    return [name, conditions];
  });
  expect(twins).toEqual(Object.fromEntries(expected));

  const direct = files.filter((path) =>
    /(?:from|import|import\()\s*"[^"]+\.(?:bun|node|browser)\.ts"/.test(
      readFileSync(join(source, path), "utf8"),
    ),
  );
  expect(direct).toEqual([]);
});

test("the protocol names no runtime, clock or randomness: it is given them", () => {
  const offences = files
    .filter((path) => path.startsWith("protocol/"))
    .flatMap((path) => {
      const code = readFileSync(join(source, path), "utf8").replaceAll(
        /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        "",
      );
      const named = code.matchAll(
        /"(?:node|bun):|\b(?:Bun|Buffer|process|globalThis|Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bMath\.random\b|\bgetRandomValues\b/g,
      );
      return Array.from(named, ([name]) => `${path} names ${name}`);
    });
  expect(offences).toEqual([]);
});

test("the screen of a conversation is pure: it names no runtime, clock, timer or randomness", () => {
  const offences = files
    .filter((path) => /^terminal\/(?:editor|input|output|state|view)\//.test(path))
    // The edges of their folders: they have the timer of what is unfinished, and of what has not been answered.
    .filter((path) => !/\/(?:input-reader|asking)\.ts$/.test(path))
    .flatMap((path) => {
      const code = readFileSync(join(source, path), "utf8").replaceAll(
        /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        "",
      );
      // `new Date(time)` has this machine's time zone, and no clock.
      const named = code.matchAll(
        /"(?:node|bun):|\b(?:Bun|process|globalThis|Date\.now|performance|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bnew Date\(\)|\bMath\.random\b/g,
      );
      return Array.from(named, ([name]) => `${path} names ${name}`);
    });
  expect(offences).toEqual([]);
});

test("the state of a session is written only by the protocol's own folders", () => {
  // `session.end = null`, `session.path.address = here`, `session.probes += 1`; not `===`, `=>` or a new variable.
  const write = /\b(?:session|recovery|received)(?:\.\w+)+\s*(?:[-+*?|&]{0,2}=(?![=>])|\+\+|--)/g;
  const offences = files
    .filter((path) => !/^protocol\/(?:session|recovery)\//.test(path))
    .flatMap((path) => {
      const code = readFileSync(join(source, path), "utf8").replaceAll(/\/\/.*$/gm, "");
      return Array.from(code.matchAll(write), ([found]) => `${path}: ${found}`);
    });
  expect(offences).toEqual([]);
});

/** Files that are loaded with one, but for those that it loads when it needs them. */
function loadedWith(path: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(join(source, path), "utf8");
  for (const [, specifier = ""] of text.matchAll(
    /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+\.ts)"/gm,
  )) {
    loadedWith(
      relative(source, join(source, path, "..", specifier))
        .split(sep)
        .join("/"),
      seen,
    );
  }
  return seen;
}

test("a conversation in a pipe loads nothing of the screen", () => {
  const loaded = loadedWith("terminal/talk.ts");
  const ofScreen = ["terminal.ts", "state/update.ts", "view/view.ts", "output/writer.ts"];
  for (const file of ofScreen.map((name) => `terminal/${name}`)) {
    expect(files).toContain(file);
    expect(loadedWith("terminal/terminal.ts")).toContain(file);
    expect(loaded).not.toContain(file);
  }
  expect([...loaded].filter((file) => file.startsWith("terminal/editor/"))).toEqual([]);
});

test("no folder is a drawer for odds and ends", () => {
  const drawers = files.filter((path) =>
    /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(path),
  );
  expect(drawers).toEqual([]);
});

test("a file of more than 400 lines says in its header why", () => {
  const long = files.filter((path) => {
    const text = readFileSync(join(source, path), "utf8");
    const header = /^(?:#!.*\n)?(?:\/\/.*\n)+/.exec(text)?.[0] ?? "";
    return text.split("\n").length > 400 && !/\blong\b|\blines\b/.test(header);
  });
  expect(long).toEqual([]);
});

test("every file opens with a comment that says what it is", () => {
  const bare = files.filter(
    (path) => !/^(?:#!.*\n)?\/\/ /.test(readFileSync(join(source, path), "utf8")),
  );
  expect(bare).toEqual([]);
});

test("docs/architecture.md names every folder of src, and files and functions that exist", () => {
  const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
  const described = Array.from(text.matchAll(/^\| `([a-z]+)` +\|/gm), ([, name = ""]) => name);
  const folders = new Set(files.filter((path) => path.includes("/")).map(roomOf));
  expect(described.toSorted()).toEqual([...folders].toSorted());

  const stops = Array.from(text.matchAll(/\| `([\w/.-]+\.ts)` +\| `(\w+)` +\|$/gm));
  expect(stops.length).toBeGreaterThanOrEqual(30);
  const missing = stops.filter(([, path = "", name = ""]) => {
    if (!files.includes(path)) return true;
    const source = readFileSync(join(root, "src", path), "utf8");
    return !new RegExp(`\\b(?:function\\*?|class|const) ${name}\\b`).test(source);
  });
  expect(missing.map(([row]) => row)).toEqual([]);
});
