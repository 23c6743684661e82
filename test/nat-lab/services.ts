// Programs of others that run on a router of the lab: an HTTP proxy (tinyproxy), and one that maps ports on request
// (miniupnpd).

import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Program, start } from "../harness/program.ts";

export interface ServiceOptions {
  /** Makes a command run on the router. */
  readonly enter: (command: readonly string[]) => string[];
  /** The router's address on its inner side. */
  readonly address: string;
  /** A folder for its files. */
  readonly folder: string;
}

/** An HTTP proxy that passes CONNECT to port 443, and nothing else. */
export async function startProxy(
  port: number,
  { enter, address, folder }: ServiceOptions,
): Promise<Program> {
  const filter = join(folder, "filter");
  const config = join(folder, "tinyproxy.conf");
  // The target of a CONNECT has no scheme (RFC 9112 s. 3.2.3), so nothing else matches.
  writeFileSync(filter, "^[^/]+:443$\n");
  writeFileSync(
    config,
    `Port ${port}
Listen ${address}
Timeout 600
MaxClients 100
ConnectPort 443
FilterURLs On
FilterExtended On
FilterDefaultDeny Yes
Filter "${filter}"
`,
  );
  return startUntil(enter(["tinyproxy", "-d", "-c", config]), "stdout", "Accepting connections");
}

/** PCP, NAT-PMP and UPnP, for hosts on the inner side. */
export async function startPortMapping({
  enter,
  address,
  folder,
}: ServiceOptions): Promise<Program> {
  const program = join(folder, "miniupnpd");
  const config = join(folder, "miniupnpd.conf");
  writeFileSync(program, withoutReservedOuterAddresses(readFileSync(MINIUPNPD)));
  chmodSync(program, 0o700);
  writeFileSync(
    config,
    `ext_ifname=wan
listening_ip=lan
http_port=5000
ipv6_disable=yes
enable_natpmp=yes
enable_upnp=yes
secure_mode=yes
upnp_table_name=filter
upnp_nat_table_name=nat
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-0000-4000-8000-000000000001
allow 1024-65535 ${address}/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`,
  );
  const pid = join(folder, "miniupnpd.pid");
  const command = enter([program, "-d", "-f", config, "-P", pid]);
  return startUntil(command, "stderr", "Listening for NAT-PMP/PCP");
}

const MINIUPNPD = Bun.which("miniupnpd") ?? "/usr/sbin/miniupnpd";

/**
 * miniupnpd maps nothing while its outer address is one of a table of reserved ones, and has no option against that. The lab's outer
 * addresses are those for benchmarks, 198.18.0.0/15: in the lab's copy this row of the table (an address and the bits after
 * its prefix, both of 32 bits) says 0.0.0.0/8 instead.
 */
function withoutReservedOuterAddresses(program: Buffer): Buffer {
  const row = Buffer.from([0, 0, 18, 198, 17, 0, 0, 0]);
  const at = program.indexOf(row);
  if (at === -1 || program.indexOf(row, at + 1) !== -1)
    throw new Error(`${MINIUPNPD} has another table of reserved addresses than this lab knows`);
  Buffer.from([0, 0, 0, 0, 24, 0, 0, 0]).copy(program, at);
  return program;
}

async function startUntil(
  command: readonly string[],
  stream: "stdout" | "stderr",
  ready: string,
): Promise<Program> {
  const program = start(command);
  try {
    await program.until(stream, ready);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
