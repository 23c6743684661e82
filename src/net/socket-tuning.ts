// Gives the runtime's sockets the options that socket-options.ts knows, through the calls of
// socket-calls.ts. Where it cannot be done, the system's own stay: that is no error.

import { loadSocketLibrary } from "./socket-calls.ts";
import {
  applyOptions,
  libraryOf,
  NOTHING_IN_FORCE,
  type OptionsInForce,
  segmentSizeOf,
  type System,
  type WantedOptions,
} from "./socket-options.ts";

/** To be kept as long as the socket is open. */
export interface Tuning extends Disposable {
  /**
   * Sets what is wanted, at once.
   *
   * @param address where the socket listens
   */
  apply(socket: object, address: string): OptionsInForce;
  /** Null where runs are not wanted, or no kernel of this system cuts them. */
  cutter(socket: object): Cutter | null;
}

/**
 * Has what is sent meanwhile cut into datagrams of `size` bytes, the last of which may be shorter: nothing
 * else that the socket sends ever is.
 *
 * @throws what `send` throws; ENOPROTOOPT, and nothing is sent, where the kernel does not know how
 */
export type Cutter = <Sent>(size: number, send: () => Sent) => Sent;

/** Loads what it takes to set the options, and nothing when none is wanted. */
export async function loadTuning(wanted: WantedOptions): Promise<Tuning | null> {
  const { receiveBuffer, dontFragment, runs } = wanted;
  if (receiveBuffer === undefined && dontFragment !== true && runs !== true) return null;
  const system = await thisSystem();
  const fileName = libraryOf(system);
  const library = fileName === null ? null : await loadSocketLibrary(fileName);
  if (library === null) return null;
  return {
    apply(socket, address) {
      const calls = library.callsFor(socket);
      return calls === null ? NOTHING_IN_FORCE : applyOptions(calls, system, address, wanted);
    },
    cutter(socket) {
      const option = runs === true ? segmentSizeOf(system) : null;
      const calls = library.callsFor(socket);
      if (option === null || calls === null) return null;
      return (size, send) => {
        if (!calls.set(option, size)) throw unknownOption();
        try {
          return send();
        } finally {
          calls.set(option, 0);
        }
      };
    },
    [Symbol.dispose]() {
      library[Symbol.dispose]();
    },
  };
}

async function thisSystem(): Promise<System> {
  // Takes 0.4 ms to load, which sockets that want nothing do without.
  const { release } = await import("node:os");
  return { platform: process.platform, release: release() };
}

function unknownOption(): Error {
  return Object.assign(new Error("the kernel cuts nothing"), { code: "ENOPROTOOPT" });
}
