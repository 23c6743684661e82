// A room of a real server, `charla --server` in a process of its own, and people who talk in it.

import type { Page } from "playwright-core";

import { joinRoom } from "../../src/client/join-room.ts";
import type { OwnRoomConversation } from "../../src/client/room-conversation.ts";
import { seeded, someOf } from "../../test/harness/random.ts";
import { startSealedServerProcess } from "../../test/harness/sealed-server.ts";
import type { Tab } from "./chromium.ts";

/** How many people talk: each may say 500 a second. */
const TALKERS = 8;
/** Messages of one that are under way at a time. */
const AT_ONCE = 100;
/** For the tab to show all that was said, ms. */
const PATIENCE = 120_000;
const WORDS =
  "the plan for autumn is on the page and I would like to hear what you think of it before".split(
    " ",
  );

export interface Room extends AsyncDisposable {
  readonly port: number;
  /** The page's, from the server itself. */
  readonly link: string;
  /** Somebody who only talks. */
  join(name: string): Talker;
}

export interface Talker extends AsyncDisposable {
  /** Resolves once the server has stored it. */
  say(text: string): Promise<void>;
}

export async function openRoom(): Promise<Room> {
  const server = await startSealedServerProcess(["--bind", "127.0.0.1", "--ephemeral", "--json"]);
  const [, link = ""] = await server.until("stdout", /"page":"([^"]+)"/);
  // From source, the page is bundled at the first request.
  const { ok } = await fetch(link);
  if (!ok) throw new Error(`the server has no page: ${server.stderr}`);
  return {
    port: Number(server.port),
    link,
    join(name) {
      const conversation = joinRoom(server.invitation, { name });
      const reading = drain(conversation);
      return {
        say: (text) => conversation.say(text),
        async [Symbol.asyncDispose]() {
          await conversation.leave();
          await reading;
        },
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function drain({ events }: OwnRoomConversation): Promise<void> {
  for await (const _ of events);
}

/** Several people say so many messages; resolves once the tab shows the last of them. */
export async function sayMany(room: Room, { page }: Tab, count: number): Promise<void> {
  const random = seeded(1);
  let left = count - 1;
  const talk = async (index: number) => {
    await using talker = room.join(`talker ${index}`);
    while (left > 0) {
      const more = Math.min(AT_ONCE, left);
      left -= more;
      const texts = Array.from({ length: more }, () =>
        someOf(random, WORDS, 1 + random(30)).join(" "),
      );
      await Promise.all(texts.map((text) => talker.say(text)));
    }
  };
  await Promise.all(Array.from({ length: TALKERS }, (_, index) => talk(index + 1)));
  const last = `the last of ${count} (${crypto.randomUUID()})`;
  await using ana = room.join("ana");
  await ana.say(last);
  await page.locator(".message .text").getByText(last).waitFor({ timeout: PATIENCE });
}

/** Somebody joins in this tab, for the first time. */
export async function joinAs(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByRole("textbox", { name: "Your name" }).fill(name);
  await page.keyboard.press("Enter");
  await page.locator(".subtitle", { hasText: "here" }).waitFor();
}
