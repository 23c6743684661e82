import { describe, expect, test } from "bun:test";

import { openSealedSender } from "../../src/client/sealed-message.ts";
import { rejection } from "../wire/rejection.ts";
import { nextOf, openEnd, relayTo } from "./sealed-ends.ts";

describe("a sender into a sealed conversation", () => {
  test("sends each message once the one before has arrived, and leaves", async () => {
    await using opener = await openEnd();
    const sender = await openSealedSender(opener.invitation);
    for (const text of ["one", "two", ""]) await sender.send(text);
    await sender.finish();
    const joined = await nextOf(opener.events, "joined");
    for (const text of ["one", "two", ""]) {
      expect(await opener.events.next()).toEqual({ type: "message", from: joined.peer, text });
    }
    expect(await opener.events.next()).toMatchObject({ type: "left" });
  });

  test("asks, and the answer is the next message that comes", async () => {
    await using opener = await openEnd();
    await using sender = await openSealedSender(opener.invitation);
    const asked = sender.ask("how are you?");
    expect((await nextOf(opener.events, "message")).text).toBe("how are you?");
    await opener.conversation.say("well");
    expect(await asked).toEqual({ from: `127.0.0.1:${opener.port}`, text: "well" });
    const again = sender.ask("and the cat?");
    expect((await nextOf(opener.events, "message")).text).toBe("and the cat?");
    await opener.conversation.say("asleep");
    expect(await again).toMatchObject({ text: "asleep" });
  });

  test("is told where the other end leaves without an answer", async () => {
    await using opener = await openEnd();
    await using sender = await openSealedSender(opener.invitation);
    const asked = rejection(sender.ask("are you there?"));
    await nextOf(opener.events, "message");
    await opener.conversation.leave();
    expect(await asked).toMatchObject({
      code: "CONVERSATION_OVER",
      message: "the other end left without an answer",
      hint: "send the message again, or without --reply",
    });
  });

  test("is told where its message is too long, and can go on", async () => {
    await using opener = await openEnd();
    await using sender = await openSealedSender(opener.invitation);
    expect(await rejection(sender.send("x".repeat(65_508)))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
    await sender.send("short");
    expect((await nextOf(opener.events, "message")).text).toBe("short");
  });

  test("resolves only when the other end has the message", async () => {
    await using opener = await openEnd();
    await using way = await relayTo(opener);
    await using sender = await openSealedSender(way.invitation);
    way.relay.silent = true;
    const before = way.relay.seen.length;
    let sent = false;
    const sending = sender.send("hello").then(() => (sent = true));
    // Said once, and then again, for nobody acknowledges it.
    while (way.relay.seen.length < before + 2) await new Promise((done) => setImmediate(done));
    expect(sent).toBe(false);
    way.relay.silent = false;
    await sending;
    expect((await nextOf(opener.events, "message")).text).toBe("hello");
  });

  test("is turned away by a conversation that has its two ends", async () => {
    await using opener = await openEnd();
    await using _first = await openSealedSender(opener.invitation);
    expect(await rejection(openSealedSender(opener.invitation))).toMatchObject({
      code: "SESSION_LOST",
    });
  });

  test("is told of an invitation that is none", async () => {
    expect(await rejection(openSealedSender("charla://here"))).toMatchObject({
      code: "INVALID_INVITATION",
    });
  });
});
