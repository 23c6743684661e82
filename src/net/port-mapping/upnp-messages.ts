// Messages of UPnP for port mapping: the search for a router (UPnP Device Architecture 1.1, s. 1.3), its description (s. 2), and
// the actions of the services WANIPConnection and WANPPPConnection (s. 3). Pure. Reads only the few elements that it needs,
// in time linear in the length.

import { isOuterAddress, type Transport } from "./mapping.ts";

/** Where devices listen for searches (s. 1.3.2). */
export const SEARCH_ADDRESS = { address: "239.255.255.250", port: 1_900 };

/** Services that map ports, each in what all its versions have. */
const SERVICES: ReadonlySet<string> = new Set([
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
]);

/** A device answers within MX seconds, at most (s. 1.3.3); one of version 2 answers this as well. */
export function encodeSearch(): Uint8Array {
  return new TextEncoder().encode(
    [
      "M-SEARCH * HTTP/1.1",
      `HOST: ${SEARCH_ADDRESS.address}:${SEARCH_ADDRESS.port}`,
      'MAN: "ssdp:discover"',
      "MX: 1",
      "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1",
      "",
      "",
    ].join("\r\n"),
  );
}

/**
 * Where the description of a found router is.
 *
 * @returns null unless it is on the gateway itself: another host must not have ports mapped elsewhere
 */
export function decodeSearchAnswer(datagram: Uint8Array, gateway: string): URL | null {
  const text = new TextDecoder().decode(datagram);
  if (!text.startsWith("HTTP/1.1 200")) return null;
  const [, location = ""] = /^location:[ \t]*(\S+)/im.exec(text) ?? [];
  return urlOnGateway(location, location, gateway);
}

export interface ControlPoint {
  readonly url: URL;
  readonly service: string;
}

/** @returns null when the description has no service that maps ports */
export function decodeDescription(
  xml: string,
  location: URL,
  gateway: string,
): ControlPoint | null {
  for (const block of xml.split("<service>").slice(1)) {
    const service = elementText(block, "serviceType");
    const path = elementText(block, "controlURL");
    if (service === null || path === null || !SERVICES.has(service)) continue;
    const url = urlOnGateway(path.replaceAll("&amp;", "&"), location.href, gateway);
    if (url !== null) return { url, service };
  }
  return null;
}

export interface UpnpMapping {
  readonly transport: Transport;
  readonly outerPort: number;
}

/** An action and its arguments; none needs escaping: they are numbers, addresses and words of our own. */
export interface Action {
  readonly name: string;
  readonly arguments: readonly (readonly [name: string, value: string | number])[];
}

/** @param lifetime s; 0 for as long as the router runs, or longer */
export function addPortMapping(
  mapping: UpnpMapping,
  { own, internalPort, lifetime }: { own: string; internalPort: number; lifetime: number },
): Action {
  return {
    name: "AddPortMapping",
    arguments: [
      ...mappingArguments(mapping),
      ["NewInternalPort", internalPort],
      ["NewInternalClient", own],
      ["NewEnabled", 1],
      ["NewPortMappingDescription", "charla"],
      ["NewLeaseDuration", lifetime],
    ],
  };
}

export function deletePortMapping(mapping: UpnpMapping): Action {
  return { name: "DeletePortMapping", arguments: mappingArguments(mapping) };
}

export function getPortMapping(mapping: UpnpMapping): Action {
  return { name: "GetSpecificPortMappingEntry", arguments: mappingArguments(mapping) };
}

export const GET_ADDRESS: Action = { name: "GetExternalIPAddress", arguments: [] };

/** The body of the POST (s. 3.2.1), which has the header `SOAPAction: "SERVICE#NAME"`. */
export function encodeAction({ name, arguments: given }: Action, service: string): string {
  const fields = given.map(([field, value]) => `<${field}>${value}</${field}>`).join("");
  return (
    `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>` +
    `<u:${name} xmlns:u="${service}">${fields}</u:${name}></s:Body></s:Envelope>\r\n`
  );
}

/** The outer address in an answer to `GET_ADDRESS`; null if it has none that outsiders reach. */
export function decodeAddress(xml: string): string | null {
  const address = elementText(xml, "NewExternalIPAddress");
  return address !== null && isOuterAddress(address) ? address : null;
}

/** Where a mapping leads, in an answer to `getPortMapping`; null for what it leaves out. */
export function decodeTarget(xml: string): { client: string | null; port: number | null } {
  const port = elementText(xml, "NewInternalPort");
  return {
    client: elementText(xml, "NewInternalClient"),
    port: port !== null && /^\d{1,5}$/.test(port) ? Number(port) : null,
  };
}

/** The code of an action that failed (s. 3.2.2). */
export function decodeErrorCode(xml: string): number | null {
  const code = elementText(xml, "errorCode");
  return code !== null && /^\d{3}$/.test(code) ? Number(code) : null;
}

function mappingArguments({ transport, outerPort }: UpnpMapping): Action["arguments"] {
  return [
    ["NewRemoteHost", ""],
    ["NewExternalPort", outerPort],
    ["NewProtocol", transport.toUpperCase()],
  ];
}

/** The text of the first element of that name. */
function elementText(xml: string, name: string): string | null {
  const [, rest] = xml.split(`<${name}>`, 2);
  const end = rest?.indexOf(`</${name}>`) ?? -1;
  return end === -1 ? null : (rest?.slice(0, end).trim() ?? null);
}

function urlOnGateway(text: string, base: string, gateway: string): URL | null {
  if (!URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  return url.protocol === "http:" && url.hostname === gateway ? url : null;
}
