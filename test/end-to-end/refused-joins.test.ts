// What a person sees whom the server does not let in, or removes: an error with what to do, and status 1.

import { describe, expect, test } from "bun:test";

import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { ownerOf } from "../server/admitting.ts";
import { openHere } from "../server/served.ts";

function endToEnd(title: string, body: () => Promise<void>): void {
  test(title, body, END_TO_END_TIMEOUT);
}

describe("a refusal is an error", () => {
  endToEnd("a join of a locked room says so and what to do, and exits with 1", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    await owner.lock(true);
    const invitation = server.invitation("main");
    expect(await runCharla([invitation, "-n", "ben"], { input: "hello\n" })).toEqual({
      stdout: "",
      stderr: expect.stringMatching(
        /charla: main is locked\nhint: ask the owner of the conversation\n/,
      ),
      status: 1,
    });
    const json = await runCharla([invitation, "-n", "ben", "--json"], { input: "hello\n" });
    expect(json.status).toBe(1);
    expect(json.stdout).not.toContain("SERVER_SAYS");
    expect(json.stderr).toContain("charla: main is locked\n");
  });
});
