// One person with two windows, each a tmux of its own, in the rooms of one server: what one has shown is neither new nor shown
// again in the other.

import { expect } from "bun:test";

import { charla } from "../harness/in-process.ts";
import { testWith } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { openScreen, type Screen, withoutTimes } from "../harness/screen.ts";
import { type SealedServer, startSealedServer } from "../harness/sealed-server.ts";

const onTerminal = (title: string, body: () => Promise<void>) => testWith(["tmux"], title, body);

const IN_MAIN = " main  ben, ana  ok  direct, # ms";
const IN_LUNCH = " lunch  ben, eva  ok  direct, # ms";

function enter(screen: Screen, line: string): void {
  screen.type(line);
  screen.press("Enter");
}

const showsStatus = (screen: Screen, status: string) =>
  screen.until(status, (rows) => withoutTimes(rows).at(-1) === status);
const shows = (screen: Screen, row: string) =>
  screen.until(row, (rows) => withoutTimes(rows).includes(row));

/** A window of Ben's in the room `main`, where Ana is. */
async function joinMain(server: SealedServer, ben: Person): Promise<Screen> {
  await using opened = new AsyncDisposableStack();
  const screen = opened.use(await openScreen(100, 20, { as: ben }));
  enter(screen, `clear; charla -n ben '${server.invitation}'`);
  await showsStatus(screen, IN_MAIN);
  opened.move();
  return screen;
}

onTerminal(
  "what one window shows is not new in another one that has left the room, and not shown there again after /join",
  async () => {
    using ben = newPerson();
    await using server = await startSealedServer();
    await using eva = charla([server.invitation, "-n", "eva", "--room", "lunch"]);
    await eva.until("stderr", "you are eva in lunch");
    await using first = await joinMain(server, ben);
    await using second = await joinMain(server, ben);

    enter(first, "/join lunch");
    await showsStatus(first, IN_LUNCH);
    server.type("one\n");
    await shows(second, "##:## ana one");
    await showsStatus(first, `${IN_LUNCH}  main: 1 new`);
    await showsStatus(first, IN_LUNCH);

    // In neither window until one comes back.
    enter(second, "/join lunch");
    await showsStatus(second, IN_LUNCH);
    server.type("two\n");
    server.type("ben: three\n");
    for (const screen of [first, second]) await showsStatus(screen, `${IN_LUNCH}  main: 2 new!`);
    enter(second, "/join main");
    await shows(second, "##:##!ana ben: three");
    await showsStatus(first, IN_LUNCH);

    server.type("four\n");
    await shows(second, "##:## ana four");
    await showsStatus(first, `${IN_LUNCH}  main: 1 new`);
    await showsStatus(first, IN_LUNCH);
    eva.type("soup?\n");
    await shows(first, "##:## eva soup?");
    enter(first, "/join main");
    await showsStatus(first, IN_MAIN);
    server.type("five\n");
    await shows(first, "##:## ana five");
    const rows = withoutTimes(await first.allRows());
    expect(rows.filter((row) => /^##:##./.test(row))).toEqual([
      "##:## eva soup?",
      "##:## ana five",
    ]);
    // Of lunch the first window has shown everything.
    await showsStatus(second, IN_MAIN);
  },
);
