// What `npm run release` makes: every system's archive, two Debian packages, and what is said about them. All of it is
// built once, with --full only: that takes a minute or two.

import { afterAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import manifest from "../../package.json";
import { FULL_SIZE } from "../harness/full-size.ts";
import { run } from "../harness/program.ts";
import { makeBareSystem, whyNoBareSystem } from "./bare-system.ts";

const { version } = manifest;
/** For one step of a build, on a busy machine, in ms. */
const PATIENCE = 400_000;
const PROGRAMS = ["dpkg-deb", "file", "zip", "unzip", "qemu-aarch64-static", "lintian"];
const missing = PROGRAMS.filter((name) => Bun.which(name) === null);
const isWanted = FULL_SIZE && (missing.length === 0 || process.env["CI"] === "true");
/** The runtimes of other systems come from the npm registry, which a machine without a network can't reach. */
const LOOK_UP = ["view", "--prefer-online", "--fetch-retries=1", "--fetch-timeout=20000"];
const runtime = manifest.devDependencies.bun;
const isBuilt =
  isWanted &&
  (await run(["npm", ...LOOK_UP, `@oven/bun-linux-x64@${runtime}`, "version"])).status === 0;

/** A mail address, as who releases it gives one: lintian wants one that the world can reach. */
const DEBEMAIL = "charla@debian.org";

const folder = mkdtempSync(join(tmpdir(), "charla-release-"));
const release = join(folder, "release");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// Most of the time Debian is being fetched.
const [built, bare] = isBuilt
  ? await Promise.all([make(release, []), whyNoBareSystem() === null ? makeBareSystem() : null])
  : [null, null];

function make(into: string, targets: string[]) {
  return run(["node", "scripts/release.mjs", "--into", into, ...targets], {
    env: { SOURCE_DATE_EPOCH: "1790000000", DEBEMAIL },
  });
}

function whenBuilt(title: string, body: () => Promise<void>): void {
  test.skipIf(!isBuilt)(title, body, PATIENCE);
}

/** Unpacks an archive and returns its folder. */
async function unpack(name: string): Promise<string> {
  const archive = join(release, `charla-${version}-${name}`);
  const into = join(folder, "unpacked");
  mkdirSync(into, { recursive: true });
  const command = name.endsWith(".zip")
    ? ["unzip", "-q", "-o", archive, "-d", into]
    : ["tar", "-xzf", archive, "-C", into];
  expect(await run(command)).toMatchObject({ status: 0, stderr: "" });
  return join(into, `charla-${version}-${name.replace(/\.(?:tar\.gz|zip)$/, "")}`);
}

const KINDS: Record<string, RegExp> = {
  "darwin-arm64.tar.gz": /Mach-O 64-bit arm64 executable/,
  "darwin-x64.tar.gz": /Mach-O 64-bit x86_64 executable/,
  "linux-arm64-musl.tar.gz": /ELF 64-bit LSB executable, ARM aarch64, .*\/lib\/ld-musl-aarch64/,
  "linux-arm64.tar.gz": /ELF 64-bit LSB executable, ARM aarch64, .*\/lib\/ld-linux-aarch64/,
  "linux-x64-musl.tar.gz": /ELF 64-bit LSB executable, x86-64, .*\/lib\/ld-musl-x86_64/,
  "linux-x64.tar.gz": /ELF 64-bit LSB executable, x86-64, .*\/lib64\/ld-linux-x86-64/,
  "windows-x64.zip": /PE32\+ executable \(console\) x86-64, for MS Windows/,
};

whenBuilt(
  "a release has an archive for each of seven systems, two packages and their checksums",
  async () => {
    expect(built).toMatchObject({ status: 0 });
    const { stdout } = await run(["ls", release]);
    expect(stdout.trim().split("\n").toSorted()).toEqual(
      [
        "SHA256SUMS",
        ...Object.keys(KINDS).map((name) => `charla-${version}-${name}`),
        `charla-${version}.cdx.json`,
        `charla_${version}_amd64.deb`,
        `charla_${version}_arm64.deb`,
      ].toSorted(),
    );
    const checked = await run(["sha256sum", "--check", "SHA256SUMS"], { cwd: release });
    expect(checked.status).toBe(0);
    expect(checked.stdout.match(/: OK$/gm)).toHaveLength(10);
  },
);

for (const [name, kind] of Object.entries(KINDS)) {
  whenBuilt(`${name} holds an executable for that system, and the documents`, async () => {
    const path = await unpack(name);
    const executable = name.endsWith(".zip") ? "charla.exe" : "charla";
    const described = await run(["file", join(path, executable)]);
    expect(described.stdout).toMatch(kind);
    const { stdout } = await run(["ls", path]);
    expect(stdout.trim().split("\n")).toEqual(
      expect.arrayContaining([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "THIRD-PARTY.txt",
        executable,
        "charla.1",
        "completions",
        "docs",
      ]),
    );
    expect(
      (await run(["ls", join(path, "completions")])).stdout.trim().split("\n").toSorted(),
    ).toEqual(["_charla", "charla.bash", "charla.fish"]);
    expect(readFileSync(join(path, "docs", "server.md"), "utf8")).toContain("# Running a server");
  });
}

whenBuilt("the executable for Linux runs without Bun, Node.js or a PATH", async () => {
  const path = await unpack("linux-x64.tar.gz");
  const started = await run([join(path, "charla"), "--version"], { env: { PATH: undefined } });
  expect(started).toEqual({ stdout: `charla ${version}\n`, stderr: "", status: 0 });
  const id = await run([join(path, "charla"), "id"]);
  expect(id).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^name +\S+\nfingerprint +SHA256:/),
  });
});

whenBuilt("the executable for Linux on ARM runs under qemu", async () => {
  const path = await unpack("linux-arm64.tar.gz");
  const qemu = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", join(path, "charla")];
  expect(await run([...qemu, "--version"])).toEqual({
    stdout: `charla ${version}\n`,
    stderr: "",
    status: 0,
  });
});

const MUSL_LOADER = "/lib/ld-musl-x86_64.so.1";
const DEBIAN_LIBRARIES = "/usr/lib/x86_64-linux-gnu";
const canRunMusl = existsSync(MUSL_LOADER) && Bun.which("gcc") !== null;

test.skipIf(!isBuilt || !canRunMusl)(
  "the executable for musl runs with musl's loader, and finds the C library for its system calls",
  async () => {
    const path = await unpack("linux-x64-musl.tar.gz");
    const libraries = join(folder, "musl");
    mkdirSync(libraries);
    for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
      copyFileSync(join(DEBIAN_LIBRARIES, name), join(libraries, name));
    // libstdc++ asks for glibc's loader by this name.
    const shim = join(libraries, "ld-linux-x86-64.so.2");
    const source = join(import.meta.dir, "libstdc++-on-musl.c");
    const compile = ["gcc", "-shared", "-fPIC", "-nostdlib", "-w", "-o", shim, source];
    expect(await run([...compile, "-Wl,-soname,ld-linux-x86-64.so.2"])).toMatchObject({
      status: 0,
    });
    const loader = [MUSL_LOADER, "--library-path", libraries, "--preload", shim];
    const charla = [...loader, join(path, "charla")];
    expect(await run([...charla, "--version"])).toEqual({
      stdout: `charla ${version}\n`,
      stderr: "",
      status: 0,
    });
    // By setsockopt, which it calls in the C library.
    const { stdout } = await run([...charla, "doctor"]);
    expect(stdout).toMatch(/a socket's receive buffer is \d+ KiB/);
  },
  PATIENCE,
);

whenBuilt("the same commit and time make the same bytes again", async () => {
  const again = join(folder, "again");
  expect(await make(again, ["linux-x64"])).toMatchObject({ status: 0 });
  const files = [release, again].map((into) => join(into, `charla-${version}-linux-x64.tar.gz`));
  const [first, second] = await Promise.all(files.map((file) => run(["sha256sum", "--tag", file])));
  expect(second?.stdout.slice(-65)).toBe(first?.stdout.slice(-65) ?? "");
});

whenBuilt(
  "the SBOM names what is inside the executables, with versions, hashes and licenses",
  async () => {
    const sbom = JSON.parse(readFileSync(join(release, `charla-${version}.cdx.json`), "utf8"));
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.5" });
    expect(sbom.metadata.component).toMatchObject({ name: "charla", version, type: "application" });
    expect(sbom.components.map(({ purl }: { purl: string }) => purl)).toEqual([
      expect.stringMatching(/^pkg:npm\/ip-address@\d/),
      `pkg:npm/lean-qr@${manifest.dependencies["lean-qr"]}`,
      expect.stringMatching(/^pkg:npm\/smart-buffer@\d/),
      `pkg:npm/socks@${manifest.dependencies.socks}`,
      expect.stringMatching(/^pkg:npm\/tldts@\d/),
      expect.stringMatching(/^pkg:npm\/tldts-core@\d/),
      `pkg:npm/tough-cookie@${manifest.dependencies["tough-cookie"]}`,
      `pkg:npm/valibot@${manifest.dependencies.valibot}`,
      ...[
        "linux-x64",
        "linux-aarch64",
        "linux-x64-musl",
        "linux-aarch64-musl",
        "darwin-x64",
        "darwin-aarch64",
        "windows-x64",
      ].map((name) => `pkg:npm/%40oven/bun-${name}@${runtime}`),
    ]);
    for (const component of sbom.components) {
      expect(component.hashes[0]).toMatchObject({
        alg: "SHA-512",
        content: expect.stringMatching(/^[0-9a-f]{128}$/),
      });
      expect(["MIT", "BSD-3-Clause"]).toContain(component.licenses[0].license.id);
    }
  },
);

whenBuilt("lintian finds neither an error nor a warning in the Debian package", async () => {
  const file = join(release, `charla_${version}_amd64.deb`);
  const checked = await run(["lintian", "--allow-root", "--fail-on", "error,warning", file]);
  expect(checked).toEqual({ stdout: "", stderr: "", status: 0 });
});

afterAll(() => bare?.[Symbol.dispose]());

/** What runs in the bare system: each line of its output begins with what it is about. */
const SCRIPT = `
dpkg -i /charla.deb >/dev/null || echo "not installed"
echo "version: $(charla --version)"
echo "at first: $(systemctl is-enabled charla) $(systemctl is-active charla)"
systemctl enable --now --quiet charla
for i in $(seq 300); do [ -s /run/charla/invitation ] && break; sleep 0.1; done
echo "invitation: $(stat -c %a /run/charla/invitation)"
echo "folder: $(stat -c %a /run/charla/)"
[ "$(systemctl show -P UID charla)" -gt 60000 ] && echo "user: of its own"
useradd --create-home ana
runuser -u ana -- cat /run/charla/invitation 2>/dev/null || echo "other users: can't read it"
install -o ana -m 600 /run/charla/invitation /home/ana/invitation
runuser -u ana -- env HOME=/home/ana charla send --invitation-file /home/ana/invitation "said on a bare system"
echo "sent: $?"
owner() { systemd-run --quiet --pipe --wait -p DynamicUser=yes -p User=charla -p StateDirectory=charla -p Environment=HOME=/var/lib/charla "$@"; }
echo "history: $(owner charla history | cut -d ' ' -f 4-)"
systemctl restart charla
echo "restarted: $(systemctl is-active charla)"
echo "journal: $(journalctl -u charla | grep -c charla://)"
dpkg -r charla >/dev/null
echo "removed: $(systemctl is-active charla) $(ls /var/lib/private) $(ls /usr/bin/charla 2>&1 | grep -c 'No such')"
dpkg -i /charla.deb >/dev/null
echo "again: $(systemctl is-enabled charla)"
dpkg -P charla >/dev/null
echo "purged: $(ls /var/lib/private /var/lib | grep -c charla) $(find /etc /lib/systemd /usr/lib /var/lib -name '*charla*' | wc -l)"
`;

test.skipIf(bare === null)(
  "the Debian package serves on a bare system, keeps what was said when removed, and deletes it when purged",
  async () => {
    if (bare === null) return;
    copyFileSync(join(release, `charla_${version}_amd64.deb`), join(bare.path, "charla.deb"));
    expect((await bare.run(SCRIPT)).trim().split("\n")).toEqual([
      `version: charla ${version}`,
      "at first: disabled inactive",
      "invitation: 600",
      "folder: 700",
      "user: of its own",
      "other users: can't read it",
      "sent: 0",
      "history: ana: said on a bare system",
      "restarted: active",
      "journal: 0",
      "removed: inactive charla 1",
      "again: enabled",
      "purged: 0 0",
    ]);
  },
  PATIENCE,
);
