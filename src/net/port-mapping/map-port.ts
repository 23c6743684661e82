// Has the router of this machine's network map a port, so that outsiders reach it: by PCP, NAT-PMP or UPnP, whichever it
// speaks, the first of these before the next. Runs in the background for as long as the port is needed: renews the mapping,
// makes it again after the router's restart and in another network, and removes it at the end.
//
//   await using mapping = mapPort({ internalPort: 12345, onMapped({ outer }) { … }, onLost() { … } });

import { backoff } from "../../backoff.ts";
import { defer } from "../../deferred.ts";
import { CharlaError } from "../../errors.ts";
import { type Announcements, openAnnouncements } from "./exchange.ts";
import { type Place, samePlace } from "./gateway.ts";
import { type Grant, type MappingRouter, renewalDelay } from "./mapping.ts";
import { searchRouter } from "./router-search.ts";
import { type MappingSystem, SYSTEM } from "./system.ts";

/** ms between two looks at which network this machine is in. */
const WATCH_INTERVAL = 2_000;
/** ms between two questions to the router whether it has restarted. */
const CHECK_INTERVAL = 30_000;
/** ms, once it has not answered. */
const SILENT_CHECK_INTERVAL = 5_000;
/** After so many checks without an answer the mapping counts as lost. */
const MAX_SILENT_CHECKS = 3;
/** ms before a router is asked again that mapped nothing (backoff.ts). */
const FIRST_RETRY = 30_000;
const LONGEST_RETRY = 900_000;
/** ms for removing the mappings at the end. */
const CLOSE_TIME = 1_000;

export interface PortMapping extends Grant {
  readonly protocol: MappingRouter["protocol"];
  /** Whether the TCP port of the same number is mapped as well. */
  readonly tcp: boolean;
}

export interface MapPortOptions {
  /** A UDP port of this machine, and the TCP port of the same number. */
  readonly internalPort: number;
  /** Ends it, as disposing of it does. */
  readonly signal?: AbortSignal | undefined;
  /** Outsiders reach the port at `outer`. Called again when that has changed; not for a renewal. */
  readonly onMapped: (mapping: PortMapping) => void;
  /** Outsiders no longer reach it. Not called at the end. */
  readonly onLost: () => void;
  readonly system?: MappingSystem | undefined;
}

export interface PortMapper extends AsyncDisposable {
  /** Resolves when the port is mapped, or the first attempt has failed. */
  readonly attempted: Promise<void>;
}

/** Disposing of it resolves when the mapping is removed, or the router hasn't answered for 1 s. */
export function mapPort(options: MapPortOptions): PortMapper {
  const { signal, system = SYSTEM } = options;
  const end = new AbortController();
  const close = new AbortController();
  const attempted = defer<void>();
  const life: Life = {
    ended: end.signal,
    closed: close.signal,
    hasAsked: false,
    attempted: attempted.resolve,
  };
  const stop = (): void => {
    end.abort();
    // Nothing is to be removed yet.
    if (!life.hasAsked) close.abort();
    void system.clock.sleep(CLOSE_TIME, close.signal).then(() => close.abort());
  };
  if (signal?.aborted === true) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  const running = keepMapped(options, system, life).finally(() => {
    signal?.removeEventListener("abort", stop);
    close.abort();
    attempted.resolve();
  });
  return {
    attempted: attempted.promise,
    async [Symbol.asyncDispose]() {
      stop();
      await running;
    },
  };
}

/** Of a mapper, from its start to its end. */
interface Life {
  /** The port is not needed any more. */
  readonly ended: AbortSignal;
  /** No answer is waited for any more. */
  readonly closed: AbortSignal;
  /** A router was asked to map the port. */
  hasAsked: boolean;
  readonly attempted: () => void;
}

async function keepMapped(
  options: MapPortOptions,
  system: MappingSystem,
  life: Life,
): Promise<void> {
  const { ended } = life;
  const { clock, findPlace, random } = system;
  let failures = 0;
  while (!ended.aborted) {
    const place = findPlace();
    const hadMapping = place !== null && (await stayAt(place, options, system, life));
    life.attempted();
    failures = hadMapping ? 1 : failures + 1;
    const again = clock.now() + backoff(failures, random(), FIRST_RETRY, LONGEST_RETRY);
    let last = place;
    while (!ended.aborted && clock.now() < again) {
      const now = findPlace();
      if (now !== null && !samePlace(last, now)) {
        failures = 0;
        break;
      }
      last = now;
      await clock.sleep(WATCH_INTERVAL, ended);
    }
  }
}

/** Keeps the port mapped in one network. Returns whether it was. */
async function stayAt(
  place: Place,
  { internalPort, ...listeners }: MapPortOptions,
  system: MappingSystem,
  life: Life,
): Promise<boolean> {
  const { ended, closed } = life;
  try {
    using search = await searchRouter({ place, internalPort, system, signal: closed });
    using announcements = await openAnnouncements(place.gateway, system.openSocket);
    for (const finding of search.found) {
      const mapping = await finding;
      if (ended.aborted) return false;
      if (mapping === null) continue;
      const { onMapped, onLost } = listeners;
      const held = { router: mapping, place, internalPort, announcements, onMapped, onLost };
      life.hasAsked = true;
      if (await hold(held, system, life)) return true;
    }
    return false;
  } catch (error) {
    // The address is gone already.
    if (error instanceof CharlaError) return false;
    throw error;
  }
}

interface Held extends Pick<MapPortOptions, "internalPort" | "onMapped" | "onLost"> {
  readonly router: MappingRouter;
  readonly place: Place;
  readonly announcements: Announcements;
}

/** Maps by one router until it maps no more, or the end. Returns whether it did. */
async function hold(held: Held, system: MappingSystem, life: Life): Promise<boolean> {
  const { ended } = life;
  const { router, internalPort, onMapped, onLost } = held;
  let current: PortMapping | null = null;
  let outerPort = internalPort;
  let next = "map";
  while (next === "map") {
    const mapping = await mapBoth(router, outerPort);
    if (ended.aborted || mapping === null) break;
    if (current === null || !sameMapping(current, mapping)) onMapped(mapping);
    life.attempted();
    current = mapping;
    outerPort = mapping.outer.port;
    next = await watch(held, mapping, system, ended);
  }
  if (current !== null && !ended.aborted) onLost();
  // In another network that router can't be asked. Without an answer to `map` the port may be mapped nevertheless.
  if (next !== "moved") {
    await Promise.all([router.unmap("udp"), router.unmap("tcp")]);
  }
  return current !== null;
}

/** Maps UDP, and TCP at the same outer port or not at all. */
async function mapBoth(router: MappingRouter, outerPort: number): Promise<PortMapping | null> {
  const udp = await router.map("udp", outerPort);
  if (udp === null) return null;
  const tcp = await router.map("tcp", udp.outer.port);
  const isSame = tcp?.outer.port === udp.outer.port && tcp.outer.address === udp.outer.address;
  if (tcp !== null && !isSame) await router.unmap("tcp");
  const lifetime = Math.min(udp.lifetime, isSame ? tcp.lifetime : udp.lifetime);
  return { protocol: router.protocol, outer: udp.outer, tcp: isSame, lifetime };
}

function sameMapping(one: PortMapping, other: PortMapping): boolean {
  return (
    one.outer.address === other.outer.address &&
    one.outer.port === other.outer.port &&
    one.tcp === other.tcp
  );
}

/** Waits until the mapping must be made again ("map"), or can't be. */
async function watch(
  { router, place, announcements }: Held,
  mapping: PortMapping,
  { clock, findPlace }: MappingSystem,
  ended: AbortSignal,
): Promise<"map" | "moved" | "silent" | "ended"> {
  const renewal = clock.now() + renewalDelay(mapping);
  let check = clock.now() + CHECK_INTERVAL;
  let silent = 0;
  for (;;) {
    await clock.sleep(WATCH_INTERVAL, ended);
    if (ended.aborted) return "ended";
    if (!samePlace(place, findPlace())) return "moved";
    // An announcement may be forged, and a renewal does no harm: it is the same request.
    if (announcements.take() || clock.now() >= renewal) return "map";
    if (clock.now() < check) continue;
    const state = await router.check(mapping.outer);
    if (ended.aborted) return "ended";
    if (state === "lost") return "map";
    silent = state === "kept" ? 0 : silent + 1;
    if (silent === MAX_SILENT_CHECKS) return "silent";
    check = clock.now() + (silent === 0 ? CHECK_INTERVAL : SILENT_CHECK_INTERVAL);
  }
}
