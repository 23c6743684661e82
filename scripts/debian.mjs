// The Debian package: the executable, the man page, completions, documents, and a unit of systemd for a server, which is
// neither enabled nor started: most who install charla only want to talk.
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { root } from "./install.mjs";
import { run } from "./run.mjs";

/** Debian's name of the processor, for the targets that are packaged. */
export const DEBIAN_ARCHITECTURES = { "linux-x64": "amd64", "linux-arm64": "arm64" };

const packaging = join(root, "packaging", "debian");
const SCRIPTS = ["postinst", "prerm", "postrm"];

/**
 * Writes charla_VERSION_ARCHITECTURE.deb into the folder `release`.
 *
 * @param {{ executable: string, architecture: string, version: string, epoch: number, manual: string,
 *   documents: string, work: string, release: string }} parts
 */
export async function buildDebianPackage(parts) {
  const { executable, architecture, version, epoch, manual, documents, work, release } = parts;
  const put = (from, ...to) => {
    const path = join(work, ...to);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(from, path);
    return path;
  };

  const binary = put(executable, "usr", "bin", "charla");
  await run("gzip", ["-9n", put(join(manual, "charla.1"), share("man", "man1", "charla.1"))]);
  const completion = (name) => join(manual, "completions", name);
  put(completion("charla.bash"), share("bash-completion", "completions", "charla"));
  put(completion("_charla"), share("zsh", "vendor-completions", "_charla"));
  put(completion("charla.fish"), share("fish", "vendor_completions.d", "charla.fish"));
  const unit = join(packaging, "charla.service");
  put(unit, "lib", "systemd", "system", "charla.service");
  put(join(packaging, "lintian-overrides"), share("lintian", "overrides", "charla"));

  const doc = share("doc", "charla");
  for (const name of ["README.md", "SECURITY.md"]) put(join(documents, name), doc, name);
  cpSync(join(documents, "docs"), join(work, doc, "docs"), { recursive: true });
  const licenses = ["LICENSE", "THIRD-PARTY.txt"].map((name) =>
    readFileSync(join(documents, name), "utf8"),
  );
  const copyright = readFileSync(join(packaging, "copyright"), "utf8");
  writeFileSync(join(work, doc, "copyright"), [copyright, ...licenses].join("\n"));
  const changelog = join(work, doc, "changelog");
  writeFileSync(changelog, formatChangelog(version, epoch));
  const upstream = put(join(documents, "CHANGELOG.md"), doc, "CHANGELOG.md");
  await run("gzip", ["-9n", changelog, upstream]);

  // The control files come last: the size is of all others.
  const [size = "0"] = (await run("du", ["-sk", "--apparent-size", work])).split("\t");
  const control = readFileSync(join(packaging, "control"), "utf8")
    .replace("@VERSION@", version)
    .replace("@ARCHITECTURE@", architecture)
    .replace("@SIZE@", size)
    .replace("@MAINTAINER@", maintainer());
  mkdirSync(join(work, "DEBIAN"));
  writeFileSync(join(work, "DEBIAN", "control"), control);
  for (const name of SCRIPTS) put(join(packaging, name), "DEBIAN", name);
  await run("sh", ["-c", MD5SUMS, "sh"], { cwd: work });

  await run("chmod", ["-R", "u=rwX,go=rX", work]);
  const programs = SCRIPTS.map((name) => join(work, "DEBIAN", name));
  await run("chmod", ["755", binary, ...programs]);
  // dpkg-deb sorts what it packs, and takes times that are later for this one.
  await run("find", [work, "-exec", "touch", "-h", "-d", `@${epoch}`, "{}", "+"]);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  const file = join(release, `charla_${version}_${architecture}.deb`);
  await run("dpkg-deb", ["--root-owner-group", "-Zgzip", "--build", work, file], { env });
}

function share(...path) {
  return join("usr", "share", ...path);
}

/** What `dpkg --verify` compares. */
const MD5SUMS =
  "find * -path DEBIAN -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum > DEBIAN/md5sums";

/** Of the newest version only: CHANGELOG.md beside it has what people notice. */
function formatChangelog(version, epoch) {
  const date = new Date(epoch * 1_000).toUTCString().replace("GMT", "+0000");
  return `charla (${version}) unstable; urgency=medium

  * See CHANGELOG.md.gz.

 -- ${maintainer()}  ${date}
`;
}

/** Who packages it, as Debian's own tools learn it. */
function maintainer() {
  const { DEBFULLNAME = "the charla authors", DEBEMAIL = "charla@localhost" } = process.env;
  return `${DEBFULLNAME} <${DEBEMAIL}>`;
}
