// The TCP connections at a port of this program, by the system's table of descriptors: Bun 1.4.5's HTTP server names a connection
// only when its request is complete. An edge to the C library. Knows no limit.

import { readdirSync } from "node:fs";
import { release } from "node:os";

import { ipText } from "../ip-bytes.ts";
import type { SocketAddress } from "./address.ts";
import { libraryName } from "./socket-options.ts";

/** The descriptors of this program, on Linux and macOS. */
const DESCRIPTORS = "/dev/fd";
/** Bytes of a sockaddr_in and of a sockaddr_in6; the port is at 2, the address at 4 and at 8. */
const IPV4_LENGTH = 16;
const IPV6_LENGTH = 28;
/** For `shutdown`: nothing is read or written any more. */
const SHUT_RDWR = 2;

export interface TcpConnection {
  readonly descriptor: number;
  readonly peer: SocketAddress;
}

/** Descriptors are reused: what `at` returns is valid until the caller lets the runtime go on. */
export interface ConnectionTable extends Disposable {
  /** The connections that came in at a port. */
  at(port: number): TcpConnection[];
  /** Ends a connection; the runtime then closes it. */
  end(connection: TcpConnection): void;
}

/** Null where the runtime can't call the C library, or there is no table. */
export async function openConnectionTable(): Promise<ConnectionTable | null> {
  const name = libraryName({ platform: process.platform, release: release() });
  const library = name === null ? null : await openLibrary(name);
  if (library === null) return null;
  const { getpeername, getsockname, shutdown } = library.symbols;
  const address = new Uint8Array(IPV6_LENGTH);
  const length = new Uint32Array(1);

  /** An unconnected or local socket has no such address. */
  function read(call: typeof getsockname, descriptor: number): number | null {
    length[0] = IPV6_LENGTH;
    if (call(descriptor, address, length) !== 0) return null;
    if (length[0] !== IPV4_LENGTH && length[0] !== IPV6_LENGTH) return null;
    return ((address[2] ?? 0) << 8) | (address[3] ?? 0);
  }

  return {
    at(port) {
      const found: TcpConnection[] = [];
      for (const written of readdirSync(DESCRIPTORS)) {
        const descriptor = Number(written);
        if (read(getsockname, descriptor) !== port) continue;
        const peerPort = read(getpeername, descriptor);
        if (peerPort === null) continue;
        const bytes = length[0] === IPV4_LENGTH ? address.slice(4, 8) : address.slice(8, 24);
        found.push({ descriptor, peer: { address: ipText(bytes), port: peerPort } });
      }
      return found;
    },
    end({ descriptor }) {
      shutdown(descriptor, SHUT_RDWR);
    },
    [Symbol.dispose]: () => library.close(),
  };
}

async function openLibrary(fileName: string) {
  try {
    readdirSync(DESCRIPTORS);
    const { dlopen } = await import("bun:ffi");
    return dlopen(fileName, {
      getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
      getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
      shutdown: { args: ["i32", "i32"], returns: "i32" },
    });
  } catch {
    return null;
  }
}
