// The link that opens a room's page in a browser, and an invitation as that link. Pure; runs in a browser, too.
//
//   http://192.168.1.5:12345/main#KEY.SECRET           the page of a server
//   https://relay.example/main#KEY.SECRET,relay        the page of a relay; ,relay:7000 if its UDP port is not the usual one
//
// Browsers send nothing behind the #. An invitation names all ways to the server, a link only the one by which the page comes.
// Links are read by turning them into invitations, so that there is one grammar: docs/protocol.md s. 17.1.

import { DEFAULT_PORT, formatHostAndPort, type HostAndPort } from "../net/address.ts";
import type { Way } from "./invitation.ts";

/** Where a browser gets the page from. */
export interface PageOrigin extends HostAndPort {
  readonly isSecure: boolean;
  /** The UDP port of the relay that serves it; null for the server itself. */
  readonly relayPort: number | null;
}

const LINK = /^(?:charla\s+)?['"]?(https?):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?[^#]*)?#(.*?)['"]?$/is;
const INVITATION = /^charla:\/\/[^/?#]*(\/[^?#]*)(?:\?[^#]*)?(#.*)$/;
const RELAY = /,relay(?::(\d+))?$/;

/**
 * The invitation in a page's link, which may be damaged: `parseInvitation` says how. Null for what is no page's link. What
 * services that pass links on add as a query is left out.
 */
export function invitationInLink(text: string): string | null {
  const [, scheme = "", authority = "", room = "", end = ""] = LINK.exec(text.trim()) ?? [];
  if (scheme === "") return null;
  const isSecure = scheme.toLowerCase() === "https";
  const [marker, relayPort] = RELAY.exec(end) ?? [];
  if (marker === undefined) {
    return `charla://${withPort(authority, defaultPort(isSecure))}/${room}#${end}`;
  }
  const relay = isSecure ? withoutPort(authority) : withPort(authority, defaultPort(isSecure));
  const place = relayPort === undefined ? relay : `${withoutPort(authority)}:${relayPort}`;
  return `charla:///${room}?via=${place}#${end.slice(0, -marker.length)}`;
}

/** The link by which a browser gets the page from this origin, for what an invitation opens. */
export function writePageLink(invitation: string, origin: PageOrigin): string {
  const [, room, end] = INVITATION.exec(invitation) ?? [];
  if (room === undefined || end === undefined) throw new Error("an invitation without a room");
  return writeOrigin(origin) + room + end + relayMarker(origin);
}

/**
 * From where a browser gets the page for an invitation: from where its page is already, if that is one of the ways, otherwise
 * by the first way that most networks have. Whether a relay has a certificate is not known here: most have.
 *
 * @param here null outside of a page
 */
export function chooseOrigin(ways: readonly Way[], here: PageOrigin | null): PageOrigin {
  const isHere = ({ kind, host, port }: Way) =>
    host === here?.host && (kind === "relay" ? here.relayPort : here.port) === port;
  if (here !== null && ways.some(isHere)) return here;
  const direct = ways.filter(({ kind }) => kind === "direct");
  const way = direct.find(({ host }) => !host.includes(":")) ?? direct[0] ?? ways[0];
  if (way === undefined) throw new Error("an invitation without ways");
  const { kind, host, port } = way;
  return kind === "direct"
    ? { host, port, isSecure: false, relayPort: null }
    : { host, port: defaultPort(true), isSecure: true, relayPort: port };
}

function writeOrigin({ host, port, isSecure }: PageOrigin): string {
  const place = formatHostAndPort({ host, port });
  const suffix = `:${port}`;
  const shown = port === defaultPort(isSecure) ? place.slice(0, -suffix.length) : place;
  return `${isSecure ? "https" : "http"}://${shown}`;
}

function relayMarker({ port, isSecure, relayPort }: PageOrigin): string {
  if (relayPort === null) return "";
  return relayPort === (isSecure ? DEFAULT_PORT : port) ? ",relay" : `,relay:${relayPort}`;
}

/** RFC 9110 s. 4.2 */
function defaultPort(isSecure: boolean): number {
  return isSecure ? 443 : 80;
}

const PORT = /(?<=\]|^[^:]*):[^:\]]*$/;

function withPort(authority: string, port: number): string {
  return PORT.test(authority) || authority === "" ? authority : `${authority}:${port}`;
}

function withoutPort(authority: string): string {
  return authority.replace(PORT, "");
}
