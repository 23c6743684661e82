// C's getsockopt and setsockopt on the runtime's sockets, which have no call for most options. One of
// the wire's two edges to the runtime. Knows no option; loaded only with a socket that wants one.

/** One option of a socket, by the numbers of the system's headers. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

export interface SocketCalls {
  /** Null where the system does not say. */
  get(option: SocketOption): number | null;
  /** False where the system does not let it be. */
  set(option: SocketOption, value: number): boolean;
}

export interface SocketLibrary extends Disposable {
  /**
   * The calls for one socket of the runtime's, null when it is closed: to be made only while it is open, for
   * its descriptor is another's afterwards, and while the library is not disposed of.
   */
  callsFor(socket: object): SocketCalls | null;
}

/** Every option here is a C int. */
const INT_BYTES = 4;

/**
 * Loads the system's C library by its file name: null where there is none of that name, or the runtime
 * may not call it. Takes half a millisecond at first, and then a hundredth.
 */
export async function loadSocketLibrary(fileName: string): Promise<SocketLibrary | null> {
  const library = await openLibrary(fileName);
  if (library === null) return null;
  const { getsockopt, setsockopt } = library.symbols;
  return {
    callsFor(socket) {
      const descriptor = descriptorOf(socket);
      if (descriptor === null) return null;
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
    [Symbol.dispose]() {
      library.close();
    },
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

/** Bun 1.4.5 has it, and its declarations leave it out; it is -1 once the socket is closed. */
function descriptorOf(socket: object): number | null {
  if (!("fd" in socket) || typeof socket.fd !== "number" || socket.fd < 0) return null;
  return socket.fd;
}
