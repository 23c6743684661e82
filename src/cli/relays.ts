// `charla --server --relay`: the relays at which a server registers. They are trusted as servers are, by the key that they had
// the first time. `charla relay` itself is in relay.ts.

import { setTimeout as delay } from "node:timers/promises";

import type { NoticeText } from "../chat/events.ts";
import { untilAborted } from "../client/abort.ts";
import { defer } from "../deferred.ts";
import { usageError } from "../errors.ts";
import { type Environment, findConfigFolder } from "../identity/folders.ts";
import { findKnownServer, rememberServer } from "../identity/known-servers.ts";
import { formatRelay, type HostAndPort, parseHostAndPort } from "../net/address.ts";
import { resolve } from "../net/resolve.ts";
import { proxiesIn } from "../net/web-proxy.ts";
import { relayWebSocketUrls } from "../net/websocket-urls.ts";
import type { OpenOptions } from "../server/open.ts";
import { type CommandLine, helpFor } from "./options.ts";

/** An invitation has room for so many, and a server needs no more: the second takes over from the first. */
const MAX_RELAYS = 3;

/** @throws {CharlaError} USAGE, INVALID_ADDRESS, PORT_OUT_OF_RANGE */
export function relayOption({ lists }: CommandLine): readonly HostAndPort[] {
  return parseRelays(lists.get("relay") ?? []);
}

/**
 * @param written as on the command line: one, or several with commas between
 * @throws {CharlaError} USAGE, INVALID_ADDRESS, PORT_OUT_OF_RANGE
 */
export function parseRelays(written: readonly string[]): readonly HostAndPort[] {
  const relays = written
    .flatMap((list) => list.split(","))
    .map((one) => parseHostAndPort(one.trim()));
  if (relays.length > MAX_RELAYS) {
    throw usageError(
      `--relay takes at most ${MAX_RELAYS} relays, and got ${relays.length}`,
      helpFor("server"),
    );
  }
  return relays;
}

/** ms for which the invitation waits for the relays. */
const PATIENCE = 1_000;

export interface RelayRegistrations {
  readonly options: NonNullable<OpenOptions["relays"]>;
  /** Resolves when the server is registered at each relay, or is not, and after 1 s in any case. */
  readonly attempted: () => Promise<void>;
}

export function relayRegistrations(
  relays: readonly HostAndPort[],
  env: Environment,
  notify: (notice: NoticeText) => void,
): RelayRegistrations {
  const attempts = relays.map((relay) => {
    const attempted = defer<void>();
    return { options: registration(relay, env, notify, attempted.resolve), attempted };
  });
  const all = Promise.all(attempts.map(({ attempted }) => attempted.promise));
  return {
    options: attempts.map(({ options }) => options),
    async attempted() {
      const waited = new AbortController();
      const { signal } = waited;
      await Promise.race([all, delay(PATIENCE, null, { signal }).catch(() => {})]);
      waited.abort();
    },
  };
}

function registration(
  relay: HostAndPort,
  env: Environment,
  notify: (notice: NoticeText) => void,
  attempted: () => void,
): NonNullable<OpenOptions["relays"]>[number] {
  const name = formatRelay(relay);
  // Without a folder, the relay's key is taken as it comes.
  const folder = findConfigFolder(env);
  /** Whether a notice has said that the server can't be reached there. */
  let isLost = false;
  return {
    relay,
    name,
    get expected() {
      return folder === null ? null : (findKnownServer(folder, relay)?.key ?? null);
    },
    async reach(failures, signal) {
      const addresses = await untilAborted(resolve(relay), signal);
      const address = addresses[failures % addresses.length];
      if (address === undefined) throw new Error("a host without an address");
      return address;
    },
    webSocket: { urls: relayWebSocketUrls(relay), findProxy: proxiesIn(env) },
    onKey(key) {
      if (folder !== null) rememberServer(folder, relay, key);
    },
    onRegistered() {
      attempted();
      if (isLost) notify({ code: "RELAY_BACK", message: `registered again at the relay ${name}` });
      isLost = false;
    },
    onLost(error) {
      attempted();
      isLost = true;
      notify(error);
    },
  };
}
