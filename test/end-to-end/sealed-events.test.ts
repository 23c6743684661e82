// What a sealed talk tells, and to whom: every event with --json, nothing with -q, every detail with -v.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson, type Person } from "../harness/person.ts";
import { charla, type Program, runCharla } from "../harness/program.ts";
import { startSealedServer } from "../harness/sealed-server.ts";
import { until } from "../harness/until.ts";

function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

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

const ADDRESS = expect.stringMatching(/^127\.0\.0\.1:\d+$/);

endToEnd("with --json both ends tell every event, with who the other is", async () => {
  using ana = newPerson();
  using ben = newPerson();
  await using server = await startSealedServer(["--bind", "127.0.0.1", "--json"], { as: ana });
  await using joiner = charla([server.invitation, "--json"], { as: ben });
  joiner.type("question\n");
  await server.until("stdout", '"text":"question"');
  server.type("answer\n");
  await joiner.until("stdout", '"text":"answer"');
  await server.until("stdout", '{"type":"delivered","text":"answer"}');
  joiner.type("bye\n");
  expect(await joiner.exited).toBe(0);
  await server.until("stdout", '"type":"left"');
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);

  const where = `127.0.0.1:${server.port}`;
  expect(eventsOf(server)).toEqual([
    { type: "listening", address: where },
    { type: "invitation", invitation: server.invitation },
    { type: "joined", peer: ADDRESS, fingerprint: await fingerprintOf(ben) },
    { type: "message", from: ADDRESS, text: "question" },
    { type: "said", text: "answer" },
    { type: "delivered", text: "answer" },
    { type: "message", from: ADDRESS, text: "bye" },
    { type: "left", peer: ADDRESS },
    { type: "ended", reason: "left", unsaid: [] },
  ]);
  const told = eventsOf(joiner);
  expect(told.filter(({ type }) => type !== "delivered")).toEqual([
    { type: "joining", peer: where, fingerprint: await fingerprintOf(ana) },
    { type: "said", text: "question" },
    { type: "message", from: where, text: "answer" },
    { type: "said", text: "bye" },
    { type: "ended", reason: "said-bye", unsaid: [] },
  ]);
  // When the acknowledgment came, between the others, is the network's to say.
  expect(told.filter(({ type }) => type === "delivered")).toEqual([
    { type: "delivered", text: "question" },
    { type: "delivered", text: "bye" },
  ]);
  expect(server.stderr).toBe("");
  expect(joiner.stderr).toBe("");
});

endToEnd(
  "with --json what waits for somebody is told, and each thing said is delivered once",
  async () => {
    await using server = await startSealedServer(["--json"]);
    server.type("one\ntwo\n");
    await server.until("stdout", '{"type":"waiting","for":"peer","text":"two"}');
    await using joiner = charla([server.invitation, "--json", "--stay"]);
    await server.until("stdout", '{"type":"delivered","text":"two"}');
    await joiner.until("stdout", '"text":"two"');
    joiner.signal("SIGTERM");
    expect(await joiner.exited).toBe(0);
    expect(eventsOf(server).filter(({ type }) => type === "delivered")).toEqual([
      { type: "delivered", text: "one" },
      { type: "delivered", text: "two" },
    ]);
  },
);

endToEnd("with --json an open server's first meeting, and what is open, are notices", async () => {
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
});

endToEnd("with --quiet only what the other end says is heard of either", async () => {
  using ana = newPerson();
  await using server = charla(["--server", "--port", "0", "-q"], { as: ana });
  // To others a quiet server does not tell how to join; Ana's own charla finds it.
  await until("its invitation", () => existsSync(join(ana.data, "invitation")));
  await using joiner = charla(["-q"], { as: ana });
  joiner.type("hello\n");
  await server.until("stdout", "hello\n");
  server.type("hi\n");
  await joiner.until("stdout", "hi\n");
  joiner.type("bye\n");
  expect(await joiner.exited).toBe(0);
  await server.until("stdout", "hello\nbye\n");
  server.signal("SIGTERM");
  expect(await server.exited).toBe(0);
  for (const { stderr } of [server, joiner]) expect(stderr).toBe("");
  expect(joiner.stdout).toBe("hi\n");
});

endToEnd(
  "with --verbose each end tells the other's fingerprint, and what becomes of what it says",
  async () => {
    using ana = newPerson();
    using ben = newPerson();
    await using server = await startSealedServer(["-v"], { as: ana });
    await using joiner = charla([server.invitation, "-v"], { as: ben });
    joiner.type("hello\n");
    await joiner.until("stderr", "sent: hello\ndelivered: hello\n");
    await server.until("stdout", "hello\n");
    const [ofAna, ofBen] = [await fingerprintOf(ana), await fingerprintOf(ben)];
    expect(server.stderr).toContain(` joined; "bye" ends it\nits fingerprint: ${ofBen}\n`);
    expect(joiner.stderr).toMatch(/^talking to \S+; "bye" ends it$/m);
    expect(joiner.stderr).toContain(`its fingerprint: ${ofAna}\n`);
  },
);
