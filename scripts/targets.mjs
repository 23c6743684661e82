// The systems that charla is released for, and where their runtimes come from.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./install.mjs";
import { run } from "./run.mjs";

/**
 * The name, Bun's name for it, and the package of the npm registry that holds the runtime.
 * The x64 ones need no AVX2: since 1.4 Bun has one build for all.
 */
export const TARGETS = [
  { name: "linux-x64", bun: "bun-linux-x64", runtime: "@oven/bun-linux-x64" },
  { name: "linux-arm64", bun: "bun-linux-arm64", runtime: "@oven/bun-linux-aarch64" },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl", runtime: "@oven/bun-linux-x64-musl" },
  {
    name: "linux-arm64-musl",
    bun: "bun-linux-arm64-musl",
    runtime: "@oven/bun-linux-aarch64-musl",
  },
  { name: "darwin-x64", bun: "bun-darwin-x64", runtime: "@oven/bun-darwin-x64" },
  { name: "darwin-arm64", bun: "bun-darwin-arm64", runtime: "@oven/bun-darwin-aarch64" },
  { name: "windows-x64", bun: "bun-windows-x64", runtime: "@oven/bun-windows-x64" },
];

/**
 * Fetches a target's runtime with npm, unpacks it into a folder, and returns its path.
 *
 * @throws if it is not the one that package-lock.json names
 */
export async function fetchRuntime({ runtime }, folder) {
  const { version, integrity } = lockedRuntime(runtime);
  mkdirSync(folder, { recursive: true });
  await run("npm", ["pack", "--silent", "--pack-destination", folder, `${runtime}@${version}`]);
  const archive = join(folder, `${runtime.slice(1).replace("/", "-")}-${version}.tgz`);
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== integrity)
    throw new Error(`${runtime}@${version} is not what package-lock.json names`);
  await run("tar", ["-xzf", archive, "-C", folder]);
  return join(folder, "package", "bin", runtime.includes("windows") ? "bun.exe" : "bun");
}

/** What package-lock.json says about a package of the runtime: its version, license and integrity. */
export function lockedRuntime(name) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { version, license, integrity } = packages[`node_modules/${name}`];
  return { version, license, integrity };
}
