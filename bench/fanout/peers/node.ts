// Servers on Node.js; their packages are installed with npm into a temporary folder.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { digits, type Peer, type RunningPeer, startTcp, TEXT } from "./peer.ts";

/** Null if they cannot be installed; npm's errors are on stderr. */
export function installPackages(): (Disposable & { readonly folder: string }) | null {
  const folder = mkdtempSync(join(tmpdir(), "charla-fanout-npm-"));
  const remove = () => rmSync(folder, { recursive: true });
  copyFileSync(join(import.meta.dir, "../package.json"), join(folder, "package.json"));
  for (const name of ["ws-server.mjs", "socket-io-server.mjs"]) {
    copyFileSync(join(import.meta.dir, name), join(folder, name));
  }
  const npm = Bun.which("npm");
  const installed =
    npm !== null &&
    Bun.spawnSync([npm, "install", "--no-audit", "--no-fund"], { cwd: folder }).success;
  if (installed && Bun.which("node") !== null) return { folder, [Symbol.dispose]: remove };
  remove();
  return null;
}

const UPGRADE = (path: string) =>
  digits(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );

/** A text frame of a client (RFC 6455 s. 5.2), whose mask changes nothing. */
const frame = (text: string) => `81${(0x80 | text.length).toString(16)}00000000${digits(text)}`;

function nodePeer(
  packages: string,
  name: string,
  script: string,
  steps: readonly string[],
  message: string,
): Peer {
  return {
    name,
    debian: null,
    start(folder, listeners): Promise<RunningPeer> {
      const command = ["node", "--expose-gc", join(packages, script)];
      return startTcp(command, folder, null, listeners, {
        listener: steps,
        sender: steps,
        message,
      });
    },
  };
}

export function nodePeers(packages: string): Peer[] {
  const event = frame(`42["m","${TEXT}"]`);
  const path = "/socket.io/?EIO=4&transport=websocket";
  return [
    nodePeer(packages, "ws", "ws-server.mjs", [UPGRADE("/")], frame(TEXT)),
    nodePeer(packages, "socket.io", "socket-io-server.mjs", [UPGRADE(path), frame("40")], event),
  ];
}
