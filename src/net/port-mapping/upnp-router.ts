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
  decodeDescription,
  decodeErrorCode,
  decodeSearchAnswer,
  decodeTarget,
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
/** How many other outer ports are tried when the wanted one is another's. */
const OTHER_PORTS = 3;
/** Ports for the purpose (RFC 6335 s. 6). */
const FIRST_DYNAMIC_PORT = 49_152;
/** GetSpecificPortMappingEntry: there is none. */
const NO_SUCH_ENTRY = 714;

/** Whose mapping is at an outer port; `unknown` where the router doesn't say. */
type MappingOwner = "this program" | "another" | "nobody" | "unknown";

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

  /** Null without an answer. */
  async function ownerOf(transport: Transport, outerPort: number): Promise<MappingOwner | null> {
    const entry = await act(getPortMapping({ transport, outerPort }));
    if (entry === null) return null;
    if (entry.status !== 200) {
      return decodeErrorCode(entry.body) === NO_SUCH_ENTRY ? "nobody" : "unknown";
    }
    const { client, port } = decodeTarget(entry.body);
    return client === own && (port ?? internalPort) === internalPort ? "this program" : "another";
  }

  async function mapAt(transport: Transport, outerPort: number): Promise<Grant | number | null> {
    // Many routers replace a mapping of another host, or of another program here, and answer that all is well.
    const owner = await ownerOf(transport, outerPort);
    if (owner === null) return null;
    if (owner === "another") {
      granted[transport].delete(outerPort);
      return CONFLICT;
    }
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
      const owner = await ownerOf("udp", outer.port);
      const address = await act(GET_ADDRESS);
      if (owner === null || address === null) return "no answer";
      const isGone = owner === "another" || owner === "nobody";
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
