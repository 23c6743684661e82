// What the commands of a room are answered.

import { describe, expect, test } from "bun:test";

import { COMMANDS, parseLine } from "../../../src/chat/commands.ts";
import type { InvitationDescription } from "../../../src/chat/frames.ts";
import { displayWidth as width } from "../../../src/terminal/display-width.ts";
import { rowText, span } from "../../../src/terminal/rows.ts";
import type { Answer, FoundEntry } from "../../../src/terminal/state/transcript.ts";
import { answerParts } from "../../../src/terminal/view/answer-rows.ts";

const rowsOf = (answer: Answer, columns = 80) =>
  answerParts(answer, { columns, rows: 24, nameColumns: 3, width, drawsCodes: false }).flat();
const lines = (answer: Answer, columns = 80) => rowsOf(answer, columns).map(rowText);

const help = (rights: { owner: boolean; operator: boolean }, columns = 80) =>
  lines({ type: "commands", rights }, columns);
const words = (rights: { owner: boolean; operator: boolean }) =>
  help(rights).flatMap((line) => /^ {6}(\S+)/.exec(line)?.[1] ?? []);

const EVERYBODYS =
  "/copy /help /history /join /me /name /quit /rooms /search /way /who bye //TEXT".split(" ");

describe("/help lists for", () => {
  test("a guest, in order, no command that the server would refuse, on half a screen", () => {
    const guest = { owner: false, operator: false };
    expect(words(guest)).toEqual(EVERYBODYS);
    expect(help(guest)).toEqual([
      "      /copy          copies the last invitation shown",
      "      /help [TOPIC]  lists commands, or explains one",
      "      /history [N]   shows earlier messages; again for more",
      "      /join ROOM     switches to another room",
      "      /me TEXT       says what you do",
      "      /name NAME     changes your name",
      "      /quit          leaves without saying bye",
      "      /rooms         lists the rooms of this server",
      "      /search WORDS  finds messages with all these words",
      "      /way           says how you reach the server",
      "      /who           lists who is here",
      "      bye            says bye, and leaves",
      "      //TEXT         sends /TEXT",
    ]);
  });

  test("an operator those that operators may use, and none that is the owner's alone", () => {
    const listed = words({ owner: false, operator: true });
    expect(listed).toEqual(
      expect.arrayContaining([...EVERYBODYS, "/kick", "/ban", "/mute", "/invites", "/revoke"]),
    );
    for (const word of ["/op", "/close", "/delete"]) expect(listed).not.toContain(word);
    // They may give up their own rights.
    expect(listed).toContain("/deop");
  });

  test("the owner all of them, in groups", () => {
    const listed = words({ owner: true, operator: false });
    expect(listed).toEqual(expect.arrayContaining([...EVERYBODYS, "/kick", "/op", "/delete"]));
    const shown = help({ owner: true, operator: false });
    const groups = shown.filter((line) => /^ {3}\S/.test(line));
    expect(groups).toEqual(["   everybody", "   operators", "   the owner"]);
    expect(shown).toContain("      /invite [--uses N] [--for 1h] | --renew");
    expect(shown.at(-1)).toBe("      /op NAME       makes somebody an operator");
  });

  test("a narrow window what each does below it", () => {
    expect(help({ owner: false, operator: false }, 30).slice(0, 6)).toEqual([
      "   /copy",
      "     copies the last",
      "     invitation shown",
      "   /help [TOPIC]",
      "     lists commands, or",
      "     explains one",
    ]);
  });
});

describe("/help of one command says", () => {
  test("how it is written, what it does and for whom, and an example", () => {
    expect(lines({ type: "command", about: "kick" })).toEqual([
      "   /kick NAME",
      "   removes somebody now",
      "   they may come back: /ban prevents that",
      "   for the owner and operators",
      "   example: /kick eva",
    ]);
    expect(lines({ type: "command", about: "close" })).toContain("   for the owner");
    expect(lines({ type: "command", about: "bye" })).toEqual([
      "   bye",
      "   says bye, and leaves",
      "   in the window of charla --server, also stops the server",
    ]);
    expect(lines({ type: "command", about: "//" })).toEqual([
      "   //TEXT",
      "   sends /TEXT",
      "   others read: /help",
      "   example: //help",
    ]);
  });

  test("examples that can be typed", () => {
    for (const { name } of COMMANDS) {
      const shown = lines({ type: "command", about: name }, 200);
      const example = shown.find((line) => line.startsWith("   example: ")) ?? shown[0] ?? "";
      const typed = example.replace(/^ *(?:example: )?/, "");
      expect(typed).toStartWith(`/${name}`);
      expect(() => parseLine(typed)).not.toThrow();
    }
  });
});

const person = (name: string, key = name, more: object = {}) => ({
  name,
  fingerprint: `SHA256:${key.repeat(12)}`,
  away: false,
  ...more,
});

const people = (...members: ReturnType<typeof person>[]) => ({
  type: "people" as const,
  people: members,
  ownName: "ben",
  verbose: false,
  colours: new Map(members.map(({ fingerprint }, index) => [fingerprint, index])),
});

describe("/who shows", () => {
  test("who is the owner, an operator, muted or away", () => {
    const shown = lines(
      people(
        person("ana", "a", { owner: true }),
        person("ben", "b", { operator: true }),
        person("cy", "c", { muted: true, away: true }),
        person("dan", "d"),
      ),
    );
    expect(shown).toEqual([
      "      NAME  STATUS         KEY",
      "      ana   owner          aaaaaaaaaaaa",
      "      ben   you, operator  bbbbbbbbbbbb",
      "      cy    muted, away    cccccccccccc",
      "      dan                  dddddddddddd",
    ]);
  });

  test("one line a person, however many windows they have, and away only if all of these are", () => {
    const shown = lines(
      people(
        person("ben", "b"),
        person("ana", "a", { away: true }),
        person("ana", "a"),
        person("ana-phone", "a"),
        person("cy", "c", { away: true }),
        person("cy", "c", { away: true }),
      ),
    );
    expect(shown).toEqual([
      "      NAME            STATUS  KEY",
      "      ben             you     bbbbbbbbbbbb",
      "      ana, ana-phone          aaaaaaaaaaaa",
      "      cy              away    cccccccccccc",
    ]);
  });

  test("names in their colours, and fingerprints short unless they are asked for whole", () => {
    const answer = people(person("ana", "a", { fingerprint: "SHA256:0123456789abcdef" }));
    expect(rowsOf(answer).slice(1)).toEqual([
      [
        span(" ".repeat(6)),
        span("ana", { person: 0 }),
        span("   "),
        span("        "),
        span("0123456789ab…", "dim"),
      ],
    ]);
    expect(lines({ ...answer, verbose: true }).slice(1)).toEqual([
      "      ana           SHA256:0123456789abcdef",
    ]);
  });

  test("wide names aligned by the columns that they take", () => {
    expect(lines(people(person("日本太郎", "a"), person("e\u0301", "b", { away: true })))).toEqual([
      "      NAME      STATUS  KEY",
      "      日本太郎          aaaaaaaaaaaa",
      "      e\u0301         away    bbbbbbbbbbbb",
    ]);
  });

  test("in a window that is too narrow for one of the rows, all but the names below them", () => {
    const answer = people(person("ana", "a", { owner: true }), person("日本", "b"));
    expect(lines(answer, 32)).toEqual([
      "      NAME  STATUS  KEY",
      "      ana   owner   aaaaaaaaaaaa",
      "      日本          bbbbbbbbbbbb",
    ]);
    expect(lines(answer, 31)).toEqual([
      "      ana",
      "        status: owner  key:",
      "        aaaaaaaaaaaa",
      "      日本",
      "        key: bbbbbbbbbbbb",
    ]);
  });
});

test("/rooms shows how many people and messages each has, and where one is", () => {
  const rooms = [
    { name: "main", members: 3, entries: 1 },
    { name: "lunch", members: 0, entries: 30 },
  ];
  expect(lines({ type: "rooms", rooms, current: "main" })).toEqual([
    "      ROOM   PEOPLE  MESSAGES",
    "      main   3       1         here",
    "      lunch  0       30",
  ]);
  expect(lines({ type: "rooms", rooms, current: "main" }, 34)).toEqual([
    "      main",
    "        people: 3  messages: 1",
    "        here",
    "      lunch",
    "        people: 0  messages: 30",
  ]);
});

describe("/bans shows", () => {
  test("whole fingerprints, as /unban takes them", () => {
    const time = new Date(2026, 2, 1).getTime();
    const bans = [{ name: "eve", fingerprint: "SHA256:0123456789abcdef", by: "ana", time }];
    expect(lines({ type: "bans", bans })).toEqual([
      "      NAME  KEY                      BANNED",
      "      eve   SHA256:0123456789abcdef  by ana, 2026-03-01",
    ]);
  });

  test("that there are none", () => {
    expect(lines({ type: "bans", bans: [] })).toEqual(["   nobody is banned"]);
  });
});

test("a ban says what it has changed, and shows the new invitation", () => {
  const invitation = "charla://192.0.2.1/main#KEY.SECRET";
  const banned = { name: "eve", fingerprint: "SHA256:e", closed: ["2", "standing"], invitation };
  expect(lines({ type: "banned", banned }, 100)).toEqual([
    "   eve is banned",
    "   closed for newcomers: invitation 2",
    "   the standing invitation was renewed, for eve may have the old one",
    "   others who came by it may come back, and so may eve with another key: /invites lists them",
    `-- invite with: charla ${invitation}`,
  ]);
  const page = "http://192.0.2.1:12345/main#KEY.SECRET";
  expect(lines({ type: "banned", banned: { ...banned, page } }, 100).slice(-2)).toEqual([
    `-- invite with: charla ${invitation}`,
    `-- in a browser: ${page}`,
  ]);
  expect(lines({ type: "banned", banned: { ...banned, closed: [], open: true } }, 100)[1]).toBe(
    "   anyone may join here, and so may they with another key: /lock keeps newcomers out",
  );
});

const invitation = (more: Partial<InvitationDescription>): InvitationDescription => ({
  id: "1",
  count: 0,
  guests: [],
  ...more,
});

describe("/invites shows", () => {
  const until = new Date(2026, 2, 1, 14, 5).getTime();
  test("how many people each lets in, until when, and who has come by it", () => {
    const invitations = [
      invitation({ id: "standing", count: 2, guests: [{ fingerprint: "SHA256:f", name: "ana" }] }),
      invitation({ id: "1", room: "lunch", left: 3, until }),
      invitation({ id: "2", left: 0, until, guests: [{ fingerprint: "SHA256:f" }], count: 1 }),
    ];
    expect(lines({ type: "invitations", invitations })).toEqual([
      "      INVITATION  ROOM       LIMITS                          GUESTS",
      "      standing    all rooms                                  ana, 1 more",
      "      1           lunch      3 left, until 2026-03-01 14:05",
      "      2           all rooms  closed                          f",
    ]);
  });

  test("that there are none", () => {
    expect(lines({ type: "invitations", invitations: [] })).toEqual([
      "   anyone may join: there are no invitations",
    ]);
  });
});

const entry = (day: number, minute: number, name: string, text: string): FoundEntry => ({
  sequence: 1,
  time: new Date(2026, 2, day, 14, minute).getTime(),
  author: `SHA256:${name}`,
  name,
  device: "a",
  number: 1,
  text,
  mentions: text.includes("ben"),
});

test("messages found have their days, times and names as in the conversation", () => {
  const entries = [
    entry(1, 3, "ana", "hello"),
    entry(1, 4, "Ana María", "/me waves"),
    entry(2, 5, "ana", "one"),
    entry(2, 6, "ana", "two"),
    entry(2, 7, "ana", "ben?"),
  ];
  const answer = { type: "entries", entries, colours: new Map([["SHA256:ana", 7]]) } as const;
  expect(lines(answer)).toEqual([
    "   Sunday 1 March 2026",
    "14:03       ana hello",
    '14:04         * "Ana María" waves',
    "   Monday 2 March 2026",
    "14:05       ana one",
    "14:06       ana two",
    "14:07!      ana ben?",
  ]);
  expect(rowsOf(answer)[1]).toContainEqual(span("ana", { person: 7 }));
  expect(lines(answer, 42).slice(-4)).toEqual([
    "14:05 ana",
    "        one",
    "14:06   two",
    "14:07!  ben?",
  ]);
});

test("no answer holds what a server wrote without making it visible", () => {
  const bad = "a\u001b[31m\u202e\nb";
  const person = { name: bad, fingerprint: bad, away: false };
  const entry = { sequence: 1, time: 1_000, author: bad, name: bad, device: bad, number: 1 };
  const guests = [{ fingerprint: bad, name: bad }, { fingerprint: bad }];
  const colours = new Map<string, number>();
  const answers: Answer[] = [
    { type: "people", people: [person], ownName: "ana", verbose: true, colours },
    { type: "rooms", rooms: [{ name: bad, members: 1, entries: 1 }], current: bad },
    { type: "bans", bans: [{ ...person, by: bad, time: 1_000 }] },
    {
      type: "banned",
      banned: { ...person, closed: [bad, "standing"], invitation: bad, page: bad },
    },
    { type: "invitations", invitations: [{ id: bad, room: bad, count: 2, guests }] },
    { type: "entries", entries: [{ ...entry, text: bad, mentions: false }], colours },
  ];
  for (const answer of answers) {
    for (const columns of [12, 42, 80, 200]) {
      const shown = lines(answer, columns).join("");
      expect(shown).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  }
});
