// A registry for npm on loopback, with charla's package as `npm publish` would put it there, and what it depends on, taken
// from this installation: tests reach no other network. https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import manifest from "../../package.json";
import { root, run } from "../harness/program.ts";

/** What npm knows of a version before it fetches it. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const RUNTIME = "@oven/bun-";
/** Node.js has other names for some systems and processors than Bun's packages. */
const NODE_NAMES: Readonly<Record<string, string>> = { windows: "win32", aarch64: "arm64" };

/**
 * @param charla the packed charla
 * @param folder for the packages that it depends on
 */
export async function startRegistry(charla: string, folder: string) {
  const manifests = new Map<string, Manifest>();
  const archives = new Map<string, string>([["charla", charla]]);
  manifests.set("charla", manifest);
  const names = new Set(Object.keys(manifest.dependencies));
  for (const name of names) {
    const { dependencies = {} } = readManifest(name);
    // Those of a dependency are installed as well: the set has them at its end.
    for (const each of Object.keys(dependencies)) names.add(each);
    manifests.set(name, readManifest(name));
    archives.set(name, await pack(name, join(root, "node_modules", name), folder));
  }
  for (const [name, version] of Object.entries(manifest.optionalDependencies)) {
    const runtime = manifestOfRuntime(name, version);
    manifests.set(name, runtime);
    if (!isForThisMachine(runtime)) continue;
    // The package bun has moved the program out of its own.
    const unpacked = join(folder, "runtime");
    mkdirSync(join(unpacked, "bin"), { recursive: true });
    cpSync(process.execPath, join(unpacked, "bin", "bun"));
    writeFileSync(join(unpacked, "package.json"), JSON.stringify(runtime));
    archives.set(name, await pack(name, unpacked, folder));
  }

  const fetched: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request): Response {
      const { origin, pathname } = new URL(request.url);
      const name = decodeURIComponent(pathname.slice(1));
      const archive = name.endsWith(".tgz") ? archives.get(name.slice(0, -".tgz".length)) : null;
      if (typeof archive === "string") {
        fetched.push(name.slice(0, -".tgz".length));
        return new Response(Bun.file(archive));
      }
      const known = manifests.get(name);
      if (known === undefined) return new Response("{}", { status: 404 });
      const { version } = known;
      const dist = { tarball: `${origin}/${name}.tgz` };
      const versions = { [version]: { ...known, dist } };
      return Response.json({ name, "dist-tags": { latest: version }, versions });
    },
  });
  return {
    url: server.url.href,
    /** Packages whose content was fetched, in order. */
    fetched,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function readManifest(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
}

/** As the registry has it: `@oven/bun-linux-x64-musl` is for the system linux, the processor x64 and the C library musl. */
function manifestOfRuntime(name: string, version: string): Manifest {
  const [os = "", cpu = "", libc = "glibc"] = name.slice(RUNTIME.length).split("-");
  const system = NODE_NAMES[os] ?? os;
  const where = { os: [system], cpu: [NODE_NAMES[cpu] ?? cpu] };
  return { name, version, ...where, ...(system === "linux" ? { libc: [libc] } : {}) };
}

function isForThisMachine({ os, cpu, libc }: Manifest): boolean {
  const isHere = os?.includes(process.platform) === true && cpu?.includes(process.arch) === true;
  return isHere && (libc === undefined || libc.includes("glibc"));
}

async function pack(name: string, from: string, folder: string): Promise<string> {
  const archive = join(folder, `${name.replace("/", "+")}.tgz`);
  const options = ["--use-compress-program=gzip -1", "--transform=s,^\\.,package,"];
  const { stderr, status } = await run(["tar", "-cf", archive, ...options, "-C", from, "."]);
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return archive;
}
