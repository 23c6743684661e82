// The relay between two processes stops and starts again (30 s later in a full-size run; else as soon as both have
// noticed): the messages sent meanwhile arrive, in order. The full 30 s in virtual time:
// test/protocol/session/outage.test.ts.

import { expect, test } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { testWithNode } from "../harness/node.ts";
import { eventTexts, parseEvents, startTwoEnds } from "./two-ends.ts";

const OUTAGE = FULL_SIZE ? 30_000 : 0;
/** After it, everything must arrive within this time, ms: a probe waits at most 3 s, and the machine may be busy. */
const SOON = 10_000;
const TIMEOUT = 90_000;

async function talkThroughOutage(outage: number, node?: string): Promise<void> {
  await using ends = await startTwoEnds({ seed: 3, loss: 0, jitter: 1, node });
  const { server, client, relay } = ends;
  const both = [server, client] as const;
  for (const end of both) end.type("before\n");
  for (const end of both) await end.until("stdout", '"type":"delivered","text":"before"');

  relay.silent = true;
  const start = performance.now();
  const said = ["before"];
  const say = (text: string) => {
    said.push(text);
    for (const end of both) end.type(`${text}\n`);
  };
  say("hello?");
  for (const end of both) await end.until("stdout", '"type":"said","text":"hello?"');
  await client.until("stdout", '"type":"silent"');
  await server.until("stdout", '{"type":"away","peer":"ben","away":true}');
  // Both keep sending, although nothing arrives.
  for (let count = 0; count === 0 || performance.now() - start < outage; count += 1) {
    say(`still talking, ${count}`);
    await client.until("stdout", `"type":"said","text":"still talking, ${count}"`);
    if (outage > 0) await Bun.sleep(500);
  }
  for (const end of both) expect(eventTexts(end, "message")).toEqual(["before"]);

  relay.silent = false;
  const back = performance.now();
  for (const end of both) {
    await end.until("stdout", `"type":"delivered","text":"${said.at(-1)}"`);
  }
  expect(performance.now() - back).toBeLessThan(SOON);
  await client.until("stdout", `"type":"heard"`);
  await server.until("stdout", '{"type":"away","peer":"ben","away":false}');
  for (const end of both) {
    await end.until("stdout", new RegExp(`"type":"message",.*"text":"${said.at(-1)}"`));
    expect(eventTexts(end, "message")).toEqual(said);
    expect(eventTexts(end, "delivered")).toEqual(said);
  }
  const silences = parseEvents(client).filter(({ type }) => type === "silent" || type === "heard");
  expect(silences.map(({ type }) => type)).toEqual(["silent", "heard"]);
  expect(silences[0]?.seconds).toBeWithin(5, 15);
  expect(silences[1]?.seconds).toBeGreaterThanOrEqual(Math.max(5, outage / 1_000));
  expect(parseEvents(server).filter(({ type }) => type === "away")).toHaveLength(2);
  client.signal("SIGTERM");
  expect(await client.exited).toBe(0);
}

const TITLE = "an outage of the relay loses no message";
test(TITLE, () => talkThroughOutage(OUTAGE), TIMEOUT);
if (FULL_SIZE) {
  testWithNode(
    `${TITLE}, with a member under Node.js`,
    (node) => talkThroughOutage(0, node),
    TIMEOUT,
  );
}
