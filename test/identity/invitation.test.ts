import { describe, expect, test } from "bun:test";

import { CharlaError } from "../../src/errors.ts";
import { isInvitationAlone, looksLikeInvitation } from "../../src/identity/invitation-text.ts";
import {
  formatInvitation,
  isCutOff,
  parseInvitation,
  secretToPsk,
  type Way,
} from "../../src/identity/invitation.ts";
import { seeded } from "../harness/random.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const secret = Uint8Array.from({ length: 16 }, (_, index) => index);
const direct = (host: string, port: number): Way => ({ kind: "direct", host, port });
const relay = (host: string, port: number): Way => ({ kind: "relay", host, port });
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const SECRET = "AAECAwQFBgcICQoLDA0ODw";

describe("formatInvitation and parseInvitation", () => {
  test.each([
    ["example.org", 12345, "main", `charla://example.org:12345/main#${KEY}.${SECRET}`],
    ["192.0.2.1", 80, "main", `charla://192.0.2.1:80/main#${KEY}.${SECRET}`],
    ["2001:db8::1", 12345, "main", `charla://[2001:db8::1]:12345/main#${KEY}.${SECRET}`],
    ["fe80::1%eth0", 1, "main", `charla://[fe80::1%eth0]:1/main#${KEY}.${SECRET}`],
    ["h", 65535, "a b/c?d#e%f.g", `charla://h:65535/a%20b%2Fc%3Fd%23e%25f.g#${KEY}.${SECRET}`],
    ["h", 1, "mañana 👋", `charla://h:1/ma%C3%B1ana%20%F0%9F%91%8B#${KEY}.${SECRET}`],
    ["h", 1, "it's!(*)$&;", `charla://h:1/it%27s%21%28%2A%29%24%26%3B#${KEY}.${SECRET}`],
  ])("an invitation to %s, port %d, room %p is written and read", (host, port, room, text) => {
    const invitation = { ways: [direct(host, port)], room, key, secret };
    expect(formatInvitation(invitation)).toBe(text);
    expect(parseInvitation(text)).toEqual(invitation);
  });

  test("an invitation to an open conversation has no secret", () => {
    const invitation = { ways: [direct("h", 1)], room: "main", key, secret: null };
    expect(formatInvitation(invitation)).toBe(`charla://h:1/main#${KEY}`);
    expect(parseInvitation(`charla://h:1/main#${KEY}`)).toEqual(invitation);
  });

  test.each([
    `charla://example.org#${KEY}.${SECRET}`,
    `charla://example.org/#${KEY}.${SECRET}`,
    `charla://example.org:12345#${KEY}.${SECRET}`,
    `CHARLA://example.org/main#${KEY}.${SECRET}`,
    ` charla://example.org/main#${KEY}.${SECRET}\n`,
    `charla charla://example.org/main#${KEY}.${SECRET}\n`,
    ` charla  charla://example.org/main#${KEY}.${SECRET}`,
    `charla 'charla://example.org/main#${KEY}.${SECRET}'`,
    `"charla://example.org/main#${KEY}.${SECRET}"`,
  ])("the invitation %j means port 12345 and the room main", (text) => {
    expect(parseInvitation(text)).toEqual({
      ways: [direct("example.org", 12345)],
      room: "main",
      key,
      secret,
    });
  });

  test("an IPv6 host needs brackets, and no port", () => {
    expect(parseInvitation(`charla://[::1]#${KEY}`)).toMatchObject({
      ways: [direct("::1", 12345)],
    });
  });

  test.each([
    [
      [direct("192.0.2.1", 9000), direct("2001:db8::1", 9000), direct("nas.example", 12345)],
      `charla://192.0.2.1:9000,[2001:db8::1],nas.example:12345/main#${KEY}.${SECRET}`,
    ],
    [
      [direct("192.168.1.5", 12345), relay("relay.example", 12345)],
      `charla://192.168.1.5:12345/main?via=relay.example#${KEY}.${SECRET}`,
    ],
    [
      [direct("h", 9000), relay("a.example", 443), relay("2001:db8::2", 12345), relay("b", 9000)],
      `charla://h:9000/main?via=a.example:443,[2001:db8::2],b:9000#${KEY}.${SECRET}`,
    ],
    [[relay("relay.example", 443)], `charla:///main?via=relay.example:443#${KEY}.${SECRET}`],
  ])("the ways %j are written and read", (ways, text) => {
    const invitation = { ways, room: "main", key, secret };
    expect(formatInvitation(invitation)).toBe(text);
    expect(parseInvitation(text)).toEqual(invitation);
  });

  test("an address without a port has the first one's, a relay without one has 12345, and via= may be repeated", () => {
    expect(parseInvitation(`charla://a:80,b,c:81,d?via=r,s:1&via=t#${KEY}`)).toEqual({
      ways: [
        direct("a", 80),
        direct("b", 80),
        direct("c", 81),
        direct("d", 80),
        relay("r", 12345),
        relay("s", 1),
        relay("t", 12345),
      ],
      room: "main",
      key,
      secret: null,
    });
    expect(parseInvitation(`charla://a,b:1#${KEY}`).ways).toEqual([
      direct("a", 12345),
      direct("b", 1),
    ]);
  });

  test("whatever ways, room and secret it has, what was written is read again", () => {
    const random = seeded(1);
    const pick = <Item>(items: readonly Item[]): Item => {
      const item = items[random(items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    };
    const hosts = [
      "192.0.2.1",
      "2001:db8::1",
      "::1",
      "example.org",
      "mañana.example",
      "a_b-c",
      "h",
    ];
    const rooms = ["main", "a b", "?#&=,;", "100%", "mañana 👋", "'\"$`!*", "a/b", "via=x"];
    for (let round = 0; round < 2_000; round += 1) {
      const some = (make: (host: string, port: number) => Way, count: number) =>
        Array.from({ length: count }, () => make(pick(hosts), pick([1, 80, 12345, 65535])));
      const relays = some(relay, random(4));
      const ways = [...some(direct, (relays.length === 0 ? 1 : 0) + random(8)), ...relays];
      const invitation = { ways, room: pick(rooms), key, secret: pick([secret, null]) };
      const text = formatInvitation(invitation);
      expect(text).toMatch(/^charla:\/\/[\p{L}\p{M}\p{N}_.~%:/#[\]@,?=-]*$/u);
      expect(parseInvitation(text)).toEqual(invitation);
    }
  });

  test("writing no way, or more than twelve, throws", () => {
    const none = { ways: [], room: "main", key, secret };
    expect(() => formatInvitation(none)).toThrow("0 ways");
    const many = { ...none, ways: Array.from({ length: 13 }, () => direct("h", 1)) };
    expect(() => formatInvitation(many)).toThrow("13 ways");
  });

  test("a text that is not meant as an invitation is recognized as such", () => {
    expect(looksLikeInvitation("charla://")).toBe(true);
    expect(looksLikeInvitation(" Charla://x")).toBe(true);
    expect(looksLikeInvitation("charla charla://x")).toBe(true);
    expect(looksLikeInvitation("charla 'charla://x'")).toBe(true);
    expect(looksLikeInvitation("charlacharla://x")).toBe(true);
    expect(looksLikeInvitation("charla")).toBe(false);
    expect(looksLikeInvitation("charla:12345")).toBe(false);
    expect(looksLikeInvitation("example.org")).toBe(false);
    expect(looksLikeInvitation("[2001:db8::1]:12345")).toBe(false);
    expect(looksLikeInvitation("münchen.example/main")).toBe(false);
  });

  test.each(["harla://", "ftp://", "//", "", "<charla://", "charla//", "charla: //"])(
    "one that begins with %p is meant as one all the same, and is in no text that goes unencrypted",
    (beginning) => {
      const written = `${beginning}example.org:12345/main?via=relay.example#${KEY}.${SECRET}`;
      expect(looksLikeInvitation(written)).toBe(true);
      expect(looksLikeInvitation(written.slice(0, -10))).toBe(true);
      expect(isInvitationAlone(written)).toBe(!beginning.includes(" "));
      expect(isInvitationAlone(`${written}>`)).toBe(!beginning.includes(" "));
      expect(isInvitationAlone(`look: ${written}`)).toBe(false);
      expect(() => parseInvitation(written)).toThrow(
        expect.objectContaining({ code: "INVALID_INVITATION" }),
      );
    },
  );

  test("the end of one alone is meant as one, and a text with a # or an address is not", () => {
    expect(looksLikeInvitation(`${KEY}.${SECRET}`)).toBe(true);
    expect(isInvitationAlone(`${KEY}.${SECRET}`)).toBe(true);
    for (const text of ["#lunch", "https://example.org/a#b", `${KEY}.${SECRET}x`, KEY, SECRET]) {
      expect(isInvitationAlone(text)).toBe(false);
    }
  });

  test("the first row of one that a window breaks in two is known to be cut off, wherever that is", () => {
    const starts = ["example.org:12345/main", "192.0.2.1:1,[2001:db8::1]/main?via=relay.example"];
    for (const [end, start] of [`${KEY}.${SECRET}`, KEY].flatMap((one) =>
      starts.map((other) => [one, other] as const),
    )) {
      const line = `charla charla://${start}#${end}`;
      for (let at = "charla charla://".length; at < line.length; at += 1) {
        expect(isCutOff(line.slice(0, at), line.slice(at))).toBe(true);
      }
      expect(isCutOff(line, "hello")).toBe(false);
    }
    const quoted = `charla 'charla://h,[::1]:1/main?via=r#${KEY}.${SECRET}'`;
    for (let at = "charla 'charla://".length; at < quoted.length; at += 1) {
      expect(isCutOff(quoted.slice(0, at), quoted.slice(at))).toBe(true);
    }
    expect(isCutOff(quoted, "hello")).toBe(false);
    expect(isCutOff(`charla://h/main#${KEY}`, "")).toBe(true);
    expect(isCutOff(`charla://h/main#${KEY}.${SECRET}`, "")).toBe(false);
    expect(isCutOff("example.org", "")).toBe(false);
    expect(isCutOff("charla://example.org and more", "")).toBe(false);
  });

  test("writing a key or a secret of the wrong length throws", () => {
    const place = { ways: [direct("h", 1)], room: "main" };
    const short = new Uint8Array(15);
    expect(() => formatInvitation({ ...place, key: short, secret })).toThrow("a key of 15 bytes");
    expect(() => formatInvitation({ ...place, key, secret: short })).toThrow(
      "a secret of 15 bytes",
    );
  });
});

describe("a malformed invitation is INVALID_INVITATION", () => {
  const WHERE =
    "the invitation has no address: HOST, HOST:PORT or [IPV6]:PORT must follow charla://";
  const PORT = "the invitation's port is not a number from 1 to 65535";
  const ROOM = "the invitation's room is not one percent-encoded name";
  const NOT_VIA = "the invitation has something else than via=RELAY behind its ?";
  const LATER = "copy it again; if it is whole, it is of a later charla: charla --version";
  const NO_RELAY = "the invitation names no relay: HOST, HOST:PORT or [IPV6]:PORT must follow via=";
  const CONTROL = "the invitation has a control character inside";
  const NO_KEY = "the invitation ends before its key: it has no #";
  const AGAIN = "copy it again, completely, from where it was shown";
  const CUT_OFF = "it was cut off: copy it completely, up to the end of its line";
  const ADDED = "something was added to it: copy only the invitation";
  const QUOTE = 'copy all of it, and write it "in quotes", so that the shell does not change it';

  test.each([
    ["", "this is not an invitation: it does not begin with charla://", null],
    [`ftp://h/main#${KEY}`, "this is not an invitation: it does not begin with charla://", null],
    [
      `h/main#${KEY}.${SECRET}`,
      "this is not an invitation: it does not begin with charla://",
      null,
    ],
    [
      `<charla://h/main#${KEY}.${SECRET}>`,
      "something stands before charla://",
      "copy only the invitation",
    ],
    [
      `look: Charla://h/main#${KEY}`,
      "something stands before charla://",
      "copy only the invitation",
    ],
    ["charla://", WHERE, AGAIN],
    [`charla:///main#${KEY}`, WHERE, AGAIN],
    [`charla://#${KEY}`, WHERE, AGAIN],
    [`charla://h:0/main#${KEY}`, PORT, AGAIN],
    [`charla://h:65536/main#${KEY}`, PORT, AGAIN],
    [`charla://h:/main#${KEY}`, PORT, AGAIN],
    [`charla://h:12x/main#${KEY}`, PORT, AGAIN],
    [`charla://[::1]:70000/main#${KEY}`, PORT, AGAIN],
    [`charla://::1/main#${KEY}`, WHERE, AGAIN],
    [`charla://::1:12345/main#${KEY}`, WHERE, AGAIN],
    [`charla://[::1/main#${KEY}`, WHERE, AGAIN],
    [`charla://ana@h/main#${KEY}`, WHERE, AGAIN],
    [`charla://h/a/b#${KEY}`, ROOM, null],
    [`charla://h/a?b#${KEY}`, NOT_VIA, LATER],
    [`charla://h/a?#${KEY}`, NOT_VIA, LATER],
    [`charla://h/a?via=r&b=c#${KEY}`, NOT_VIA, LATER],
    [`charla://h/a?Via=r#${KEY}`, NOT_VIA, LATER],
    [`charla://h?via=#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=r,#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=r&via=#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=r/path#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=https://r#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=ana@r#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=::1#${KEY}`, NO_RELAY, AGAIN],
    [`charla://h?via=r?via=s#${KEY}`, NO_RELAY, AGAIN],
    [
      `charla://h?via=r:0#${KEY}`,
      "the port of the invitation's relay is not a number from 1 to 65535",
      AGAIN,
    ],
    [`charla://?via=#${KEY}`, NO_RELAY, AGAIN],
    [`charla://,h#${KEY}`, WHERE, AGAIN],
    [`charla://h,#${KEY}`, WHERE, AGAIN],
    [`charla://h,,g#${KEY}`, WHERE, AGAIN],
    [`charla://h:1,g:#${KEY}`, PORT, AGAIN],
    [`charla://h,::1#${KEY}`, WHERE, AGAIN],
    [
      `charla://${Array.from({ length: 13 }, (_, index) => `h${index}`).join(",")}#${KEY}`,
      "the invitation has 13 ways to the server, and may have 12",
      "ask for another: charla makes none with so many",
    ],
    [
      `charla://${"h,".repeat(498)}h?via=r#${KEY}`,
      "the invitation has 500 ways to the server, and may have 12",
      "ask for another: charla makes none with so many",
    ],
    [`charla://h\0/main#${KEY}`, CONTROL, AGAIN],
    [`charla://h/ma\u001B[31min#${KEY}`, CONTROL, AGAIN],
    [`charla://h/main?via=r\u0007#${KEY}`, CONTROL, AGAIN],
    [`charla://h/main#${KEY}\u009B`, CONTROL, AGAIN],
    [`charla://h/ma%00in#${KEY}`, ROOM, null],
    [`charla://h/ma%1B%5Bin#${KEY}`, ROOM, null],
    [`charla://h/ma%0Ain#${KEY}`, ROOM, null],
    [`charla://h/100%#${KEY}`, ROOM, null],
    [`charla://h/%FF#${KEY}`, ROOM, null],
    ["charla://exam", NO_KEY, QUOTE],
    ["charla://h:1/main", NO_KEY, QUOTE],
    ["charla://h:1/main#", "the invitation's key is 0 characters long, and should be 43", CUT_OFF],
    [
      `charla://h:1/main#${KEY.slice(0, 42)}`,
      "the invitation's key is 42 characters long, and should be 43",
      CUT_OFF,
    ],
    [
      `charla://h:1/main#${KEY}x.${SECRET}`,
      "the invitation's key is 44 characters long, and should be 43",
      ADDED,
    ],
    [`charla://h:1/main#${KEY.slice(0, 42)}9`, "the invitation's key has a wrong character", AGAIN],
    [`charla://h:1/main#+${KEY.slice(1)}`, "the invitation's key has a wrong character", AGAIN],
    // Not an open conversation's: its secret is lost.
    [
      `charla://h:1/main#${KEY}.`,
      "the invitation's secret is 0 characters long, and should be 22",
      CUT_OFF,
    ],
    [
      `charla://h:1/main#${KEY}.${SECRET.slice(0, 21)}`,
      "the invitation's secret is 21 characters long, and should be 22",
      CUT_OFF,
    ],
    [
      `charla://h:1/main#${KEY}.${SECRET}.`,
      "the invitation's secret is 23 characters long, and should be 22",
      ADDED,
    ],
    [
      `charla://h:1/main#${KEY}.${SECRET}==`,
      "the invitation's secret is 24 characters long, and should be 22",
      ADDED,
    ],
    [
      `charla://h:1/main#${KEY}.${SECRET.slice(0, 21)}x`,
      "the invitation's secret has a wrong character",
      AGAIN,
    ],
    [
      `charla://h:1/main#${KEY}.${SECRET.slice(0, 9)}\n${SECRET.slice(9)}`,
      "the invitation has a blank or a line break inside",
      "copy it as one line",
    ],
  ])("the invitation %j is INVALID_INVITATION", (text, message, hint) => {
    expect(() => parseInvitation(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_INVITATION",
        message,
        ...(hint === null ? {} : { hint }),
      }),
    );
  });

  test("the hint for anything else shows the form of an invitation", () => {
    expect(() => parseInvitation("example.org")).toThrow(
      expect.objectContaining({
        hint: "an invitation looks like charla://HOST:PORT/ROOM#KEY.SECRET",
      }),
    );
  });

  test("no error shows any part of the secret, wherever it is and whatever is cut off", () => {
    const texts = [
      ...["h:1/main", "h:1,g/main?via=r"].flatMap((start) => {
        const whole = `charla://${start}#${KEY}.${SECRET}`;
        return Array.from({ length: whole.length }, (_, at) => [
          whole.slice(0, at),
          whole.slice(at + 1),
          `${whole.slice(0, at)} ${whole.slice(at)}`,
        ]).flat();
      }),
      ...[
        "charla://",
        "charla://h:",
        "charla://h/%",
        "charla://[",
        "charla://h,",
        "charla://h?",
        "charla://h?via=",
        "charla://h?via=r:",
      ].map((start) => start + SECRET),
    ];
    const seen = new Set<string>();
    for (const text of texts) {
      try {
        parseInvitation(text);
      } catch (error) {
        if (!(error instanceof CharlaError)) throw error;
        expect(error.code).toBe("INVALID_INVITATION");
        expect(error.cause).toBeUndefined();
        const said = `${error.message}\n${error.hint}`;
        seen.add(said);
        for (let from = 0; from + 4 <= SECRET.length; from += 1) {
          expect(said).not.toContain(SECRET.slice(from, from + 4));
        }
      }
    }
    expect(seen.size).toBeGreaterThan(20);
  });
});

describe("the pre-shared key (docs/protocol.md s. 8)", () => {
  // Computed with Python's hmac after RFC 5869 s. 2.2 and 2.3.
  test.each([
    [secret, "321183cebc66fda170d3c4185cd0298e785821378f6b2ec6034ee0debc7a9869"],
    [new Uint8Array(16), "4fb08f848a3387fdfde6902ee64bcbfdba437dd759bdf34c12b4685d42e7d652"],
  ])("of the secret %p is the HKDF-SHA256 of it (RFC 5869)", (of, expected) => {
    expect(Buffer.from(secretToPsk(of)).toString("hex")).toBe(expected);
  });

  test("the pre-shared key without a secret is 32 zero bytes", () => {
    expect(secretToPsk(null)).toEqual(new Uint8Array(32));
  });

  test("a secret of the wrong length throws", () => {
    expect(() => secretToPsk(new Uint8Array(17))).toThrow("a secret of 17 bytes");
  });
});
