// The network namespaces of one lab. Their names, and every change to them, are in a mount and network namespace of their
// own, held by one process: two labs at once cannot clash, and no mistake here reaches the machine's interfaces. Knows
// nothing of NATs.
//
// The holder waits for the end of its input, which comes when the lab is closed and also when the process that opened it is
// killed. Then it kills what still runs in the namespaces, and exits; the kernel removes the rest.

import { run, start } from "../harness/program.ts";

const HOLDER = `
  trap "" INT TERM HUP
  mount -t tmpfs nat-lab /run && mkdir /run/netns && echo ready
  cat > /dev/null
  for name in $(ls /run/netns); do
    kill -KILL $(ip netns pids "$name") 2> /dev/null
  done
`;

export interface Namespaces extends AsyncDisposable {
  /** The command that runs `command` in a namespace; it sees this machine's files, but another /etc/hosts. */
  enter(namespace: string, command: readonly string[]): string[];
  /**
   * Runs a script of sh in which `ip` knows the namespaces, as /run/netns/NAME.
   *
   * @throws Error with what it wrote to stderr, when a command of it fails
   */
  configure(script: string): Promise<void>;
}

/** Puts another file in the place of /etc/hosts, for the command that follows. */
const WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"';

/**
 * Opens a holder without any namespace yet: `configure` adds them.
 *
 * @param hostsFile what programs see as /etc/hosts
 */
export async function holdNamespaces(hostsFile: string): Promise<Namespaces> {
  const holder = start(["unshare", "--mount", "--net", "sh", "-c", HOLDER]);
  try {
    await holder.until("stdout", "ready");
  } catch (error) {
    await holder[Symbol.asyncDispose]();
    throw error;
  }
  const { pid } = holder;
  return {
    enter: (namespace, command) => [
      "nsenter",
      `--net=/proc/${pid}/root/run/netns/${namespace}`,
      "unshare",
      "--mount",
      "sh",
      "-c",
      WITH_HOSTS,
      hostsFile,
      ...command,
    ],
    async configure(script) {
      const command = ["nsenter", `--target=${pid}`, "--mount", "--net", "sh", "-e"];
      const { status, stderr } = await run(command, { input: script });
      if (status !== 0) throw new Error(`${stderr}in\n${script}`);
    },
    async [Symbol.asyncDispose]() {
      holder.endInput();
      await holder.exited;
    },
  };
}

/** What a namespace is set to. */
export interface Settings {
  /** Files below /proc/sys/net and what is written to them. */
  readonly sysctls?: readonly (readonly [path: string, value: string | number])[];
  /** Lines of `ip -batch`. */
  readonly ip?: readonly string[];
  /** A ruleset of nft(8). */
  readonly nft?: string;
}

/** The script that applies settings to a namespace. */
export function settingsScript(
  namespace: string,
  { sysctls = [], ip = [], nft = "" }: Settings,
): string {
  const commands = [
    ...sysctls.map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`),
    ...(ip.length > 0 ? [batch(ip)] : []),
    ...(nft === "" ? [] : [heredoc("nft -f -", "NFT", nft)]),
  ];
  return heredoc(`nsenter --net=/run/netns/${namespace} sh -e`, "SETTINGS", commands.join("\n"));
}

/** The command that runs lines of `ip`, fast. */
export function batch(lines: readonly string[]): string {
  return heredoc("ip -batch -", "IP", lines.join("\n"));
}

function heredoc(command: string, end: string, text: string): string {
  return `${command} << '${end}'\n${text}\n${end}`;
}
