// The relay between two processes is pulled out and put back (30 s later in CI; elsewhere as soon as both
// have noticed): what both said meanwhile arrives, in order. In virtual time, and always the full 30 s:
// test/protocol/session/outage.test.ts.

import { expect, test } from "bun:test";

import { FULL_SIZE } from "../harness/full-size.ts";
import { startTwoEnds, textsOf, toldBy } from "./two-ends.ts";

const OUTAGE = FULL_SIZE ? 30_000 : 0;
/** Everything is there so soon after, ms: a probe waits 3 s at most, and the machine may be busy. */
const SOON = 10_000;

test("pulling the relay out for 30 s and putting it back loses nothing", async () => {
  await using ends = await startTwoEnds({ seed: 3, loss: 0, jitter: 1 });
  const { server, initiator, relay } = ends;
  const both = [server, initiator] as const;
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
  await initiator.until("stdout", '"type":"silent"');
  await server.until("stdout", '{"type":"away","peer":"ben","away":true}');
  // They go on talking, whether or not they are heard.
  for (let count = 0; count === 0 || performance.now() - start < OUTAGE; count += 1) {
    say(`still talking, ${count}`);
    await initiator.until("stdout", `"type":"said","text":"still talking, ${count}"`);
    if (OUTAGE > 0) await Bun.sleep(500);
  }
  for (const end of both) expect(textsOf(end, "message")).toEqual(["before"]);

  relay.silent = false;
  const back = performance.now();
  for (const end of both) {
    await end.until("stdout", `"type":"delivered","text":"${said.at(-1)}"`);
  }
  expect(performance.now() - back).toBeLessThan(SOON);
  await initiator.until("stdout", `"type":"heard"`);
  await server.until("stdout", '{"type":"away","peer":"ben","away":false}');
  for (const end of both) {
    await end.until("stdout", new RegExp(`"type":"message",.*"text":"${said.at(-1)}"`));
    expect(textsOf(end, "message")).toEqual(said);
    expect(textsOf(end, "delivered")).toEqual(said);
  }
  const silences = toldBy(initiator).filter(({ type }) => type === "silent" || type === "heard");
  expect(silences.map(({ type }) => type)).toEqual(["silent", "heard"]);
  expect(silences[0]?.seconds).toBeWithin(5, 15);
  expect(silences[1]?.seconds).toBeGreaterThanOrEqual(Math.max(5, OUTAGE / 1_000));
  expect(toldBy(server).filter(({ type }) => type === "away")).toHaveLength(2);
  initiator.type("bye\n");
  expect(await initiator.exited).toBe(0);
}, 90_000);
