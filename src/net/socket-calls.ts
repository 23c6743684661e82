// The edge to the C library's getsockopt and setsockopt: the runtime's sockets have no call for most options. What to
// set, and the numbers of each system, is socket-options.ts. Where it can't be done, the system's defaults stay:
// that is no error.

import {
  applyOptions,
  libraryName,
  NOTHING_IN_FORCE,
  type OptionsInForce,
  segmentSizeOption,
  type SocketCalls,
  type WantedOptions,
} from "./socket-options.ts";

/**
 * While `send` runs, what the socket sends is cut into datagrams of `size` bytes, the last of which may be shorter.
 *
 * @throws what `send` throws; ENOPROTOOPT, and nothing is sent, where the kernel has no GSO
 */
type Segmenter = <Sent>(size: number, send: () => Sent) => Sent;

/**
 * Loads what is needed to set the wanted options of the runtime's sockets; null when none is wanted, or none can be
 * set here. Keep it as long as these are open.
 */
export async function loadSocketTuner(wanted: WantedOptions, platform: string = process.platform) {
  const { receiveBuffer, dontFragment, gso } = wanted;
  if (receiveBuffer === undefined && dontFragment !== true && gso !== true) return null;
  // Loading it takes 0.4 ms; a socket without options does without it.
  const { release } = await import("node:os");
  const system = { platform, release: release() };
  const fileName = libraryName(system);
  const library = fileName === null ? null : await loadSocketLibrary(fileName);
  if (library === null) return null;
  return {
    /**
     * Sets what is wanted, at once.
     *
     * @param address where the socket listens
     */
    apply(socket: object, address: string): OptionsInForce {
      const calls = library.callsFor(socket);
      return calls === null ? NOTHING_IN_FORCE : applyOptions(calls, system, address, wanted);
    },
    /** Null where GSO is not wanted, or this system has none. */
    segmenter(socket: object): Segmenter | null {
      const option = gso === true ? segmentSizeOption(system) : null;
      const calls = library.callsFor(socket);
      if (option === null || calls === null) return null;
      return (size, send) => {
        if (!calls.set(option, size)) {
          const error = new Error("the kernel has no UDP_SEGMENT");
          throw Object.assign(error, { code: "ENOPROTOOPT" });
        }
        try {
          return send();
        } finally {
          calls.set(option, 0);
        }
      };
    },
    [Symbol.dispose]: () => library[Symbol.dispose](),
  };
}

/** Every option here is a C int. */
const INT_BYTES = 4;

/**
 * Loads the C library by its file name: null where there is no such file, or the runtime may not call it. Takes half
 * a millisecond the first time, and then 10 us.
 */
export async function loadSocketLibrary(fileName: string) {
  const library = await openLibrary(fileName);
  if (library === null) return null;
  const { getsockopt, setsockopt } = library.symbols;
  return {
    /**
     * The calls for one of the runtime's sockets; null when it is closed. Use them only while it is open, since its
     * descriptor is reused afterwards, and only until the library is disposed of.
     */
    callsFor(socket: object): SocketCalls | null {
      // Bun 1.4.5 has it, but its declarations leave it out; it is -1 once the socket is closed.
      const descriptor = "fd" in socket ? socket.fd : undefined;
      if (typeof descriptor !== "number" || descriptor < 0) return null;
      return {
        get({ level, name }) {
          const value = new Int32Array(1);
          const length = Uint32Array.of(INT_BYTES);
          const status = getsockopt(descriptor, level, name, value, length);
          return status === 0 ? (value[0] ?? null) : null;
        },
        set({ level, name }, value) {
          return setsockopt(descriptor, level, name, Int32Array.of(value), INT_BYTES) === 0;
        },
      };
    },
    [Symbol.dispose]: () => library.close(),
  };
}

async function openLibrary(fileName: string) {
  try {
    const { dlopen } = await import("bun:ffi");
    return dlopen(fileName, {
      getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    });
  } catch {
    return null;
  }
}
