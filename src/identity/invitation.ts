// An invitation lets somebody into a conversation. It is one line to copy: charla://HOST:PORT/ROOM#KEY.SECRET. Pure.
//
//   charla://example.org:12345,192.168.1.5/main?via=relay.example#43 characters.22 characters
//            `-- addresses --------------' `room' `- relays ---' `key ------' `secret ---'
//
// Addresses and relays are the ways to the server, separated by commas. The key is the server's, and proves its identity. The
// secret lets people in; an open conversation has none. No error quotes any part, since one in the wrong place may be the
// secret. The grammar: docs/protocol.md s. 17.1.

import { hkdf } from "#crypto";
import { isIP } from "#is-ip";

import { CharlaError } from "../errors.ts";
import {
  DEFAULT_PORT,
  formatHostAndPort,
  type HostAndPort,
  MAX_PORT,
  parseHostAndPort,
} from "../net/address.ts";
import { KEY_BYTES } from "../protocol/crypto-provider.ts";
import { afterScheme } from "./invitation-text.ts";
import { base64urlLength, decodeBase64url, encodeBase64url } from "./key-text.ts";
import { invitationInLink } from "./page-link.ts";

const SCHEME = "charla://";
export const DEFAULT_ROOM = "main";
/** 128 bits: nobody can guess that, online or offline. */
export const SECRET_BYTES = 16;
/** Noise s. 9: a pre-shared key. */
const PSK_BYTES = 32;
/** docs/protocol.md s. 8. */
const PSK_INFO = new TextEncoder().encode("charla invitation");

/** Ways of one invitation, so that a hostile one makes nobody send to hundreds of addresses. */
export const MAX_WAYS = 12;

/** One way to reach the server: at an address or a name of its own, or through a relay. */
export interface Way extends HostAndPort {
  readonly kind: "direct" | "relay";
}

export interface Invitation {
  /** From 1 to 12; the relays are behind the others. */
  readonly ways: readonly Way[];
  readonly room: string;
  /** The server's public key, 32 bytes. */
  readonly key: Uint8Array;
  /** 16 bytes; null for an open conversation. */
  readonly secret: Uint8Array | null;
}

/**
 * Whether it may be the first rows of an invitation that was copied from a narrow window as several.
 *
 * @param next the row that follows, empty where that is not known
 */
export function isCutOff(text: string, next: string): boolean {
  const written = afterScheme(invitationInLink(text) ?? text);
  if (written === null || /\s/.test(written)) return false;
  const [, quote] = /^(?:charla\s+)?(['"])/i.exec(text.trim()) ?? [];
  if (quote !== undefined && !text.trim().endsWith(quote)) return true;
  const [, end] = written.split("#", 2);
  if (end === undefined) return true;
  const [key = "", secret] = end.split(".", 2);
  const keyLength = base64urlLength(KEY_BYTES);
  // That of an open conversation ends after its key, and so may a row.
  if (secret === undefined) return key.length < keyLength || /^(?:\.|\s*$)/.test(next);
  return secret.length < base64urlLength(SECRET_BYTES);
}

/**
 * Reads an invitation, the line with it that a server prints, or the link of its page; blanks around it are ignored.
 *
 * @throws {CharlaError} INVALID_INVITATION
 */
export function parseInvitation(text: string): Invitation {
  const written = afterScheme(invitationInLink(text) ?? text);
  if (written === null) {
    if (text.toLowerCase().includes(SCHEME)) {
      throw invalid(`something stands before ${SCHEME}`, "copy only the invitation");
    }
    throw invalid(
      `this is not an invitation: it does not begin with ${SCHEME}`,
      `an invitation looks like ${SCHEME}HOST:PORT/ROOM#KEY.SECRET`,
    );
  }
  if (/\s/.test(written)) {
    throw invalid("the invitation has a blank or a line break inside", "copy it as one line");
  }
  if (/\p{Cc}/u.test(written)) {
    throw invalid("the invitation has a control character inside", COPY_IT_AGAIN);
  }
  const [, authority = "", room = "", query, end] =
    /^([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#(.*))?$/.exec(written) ?? [];
  const relays = query === undefined ? [] : readRelays(query);
  const ways = [...readAddresses(authority, relays.length > 0), ...relays];
  if (ways.length > MAX_WAYS) {
    throw invalid(
      `the invitation has ${ways.length} ways to the server, and may have ${MAX_WAYS}`,
      "ask for another: charla makes none with so many",
    );
  }
  const name = readRoom(room);
  if (end === undefined) {
    throw invalid(
      "the invitation ends before its key: it has no #",
      'copy all of it, and write it "in quotes", so that the shell does not change it',
    );
  }
  const dot = end.indexOf(".");
  const key = readBytes("key", dot === -1 ? end : end.slice(0, dot), KEY_BYTES);
  const secret = dot === -1 ? null : readBytes("secret", end.slice(dot + 1), SECRET_BYTES);
  return { ways, room: name, key, secret };
}

/** Writes an invitation as `parseInvitation` reads it. */
export function formatInvitation({ ways, room, key, secret }: Invitation): string {
  if (key.byteLength !== KEY_BYTES) throw new Error(`a key of ${key.byteLength} bytes`);
  if (secret !== null) checkSecret(secret);
  if (ways.length === 0 || ways.length > MAX_WAYS) throw new Error(`${ways.length} ways`);
  const addresses = ways.filter(({ kind }) => kind === "direct");
  const relays = ways.filter(({ kind }) => kind === "relay");
  // The first address has its port always, as all had when there was one.
  const where = addresses.map((way, index) =>
    index > 0 && way.port === addresses[0]?.port ? formatHost(way) : formatHostAndPort(way),
  );
  const via = relays.map((way) =>
    way.port === DEFAULT_PORT ? formatHost(way) : formatHostAndPort(way),
  );
  const query = via.length === 0 ? "" : `?via=${via.join(",")}`;
  const end = secret === null ? "" : `.${encodeBase64url(secret)}`;
  return `${SCHEME}${where.join(",")}/${encodeRoom(room)}${query}#${encodeBase64url(key)}${end}`;
}

/**
 * The pre-shared key of the handshake (docs/protocol.md s. 8), 32 bytes.
 *
 * @param secret 16 bytes; null for an open conversation
 */
export function secretToPsk(secret: Uint8Array | null): Uint8Array {
  if (secret === null) return new Uint8Array(PSK_BYTES);
  checkSecret(secret);
  return hkdf(new Uint8Array(0), secret, PSK_INFO, PSK_BYTES);
}

/** An address without a port has that of the first one. */
function readAddresses(authority: string, mayBeMissing: boolean): Way[] {
  if (authority === "" && mayBeMissing) return [];
  let port: number | undefined;
  return authority.split(",").map((written) => {
    const way = readWay("direct", written, port, {
      where: "the invitation has no address: HOST, HOST:PORT or [IPV6]:PORT must follow charla://",
      port: "the invitation's port",
    });
    port ??= way.port;
    return way;
  });
}

function readRelays(query: string): Way[] {
  const lists = query.split("&").map((parameter) => /^via=(.*)$/.exec(parameter)?.[1]);
  return lists.flatMap((list) => {
    if (list === undefined) {
      throw invalid(
        "the invitation has something else than via=RELAY behind its ?",
        "copy it again; if it is whole, it is of a later charla: charla --version",
      );
    }
    return list.split(",").map((written) =>
      readWay("relay", written, DEFAULT_PORT, {
        where: "the invitation names no relay: HOST, HOST:PORT or [IPV6]:PORT must follow via=",
        port: "the port of the invitation's relay",
      }),
    );
  });
}

/** @param missing what an error is about */
function readWay(
  kind: Way["kind"],
  written: string,
  defaultPort: number | undefined,
  missing: { readonly where: string; readonly port: string },
): Way {
  // Without brackets, the port of an IPv6 address cannot be told from the address (RFC 3986 s. 3.2.2).
  if (isIP(written) !== 6) {
    try {
      const { host, port } = parseHostAndPort(written, defaultPort);
      return { kind, host, port };
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      if (error.code === "PORT_OUT_OF_RANGE") {
        throw invalid(`${missing.port} is not a number from 1 to ${MAX_PORT}`, COPY_IT_AGAIN);
      }
    }
  }
  throw invalid(missing.where, COPY_IT_AGAIN);
}

function readRoom(written: string): string {
  if (written === "") return DEFAULT_ROOM;
  try {
    const room = decodeURIComponent(written);
    if (!written.includes("/") && !/\p{Cc}/u.test(room)) return room;
  } catch {
    // A % that is not UTF-8.
  }
  throw invalid(
    "the invitation's room is not one percent-encoded name",
    "copy it again from where it was shown",
  );
}

/** One path segment (RFC 3986 s. 3.3), with the characters that are special to a shell encoded, too. */
function encodeRoom(room: string): string {
  return encodeURIComponent(room).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function readBytes(part: "key" | "secret", written: string, length: number): Uint8Array {
  const bytes = decodeBase64url(written, length);
  if (bytes !== null) return bytes;
  const wanted = base64urlLength(length);
  if (written.length === wanted) {
    throw invalid(`the invitation's ${part} has a wrong character`, COPY_IT_AGAIN);
  }
  throw invalid(
    `the invitation's ${part} is ${written.length} characters long, and should be ${wanted}`,
    written.length < wanted
      ? "it was cut off: copy it completely, up to the end of its line"
      : "something was added to it: copy only the invitation",
  );
}

const COPY_IT_AGAIN = "copy it again, completely, from where it was shown";

function formatHost({ host }: HostAndPort): string {
  return host.includes(":") ? `[${host}]` : host;
}

function checkSecret(secret: Uint8Array): void {
  if (secret.byteLength !== SECRET_BYTES) throw new Error(`a secret of ${secret.byteLength} bytes`);
}

function invalid(message: string, hint: string): CharlaError {
  return new CharlaError("INVALID_INVITATION", message, hint);
}
