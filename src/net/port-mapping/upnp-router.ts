// Routers that map ports by UPnP: found by a search (UDP), asked by HTTP. Knows no message format.

import type { Exchange } from "./exchange.ts";
import type { Place } from "./gateway.ts";
import {
  type Grant,
  type MappingRouter,
  type Transport,
  usableGrant,
  WANTED_LIFETIME,
} from "./mapping.ts";
import {
  type Action,
  addPortMapping,
  type ControlPoint,
  decodeAddress,
  decodeClient,
  decodeDescription,
  decodeErrorCode,
  decodeSearchAnswer,
  deletePortMapping,
  encodeAction,
  encodeSearch,
  GET_ADDRESS,
  getPortMapping,
} from "./upnp-messages.ts";

/** ms, as in exchange.ts: a device may take 1 s (MX). */
const SEARCH: readonly number[] = [250, 850];

/** Error codes of AddPortMapping (WANIPConnection:1 s. 2.4.16). */
const CONFLICT = 718;
const ONLY_PERMANENT = 725;
/** How many other outer ports are tried when another host has the wanted one. */
const OTHER_PORTS = 3;
/** Ports for the purpose (RFC 6335 s. 6). */
const FIRST_DYNAMIC_PORT = 49_152;
/** GetSpecificPortMappingEntry: there is none. */
const NO_SUCH_ENTRY = 714;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request to the router; null without a whole answer. A `body` makes it a POST. */
export type HttpRequest = (
  url: URL,
  post: { readonly headers: Record<string, string>; readonly body: string } | null,
) => Promise<HttpAnswer | null>;

export interface UpnpOptions {
  readonly place: Place;
  readonly internalPort: number;
  /** Sends to where devices listen for searches. */
  readonly search: Exchange;
  readonly request: HttpRequest;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** @returns null when the gateway answers no search, or has no service that maps ports */
export async function findUpnpRouter(options: UpnpOptions): Promise<MappingRouter | null> {
  const { place, internalPort, search, request, randomBytes } = options;
  const { gateway, own } = place;
  const location = await search.ask(encodeSearch(), SEARCH, (datagram) =>
    decodeSearchAnswer(datagram, gateway),
  );
  const description = location === null ? null : await request(location, null);
  if (location === null || description?.status !== 200) return null;
  const control = decodeDescription(description.body, location, gateway);
  if (control === null) return null;
  const act = createActor(control, request);
  /** Outer ports. Only these are removed: a mapping at another one may be another host's. */
  const granted = { udp: new Set<number>(), tcp: new Set<number>() };

  async function mapAt(transport: Transport, outerPort: number): Promise<Grant | number | null> {
    for (const lifetime of [WANTED_LIFETIME, 0]) {
      const answer = await act(
        addPortMapping({ transport, outerPort }, { own, internalPort, lifetime }),
      );
      if (answer === null) return null;
      if (answer.status === 200) {
        granted[transport].add(outerPort);
        const address = await act(GET_ADDRESS);
        const outer = address === null ? null : decodeAddress(address.body);
        return usableGrant(outer ?? "", outerPort, WANTED_LIFETIME);
      }
      const code = decodeErrorCode(answer.body);
      // Older routers know mappings without an end only; this one is removed at our end.
      if (code !== ONLY_PERMANENT) return code;
    }
    return null;
  }

  return {
    protocol: "UPnP",
    async map(transport, wantedPort) {
      let port = wantedPort;
      for (let attempt = 0; attempt <= OTHER_PORTS; attempt++) {
        const grant = await mapAt(transport, port);
        if (grant !== CONFLICT) return typeof grant === "number" ? null : grant;
        const [high = 0, low = 0] = randomBytes(2);
        port = FIRST_DYNAMIC_PORT | (high << 8) | low;
      }
      return null;
    },
    async unmap(transport) {
      const ports = [...granted[transport]];
      granted[transport].clear();
      for (const outerPort of ports) await act(deletePortMapping({ transport, outerPort }));
    },
    async check(outer) {
      const entry = await act(getPortMapping({ transport: "udp", outerPort: outer.port }));
      const address = await act(GET_ADDRESS);
      if (entry === null || address === null) return "no answer";
      const isGone =
        entry.status === 200
          ? decodeClient(entry.body) !== own
          : decodeErrorCode(entry.body) === NO_SUCH_ENTRY;
      return isGone || decodeAddress(address.body) !== outer.address ? "lost" : "kept";
    },
  };
}

function createActor({ url, service }: ControlPoint, request: HttpRequest) {
  return (action: Action): Promise<HttpAnswer | null> =>
    request(url, {
      headers: {
        "content-type": 'text/xml; charset="utf-8"',
        soapaction: `"${service}#${action.name}"`,
      },
      body: encodeAction(action, service),
    });
}
