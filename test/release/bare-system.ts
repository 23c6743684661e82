// A bare Debian in a folder, without anything of this machine, that is booted with systemd and a loopback of its own; it runs
// one script, and is gone at the end of the scope.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { start } from "../harness/program.ts";

export interface BareSystem extends Disposable {
  /** The root folder. */
  readonly path: string;
  /** Boots it, runs a script of sh as root, and returns what that printed. */
  run(script: string): Promise<string>;
}

const PROGRAMS = ["debootstrap", "systemd-nspawn", "unshare"];
/** How long Debian may take to be fetched and unpacked, or the script to run, in ms. */
const PATIENCE = 300_000;
/** It is off again when the script has ended, or after two minutes. */
const SERVICE = `[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec /bin/sh /script >/printed 2>&1'
ExecStopPost=/bin/systemctl poweroff --no-block
TimeoutStartSec=120
`;

/** Why there can be no bare system here; null if there can. */
export function whyNoBareSystem(): string | null {
  const missing = PROGRAMS.filter((name) => Bun.which(name) === null);
  if (missing.length > 0) return `not on this machine: ${missing.join(", ")}`;
  return process.getuid?.() === 0 ? null : "only root can boot one";
}

/** Null where Debian's packages can't be reached, or nothing can be booted. */
export async function makeBareSystem(): Promise<BareSystem | null> {
  const path = mkdtempSync(join(tmpdir(), "charla-bare-"));
  function remove(): void {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Something of it is still in use: it stays in the folder for temporary files.
    }
  }
  // It becomes "/", which every user of the system has to get through.
  chmodSync(path, 0o755);
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const options = ["--variant=minbase", "--include=systemd-sysv,dbus"];
  const made = await finish([...ITSELF, "debootstrap", ...options, suite ?? "stable", path]);
  const units = join(path, "etc/systemd/system");
  const system = {
    path,
    async run(script: string) {
      writeFileSync(join(path, "script"), script);
      await finish(["systemd-nspawn", "-q", "-D", path, "-b", ...ALONE]);
      return readFileSync(join(path, "printed"), "utf8");
    },
    [Symbol.dispose]: remove,
  };
  try {
    if (!made) throw new Error("debootstrap failed");
    writeFileSync(join(path, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
    writeFileSync(join(units, "script.service"), SERVICE);
    mkdirSync(join(units, "multi-user.target.wants"), { recursive: true });
    symlinkSync("../script.service", join(units, "multi-user.target.wants/script.service"));
    if ((await system.run("echo booted")) !== "booted\n") throw new Error("it does not boot");
    return system;
  } catch {
    remove();
    return null;
  }
}

/** What debootstrap mounts and starts ends with it, even if it is killed. */
const ITSELF = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];

/** No network but loopback, and neither the machine's service manager nor its list of machines. */
const ALONE = ["--private-network", "--register=no", "--keep-unit"];

/** Returns whether it succeeded. */
async function finish(command: string[]): Promise<boolean> {
  await using program = start(command, { input: "" });
  const timer = setTimeout(() => program.signal("SIGKILL"), PATIENCE);
  const status = await program.exited;
  clearTimeout(timer);
  return status === 0;
}
