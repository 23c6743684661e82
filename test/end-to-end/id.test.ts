// `charla id` as people run it: name and fingerprint, the key that it creates, and each error.

import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { charla as startProcess, run, runCharla as runProcess } from "../harness/program.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

/** Alice's key of RFC 7748 s. 6.1. */
const ALICE_FILE =
  "# Alice's\ncharla-secret-key-x25519 dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo\n";
const ALICE = "name         ana\nfingerprint  SHA256:MAyclgO5Kks57TlYv5JAEUgE20/TcwEsDKR0MtY0Ja4\n";

function environment(base: string) {
  return { XDG_CONFIG_HOME: join(base, "config"), XDG_DATA_HOME: join(base, "data"), USER: "ana" };
}

/** Runs `charla id` with its folders in `base`. */
function runId(base: string, ...args: string[]) {
  return runCharla(["id", ...args], { env: environment(base) });
}

/** A folder whose config folder holds Alice's key, and the paths of both. */
function withAlice() {
  const base = temporaryFolder();
  const folder = join(base.path, "config", "charla");
  const file = join(folder, "identity");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, ALICE_FILE, { mode: 0o600 });
  return { base: base.path, folder, file, [Symbol.dispose]: base[Symbol.dispose] };
}

test("charla id prints the user's name and the key's fingerprint", async () => {
  using alice = withAlice();
  expect(await runId(alice.base)).toEqual({ stdout: ALICE, stderr: "", status: 0 });
});

test("charla id --json prints name, fingerprint and public key as one object", async () => {
  using alice = withAlice();
  expect(await runId(alice.base, "--json")).toEqual({
    stdout:
      '{"type":"identity","name":"ana",' +
      '"fingerprint":"SHA256:MAyclgO5Kks57TlYv5JAEUgE20/TcwEsDKR0MtY0Ja4",' +
      '"publicKey":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}\n',
    stderr: "",
    status: 0,
  });
});

test("charla id --verbose prints where the key is", async () => {
  using alice = withAlice();
  expect(await runId(alice.base, "-v")).toEqual({
    stdout: ALICE,
    stderr: `your key is ${alice.file}\n`,
    status: 0,
  });
});

test("on first use charla id creates the key, reports it on stderr, and later uses the same one", async () => {
  using base = temporaryFolder();
  const file = join(base.path, "config", "charla", "identity");
  const first = await runProcess(["id"], { env: environment(base.path) });
  expect(first.stderr).toBe(`made your key: ${file}\n`);
  expect(first.stdout).toMatch(/^name {9}ana\nfingerprint {2}SHA256:[A-Za-z0-9+/]{43}\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await runId(base.path)).toEqual({ ...first, stderr: "" });
  // The data folder is not needed for a key.
  expect(readdirSync(base.path)).toEqual(["config"]);
});

test("a new key is reported on stderr with --json too, and not at all with --quiet", async () => {
  using base = temporaryFolder();
  const file = join(base.path, "config", "charla", "identity");
  const json = await runId(base.path, "--json");
  expect(json.stderr).toBe(`made your key: ${file}\n`);
  expect(json.stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ type: "identity", name: "ana" });
  using elsewhere = temporaryFolder();
  expect((await runId(elsewhere.path, "--quiet")).stderr).toBe("");
});

test("two people have different keys", async () => {
  using ana = temporaryFolder();
  using ben = temporaryFolder();
  expect((await runId(ana.path)).stdout).not.toBe((await runId(ben.path)).stdout);
});

test(
  "charla id started eight times at once for the first time prints the same key eight times",
  async () => {
    using base = temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const programs = Array.from({ length: 8 }, () =>
      stack.use(startProcess(["id", "--json"], { env: environment(base.path), input: "" })),
    );
    for (const program of programs) expect(await program.exited).toBe(0);
    expect(new Set(programs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(programs.filter(({ stderr }) => stderr.startsWith("made your key: "))).toHaveLength(1);
  },
  END_TO_END_TIMEOUT,
);

test("a key that others can read is refused", async () => {
  using alice = withAlice();
  chmodSync(alice.file, 0o644);
  expect(await runId(alice.base)).toEqual({
    stdout: "",
    stderr:
      `charla: the identity key ${alice.file} is open to other users (mode 644)\n` +
      `hint: chmod 600 "${alice.file}"; if somebody may have read it, remove it instead, and ` +
      "charla makes a new one\n",
    status: 1,
  });
  chmodSync(alice.file, 0o600);
  expect((await runId(alice.base)).stdout).toBe(ALICE);
});

test("a key of another user is refused", async () => {
  using alice = withAlice();
  let owner = 65_534;
  if (process.geteuid?.() === 0) chownSync(alice.file, owner, owner);
  else {
    // Without root a file can't be given to another user, but a link can point to one.
    owner = 0;
    alice.file = join(alice.base, "elsewhere", "charla", "identity");
    mkdirSync(join(alice.base, "elsewhere", "charla"), { recursive: true });
    symlinkSync("/etc/passwd", alice.file);
  }
  const env = { ...environment(alice.base), XDG_CONFIG_HOME: join(alice.file, "..", "..") };
  expect(await runCharla(["id"], { env })).toEqual({
    stdout: "",
    stderr:
      `charla: the identity key ${alice.file} belongs to another user (number ${owner})\n` +
      "hint: run charla as that user, or let XDG_CONFIG_HOME name a folder of your own\n",
    status: 1,
  });
});

test("a damaged key is refused and not changed", async () => {
  using alice = withAlice();
  writeFileSync(alice.file, "charla-secret-key-x25519 dwdt");
  expect(await runId(alice.base)).toEqual({
    stdout: "",
    stderr:
      `charla: ${alice.file} does not hold an identity key\n` +
      "hint: restore it from a copy, or move it away: charla then makes a new key, and for " +
      "others you are a new person\n",
    status: 1,
  });
  expect(readFileSync(alice.file, "utf8")).toBe("charla-secret-key-x25519 dwdt");
});

test("a folder in the key's place is refused", async () => {
  using base = temporaryFolder();
  const file = join(base.path, "config", "charla", "identity");
  mkdirSync(file, { recursive: true });
  const { stderr, status } = await runId(base.path);
  expect(stderr).toStartWith(`charla: ${file} is not a file\nhint: `);
  expect(status).toBe(1);
});

test("a pipe in the key's place is refused without waiting for it", async () => {
  using alice = withAlice();
  rmSync(alice.file);
  expect((await run(["mkfifo", alice.file])).status).toBe(0);
  const { stderr, status } = await runId(alice.base);
  expect(stderr).toStartWith(`charla: ${alice.file} is not a file\nhint: `);
  expect(status).toBe(1);
});

test("a file in the config folder's place is reported, with --json on stdout too", async () => {
  using base = temporaryFolder();
  writeFileSync(join(base.path, "config"), "");
  const folder = join(base.path, "config", "charla");
  const message = `cannot write to ${folder}: there is a file where a folder should be`;
  const hint =
    "make it a writable folder, or set XDG_CONFIG_HOME and XDG_DATA_HOME to other folders";
  expect(await runId(base.path, "--json")).toEqual({
    stdout: `${JSON.stringify({ type: "error", code: "FOLDER_NOT_WRITABLE", message, hint })}\n`,
    stderr: `charla: ${message}\nhint: ${hint}\n`,
    status: 1,
  });
});

test("charla id with an argument is a usage error", async () => {
  using base = temporaryFolder();
  expect(await runId(base.path, "ben")).toEqual({
    stdout: "",
    stderr: 'charla: id takes no arguments, but got "ben"\nhint: see charla id --help\n',
    status: 2,
  });
  expect(readdirSync(base.path)).toEqual([]);
});
