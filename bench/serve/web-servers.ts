// HTTP file servers, each started as a process on its own port: charla and popular ones. Knows how to start them, not
// what is measured.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface WebServer {
  readonly name: string;
  /** Null if it is not installed. */
  command(folder: string, port: number): string[] | null;
}

export interface RunningServer extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
}

/** ms that a server may take to start. */
const START_TIMEOUT = 20_000;
/** ms between two attempts to connect. */
const RETRY_EVERY = 50;

/** npm packages, which are installed into a temporary folder. */
export const NPM_PACKAGES = ["serve@14.2.4", "http-server@14.1.1", "sirv-cli@3.0.1"];

const main = join(import.meta.dir, "..", "..", "src", "cli", "main.ts");

export const CHARLA: WebServer = {
  name: "charla serve",
  command: (folder, port) => [process.execPath, main, "serve", folder, "-p", `${port}`, "-q"],
};

/** @param packages the folder of the npm packages; null if they could not be installed */
export function others(packages: string | null): WebServer[] {
  const onNode = (name: string, args: (folder: string, port: number) => string[]): WebServer => ({
    name,
    command(folder, port) {
      const node = Bun.which("node");
      if (packages === null || node === null) return null;
      return [node, join(packages, "node_modules", ".bin", name), ...args(folder, port)];
    },
  });
  return [
    { name: "nginx", command: nginx },
    {
      name: "caddy",
      command: installed("caddy", (folder, port) => [
        "file-server",
        "--root",
        folder,
        "--listen",
        `127.0.0.1:${port}`,
      ]),
    },
    {
      name: "http.server",
      command: installed("python3", (folder, port) => [
        "-m",
        "http.server",
        `${port}`,
        "--bind",
        "127.0.0.1",
        "--directory",
        folder,
      ]),
    },
    onNode("serve", (folder, port) => [
      "--no-request-logging",
      "--no-clipboard",
      "-l",
      `tcp://127.0.0.1:${port}`,
      folder,
    ]),
    onNode("http-server", (folder, port) => [
      folder,
      "--silent",
      "-a",
      "127.0.0.1",
      "-p",
      `${port}`,
    ]),
    onNode("sirv", (folder, port) => [folder, "--quiet", "--host", "127.0.0.1", "-p", `${port}`]),
  ];
}

function installed(
  program: string,
  args: (folder: string, port: number) => string[],
): WebServer["command"] {
  return (folder, port) => {
    const path = Bun.which(program);
    return path === null ? null : [path, ...args(folder, port)];
  };
}

/** One worker and no log, like the others. */
function nginx(folder: string, port: number): string[] | null {
  const path = Bun.which("nginx") ?? Bun.which("/usr/sbin/nginx");
  if (path === null) return null;
  const prefix = mkdtempSync(join(tmpdir(), "charla-nginx-"));
  const settings = join(prefix, "nginx.conf");
  writeFileSync(
    settings,
    `daemon off; worker_processes 1; pid ${prefix}/pid; error_log stderr crit;
    user root;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
      server { listen 127.0.0.1:${port}; root ${folder}; }
    }\n`,
  );
  return [path, "-p", prefix, "-c", settings];
}

/** Null if the server is not installed. */
export async function start(server: WebServer, folder: string): Promise<RunningServer | null> {
  const port = await freePort();
  const command = server.command(folder, port);
  if (command === null) return null;
  const child = Bun.spawn(command, { stdio: ["ignore", "ignore", "ignore"] });
  const url = `http://127.0.0.1:${port}`;
  const start = performance.now();
  while (!(await answers(url))) {
    if (performance.now() - start > START_TIMEOUT || child.exitCode !== null) {
      child.kill();
      throw new Error(`${server.name} does not answer: ${command.join(" ")}`);
    }
    await Bun.sleep(RETRY_EVERY);
  }
  return {
    pid: child.pid,
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).bytes();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Null if they cannot be installed. */
export function installPackages(): (Disposable & { readonly folder: string }) | null {
  const folder = mkdtempSync(join(tmpdir(), "charla-serve-npm-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const npm = Bun.which("npm");
  const install = ["install", "--no-audit", "--no-fund", ...NPM_PACKAGES];
  if (npm !== null && Bun.spawnSync([npm, ...install], { cwd: folder }).success) {
    return { folder, [Symbol.dispose]: remove };
  }
  remove();
  return null;
}
