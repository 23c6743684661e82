import { expect, test } from "bun:test";

import { charla, runCharla } from "./in-process.ts";

test("a command in the test's own process prints and ends as the program does", async () => {
  expect(await runCharla(["--nonsense"])).toEqual({
    stdout: "",
    stderr: "charla: there is no option --nonsense\nhint: charla --help lists the options\n",
    status: 2,
  });
});

test("two conversations in one process talk, and the process keeps nothing of them", async () => {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const before = { ...process.env };
  {
    await using server = charla(["--server", "--name", "ana", "--port", "0"]);
    const [invitation] = await server.until("stderr", /charla:\/\/[^'"\s]+/);
    await using client = charla([invitation, "--name", "ben"]);
    client.type("hello\n");
    await server.until("stdout", "hello\n");
    client.endInput();
    expect(await client.exited).toBe(0);
    server.signal("SIGINT");
    expect(await server.exited).toBe(130);
  }
  expect(signals.flatMap((name) => process.listeners(name))).toEqual([]);
  expect({ ...process.env }).toEqual(before);
  expect(process.exitCode).toBeUndefined();
});

test("a command that handles no signal is ended by it, with a shell's status", async () => {
  await using receiver = charla(["receive", "--port", "0"]);
  await receiver.until("stderr", "listening on");
  receiver.signal("SIGINT");
  expect(await receiver.exited).toBe(130);
});
