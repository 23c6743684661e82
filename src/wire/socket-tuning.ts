// Gives the runtime's sockets the options that socket-options.ts knows, through the calls of
// socket-calls.ts. Where it cannot be done, the system's own stay: that is no error.

import { loadSocketLibrary } from "./socket-calls.ts";
import {
  applyOptions,
  libraryOf,
  NOTHING_IN_FORCE,
  type OptionsInForce,
  type System,
  type WantedOptions,
} from "./socket-options.ts";

export interface Tuning extends Disposable {
  /**
   * Sets what is wanted, at once.
   *
   * @param address where the socket listens
   */
  apply(socket: object, address: string): OptionsInForce;
}

/** Loads what it takes to set the options, and nothing when none is wanted. */
export async function loadTuning(wanted: WantedOptions): Promise<Tuning | null> {
  if (wanted.receiveBuffer === undefined && wanted.dontFragment !== true) return null;
  const system = await thisSystem();
  const fileName = libraryOf(system);
  const library = fileName === null ? null : await loadSocketLibrary(fileName);
  if (library === null) return null;
  return {
    apply(socket, address) {
      const calls = library.callsFor(socket);
      return calls === null ? NOTHING_IN_FORCE : applyOptions(calls, system, address, wanted);
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
