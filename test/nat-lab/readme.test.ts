// README's two people behind NATs and the relay between them, on real terminals in network namespaces: what README shows.

import { expect } from "bun:test";

import { blocks, commandOf, enter, unwrapped, withoutVarying } from "../harness/documents.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { openScreen, type Screen, withoutTimes } from "../harness/screen.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";

const COLUMNS = 80;

/** A shell on a host. */
async function openShell(side: Side, stack: AsyncDisposableStack): Promise<Screen> {
  const screen = stack.use(await openScreen(COLUMNS));
  const words = side.enter(["sh"]).map((word) => `'${word}'`);
  enter(screen, `clear; ${words.join(" ")}`);
  enter(screen, "echo here");
  await screen.until("the host", (rows) => rows.some((row) => /^(?:\$ )?here$/.test(row)));
  return screen;
}

const endsWith = (row: string) => (rows: string[]) => withoutTimes(rows).at(-1) === row;

if (FULL_SIZE) {
  testInLab(
    "README's two behind NATs talk past a relay, move to the direct path and see what README shows",
    ["tmux"],
    async () => {
      const shown = blocks("README.md", "console");
      const of = (name: string, option: string) =>
        shown.find(([first]) => first?.startsWith(`${name}$ charla ${option}`) === true) ?? [];
      const relaying = of("relay", "relay");
      const opening = of("ana", "--server --relay");
      const joining = of("ben", "'charla://");

      await using lab = await openLab({ ana: "home", ben: "home", relay: "open" });
      const { ana, ben, relay } = lab.sides;
      await using stack = new AsyncDisposableStack();
      const relays = await openShell(relay, stack);
      const anas = await openShell(ana, stack);
      const bens = await openShell(ben, stack);

      enter(relays, `clear; ${commandOf(relaying)}`);
      const relayShows = await relays.until("the relay", (rows) => rows.at(-1) === relaying.at(-1));
      expect(withoutVarying(relayShows)).toEqual(withoutVarying(relaying.slice(1)));

      // --name, since the tests' user is not called Ana.
      enter(anas, `clear; ${commandOf(opening)} --name ana`);
      const opened = await anas.until("the invitation", (rows) => rows.at(-1) === " main  ana  ok");
      const rows = withoutTimes(opened);
      expect(rows).toContain(withoutTimes(opening)[1] ?? "no row");
      const [invitation = ""] = /'charla:\S+'/.exec(unwrapped(opened).join("\n")) ?? [];
      const [ways = ""] = /'charla:[^#]+/.exec(commandOf(joining)) ?? [];
      expect(invitation).toStartWith(`${ways.replace(/198[.\d]+/, ana.outer.ipv4 ?? "")}#`);

      enter(bens, `clear; charla ${invitation} --name ben`);
      await anas.until("ben", (now) => withoutTimes(now).includes("-- ##:## ben joined"));
      await bens.until(
        "the direct path",
        endsWith(joining.at(-1)?.replace(/\d+ ms$/, "# ms") ?? ""),
      );
      const [, , message = ""] = withoutTimes(joining);
      enter(bens, message.replace(/^##:## ben /, ""));
      const anasScreen = await anas.until("the message", (now) =>
        withoutTimes(now).includes(message),
      );
      expect(withoutVarying(anasScreen)).toEqual(withoutVarying(opening.slice(1)));
      await bens.until("the stored message", (now) => withoutTimes(now).includes(message));
      enter(bens, "/way");
      const bensScreen = await bens.until("the way", (now) =>
        now.some((row) => row.endsWith("there and back")),
      );
      expect(withoutVarying(bensScreen)).toEqual(withoutVarying(joining.slice(1)));
    },
  );
}
