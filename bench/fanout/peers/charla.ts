// charla itself: its own server, with encryption, and a log on the disk; its members by UDP, or by WebSockets as from a page.

import { openSync } from "node:fs";
import { join } from "node:path";

import { enterRoom } from "../enter-room.ts";
import type { LoadKind } from "../load.ts";
import { type Peer, printedPort } from "./peer.ts";

function charlaPeer(name: string, load: LoadKind): Peer {
  return {
    name,
    debian: null,
    async start(folder, listeners) {
      const key = crypto.getRandomValues(new Uint8Array(32)).toHex();
      const script = join(import.meta.dir, "../room-server.ts");
      const child = Bun.spawn([process.execPath, script, folder, key], {
        stdio: ["ignore", "pipe", openSync(join(folder, "server.log"), "w")],
      });
      const port = await printedPort(child.stdout);
      return {
        pid: child.pid,
        load,
        // The listeners and the sender.
        members: async () => [...(await enterRoom(port, listeners + 1)), "go"],
        collect() {
          child.kill("SIGUSR2");
        },
        async [Symbol.asyncDispose]() {
          child.kill("SIGKILL");
          await child.exited;
        },
      };
    },
  };
}

export const charla = charlaPeer("charla", "sealed");
export const charlaByWebSockets = charlaPeer("charla, WebSockets", "sealed-websockets");
