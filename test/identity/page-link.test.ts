// The link of a room's page, with literal keys and secrets.

import { expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { isInvitationAlone, looksLikeInvitation } from "../../src/identity/invitation-text.ts";
import { isCutOff, parseInvitation } from "../../src/identity/invitation.ts";
import {
  chooseOrigin,
  invitationInLink,
  type PageOrigin,
  writePageLink,
} from "../../src/identity/page-link.ts";

const KEY = "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo";
const SECRET = "BLUq5Sno_Rhl7W2wnGW2dQ";
const END = `${KEY}.${SECRET}`;

function origin(
  host: string,
  port: number,
  isSecure = false,
  relayPort: number | null = null,
): PageOrigin {
  return { host, port, isSecure, relayPort };
}

/** An origin, an invitation with its way alone, and the link. */
const LINKS: readonly (readonly [PageOrigin, string, string])[] = [
  [
    origin("192.168.1.5", 12345),
    `charla://192.168.1.5:12345/main#${END}`,
    `http://192.168.1.5:12345/main#${END}`,
  ],
  [
    origin("chat.example", 80),
    `charla://chat.example:80/caf%C3%A9#${KEY}`,
    `http://chat.example/caf%C3%A9#${KEY}`,
  ],
  [
    origin("fd00::2", 7000),
    `charla://[fd00::2]:7000/a%2Fb#${END}`,
    `http://[fd00::2]:7000/a%2Fb#${END}`,
  ],
  [origin("::1", 80), `charla://[::1]:80/main#${END}`, `http://[::1]/main#${END}`],
  [
    origin("chat.example", 443, true),
    `charla://chat.example:443/main#${END}`,
    `https://chat.example/main#${END}`,
  ],
  [
    origin("relay.example", 443, true, 12345),
    `charla:///main?via=relay.example#${END}`,
    `https://relay.example/main#${END},relay`,
  ],
  [
    origin("relay.example", 443, true, 7000),
    `charla:///main?via=relay.example:7000#${KEY}`,
    `https://relay.example/main#${KEY},relay:7000`,
  ],
  [
    origin("relay.example", 8443, true, 12345),
    `charla:///main?via=relay.example#${END}`,
    `https://relay.example:8443/main#${END},relay`,
  ],
  [
    origin("2001:db8::7", 443, true, 7000),
    `charla:///main?via=[2001:db8::7]:7000#${END}`,
    `https://[2001:db8::7]/main#${END},relay:7000`,
  ],
  [
    origin("relay.example", 7000, false, 7000),
    `charla:///main?via=relay.example:7000#${END}`,
    `http://relay.example:7000/main#${END},relay`,
  ],
  [
    origin("relay.example", 8080, false, 7000),
    `charla:///main?via=relay.example:7000#${END}`,
    `http://relay.example:8080/main#${END},relay:7000`,
  ],
];

test("a link is written for an origin, and read as an invitation with that way alone", () => {
  for (const [from, invitation, link] of LINKS) {
    expect(writePageLink(invitation, from)).toBe(link);
    expect(parseInvitation(link)).toEqual(parseInvitation(invitation));
  }
});

test("a link leaves out the other ways of an invitation", () => {
  const invitation = `charla://192.168.1.5:12345,[fd00::2]/main?via=relay.example#${END}`;
  expect(writePageLink(invitation, origin("192.168.1.5", 12345))).toBe(
    `http://192.168.1.5:12345/main#${END}`,
  );
});

test("a link is read as people paste it", () => {
  const link = `http://192.168.1.5:12345/main#${END}`;
  const read = parseInvitation(link);
  for (const pasted of [
    `  ${link}\n`,
    `charla ${link}`,
    `charla '${link}'`,
    `"${link}"`,
    `HTTP://192.168.1.5:12345/main#${END}`,
    // What a service has added that passed it on.
    `http://192.168.1.5:12345/main?utm_source=mail&x=1#${END}`,
  ])
    expect(parseInvitation(pasted)).toEqual(read);
});

test("a link counts as an invitation", () => {
  const link = `https://relay.example/main#${END},relay`;
  expect(looksLikeInvitation(link)).toBe(true);
  expect(isInvitationAlone(link)).toBe(true);
  expect(isCutOff(link.slice(0, 60), "")).toBe(true);
  expect(isCutOff(`http://192.168.1.5:12345/main#${END}`, "")).toBe(false);
});

test("a damaged link is refused with what is wrong, and no part of it is quoted", () => {
  for (const [link, message] of [
    [
      `http://192.168.1.5:12345/main#${END}x`,
      "the invitation's secret is 23 characters long, and should be 22",
    ],
    [
      `http://192.168.1.5:12345/main#${KEY.slice(1)}`,
      "the invitation's key is 42 characters long, and should be 43",
    ],
    [`http://192.168.1.5:0/main#${END}`, "the invitation's port is not a number from 1 to 65535"],
    [
      `https://relay.example/main#${END},relay:0`,
      "the port of the invitation's relay is not a number from 1 to 65535",
    ],
    [`http://192.168.1.5/a/b#${END}`, "the invitation's room is not one percent-encoded name"],
    [`https://example.org/`, "this is not an invitation: it does not begin with charla://"],
  ] as const) {
    const error = thrownBy(() => parseInvitation(link));
    expect(error).toMatchObject({ code: "INVALID_INVITATION", message });
    expect(`${error.message}${error.hint}`).not.toContain(KEY.slice(0, 8));
  }
});

test("only links with something behind a # are pages' links", () => {
  expect(invitationInLink("https://example.org/path")).toBeNull();
  expect(invitationInLink(`charla://host:1/main#${END}`)).toBeNull();
  expect(invitationInLink("ftp://example.org/#x")).toBeNull();
  expect(invitationInLink("hola")).toBeNull();
});

test("the page for a pasted invitation is that of the same origin, where that is one of its ways", () => {
  const { ways } = parseInvitation(
    `charla://[2001:db8::9]:12345,203.0.113.7,192.168.1.5/main?via=relay.example#${END}`,
  );
  const here = origin("192.168.1.5", 12345);
  expect(chooseOrigin(ways, here)).toEqual(here);
  const past = origin("relay.example", 443, true, 12345);
  expect(chooseOrigin(ways, past)).toEqual(past);
  expect(chooseOrigin(ways, origin("192.168.1.5", 80))).toEqual(origin("203.0.113.7", 12345));
  expect(chooseOrigin(ways, null)).toEqual(origin("203.0.113.7", 12345));
});

test("without a direct way, the page is that of a relay with a certificate", () => {
  const { ways } = parseInvitation(`charla:///main?via=relay.example:7000#${END}`);
  expect(chooseOrigin(ways, null)).toEqual(origin("relay.example", 443, true, 7000));
});

function thrownBy(read: () => unknown): CharlaError {
  try {
    read();
  } catch (error) {
    if (error instanceof CharlaError) return error;
  }
  throw new Error("it was accepted");
}
