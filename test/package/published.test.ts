// The package as people get it: packed, and with `--full` published on a registry of its own, installed with npm into an
// empty folder and run with a PATH that has Node.js, but neither Bun nor this repository.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import manifest from "../../package.json";
import { FULL_SIZE } from "../harness/full-size.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { root, run, start } from "../harness/program.ts";
import { openScreen, withoutTimes } from "../harness/screen.ts";
import { startRegistry } from "./registry.ts";

/** Folders and files of the package; npm adds the last three by itself. */
const PACKED =
  /^(?:(?:bin|dist\/(?:program|library|manual)|docs)\/|(?:CHANGELOG|SECURITY|README)\.md$|LICENSE$|package\.json$)/;
/** Before 22.15 Node.js could not give its process to another program. `.ci/run` names a newer one than that in PATH. */
const NODES = new Map([
  ["PATH", "node"],
  ["CHARLA_TEST_NODE_22", process.env["CHARLA_TEST_NODE_22"] ?? ""],
]);
const readme = readFileSync(join(root, "README.md"), "utf8");
/** npm, with packing, and an archive of 100 MB. */
const INSTALL_TIMEOUT = 180_000;

test(
  "the package holds what people run and read, and no source, test or tool",
  async () => {
    using place = newPlace();
    // Not here: others build in dist/ at the same time.
    for (const name of readdirSync(root)) {
      if (!["docs", "bin"].includes(name) && statSync(join(root, name)).isDirectory()) continue;
      cpSync(join(root, name), join(place.path, name), { recursive: true });
    }
    const built = ["dist/program/main.js", "dist/manual/charla.1", "dist/library/node/index.js"];
    const others = ["dist/charla", "dist/release/charla.deb", "src/cli/main.ts", "test/a.test.ts"];
    for (const name of [...built, ...others, "scripts/start.mjs", "node_modules/a/index.js"]) {
      mkdirSync(join(place.path, name, ".."), { recursive: true });
      writeFileSync(join(place.path, name), "");
    }
    const options = ["--dry-run", "--json", "--ignore-scripts", place.path];
    const { stdout } = await run(["npm", "pack", ...options], { cwd: place.path });
    const paths = filesIn(stdout);
    expect(paths.filter((path) => !PACKED.test(path))).toEqual([]);
    expect(paths.filter((path) => /(?<!\.d)\.ts$/.test(path))).toEqual([]);
    expect(paths).toContain("bin/charla.cjs");
    expect(paths).toContain("bin/bunfig.toml");
    expect(paths).toContain("bin/tsconfig.json");
    for (const name of built) expect(paths).toContain(name);
    for (const name of readdirSync(join(root, "docs"))) {
      expect(paths.some((path) => path.startsWith(`docs/${name}`))).toBe(true);
    }
  },
  END_TO_END_TIMEOUT,
);

if (FULL_SIZE) describe("the published package", describePublished);

function describePublished(): void {
  const place = newPlace();
  const prefix = join(place.path, "prefix");
  const installed = join(prefix, "lib", "node_modules", "charla");
  const stack = new AsyncDisposableStack();
  const packed = { files: [] as string[], archive: "" };
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let person: Person;

  /** Node.js and the system's programs, of which Bun is none. */
  const path = (folder = prefix) => `${join(folder, "bin")}:${place.node}:/usr/bin:/bin`;
  const environment = (folder = prefix) => ({
    PATH: path(folder),
    HOME: place.path,
    npm_config_registry: registry.url,
    npm_config_cache: join(place.path, "cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_yes: "true",
  });
  const inShell = (command: string, more: { input?: string; folder?: string } = {}) =>
    run(["sh", "-c", command], {
      as: person,
      cwd: place.path,
      env: environment(more.folder),
      input: more.input ?? "",
    });

  beforeAll(async () => {
    const { stdout } = await run(["npm", "pack", "--json", "--pack-destination", place.path]);
    packed.files = filesIn(stdout);
    packed.archive = join(place.path, `charla-${manifest.version}.tgz`);
    const dependencies = join(place.path, "dependencies");
    mkdirSync(dependencies);
    registry = stack.use(await startRegistry(packed.archive, dependencies));
    person = stack.use(newPerson());
    expect(await inShell("command -v bun")).toMatchObject({ stdout: "" });
    const [, install = ""] = /^```sh\n(.*)\n```$/m.exec(readme) ?? [];
    expect(install).toStartWith("npm install --global ");
    const npm = await inShell(`npm_config_prefix='${prefix}' ${install}`);
    expect(npm).toMatchObject({ status: 0 });
  }, INSTALL_TIMEOUT);

  afterAll(async () => {
    await stack.disposeAsync();
    place[Symbol.dispose]();
  });

  test("has what it should, and nothing that names this machine or a source that is not there", () => {
    expect(packed.files.filter((file) => !PACKED.test(file))).toEqual([]);
    expect(packed.files).toContain("dist/program/main.js");
    expect(packed.files).toContain("dist/program/search-worker.js");
    expect(packed.files).toContain("dist/manual/completions/charla.bash");
    for (const { types, bun, default: node } of Object.values(manifest.exports)) {
      for (const file of [types, bun, node]) expect(packed.files).toContain(file.slice(2));
    }
    const page = join(prefix, "share", "man", "man1", "charla.1");
    expect(readFileSync(page, "utf8")).toContain(`charla ${manifest.version}`);
    for (const file of packed.files) {
      const text = readFileSync(join(installed, file), "latin1");
      expect(text.includes(root) ? file : null).toBeNull();
    }
  });

  test("brings one runtime, that of this system, and what the library needs", () => {
    const [runtime, ...others] = registry.fetched.filter((name) => name.startsWith("@oven/"));
    expect(runtime).toStartWith(`@oven/bun-${process.platform}`);
    expect(others).toEqual([]);
    const ofDependencies = ["ip-address", "smart-buffer", "tldts", "tldts-core"];
    expect(registry.fetched.filter((name) => !name.startsWith("@oven/")).toSorted()).toEqual(
      ["charla", ...Object.keys(manifest.dependencies), ...ofDependencies].toSorted(),
    );
  });

  test("gives charla's output and exit statuses", async () => {
    expect(await inShell("charla --version")).toEqual({
      stdout: `charla ${manifest.version}\n`,
      stderr: "",
      status: 0,
    });
    expect(await inShell("charla --nonsense")).toEqual({
      stdout: "",
      stderr: "charla: there is no option --nonsense\nhint: charla --help lists the options\n",
      status: 2,
    });
    const missing = await inShell("charla get http://127.0.0.1:1/");
    expect(missing).toMatchObject({ stdout: "", status: 1 });
    expect((await inShell("echo 'a b' | charla -- 'a b' c")).status).toBe(2);
  });

  test(
    "carries a conversation of two, keeps it, and searches it",
    async () => {
      using ben = newPerson();
      const env = environment();
      const open = ["charla", "--server", "--bind", "127.0.0.1", "--port", "0", "--name", "ana"];
      await using ana = start(["env", ...open], { as: person, env });
      const [invitation] = await ana.until("stderr", /charla:\/\/\S+/);
      await using other = start(["env", "charla", invitation, "--name", "ben"], { as: ben, env });
      other.type("hello from the package\n");
      await ana.until("stdout", "hello from the package\n");
      ana.type("and a surprise\n");
      await other.until("stdout", "and a surprise\n");
      other.endInput();
      expect(await other.exited).toBe(0);
      // Searched in a thread, which is a file of its own.
      await using third = start(["env", "charla", "history", "--search", "surprise", invitation], {
        as: ben,
        env,
      });
      expect(await third.exited).toBe(0);
      expect(third.stdout).toContain("and a surprise");
      ana.signal("SIGINT");
      expect(await ana.exited).toBe(130);
      const history = await inShell("charla history --search package");
      expect(history.stdout).toContain("ben: hello from the package\n");
    },
    END_TO_END_TIMEOUT,
  );

  test(
    "serves a folder and fetches from it",
    async () => {
      const folder = join(place.path, "served");
      mkdirSync(folder);
      writeFileSync(join(folder, "file"), "content\n");
      await using server = start(["env", "charla", "serve", "--port", "0", folder], {
        as: person,
        env: environment(),
      });
      const [url] = await server.until("stderr", /http:\/\/localhost:\d+/);
      expect((await inShell(`charla get ${url}/file`)).stdout).toBe("content\n");
      server.signal("SIGINT");
      expect(await server.exited).toBe(0);
    },
    END_TO_END_TIMEOUT,
  );

  for (const [where, node] of NODES) {
    if (node === "") continue;
    testWith(
      ["tmux", "bash"],
      `is a job that its shell can stop, continue and end, with the Node.js of ${where}`,
      async () => {
        await using screen = await openScreen(100, 20, { as: person });
        const enter = (line: string) => {
          screen.type(line);
          screen.press("Enter");
        };
        const folder = linkPrograms(join(place.path, where), { node });
        enter(`exec env PATH='${folder}:${path()}' PS1='# ' bash --norc -i`);
        await screen.until("bash", (rows) => rows.at(-1) === "#");
        enter("clear; charla --server --ephemeral --bind 127.0.0.1 --port 0 --name ana");
        await screen.until("the conversation", (rows) => rows.at(-1) === " main  ana  ok");
        for (const said of ["one", "two"]) {
          screen.press("C-z");
          await screen.until("the stop", (rows) =>
            rows.some((row) => /^\[1\]\+ {2}Stopped/.test(row)),
          );
          enter("clear; jobs; stty -a | grep -o '.icanon'");
          await screen.until(
            "the job and the terminal's settings",
            (rows) => rows[1] === " icanon",
          );
          expect((await screen.rows())[0]).toStartWith("[1]+");
          enter("clear; fg");
          await screen.until("the conversation", (rows) => rows.at(-1) === " main  ana  ok");
          enter(said);
          await screen.until(said, (rows) => withoutTimes(rows).includes(`##:## ana ${said}`));
        }
        screen.press("C-c");
        await screen.until(
          "the question",
          (rows) => rows.at(-1) === " press Ctrl-C again to leave",
        );
        // Within 10 ms of another it would be the same press.
        await Bun.sleep(30);
        screen.press("C-c");
        await screen.until("the end", (rows) => rows.at(-1) === "#");
        enter("echo status=$?");
        await screen.until("the status", (rows) => rows.includes("status=130"));
        enter("clear; jobs; echo none");
        await screen.until("no job", (rows) => rows[0] === "none");
      },
    );
  }

  test(
    "runs with npx and npm exec, without being installed",
    async () => {
      const empty = join(place.path, "empty");
      mkdirSync(empty);
      const version = `charla ${manifest.version}\n`;
      const npx = `cd '${empty}' && npx charla --version && npm exec charla -- --version`;
      const ended = await inShell(npx, { folder: empty });
      expect(ended).toMatchObject({ stdout: version + version, status: 0 });
      const [asking = ""] = /^npx charla -/m.exec(readme) ?? [];
      const asked = await inShell(`cd '${empty}' && echo charla://nowhere | ${asking}`);
      expect(asked.stderr).toStartWith("charla: stdin: the invitation ");
      expect(asked.status).toBe(2);
    },
    INSTALL_TIMEOUT,
  );

  test(
    "says what is missing when it was installed without its runtime",
    async () => {
      const folder = join(place.path, "bare");
      // A global installation ignores --omit.
      const npm = await inShell(`npm install --omit=optional --prefix '${folder}' charla`);
      expect(npm.status).toBe(0);
      expect(await inShell(`'${folder}/node_modules/.bin/charla' --version`)).toEqual({
        stdout: "",
        stderr: `charla: its runtime, the package of Bun for this platform, is missing (${process.platform} ${process.arch})\nhint: npm install --global --include=optional charla, on Linux, macOS or Windows, x64 or arm64\n`,
        status: 1,
      });
    },
    INSTALL_TIMEOUT,
  );

  test(
    "is not needed for npm start, which runs the source of a clone",
    async () => {
      const clone = join(place.path, "clone");
      copyClone(clone);
      // Newer than the lock file, or all of it would be fetched.
      mkdirSync(join(clone, "node_modules"));
      writeFileSync(join(clone, "node_modules", ".package-lock.json"), "");
      for (const name of [".bin", ...readdirSync(join(root, "node_modules"))]) {
        const link = join(clone, "node_modules", name);
        if (!existsSync(link)) symlinkSync(join(root, "node_modules", name), link);
      }
      const started = await run(["npm", "start", "--silent", "--", "--version"], { cwd: clone });
      expect(started).toEqual({
        stdout: `charla ${manifest.version}\n`,
        stderr: "",
        status: 0,
      });
    },
    END_TO_END_TIMEOUT,
  );
}

/** The paths in what `npm pack --json` prints. */
function filesIn(json: string): string[] {
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(json);
  return files.map(({ path }) => path);
}

/** What a fresh clone would have. */
function copyClone(folder: string): void {
  for (const name of readdirSync(root)) {
    if (["node_modules", "dist", ".git"].includes(name)) continue;
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
}

/** A folder of its own, and one for PATH with Node.js and npm, which may be where Bun is too. */
function newPlace() {
  const path = mkdtempSync(join(tmpdir(), "charla-published-"));
  const node = linkPrograms(join(path, "node"), { node: "node", npm: "npm", npx: "npx" });
  return { path, node, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Makes a folder in which programs have these names. */
function linkPrograms(folder: string, programs: Readonly<Record<string, string>>): string {
  mkdirSync(folder);
  for (const [name, program] of Object.entries(programs)) {
    symlinkSync(Bun.which(program) ?? program, join(folder, name));
  }
  return folder;
}
