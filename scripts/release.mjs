// `npm run release`: what is given to people, in dist/release: for each system an archive with the executable, the man page,
// completions and documents; a Debian package for each of two processors; an SBOM of what is inside; and SHA256SUMS.
// `npm run release -- linux-x64 deb` makes only these, and `--into FOLDER` puts them elsewhere. Runs on Linux: it needs GNU
// tar, gzip, zip and dpkg-deb.
//
// Everything has the time of the last commit, or SOURCE_DATE_EPOCH, and root as its owner; names are in order.
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { compileProgram } from "./bundle.mjs";
import { buildDebianPackage, DEBIAN_ARCHITECTURES } from "./debian.mjs";
import { installWhatIsMissing, root } from "./install.mjs";
import { makeManual } from "./manual.mjs";
import { run } from "./run.mjs";
import { fetchRuntime, lockedRuntime, TARGETS } from "./targets.mjs";

installWhatIsMissing();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { values, positionals: chosen } = parseArgs({
  options: { into: { type: "string", default: join(root, "dist", "release") } },
  allowPositionals: true,
});
const unknown = chosen.filter(
  (name) => name !== "deb" && TARGETS.every((target) => target.name !== name),
);
if (unknown.length > 0) {
  process.stderr.write(
    `charla: there is no ${unknown.join(", ")}\nhint: ${TARGETS.map(({ name }) => name).join(" ")} deb\n`,
  );
  process.exit(2);
}

/** The packages inside the executable, with the files of their licenses. */
const SHIPPED = [
  ["@noble/ciphers", "LICENSE"],
  ["@noble/curves", "LICENSE"],
  ["@noble/hashes", "LICENSE"],
  ["ip-address", "LICENSE"],
  ["lean-qr", "LICENSE"],
  ["smart-buffer", "LICENSE"],
  ["socks", "LICENSE"],
  ["tldts", "LICENSE"],
  ["tldts-core", "LICENSE"],
  ["tough-cookie", "LICENSE"],
  ["valibot", "LICENSE.md"],
];

const epoch = Number(
  process.env.SOURCE_DATE_EPOCH ?? (await run("git", ["log", "-1", "--format=%ct"], { cwd: root })),
);
const release = resolve(values.into);
const work = `${release}-work`;
for (const folder of [release, work]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

process.env.SOURCE_DATE_EPOCH = String(epoch);
const manual = makeManual(join(work, "manual"));
const documents = stageDocuments();
const isWanted = (name) => chosen.length === 0 || chosen.includes(name);
const jobs = TARGETS.flatMap((target) => {
  const architecture = isWanted("deb") ? DEBIAN_ARCHITECTURES[target.name] : undefined;
  if (!isWanted(target.name) && architecture === undefined) return [];
  return [{ target, architecture }];
});
await Promise.all(Array.from({ length: availableParallelism() }, makeNext));
await writeSbom();
writeChecksums();
rmSync(work, { recursive: true, force: true });

/** Takes jobs until there are no more. */
async function makeNext() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await make(job);
}

async function make({ target, architecture }) {
  const isWindows = target.name.startsWith("windows");
  const own = join(work, target.name);
  const runtime = await fetchRuntime(target, join(own, "runtime"));
  const top = `charla-${version}-${target.name}`;
  const folder = join(own, top);
  cpSync(documents, folder, { recursive: true });
  // Bun writes the name of the file into the executables of macOS: it is the same in every release.
  const executable = join(folder, isWindows ? "charla.exe" : "charla");
  const options = [`--target=${target.bun}`, `--compile-executable-path=${runtime}`];
  const { succeeded, output } = compileProgram(executable, options);
  if (!succeeded) throw new Error(output);
  chmodSync(executable, 0o755);
  if (isWanted(target.name)) {
    if (isWindows) await zip(own, top);
    else await tar(own, top);
  }
  if (architecture !== undefined) {
    const options = { executable, architecture, version, epoch, manual, documents };
    await buildDebianPackage({ ...options, work: join(own, "deb"), release });
  }
  rmSync(own, { recursive: true, force: true });
  process.stdout.write(`${target.name}\n`);
}

/** What goes into every archive beside the executable. */
function stageDocuments() {
  const folder = join(work, "documents");
  mkdirSync(join(folder, "docs"), { recursive: true });
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md"])
    copyFileSync(join(root, name), join(folder, name));
  cpSync(join(root, "docs"), join(folder, "docs"), { recursive: true, filter: isDocument });
  cpSync(manual, folder, { recursive: true });
  writeFileSync(join(folder, "THIRD-PARTY.txt"), thirdPartyLicenses());
  for (const path of filesBelow(folder)) chmodSync(join(folder, path), 0o644);
  return folder;
}

/** The programs that draw pictures for docs/ need charla's sources. */
function isDocument(path) {
  return !path.endsWith(".ts");
}

/** The licenses of what is inside the executable. */
function thirdPartyLicenses() {
  return [
    ...SHIPPED.map(([name, file]) => [name, `node_modules/${name}/${file}`]),
    ["Unicode's table of confusables", "docs/unicode-license.txt"],
    ["Bun, the runtime", "node_modules/bun-types/docs/project/license.mdx"],
  ]
    .map(([title, path]) => `== ${title}\n\n${readFileSync(join(root, path), "utf8").trim()}\n`)
    .join("\n");
}

async function tar(own, top) {
  const archive = join(own, `${top}.tar`);
  // pax without the times of access and of this run; ustar has no long names.
  const order = ["--sort=name", `--mtime=@${epoch}`, "--owner=0", "--group=0", "--numeric-owner"];
  const modes = ["--mode=u+rw,go=rX", "--format=ustar"];
  await run("tar", ["-C", own, ...order, ...modes, "-cf", archive, top]);
  await run("gzip", ["-n", archive]);
  renameSync(`${archive}.gz`, join(release, `${top}.tar.gz`));
}

async function zip(own, top) {
  const paths = filesBelow(join(own, top)).map((path) => `${top}/${path}`);
  for (const path of paths) utimesSync(join(own, path), epoch, epoch);
  // Its times have no zone.
  const env = { ...process.env, TZ: "UTC" };
  await run("zip", ["-X", "-q", join(release, `${top}.zip`), ...paths], { cwd: own, env });
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** The library has `ws`, under Node.js; the executables don't. */
function isInside(reference) {
  return !reference.startsWith("ws@");
}

/** What the executables are made of: npm's list of the dependencies that ship, and the runtimes. */
async function writeSbom() {
  const args = ["sbom", "--sbom-format=cyclonedx", "--omit=dev", "--omit=optional"];
  const sbom = JSON.parse(await run("npm", [...args, "--package-lock-only"], { cwd: root }));
  sbom.components = sbom.components.filter((component) => isInside(component["bom-ref"]));
  sbom.dependencies = sbom.dependencies.filter(({ ref }) => isInside(ref));
  sbom.dependencies[0].dependsOn = sbom.dependencies[0].dependsOn.filter(isInside);
  // npm calls the program by the name of its folder, and each list by a random number.
  sbom.metadata.component.name = "charla";
  sbom.metadata.component.type = "application";
  sbom.metadata.timestamp = new Date(epoch * 1_000).toISOString();
  delete sbom.serialNumber;
  const runtimes = TARGETS.map(({ runtime }) => {
    const { version: runtimeVersion, license, integrity } = lockedRuntime(runtime);
    const content = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
    return {
      "bom-ref": `${runtime}@${runtimeVersion}`,
      type: "framework",
      name: runtime,
      version: runtimeVersion,
      scope: "required",
      purl: `pkg:npm/${runtime.replace("@", "%40")}@${runtimeVersion}`,
      hashes: [{ alg: "SHA-512", content }],
      licenses: [{ license: { id: license } }],
    };
  });
  sbom.components.push(...runtimes);
  sbom.dependencies[0].dependsOn.push(...runtimes.map((runtime) => runtime["bom-ref"]));
  sbom.dependencies.push(
    ...runtimes.map((runtime) => ({ ref: runtime["bom-ref"], dependsOn: [] })),
  );
  const text = `${JSON.stringify(sbom, null, 2)}\n`;
  writeFileSync(join(release, `charla-${version}.cdx.json`), text);
}

/** For `sha256sum --check SHA256SUMS`. */
function writeChecksums() {
  const lines = readdirSync(release)
    .toSorted()
    .map((name) => {
      const content = readFileSync(join(release, name));
      return `${createHash("sha256").update(content).digest("hex")}  ${name}\n`;
    });
  writeFileSync(join(release, "SHA256SUMS"), lines.join(""));
}
