// What npm installs as `charla`: JavaScript for Node.js that finds the runtime and starts it. Here with a shell script in the
// place of the runtime, or with the source in the place of the bundle; published.test.ts does everything with the package.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import manifest from "../../package.json";
import { END_TO_END_TIMEOUT, endToEnd } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { MAIN, root, run, start } from "../harness/program.ts";
import { until } from "../harness/until.ts";

interface Launcher {
  PACKAGES: Readonly<Record<string, readonly string[]>>;
  findRuntime: (
    platform: string,
    arch: string,
    resolve: (path: string) => string,
    isMusl: () => boolean,
  ) => string | null;
}
const { PACKAGES, findRuntime }: Launcher = await import(join(root, "bin", "charla.cjs"));

/** From 22.15 on, Node.js gives its process to the program. */
const NODES = ["node", process.env["CHARLA_TEST_NODE_22"] ?? ""].filter((name) => name !== "");
const PLATFORM = `${process.platform} ${process.arch}`;
const PACKAGE = `@oven/bun-${PACKAGES[PLATFORM]?.[0] ?? "none"}`;

/** Resolves files of these packages only. */
const installed =
  (...names: string[]) =>
  (path: string) => {
    if (!names.some((name) => path.startsWith(`${name}/`))) throw new Error(`no ${path}`);
    return `/there/${path}`;
  };
const never = () => {
  throw new Error("nobody should ask");
};

for (const [platform, arch, name, file] of [
  ["linux", "x64", "@oven/bun-linux-x64", "bin/bun"],
  ["linux", "arm64", "@oven/bun-linux-aarch64", "bin/bun"],
  ["linux", "x64", "@oven/bun-linux-x64-musl", "bin/bun"],
  ["linux", "arm64", "@oven/bun-linux-aarch64-musl", "bin/bun"],
  ["darwin", "x64", "@oven/bun-darwin-x64", "bin/bun"],
  ["darwin", "x64", "@oven/bun-darwin-aarch64", "bin/bun"],
  ["darwin", "arm64", "@oven/bun-darwin-aarch64", "bin/bun"],
  ["win32", "x64", "@oven/bun-windows-x64", "bin/bun.exe"],
  ["win32", "arm64", "@oven/bun-windows-aarch64", "bin/bun.exe"],
] as const) {
  test(`on ${platform} ${arch} the launcher starts ${name}, if only that is installed`, () => {
    const found = findRuntime(platform, arch, installed(name), never);
    expect(found).toBe(`/there/${name}/${file}`);
  });
}

test("where packages for both C libraries are installed, the launcher starts the one for the system's", () => {
  const both = installed("@oven/bun-linux-x64", "@oven/bun-linux-x64-musl");
  expect(findRuntime("linux", "x64", both, () => false)).toBe("/there/@oven/bun-linux-x64/bin/bun");
  expect(findRuntime("linux", "x64", both, () => true)).toBe(
    "/there/@oven/bun-linux-x64-musl/bin/bun",
  );
});

test("the launcher finds no runtime where none is installed, and none for other platforms", () => {
  expect(findRuntime("linux", "x64", installed(), never)).toBeNull();
  expect(findRuntime("linux", "riscv64", installed("@oven"), never)).toBeNull();
  expect(findRuntime("sunos", "x64", installed("@oven"), never)).toBeNull();
});

test("the launcher starts the runtime of the package bun, which takes the platform's program away, in the same version only", () => {
  for (const [version, expected] of [
    [manifest.devDependencies.bun, "bun/bin/bun.exe"],
    ["1.4.4", null],
  ] as const) {
    using place = newPlace();
    place.write("bun/package.json", JSON.stringify({ version }));
    const found = findRuntime(
      "linux",
      "x64",
      (path) => {
        if (path.startsWith("@oven/")) throw new Error(`no ${path}`);
        return join(place.path, path);
      },
      never,
    );
    expect(found).toBe(expected && join(place.path, expected));
  }
});

test("package.json asks for every package that the launcher may start, in the version that tests run", () => {
  const names = new Set(Object.values(PACKAGES).flat());
  expect(Object.keys(manifest.optionalDependencies).toSorted()).toEqual(
    Array.from(names, (name) => `@oven/bun-${name}`).toSorted(),
  );
  expect(new Set(Object.values(manifest.optionalDependencies))).toEqual(
    new Set([manifest.devDependencies.bun]),
  );
});

test("the package runs nothing when it is installed", () => {
  const atInstall = /^(?:(?:pre|post)?(?:install|prepare|uninstall)|dependencies)$/;
  expect(Object.keys(manifest.scripts).filter((name) => atInstall.test(name))).toEqual([]);
});

test("where the runtime is missing, charla says so in one sentence and how to install it", async () => {
  using place = newPlace();
  expect(await run(["node", place.launcher, "--version"])).toEqual({
    stdout: "",
    stderr: `charla: its runtime, the package of Bun for this platform, is missing (${PLATFORM})\nhint: npm install --global --include=optional charla, on Linux, macOS or Windows, x64 or arm64\n`,
    status: 1,
  });
});

/** An ELF file with nothing but its machine (System V ABI, "e_machine") and the name of its loader. */
const elf = (machine: number, loader: string) =>
  Buffer.from(
    `\x7fELF${"\0".repeat(14)}${String.fromCharCode(machine)}${"\0".repeat(45)}${loader}\0`,
    "latin1",
  );
const [OWN_MACHINE, OTHER_MACHINE] = process.arch === "arm64" ? [183, 62] : [62, 183];

describe.skipIf(process.platform !== "linux")("a runtime that can't be started", () => {
  for (const [what, content, mode, reason] of [
    ["has no right to run", "#!/bin/sh\n", 0o644, "EACCES: permission denied, access 'FILE'"],
    [
      "has no interpreter",
      "#!/no/such/interpreter\n",
      0o755,
      "FILE needs /no/such/interpreter, which is missing",
    ],
    [
      "is for another C library",
      elf(OWN_MACHINE, "/lib/ld-none.so.1"),
      0o755,
      "FILE needs /lib/ld-none.so.1, which is missing",
    ],
    [
      "is for another processor",
      elf(OTHER_MACHINE, "/lib/ld-none.so.1"),
      0o755,
      "FILE is no program for this processor",
    ],
    ["is empty", "", 0o755, "FILE is no program for this processor"],
  ] as const) {
    test(`because it ${what} is reported in one sentence`, async () => {
      using place = newPlace();
      const file = place.runtime(content, mode);
      for (const node of NODES) {
        expect(await run([node, place.launcher, "--version"])).toEqual({
          stdout: "",
          stderr: `charla: its runtime can't be started: ${reason.replace("FILE", file)} (${PLATFORM})\nhint: npm install --global --include=optional charla, on Linux, macOS or Windows, x64 or arm64\n`,
          status: 1,
        });
      }
    });
  }
});

test("where Node.js can give its process to the program, the launcher does that, with all of its environment", async () => {
  using place = newPlace();
  place.runtime("#!/bin/sh\nexit 1\n");
  const print = "process.execve = (...given) => console.log(JSON.stringify(given));\n";
  place.write("print-execve.cjs", print);
  const shim = ["--require", join(place.path, "print-execve.cjs")];
  const env = { CHARLA_INVITATION: "charla://nowhere", EMPTY: "" };
  const { stdout, status } = await run(["node", ...shim, place.launcher, "id"], { env });
  expect(status).toBe(0);
  const [file, args, given] = JSON.parse(stdout);
  expect(file).toEndWith(`node_modules/${PACKAGE}/bin/bun`);
  expect([args[0], ...args.slice(-3)]).toEqual([
    file,
    join(place.path, "dist", "program", "main.js"),
    "--",
    "id",
  ]);
  expect(given).toMatchObject({ ...env, PATH: process.env["PATH"] });
});

test("arguments reach the program as they were written", async () => {
  using place = newPlace();
  place.runtime(`#!/bin/sh\nprintf '[%s]' "$@"\n`);
  const args = ["", "--", "-e", "a b", "x\ny", "ñ 👋", "--version", "*", "'\"$HOME", "--", "-"];
  const { stdout, status } = await run(["node", place.launcher, ...args]);
  expect(status).toBe(0);
  const main = join(place.path, "dist", "program", "main.js");
  const [before, after] = stdout.split(`[${main}]`);
  expect(after).toBe(`[--]${args.map((arg) => `[${arg}]`).join("")}`);
  expect(before?.startsWith("[--no-env-file]")).toBe(true);
});

test("a first -- reaches charla, which then takes no word for a command", async () => {
  using place = newPlace();
  expect(await run(["node", place.linked(), "--", "send", "hello", "more"])).toEqual({
    stdout: "",
    stderr:
      "charla: one host can be joined, not 3\n" +
      "hint: to send a message without joining: charla send TEXT\n",
    status: 2,
  });
});

for (const [how, ending, status] of [
  ["status 0", "exit 0", 0],
  ["status 2", "exit 2", 2],
  ["status 130", "exit 130", 130],
  ["SIGKILL", "kill -KILL $$", 137],
  ["SIGTERM", "kill -TERM $$", 143],
] as const) {
  test(`the launcher ends with ${how} if the program does`, async () => {
    using place = newPlace();
    place.runtime(`#!/bin/sh\n${ending}\n`);
    expect(await run(["node", place.launcher])).toEqual({ stdout: "", stderr: "", status });
  });
}

test.skipIf(process.platform === "win32")(
  "the launcher ends with the program's status where the terminal's window was closed",
  async () => {
    using place = newPlace();
    place.runtime(`#!/bin/sh\ntrap "" HUP\necho started\ncat\nexit 7\n`);
    const started = Promise.withResolvers<void>();
    const launcher = Bun.spawn(["node", place.launcher], {
      terminal: { data: () => started.resolve() },
    });
    await started.promise;
    launcher.terminal?.close();
    await launcher.exited;
    expect([launcher.exitCode, launcher.signalCode]).toEqual([7, null]);
  },
);

test.skipIf(process.platform === "win32")(
  "a signal that comes while the launcher is still starting the program ends the program",
  async () => {
    using place = newPlace();
    const started = join(place.path, "started");
    // Ends by itself as well, or it would stay if the launcher left it alone.
    const wait = "for i in $(seq 200); do sleep 0.05; done";
    place.runtime(`#!/bin/sh\ntrap "exit 7" TERM\n: > "${started}"\n${wait}\n`);
    place.write(
      "signal-in-spawn.cjs",
      `const processes = require("node:child_process");
      const { spawn } = processes;
      processes.spawn = (...given) => {
        const child = spawn(...given);
        while (!require("node:fs").existsSync(${JSON.stringify(started)}));
        process.kill(process.pid, "SIGTERM");
        return child;
      };`,
    );
    const [node = "", ...rest] = place.parent;
    const shim = ["--require", join(place.path, "signal-in-spawn.cjs")];
    expect(await run([node, ...shim, ...rest])).toEqual({ stdout: "", stderr: "", status: 7 });
  },
);

for (const [signal, receivers, status] of [
  ["SIGINT", "the launcher alone", 130],
  ["SIGTERM", "the launcher alone", 0],
  ["SIGTERM", "both", 0],
  ["SIGHUP", "the launcher alone", 129],
] as const) {
  endToEnd(`${signal} to ${receivers} ends charla in good order`, async () => {
    using place = newPlace();
    place.linked();
    await using server = start([...place.parent, "--server", "--port", "0"]);
    await server.until("stderr", "listening on");
    if (receivers === "both") process.kill(await childOf(server.pid), signal);
    server.signal(signal);
    expect(await server.exited).toBe(status);
  });
}

endToEnd("charla reads nothing of the folder that it is started in", async () => {
  using place = newPlace();
  using person = newPerson();
  const hostile = join(place.path, "hostile");
  const elsewhere = join(hostile, "config");
  const paths = { "*": ["./evil.ts"], "node:fs": ["./evil.ts"] };
  place.write("hostile/evil.ts", `console.log("evil");`);
  place.write("hostile/.env", `XDG_CONFIG_HOME=${elsewhere}\nHOME=${elsewhere}\n`);
  place.write("hostile/bunfig.toml", `preload = ["./evil.ts"]\n`);
  place.write("hostile/tsconfig.json", JSON.stringify({ compilerOptions: { paths } }));
  place.write("hostile/package.json", JSON.stringify({ type: "commonjs", imports: paths }));
  const ended = await run(["node", place.linked(), "id"], { cwd: hostile, as: person });
  expect(ended.stderr).toStartWith("made your key: ");
  expect(ended.stdout).toContain("SHA256:");
  expect(ended.stdout).not.toContain("evil");
  expect(existsSync(elsewhere)).toBe(false);
});

test.skipIf(process.platform !== "linux")(
  "an invitation is hidden among the arguments of both the launcher and the program",
  async () => {
    using place = newPlace();
    const secret = "6WzuiKeSqI1OgrLdqPFLDSLnb0TmBzHfMyXZu5EDkhg.9m0a1bJ4CkRXzvOQ3u8w2A";
    place.linked();
    await using member = start([...place.parent, `charla://127.0.0.1:9/main#${secret}`]);
    const child = await childOf(member.pid);
    expect(shown(member.pid)).not.toContain(secret);
    await until("the program to hide it", () => shown(child).includes("charla://***"));
    expect(shown(child)).not.toContain(secret);
  },
  END_TO_END_TIMEOUT,
);

function shown(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "latin1");
}

/** The program that a launcher has started. */
async function childOf(launcher: number): Promise<number> {
  const children = () => readFileSync(`/proc/${launcher}/task/${launcher}/children`, "utf8").trim();
  await until("the launcher to start a program", () => children() !== "");
  return Number(children());
}

/** The launcher in a folder of its own, as npm would put it there. */
function newPlace() {
  const path = mkdtempSync(join(tmpdir(), "charla-package-"));
  cpSync(join(root, "bin"), join(path, "bin"), { recursive: true });
  cpSync(join(root, "package.json"), join(path, "package.json"));
  const launcher = join(path, "bin", "charla.cjs");
  const shim = join(path, "without-execve.cjs");
  writeFileSync(shim, "process.execve = undefined;\n");
  const place = {
    path,
    launcher,
    /** The launcher as a process of its own, which newer versions of Node.js replace by the program. */
    parent: ["node", "--require", shim, launcher],
    write(name: string, content: string | Buffer) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    },
    /** Puts a script in the place of the runtime. */
    runtime(script: string | Buffer, mode = 0o755) {
      const file = join("node_modules", PACKAGE, "bin", "bun");
      place.write(file, script);
      chmodSync(join(path, file), mode);
      return join(path, file);
    },
    /** The real runtime and the real program. */
    linked() {
      place.runtime(`#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
      place.write("dist/program/main.js", `import ${JSON.stringify(MAIN)};\n`);
      return place.launcher;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
  return place;
}
