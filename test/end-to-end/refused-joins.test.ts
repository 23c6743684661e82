// What a person sees whom the server does not let in, or removes: an error with what to do, and status 1.

import { describe, expect, test } from "bun:test";

import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
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

  endToEnd("a member that is kicked exits with 1 and the reason, and may join again", async () => {
    using ben = newPerson();
    await using server = await openHere();
    const owner = await ownerOf(server);
    const invitation = server.invitation("main");
    await using joined = charla([invitation, "-n", "ben"], { as: ben });
    await joined.until("stderr", /you are ben in main/);
    await owner.kick("ben");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain(
      "the conversation is over: the server removed you\n" +
        "charla: you were kicked by Olga\nhint: you may join again",
    );
    expect((await runCharla([invitation, "-n", "ben"], { as: ben })).status).toBe(0);
  });

  endToEnd("a member whose room is deleted exits with 1 and what to do then", async () => {
    await using server = await openHere();
    const owner = await ownerOf(server);
    await using joined = charla([server.invitation("garden"), "-n", "ben"]);
    await joined.until("stderr", /you are ben in garden/);
    await owner.deleteRoom("garden");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain(
      "the conversation is over: the server removed you\n" +
        "charla: Olga has deleted the room garden\n" +
        "hint: join another room with --room ROOM, or ask the owner\n",
    );
  });

  endToEnd("a banned member exits with 1, and so does every later join", async () => {
    using ben = newPerson();
    await using server = await openHere();
    const owner = await ownerOf(server);
    const invitation = server.invitation("main");
    await using joined = charla([invitation, "-n", "ben"], { as: ben });
    await joined.until("stderr", /you are ben in main/);
    await owner.ban("ben");
    expect(await joined.exited).toBe(1);
    expect(joined.stderr).toContain("charla: you were banned by Olga\nhint: ");
    const again = await runCharla([invitation, "-n", "benny"], { as: ben });
    expect([again.status, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("charla: you are banned from this server\nhint: ");
  });
});
