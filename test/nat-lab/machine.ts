// Whether this machine can have a lab, and tests that need one.

import { test } from "bun:test";
import { accessSync, constants } from "node:fs";

import { testWith } from "../harness/peer-programs.ts";

/** How long a test may take, in ms, if it doesn't say otherwise: long, for a busy 2-core machine. */
const TIMEOUT = 60_000;

/** What every lab needs, of iproute2, nftables and util-linux. */
const PROGRAMS = ["ip", "nft", "nsenter", "unshare"];
/** One of each: a namespace, a link, a rule that translates addresses. */
const PROBE = `
  ip link add lan type veth peer name wan
  nft add table inet nat
  nft add chain inet nat postrouting '{ type nat hook postrouting priority srcnat; }'
  nft add rule inet nat postrouting oifname wan masquerade
`;

/** What `whyNoLab` said, once it was asked. */
let reason: string | null | undefined;

/** Why there can be no lab here; null if there can. */
function whyNoLab(): string | null {
  if (process.platform !== "linux") return "only Linux has network namespaces";
  const missing = PROGRAMS.filter((name) => Bun.which(name) === null);
  if (missing.length > 0) return `not on this machine: ${missing.join(", ")}`;
  const command = ["unshare", "--mount", "--net", "sh", "-e", "-c", PROBE];
  const { exitCode, stderr } = Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" });
  if (exitCode === 0) return null;
  return `network namespaces are not allowed here: ${stderr.toString().trim().split("\n")[0]}`;
}

/** Whether a link can be slow (delay-line.ts): some machines have no TUN interfaces, or only for root. */
export function canDelay(): boolean {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A test that opens labs, and runs these programs in them; skipped where it can't. */
export function testInLab(
  title: string,
  programs: string[],
  body: () => Promise<void>,
  timeout = TIMEOUT,
): void {
  if (reason === undefined) reason = whyNoLab();
  if (reason === null) testWith(programs, title, body, timeout);
  else test.skip(`${title} (${reason})`, body);
}
