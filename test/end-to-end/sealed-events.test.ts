// What a room prints: every event with --json, nothing but messages with -q, every detail with -v.

import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { charla, runCharla } from "../harness/in-process.ts";
import { endToEnd } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { type Program } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

/** The events of a program that was started with --json. */
function eventsOf({ stdout }: Pick<Program, "stdout">): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The fingerprint that `charla id` shows the person. */
async function fingerprintOf(person: Person): Promise<string> {
  const { stdout } = await runCharla(["id", "--json"], { as: person });
  return JSON.parse(stdout).fingerprint;
}

const AT = { sequence: expect.any(Number), time: expect.any(Number) };

endToEnd("with --json both ends print every event, with the other's fingerprint", async () => {
  using ana = newPerson();
  using ben = newPerson();
  await using server = await startSealedServer(["--bind", "127.0.0.1", "--json"], { as: ana });
  await using client = charla([server.invitation, "--json", "-n", "ben"], { as: ben });
  client.type("question\n");
  await server.until("stdout", '"text":"question"');
  server.type("answer\n");
  await client.until("stdout", '"text":"answer"');
  await server.until("stdout", '{"type":"delivered","text":"answer",');
  client.type("bye\n");
  client.endInput();
  expect(await client.exited).toBe(0);
  await server.until("stdout", '"type":"left"');
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);

  const [ofAna, ofBen] = [await fingerprintOf(ana), await fingerprintOf(ben)];
  const members: object[] = [{ name: "ana", fingerprint: ofAna, away: false, owner: true }];
  expect(eventsOf(server)).toEqual([
    { type: "listening", address: `127.0.0.1:${server.port}` },
    {
      type: "invitation",
      invitation: server.invitation,
      page: server.invitation.replace(/^charla:/, "http:"),
    },
    { type: "entered", room: "main", name: "ana", owner: true, last: 0, members },
    { type: "way", transport: "local" },
    { type: "joined", peer: "ben", fingerprint: ofBen, away: false },
    { type: "message", from: "ben", text: "question", ...AT, fingerprint: ofBen },
    { type: "said", text: "answer" },
    { type: "delivered", text: "answer", ...AT },
    { type: "message", from: "ben", text: "bye", ...AT, fingerprint: ofBen },
    { type: "left", peer: "ben", reason: "" },
    {
      type: "notice",
      code: "STOPPED",
      message: "the server was asked to end, with charla stop or another SIGTERM",
    },
    { type: "ended", reason: "left", unsaid: [] },
  ]);
  const events = eventsOf(client);
  members.push({ name: "ben", fingerprint: ofBen, away: false });
  // Whether the question had to wait for the server depends on timing.
  const dependsOnTiming = new Set(["delivered", "waiting"]);
  expect(
    events.filter(
      (event) => !dependsOnTiming.has(String(event["type"])) && event["text"] !== "question",
    ),
  ).toEqual([
    { type: "entered", room: "main", name: "ben", owner: false, last: 0, members },
    { type: "way", transport: "udp", milliseconds: expect.any(Number) },
    { type: "message", from: "ana", text: "answer", ...AT, fingerprint: ofAna },
    { type: "said", text: "bye" },
    { type: "ended", reason: "left", unsaid: [] },
  ]);
  expect(events.filter(({ type }) => type === "delivered")).toEqual([
    { type: "delivered", text: "question", sequence: 1, time: expect.any(Number) },
    { type: "delivered", text: "bye", sequence: 3, time: expect.any(Number) },
  ]);
  expect(server.stderr).toBe("");
  expect(client.stderr).toBe("");
});

endToEnd(
  "with --json a new server's fingerprint and a warning of an open server are notices",
  async () => {
    using ana = newPerson();
    await using server = await startSealedServer(["--bind", "127.0.0.1", "--open", "--json"], {
      as: ana,
    });
    const joined = await runCharla([`127.0.0.1:${server.port}`, "--json"], { input: "hello\n" });
    expect(joined.status).toBe(0);
    expect(eventsOf(joined)).toContainEqual({
      type: "notice",
      code: "SERVER_MET",
      message: expect.stringContaining(await fingerprintOf(ana)),
    });
    expect(eventsOf(server)).toContainEqual({
      type: "notice",
      code: "OPEN",
      message: expect.stringContaining("anyone who can reach this machine can join"),
    });
  },
);

endToEnd("with --quiet both ends print only the other end's messages", async () => {
  using ana = newPerson();
  await using server = charla(["--server", "--port", "0", "-q", "-n", "ana"], { as: ana });
  // A quiet server doesn't print its invitation, but Ana's own charla finds it.
  await until("its invitation", () => existsSync(join(ana.data, "invitation")));
  await using client = charla(["-q", "-n", "ana-2"], { as: ana });
  client.type("hello\n");
  await server.until("stdout", "hello\n");
  server.type("hi\n");
  await client.until("stdout", "hi\n");
  client.type("bye\n");
  client.endInput();
  expect(await client.exited).toBe(0);
  await server.until("stdout", "ana-2: hello\nana-2: bye\n");
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);
  for (const { stderr } of [server, client]) expect(stderr).toBe("");
  expect(client.stdout).toBe("ana: hi\n");
});

endToEnd("with --verbose fingerprints and the delivery of messages are printed", async () => {
  using ana = newPerson();
  using ben = newPerson();
  await using server = await startSealedServer(["-v"], { as: ana });
  await using client = charla([server.invitation, "-v", "-n", "ben"], { as: ben });
  await client.until("stderr", "you are ben");
  client.type("hello\n");
  await client.until("stderr", "sent: hello\ndelivered: hello\n");
  await server.until("stdout", "hello\n");
  expect(server.stderr).toContain(`ben joined\nfingerprint: ${await fingerprintOf(ben)}\n`);
});
