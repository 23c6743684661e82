// Servers that are found on their network, with a namespace as the network. python3-zeroconf is the browser that someone else
// wrote.

import { describe, expect, test } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import {
  canOpenLan,
  type Lan,
  LAN_ADDRESS,
  NO_NETWORK,
  openLan,
  SECOND_NETWORK,
  SET_UP,
} from "../harness/lan.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { CHARLA, type Program, run, start } from "../harness/program.ts";
import { openScreen } from "../harness/screen.ts";

/** The pyenv of a machine may come before Debian's. */
const PYTHON = "/usr/bin/python3";
const hasZeroconf =
  canOpenLan && (await run([PYTHON, "-c", "import zeroconf"]).catch(() => null))?.status === 0;

const LISTEN = `
import sys, time
from zeroconf import ServiceBrowser, Zeroconf
class Listener:
    def add_service(self, zeroconf, kind, name):
        info = zeroconf.get_service_info(kind, name)
        print("up", name, info.parsed_addresses(), info.port, info.properties, flush=True)
    def remove_service(self, zeroconf, kind, name):
        print("down", name, flush=True)
    def update_service(self, zeroconf, kind, name):
        pass
zeroconf = Zeroconf()
ServiceBrowser(zeroconf, "_charla._udp.local.", Listener())
print("listening", flush=True)
sys.stdin.read()
`;

const BROWSE = `import { browse } from "./src/net/discovery/browse.ts";
  const start = performance.now();
  const found = await browse();
  console.log(JSON.stringify({ found, time: performance.now() - start }));`;

interface Found {
  readonly found: readonly { instance: string; port: number; isOpen: boolean; address: string }[];
  readonly time: number;
}

async function browseOn(lan: Lan): Promise<Found> {
  const { stdout, stderr } = await run(lan.enter([process.execPath, "-e", BROWSE]));
  if (stdout === "") throw new Error(stderr);
  const result: Found = JSON.parse(stdout);
  return result;
}

function openServer(lan: Lan, as: Person, ...options: readonly string[]): Program {
  return start(lan.enter([...CHARLA, "--server", ...options]), {
    as,
    env: { CHARLA_SERVER_NO_ANNOUNCE: "" },
  });
}

async function untilFound(lan: Lan, count: number): Promise<Found> {
  for (let round = 0; round < 10; round++) {
    // oxlint-disable-next-line no-await-in-loop -- until they are announced
    const result = await browseOn(lan);
    if (result.found.length >= count) return result;
  }
  throw new Error(`${count} servers were not found`);
}

/** Of those that are much like another, which only a full run makes. */
const onLanFully = (title: string, body: () => Promise<void>) => {
  if (FULL_SIZE) onLan(title, body);
};

const onLan = (title: string, body: () => Promise<void>) =>
  test.skipIf(!canOpenLan)(
    canOpenLan ? title : `${title} (no network namespaces on this machine)`,
    body,
    END_TO_END_TIMEOUT,
  );

/** The system answers EPERM. */
const REFUSE_MULTICAST = `
  nft add table ip refuse
  nft add chain ip refuse out '{ type filter hook output priority 0; }'
  nft add rule ip refuse out ip daddr 224.0.0.0/4 drop
`;

describe("a server", () => {
  onLan("is found by its network, within a second, and two of one name get two", async () => {
    using ana = newPerson();
    using ben = newPerson();
    await using lan = await openLan();
    await using _open = openServer(lan, ana, "--open", "--name", "ana");
    await using _closed = openServer(lan, ben, "--port", "9000", "--name", "ana");
    const { found, time } = await untilFound(lan, 2);
    expect(found.map(({ instance }) => instance.replace(/ on \S+/, " on HOST"))).toEqual([
      "ana on HOST",
      "ana on HOST (2)",
    ]);
    expect(found.find(({ port }) => port === 12345)?.isOpen).toBe(true);
    expect(found.find(({ port }) => port === 9000)?.isOpen).toBe(false);
    expect(found.every(({ address }) => address === LAN_ADDRESS)).toBe(true);
    expect(time).toBeLessThan(2_000);
  });

  onLan("announces no invitation, room or secret", async () => {
    using ana = newPerson();
    await using lan = await openLan();
    await using server = openServer(lan, ana, "--room", "garden", "--name", "ana");
    const [, secret = ""] = await server.until("stderr", /#[\w-]+\.([\w-]+)/);
    const { found } = await untilFound(lan, 1);
    expect(secret).toHaveLength(22);
    expect(JSON.stringify(found)).not.toContain(secret);
    expect(JSON.stringify(found)).not.toContain("garden");
  });

  onLanFully(
    "is not announced with --no-announce, or where only this machine reaches it",
    async () => {
      using ana = newPerson();
      using ben = newPerson();
      await using lan = await openLan();
      await using quiet = openServer(lan, ana, "--no-announce");
      await using local = openServer(lan, ben, "--bind", "127.0.0.1", "--port", "9000");
      await quiet.until("stderr", "you are");
      await local.until("stderr", "you are");
      await Bun.sleep(1_500);
      expect((await browseOn(lan)).found).toEqual([]);
    },
  );

  onLan("needs no network, and the list is then empty at once", async () => {
    using ana = newPerson();
    await using lan = await openLan(NO_NETWORK);
    await using server = openServer(lan, ana);
    await server.until("stderr", "you are");
    const { found, time } = await browseOn(lan);
    expect(found).toEqual([]);
    expect(time).toBeLessThan(500);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  onLanFully("is announced on a network that its machine enters later", async () => {
    using ana = newPerson();
    await using lan = await openLan(NO_NETWORK);
    await using server = openServer(lan, ana);
    await server.until("stderr", "you are");
    await run(lan.enter(["sh", "-ec", SET_UP]));
    const { found } = await untilFound(lan, 1);
    expect(found).toMatchObject([{ address: LAN_ADDRESS }]);
  });

  onLanFully("on two networks is one server", async () => {
    using ana = newPerson();
    await using lan = await openLan(SET_UP + SECOND_NETWORK);
    await using _server = openServer(lan, ana, "--name", "ana");
    const { found } = await untilFound(lan, 1);
    expect(found).toHaveLength(1);
    expect(found[0]?.instance).toMatch(/^ana on [^ ]+$/);
  });

  onLan("that listens on one network is announced there only", async () => {
    using ana = newPerson();
    await using lan = await openLan(SET_UP + SECOND_NETWORK);
    await using _server = openServer(lan, ana, "--bind", "10.8.0.1");
    const { found } = await untilFound(lan, 1);
    expect(found).toMatchObject([{ address: "10.8.0.1" }]);
  });

  onLanFully("works where multicast is refused, and is not found", async () => {
    using ana = newPerson();
    await using lan = await openLan(SET_UP + REFUSE_MULTICAST);
    await using server = openServer(lan, ana);
    await server.until("stderr", "you are");
    await Bun.sleep(1_500);
    expect(await browseOn(lan)).toMatchObject({ found: [] });
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  test.skipIf(!hasZeroconf)(
    hasZeroconf
      ? "is seen by another program's browser, and gone from it once it has ended"
      : "is seen by another program's browser (no python3-zeroconf on this machine)",
    async () => {
      using ana = newPerson();
      await using lan = await openLan();
      await using browser = start(lan.enter([PYTHON, "-c", LISTEN]));
      await browser.until("stdout", "listening");
      await using server = openServer(lan, ana, "--open", "--name", "ana");
      const [up] = await browser.until("stdout", /up .*\n/);
      expect(up.trimEnd().replace(/ on \S+?\./, " on HOST.")).toMatch(
        /^up ana on HOST\._charla\._udp\.local\. \['10\.9\.0\.1'\] 12345 \{b'txtvers': b'1', b'key': b'SHA256:[\w+/]{43}', b'open': b'1'\}$/,
      );
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
      await browser.until("stdout", /down ana on \S+?\._charla\._udp\.local\./);
      browser.endInput();
    },
    END_TO_END_TIMEOUT,
  );
});

/** A machine whose owner chose the names of its servers. */
const HOSTILE = `import { openMulticast } from "./src/net/discovery/multicast.ts";
  import { recordsOf } from "./src/net/discovery/service.ts";
  const answers = Array.from({ length: 15 }, (_, index) => index).flatMap((index) => recordsOf({
    instance: index + "\\x1b]0;owned\\x07\\n\\u202e" + "x".repeat(40),
    host: "h" + index, port: 1000 + index, isOpen: true,
    fingerprint: index === 14 ? "\\x1b[2J" : "SHA256:" + Buffer.alloc(32, index).toString("base64").replace("=", ""),
  }, "${LAN_ADDRESS}"));
  const empty = { id: 0, isResponse: true, questions: [], authorities: [], additionals: [] };
  const group = await openMulticast({ addresses: ["${LAN_ADDRESS}"], port: 5353, onMessage(message) {
    if (!message.isResponse) group.send({ to: null, message: () => ({ ...empty, answers }) });
  }});
  console.log("ready");
  process.stdin.resume();`;

/** What is typed in a shell outside. */
const shellIn = (lan: Lan) => lan.enter(["charla"]).join(" ");

describe("charla without arguments, on a terminal", () => {
  onLan("lists the servers of the network, and joins the open one that is chosen", async () => {
    using ana = newPerson();
    using ben = newPerson();
    await using lan = await openLan();
    await using _open = openServer(lan, ana, "--open", "--name", "ana");
    await using _closed = openServer(lan, ben, "--port", "9000", "--name", "ben");
    await untilFound(lan, 2);
    await using screen = await openScreen(90);
    screen.type(`clear; ${shellIn(lan)}`);
    screen.press("Enter");
    const rows = await screen.until(
      "the question",
      (shown) => shown.at(-1)?.startsWith("which") === true,
    );
    expect(rows.map((row) => row.replace(/ on \S+$/, " on HOST"))).toEqual([
      "on this network:",
      "   1  10.9.0.1:12345  open           ana on HOST",
      "   2  10.9.0.1:9000   by invitation  ben on HOST",
      "which one (1 to 2, or n for a new one of your own)?",
    ]);
    screen.type("2");
    screen.press("Enter");
    const told = await screen.until("the answer", (shown) =>
      shown.some((row) => row.includes("ask for one")),
    );
    expect(told.join("\n")).toMatch(
      /ben on \S+ lets people in by invitation: ask for one, and join with charla INVITATION/,
    );
    screen.type("1");
    screen.press("Enter");
    await screen.until("the room", (shown) =>
      shown.some((row) => row.includes("in main, with ana")),
    );
    screen.type("bye");
    screen.press("Enter");
    await screen.until("the end", (shown) => shown.at(-1) === "$");
    screen.type(`clear; ${shellIn(lan)}`);
    screen.press("Enter");
    await screen.until("the list again", (shown) =>
      shown.some((row) => row.startsWith("   1  10.9.0.1:12345  joined before  ana on ")),
    );
    screen.press("C-c");
    await screen.until("the shell", (shown) => shown.at(-1) === "$");
  });

  onLanFully("opens a conversation of one's own, if that is chosen", async () => {
    using ana = newPerson();
    await using lan = await openLan();
    await using _server = openServer(lan, ana, "--open", "--name", "ana", "--port", "9000");
    await untilFound(lan, 1);
    await using screen = await openScreen(110);
    screen.type(shellIn(lan));
    screen.press("Enter");
    await screen.until("the question", (shown) => shown.at(-1)?.startsWith("which") === true);
    screen.type("n");
    screen.press("Enter");
    await screen.until("the invitation", (shown) =>
      shown.some((row) => row.startsWith("charla charla://10.9.0.1:12345/main#")),
    );
    screen.type("bye");
    screen.press("Enter");
    await screen.until("the end", (shown) => shown.at(-1) === "$");
  });

  onLan("shows names of the network safely, and few of them", async () => {
    await using lan = await openLan();
    await using hostile = start(lan.enter([process.execPath, "-e", HOSTILE]));
    await hostile.until("stdout", "ready");
    await using screen = await openScreen(120, 24);
    screen.type(`clear; ${shellIn(lan)}`);
    screen.press("Enter");
    const rows = await screen.until(
      "the question",
      (shown) => shown.at(-1)?.startsWith("which") === true,
    );
    expect(rows).toHaveLength(16);
    expect(rows[1]).toBe(
      `   1  10.9.0.1:1000  open           0^[]0;owned^G^J\\u{202e}${"x".repeat(40)}`,
    );
    expect(rows.at(-1)).toBe("which one (1 to 14, or n for a new one of your own)?");
    hostile.endInput();
  });

  onLanFully("asks nothing where it is no terminal, or where nothing is announced", async () => {
    using ana = newPerson();
    await using lan = await openLan();
    const alone = await run(lan.enter(CHARLA));
    expect(alone.stderr).not.toContain("on this network");
    await using _server = openServer(lan, ana, "--open", "--port", "9000");
    await untilFound(lan, 1);
    expect(await run(lan.enter(CHARLA))).toEqual(alone);
  });
});
